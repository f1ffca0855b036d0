"""LaSOT: ``CLASS/CLASS-1/img/00000001.jpg …``, ``groundtruth.txt`` x,y,w,h with origin 1.

The class level may lack. ``full_occlusion.txt`` and ``out_of_view.txt`` are one line of 0 and 1;
in such frames the numbers of the box mean nothing (issue 19 of HengLan/LaSOT_Evaluation_Toolkit),
so the object is absent; wholly hidden ones stay marked as occluded. The smallest number is 1 (issue
14 there; the 150 sequences of the extension break that and have 0). ``nlp.txt`` is not read.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tirdata.errors import DataError
from tirdata.files import write_text
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.flags import read_flags, write_flags
from tirdata.layouts.folders import MOST_LOOKED_AT, folders
from tirdata.layouts.pictures import PictureFrames, check_count, list_pictures, write_pictures
from tirdata.layouts.regions import RECTANGLE, region_numbers, speaks_for_vot
from tirdata.layouts.text import read_boxes, write_boxes
from tirdata.layouts.tracks import UNNAMED, drawn, targets
from tirdata.types import Sequence, Track

HIDDEN, OUTSIDE = "full_occlusion.txt", "out_of_view.txt"
_NAME = re.compile(r"(.+)-\d+")


class LasotLayout(ReadsOneByOne):
    """Sequences below folders of their classes, or without those; the root may be a sequence."""

    name = "lasot"
    origin = 1

    def recognises(self, root: Path) -> bool:
        """``img`` beside ``groundtruth.txt`` with boxes, and nothing that only others have."""
        return any(_fits(path) for path in _found(root, MOST_LOOKED_AT)[:MOST_LOOKED_AT])

    def names(self, root: Path) -> list[str]:
        """Names of the sequences' folders.

        Raises:
            DataError: two have one name.
        """
        found: dict[str, Path] = {}
        for path in _found(root):
            name = path.resolve().name if path == root else path.name
            if name in found:
                raise DataError(f"{path}: {found[name]} has this name too; expected one")
            found[name] = path
        return sorted(found)

    def read_one(self, root: Path, name: str) -> Sequence:
        """One sequence; its class is in its name.

        Raises:
            DataError: a file is missing or wrong, or boxes, flags and frames differ in number.
        """
        folder = _folder(root, name)
        pictures = list_pictures(folder / "img")
        path = folder / "groundtruth.txt"
        boxes = read_boxes(path, origin=self.origin)
        check_count(path, boxes, pictures, folder / "img")
        hidden = np.zeros(len(boxes), np.bool_)
        if (folder / HIDDEN).is_file():
            hidden = read_flags(folder / HIDDEN, len(boxes))
        boxes[hidden] = np.nan
        if (folder / OUTSIDE).is_file():
            boxes[read_flags(folder / OUTSIDE, len(boxes))] = np.nan
        matched = _NAME.fullmatch(name)
        class_name = matched[1] if matched else UNNAMED
        return Sequence(name, PictureFrames(pictures), (drawn(boxes, class_name, hidden),))

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write sequences, below their class where the name is CLASS-NUMBER.

        Raises:
            UsageError: a sequence has no track.
            StorageError: a file cannot be written.
        """
        for sequence in sequences:
            for target in targets(sequence, "LaSOT"):
                matched = _NAME.fullmatch(target.name)
                above = root / matched[1] if matched else root
                self._write_one(sequence, target.track, above / target.name)

    def _write_one(self, sequence: Sequence, track: Track, folder: Path) -> None:
        write_pictures(sequence.frames, folder / "img", "{:08d}.jpg")
        write_boxes(folder / "groundtruth.txt", track.boxes, origin=self.origin, absent="0")
        absent = ~track.present
        write_flags(folder / HIDDEN, absent & track.occluded, separator=",")
        write_flags(folder / OUTSIDE, absent & ~track.occluded, separator=",")
        write_text(folder / "nlp.txt", "")  # a sentence on the object; toolkits open it


def _found(root: Path, most: int | None = None) -> list[Path]:
    """Sequence folders: the root, those in it, or those in folders of their class."""
    if _is_sequence(root):
        return [root]
    found = []
    for above in folders(root)[:most]:
        found += [above] if _is_sequence(above) else _of_class(above)
    return found


def _of_class(folder: Path) -> list[Path]:
    """Sequences below a folder of their class, which they are named after."""
    try:
        alike = [path for path in folder.iterdir() if path.name.startswith(f"{folder.name}-")]
    except OSError:
        return []
    return sorted(path for path in alike if _is_sequence(path))


def _folder(root: Path, name: str) -> Path:
    matched = _NAME.fullmatch(name)
    nearby = [root / matched[1] / name] if matched else []
    for path in (root / name, *nearby):
        if _is_sequence(path):
            return path
    if _is_sequence(root) and name == root.resolve().name:
        return root
    raise DataError(f"{root}: no sequence {name}; see what is there with --dry-run")


def _is_sequence(folder: Path) -> bool:
    return (folder / "img").is_dir() and (folder / "groundtruth.txt").is_file()


def _fits(folder: Path) -> bool:
    """Whether nothing in a sequence's folder speaks for another layout."""
    if region_numbers(folder / "groundtruth.txt") != RECTANGLE:
        return False
    return not speaks_for_vot(folder) and not any(folder.glob("groundtruth_rect*.txt"))
