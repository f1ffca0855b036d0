"""OTB: ``NAME/img/0001.jpg …`` and ``NAME/groundtruth_rect.txt``, boxes x,y,w,h with origin 1.

Many others lie the same way; PTB-TIR and LSOTB-TIR have a layout of their own. Several targets of
one sequence are ``groundtruth_rect.1.txt``, ``groundtruth_rect.2.txt`` (Jogging, Skating2).
Separators differ from file to file, even within OTB.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from tirdata.errors import DataError, UsageError
from tirdata.layouts.attributes import speaks_for_lsotb
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.pictures import PictureFrames, list_pictures, write_pictures
from tirdata.layouts.text import read_boxes, write_boxes
from tirdata.types import Sequence, Track

_TRUTH = re.compile(r"groundtruth_rect(?:\.(\d+))?\.txt")

# First and last frame, from 1, of the OTB100 sequences whose boxes cover a part of the frames:
# https://cvlab.hanyang.ac.kr/tracker_benchmark/datasets.html
PARTS: Final[dict[str, tuple[int, int]]] = {
    "david": (300, 770),
    "diving": (1, 215),
    "football1": (1, 74),
    "freeman3": (1, 460),
    "freeman4": (1, 283),
}


class OtbLayout(ReadsOneByOne):
    """A folder a sequence; the root may also be one such folder."""

    name = "otb"
    origin = 1

    def recognises(self, root: Path) -> bool:
        """A folder with ``img`` and boxes, or folders of that kind in it."""
        if _is_sequence(root):
            return True
        first = next(filter(_is_sequence, _folders(root)), None)
        return first is not None and not speaks_for_lsotb(root, first.name)

    def names(self, root: Path) -> list[str]:
        """Names of the folders; of the root itself if that is one sequence."""
        if _is_sequence(root):
            return [root.resolve().name]
        return [path.name for path in _folders(root) if _is_sequence(path)]

    def read_one(self, root: Path, name: str) -> Sequence:
        """One sequence; a track for each boxes file, numbered as the files are, else 0.

        Raises:
            DataError: a file is missing or wrong, or boxes and frames differ in number.
        """
        folder = root if _is_sequence(root) else root / name
        pictures = list_pictures(folder / "img")
        truths = _truth_files(folder)
        if not truths:
            raise DataError(f"{folder}: no boxes; expected groundtruth_rect.txt")
        tracks = tuple(self._track(path, number) for number, path in truths.items())
        first, last = PARTS.get(name.lower(), (1, len(pictures)))
        if len(tracks[0].boxes) != len(pictures):
            pictures = pictures[first - 1 : last]
        for track, path in zip(tracks, truths.values(), strict=True):
            if len(track.boxes) != len(pictures):
                raise DataError(
                    f"{path}: {len(track.boxes)} boxes; expected {len(pictures)}, "
                    f"one for each frame in {folder / 'img'}"
                )
        return Sequence(name, PictureFrames(pictures), tracks)

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write sequences; absent objects as ``0,0,0,0``.

        Raises:
            UsageError: a sequence has no track.
            StorageError: a file cannot be written.
        """
        for sequence in sequences:
            if not sequence.tracks:
                raise UsageError(f"{sequence.name}: no track; OTB has boxes for every sequence")
            write_pictures(sequence.frames, root / sequence.name / "img", "{:04d}.jpg")
            alone = len(sequence.tracks) == 1 and sequence.tracks[0].id == 0
            for track in sequence.tracks:
                part = "" if alone else f".{track.id}"
                path = root / sequence.name / f"groundtruth_rect{part}.txt"
                write_boxes(path, track.boxes, origin=self.origin, absent="0")

    def _track(self, path: Path, number: int) -> Track:
        boxes = read_boxes(path, origin=self.origin)
        none = np.zeros(len(boxes), np.bool_)
        return Track(number, "object", boxes, generated=none, occluded=none)


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir())


def _is_sequence(folder: Path) -> bool:
    return (folder / "img").is_dir() and bool(_truth_files(folder))


def _truth_files(folder: Path) -> dict[int, Path]:
    """Boxes files by their number; empty ones left out, which OTB has beside the real ones."""
    found = ((_TRUTH.fullmatch(path.name), path) for path in folder.iterdir())
    numbered = {int(match[1] or 0): path for match, path in found if match}
    filled = {number: path for number, path in numbered.items() if path.stat().st_size > 0}
    return dict(sorted((filled or numbered).items()))
