"""LasHeR: ``NAME/visible/v000001.jpg``, ``NAME/infrared/i000001.jpg``, boxes x,y,w,h, origin 1.

The halves are registered: ``init.txt``, ``visible.txt`` and ``infrared.txt`` say the same, and
``cameraman_1202`` lacks one (issues 7 and 8 of BUGPLEASEOUT/LasHeR). A release that is not
registered has lists that differ; then each half has its own. Frame numbers have three to eight
digits. The toolkit is OTB's MATLAB code, which counts the first pixel as 1.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from tirdata.errors import AnnotationError
from tirdata.layouts.attributes import AttributesOfPairs, attributes_beside
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.folders import first_folders, folder_of, named_folders
from tirdata.layouts.pairs import Halves, letter_place, read_pair, visible_half, write_halves
from tirdata.layouts.text import read_boxes, write_boxes
from tirdata.layouts.tracks import targets
from tirdata.types import Sequence


class LasherLayout(ReadsOneByOne):
    """A folder a pair; the root may also be one such folder."""

    name = "lasher"
    origin = 1

    def recognises(self, root: Path) -> bool:
        """Folders with both halves and ``init.txt``, and no letter behind the frame numbers."""
        found = [each for each in first_folders(root, _is_pair) if (each / "init.txt").is_file()]
        return bool(found) and not any(
            letter_place(_frames(each).visible) == "after" for each in found
        )

    def names(self, root: Path) -> list[str]:
        """Names of the folders; of the root itself if that is one pair."""
        return list(named_folders(root, _is_pair))

    def read_one(self, root: Path, name: str) -> Sequence:
        """One pair with its object; visible boxes of its own only where they differ.

        Raises:
            DataError: a file is missing or wrong, or boxes and frames differ in number.
        """
        folder = folder_of(root, name, _is_pair)
        lists = {
            path: read_boxes(path, origin=self.origin)
            for path in (folder / f"{each}.txt" for each in ("infrared", "init", "visible"))
            if path.is_file()
        }
        if not lists:
            raise AnnotationError(f"{folder}: no boxes; expected init.txt")
        (first, thermal), *rest = lists.items()
        visible = {path: boxes for path, boxes in rest if path.name == "visible.txt"}
        for path, boxes in visible.items():
            if np.array_equal(boxes, thermal, equal_nan=True):
                visible = {}
            elif len(boxes) != len(thermal):
                raise AnnotationError(f"{path}: {len(boxes)} boxes; expected {len(thermal)}")
        pair = read_pair(name, _frames(folder), {first: thermal}, visible)
        return replace(pair, attributes=attributes_beside(root, self.name, name))

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write pairs; a folder for each object. ``init.txt`` is the visible list.

        Raises:
            UsageError: a sequence has no track or no visible half.
            StorageError: a file cannot be written.
        """
        beside = AttributesOfPairs(root, self.name)
        for sequence in sequences:
            visible_half(sequence, "LasHeR")
            for target in targets(sequence, "LasHeR"):
                folder = root / target.name
                names = ("i{:06d}.jpg", "v{:06d}.jpg")
                write_halves(sequence, "LasHeR", _frames(folder), names)
                lists = {"infrared": target.track, "visible": target.visible}
                for name, track in (lists | {"init": target.visible}).items():
                    path = folder / f"{name}.txt"
                    write_boxes(path, track.boxes, origin=self.origin, absent="0")
                beside.add(target.name, sequence.attributes)


def _frames(folder: Path) -> Halves:
    return Halves(folder / "infrared", folder / "visible")


def _is_pair(folder: Path) -> bool:
    """Whether it is meant as a pair; a part of one is named when it is read."""
    return any(path.is_dir() for path in _frames(folder))
