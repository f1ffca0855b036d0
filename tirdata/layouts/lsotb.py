"""LSOTB-TIR and PTB-TIR: OTB's folders with challenge attributes beside, boxes x,y,w,h, origin 1.

Either ``NAME/img`` and ``NAME/groundtruth_rect.txt`` with ``att/NAME.txt``, or as the toolkits have
them: ``sequences/NAME/img`` and ``anno/NAME.txt`` (PTB-TIR: ``tirsequences``, ``tiranno``) with
``att`` in there. Where both have boxes those of the toolkit count, which were corrected later. The
class is in LSOTB-TIR's names (``airplane_H_001``). Their MATLAB code counts from 1.
"""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from tirdata.errors import DataError
from tirdata.layouts.attributes import (
    attribute_folder,
    class_in_name,
    read_attributes,
    speaks_for_lsotb,
    write_attributes,
)
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.folders import folders
from tirdata.layouts.pictures import PictureFrames, check_count, list_pictures, write_pictures
from tirdata.layouts.text import read_boxes, write_boxes
from tirdata.layouts.tracks import UNNAMED, drawn, targets
from tirdata.types import Sequence

logger = logging.getLogger(__name__)

TRUTH = "groundtruth_rect.txt"
_FRAMES: Final = ("sequences", "tirsequences", ".")
_TRUTHS: Final = ("anno", "tiranno")


class Places(NamedTuple):
    """Where a data set has its frames, and its boxes if they lie apart."""

    frames: Path
    truths: Path | None


class LsotbLayout(ReadsOneByOne):
    """A folder a sequence, each with one object."""

    name = "lsotb"
    origin = 1

    def recognises(self, root: Path) -> bool:
        """OTB's folders with attributes, or with names as LSOTB-TIR has them."""
        places = _places(root)
        found = (each for each in folders(places.frames) if _is_sequence(each, places))
        first = next(found, None)
        return first is not None and speaks_for_lsotb(root, first.name)

    def names(self, root: Path) -> list[str]:
        """Names of the folders with frames; boxes without frames are counted in a warning."""
        places = _places(root)
        names = [each.name for each in folders(places.frames) if _is_sequence(each, places)]
        known = {path.stem for path in places.truths.glob("*.txt")} if places.truths else set()
        if without := sorted(known - set(names)):
            logger.warning(
                "%s: %d of %d have no frames, among them %s",
                places.truths, len(without), len(known), without[0],
            )  # fmt: skip
        return names

    def read_one(self, root: Path, name: str) -> Sequence:
        """One sequence with its attributes.

        Raises:
            DataError: a file is missing or wrong, or boxes and frames differ in number.
        """
        places = _places(root)
        folder = places.frames / name
        if not _is_sequence(folder, places):
            raise DataError(f"{root}: no sequence {name}; see what is there with --dry-run")
        pictures = list_pictures(folder / "img")
        path = _truth(folder, places)
        boxes = read_boxes(path, origin=self.origin)
        check_count(path, boxes, pictures, folder / "img")
        track = drawn(boxes, class_in_name(name) or UNNAMED)
        above = attribute_folder(root)
        marked = above is not None and (above / f"{name}.txt").is_file()
        attributes = read_attributes(above / f"{name}.txt") if above and marked else frozenset()
        return Sequence(name, PictureFrames(pictures), (track,), attributes=attributes)

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write sequences in folders of their own, and the attributes; a folder for each object.

        Raises:
            UsageError: a sequence has no track, or an attribute that has no column.
            StorageError: a file cannot be written.
        """
        for sequence in sequences:
            for target in targets(sequence, "LSOTB-TIR"):
                write_attributes(root / "att" / f"{target.name}.txt", sequence.attributes)
                write_pictures(sequence.frames, root / target.name / "img", "{:04d}.jpg")
                path = root / target.name / TRUTH
                write_boxes(path, target.track.boxes, origin=self.origin, absent="0")


def _places(root: Path) -> Places:
    frames = next(root / name for name in _FRAMES if (root / name).is_dir())
    apart = (root / name for name in _TRUTHS if (root / name).is_dir())
    return Places(frames, next(apart, None))


def _truth(folder: Path, places: Places) -> Path:
    """The file of a sequence's boxes; the toolkit's where there is one."""
    apart = places.truths / f"{folder.name}.txt" if places.truths else folder / TRUTH
    return apart if apart.is_file() else folder / TRUTH


def _is_sequence(folder: Path, places: Places) -> bool:
    return (folder / "img").is_dir() and _truth(folder, places).is_file()
