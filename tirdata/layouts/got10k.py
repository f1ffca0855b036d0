"""GOT-10k: ``list.txt`` and ``NAME/00000001.jpg … groundtruth.txt``, boxes x,y,w,h with origin 0.

Beside the boxes lie ``absence.label`` (1 = absent), ``cover.label`` (0 hidden … 8 in full view),
``cut_by_image.label`` and ``meta_info.ini``. The root is one subset: ``train``, ``val`` or
``test``. The published toolkits take the numbers as they are, so the first pixel is 0 here.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tirdata.errors import AnnotationError, DataError, UsageError
from tirdata.files import write_text
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.folders import listed_names
from tirdata.layouts.pictures import PictureFrames, list_pictures, write_pictures
from tirdata.layouts.regions import speaks_for_vot
from tirdata.layouts.text import read_boxes, write_boxes
from tirdata.types import Boxes, Flags, Sequence, Track

COVER_FULL = 8
HIDDEN = "hidden"  # tag of frames that its toolkit does not score
COVER_OCCLUDED = 4  # at most 60 % in view: what we call occluded


class Got10kLayout(ReadsOneByOne):
    """One subset: a list of names, and a folder with frames and boxes for each."""

    name = "got10k"
    origin = 0

    def recognises(self, root: Path) -> bool:
        """A ``list.txt`` whose first name is a folder with boxes, and nothing that VOT has."""
        if not (root / "list.txt").is_file():
            return False
        names = self.names(root)
        first = root / names[0] if names else root
        return (first / "groundtruth.txt").is_file() and not speaks_for_vot(first)

    def names(self, root: Path) -> list[str]:
        """What ``list.txt`` says.

        Raises:
            DataError: there is no such file, or it names a sequence twice.
        """
        return listed_names(root / "list.txt")

    def read_one(self, root: Path, name: str) -> Sequence:
        """One sequence with its one track.

        Raises:
            DataError: a file is missing or wrong, or boxes and frames differ in number.
        """
        folder = root / name
        frames = PictureFrames(list_pictures(folder))
        boxes = read_boxes(folder / "groundtruth.txt", origin=self.origin)
        if len(boxes) != len(frames):
            raise DataError(
                f"{folder / 'groundtruth.txt'}: {len(boxes)} boxes; expected {len(frames)}, "
                "one a frame"
            )
        boxes[_labels(folder / "absence.label", len(frames), 0) > 0] = np.nan
        cover = _labels(folder / "cover.label", len(frames), COVER_FULL)
        occluded: Flags = (cover <= COVER_OCCLUDED) & ~np.isnan(boxes[:, 0])
        none = np.zeros(len(boxes), np.bool_)
        track = Track(0, _class_name(folder / "meta_info.ini"), boxes, none, occluded)
        hidden: Flags = (cover == 0) & occluded  # has a box, yet nothing of it is in view
        return Sequence(name, frames, (track,), tags={HIDDEN: hidden} if hidden.any() else {})

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write sequences and ``list.txt``, last; a folder for each track where there are several.

        Raises:
            UsageError: a sequence has no track.
            StorageError: a file cannot be written.
        """
        names: list[str] = []
        for sequence in sequences:
            if not sequence.tracks:
                raise UsageError(f"{sequence.name}: no track; GOT-10k has one a sequence")
            for track in sequence.tracks:
                alone = len(sequence.tracks) == 1
                names.append(sequence.name if alone else f"{sequence.name}_{track.id}")
                self._write_one(sequence, track, root / names[-1])
        write_text(root / "list.txt", "".join(f"{name}\n" for name in names))

    def _write_one(self, sequence: Sequence, track: Track, folder: Path) -> None:
        write_pictures(sequence.frames, folder, "{:08d}.jpg")
        write_boxes(folder / "groundtruth.txt", track.boxes, origin=self.origin, absent="0")
        height, width = sequence.frames[0].shape
        absent = ~track.present
        hidden = np.where(track.occluded, COVER_OCCLUDED, COVER_FULL)
        labels = {
            "absence": absent.astype(int),
            "cover": np.where(absent, 0, hidden),
            "cut_by_image": _cut(track.boxes, width, height).astype(int),
        }
        for label, values in labels.items():
            write_text(folder / f"{label}.label", "".join(f"{value}\n" for value in values))
        write_text(
            folder / "meta_info.ini",
            f"[METAINFO]\nobject_class: {track.class_name}\nresolution: ({width}, {height})\n",
        )


def _cut(boxes: Boxes, width: int, height: int) -> Flags:
    with np.errstate(invalid="ignore"):
        over = np.hstack([boxes[:, :2] < 0, boxes[:, :2] + boxes[:, 2:] > (width, height)])
    return np.asarray(over.any(axis=1), np.bool_)


def _labels(
    path: Path, count: int, default: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """One whole number a frame; ``default`` for all where the file is left out."""
    if not path.is_file():
        return np.full(count, default, np.int64)
    words = path.read_text(encoding="utf-8").split()
    if len(words) != count or not all(word.isdecimal() for word in words):
        raise AnnotationError(f"{path}: {len(words)} labels; expected {count} whole numbers")
    return np.array([int(word) for word in words], np.int64)


def _class_name(path: Path) -> str:
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(": ")
            if key == "object_class" and value.strip():
                return value.strip()
    return "object"
