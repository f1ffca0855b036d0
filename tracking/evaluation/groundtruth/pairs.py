"""A folder a pair with lists for its halves: GTOT, RGBT234, VTUAV; or one list: RGBT210.

``groundTruth_i.txt`` and ``groundTruth_v.txt`` are GTOT's, two corners a line, unless a folder
shows them to be x y w h. ``infrared.txt`` and ``visible.txt`` (or ``ir``, ``rgb``) are boxes;
``init.txt`` counts only where it is alone.
"""

from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from tirdata.errors import UsageError
from tirdata.layouts import corners
from tirdata.layouts.corners import FORMS, Form
from tirdata.types import Floats
from tracking.evaluation.groundtruth.base import Entries, RawTruth
from tracking.evaluation.groundtruth.per_sequence import frame_size, sequence_folders
from tracking.evaluation.groundtruth.rows import has_boxes, truth_rows

_GTOT: Final = (("groundtruth_i.txt", "groundtruth_v.txt"),)
_BOXES: Final = (
    ("infrared.txt", "visible.txt"),
    ("ir.txt", "rgb.txt"),
    ("tir.txt", "rgb.txt"),
    ("thermal.txt", "visible.txt"),
)
_START: Final = "init.txt"
_ASKED: Final = 20  # folders, for what four numbers are


class _Files(NamedTuple):
    thermal: Path
    visible: Path | None


class PairsForm:
    """Boxes x, y, w, h for each half, or for one."""

    name = "rgbt234"

    def origin(self, _: Path) -> int:
        """Boxes are counted from 0."""
        return 0

    def recognises(self, root: Path) -> bool:
        """Folders with such lists."""
        return any(has_boxes(_files(each, _BOXES).thermal) for each in self._folders(root)[:_ASKED])

    def entries(self, root: Path) -> Entries:
        """The folders by name."""
        return {each.resolve().name: partial(self._read, each) for each in self._folders(root)}

    def _folders(self, root: Path) -> list[Path]:
        return sequence_folders(root, lambda folder: _there(folder, _BOXES))

    def _read(self, folder: Path) -> RawTruth:
        return _read_pair(folder, _files(folder, _BOXES))


class OneListForm:
    """``init.txt`` for both halves."""

    name = "rgbt210"

    def origin(self, _: Path) -> int:
        """Boxes are counted from 0."""
        return 0

    def recognises(self, root: Path) -> bool:
        """Folders with ``init.txt`` and no other list."""
        return any(has_boxes(each / _START) for each in self._folders(root)[:_ASKED])

    def entries(self, root: Path) -> Entries:
        """The folders by name."""
        return {each.resolve().name: partial(self._read, each) for each in self._folders(root)}

    def _folders(self, root: Path) -> list[Path]:
        return sequence_folders(root, _starts_alone)

    def _read(self, folder: Path) -> RawTruth:
        path = folder / _START
        return RawTruth(truth_rows(path), path, size=frame_size(folder))


class GtotForm:
    """Two corners for each half."""

    name = "gtot"
    form: Form = "corners"

    def origin(self, _: Path) -> int:
        """Boxes are counted from 0."""
        return 0

    def recognises(self, root: Path) -> bool:
        """Folders with GTOT's lists, whose numbers can be of this form."""
        found = _gtot_folders(root)
        return bool(found) and self.form in possible_forms(found)

    def entries(self, root: Path) -> Entries:
        """The folders by name."""
        return {each.resolve().name: partial(self._read, each) for each in _gtot_folders(root)}

    def _read(self, folder: Path) -> RawTruth:
        return _read_pair(folder, _files(folder, _GTOT), two_corners=self.form == "corners")


class GtotBoxesForm(GtotForm):
    """The same lists with x, y, w, h."""

    name = "gtot-boxes"
    form: Form = "sizes"


def possible_forms(found: list[Path]) -> frozenset[Form]:
    """What four numbers can be in all of the folders; both where nothing decides."""
    possible = FORMS
    for folder in found[:_ASKED]:
        start = folder / _START
        first = truth_rows(start) if start.is_file() else None
        for path in _files(folder, _GTOT):
            if path is None or not has_boxes(path):
                continue
            rows = truth_rows(path)
            if rows.shape[1] != 4:
                raise UsageError(f"{path}: {rows.shape[1]} numbers a line; expected 4, GTOT's")
            possible &= corners.by_order(rows)
            if first is not None:
                possible &= corners.by_start(rows, first)
    return possible or FORMS


def _gtot_folders(root: Path) -> list[Path]:
    return sequence_folders(root, lambda folder: _there(folder, _GTOT))


def _files(folder: Path, names: tuple[tuple[str, str], ...]) -> _Files:
    """The lists of a folder, whatever the case of their names; the second half may lack."""
    there = {path.name.lower(): path for path in sorted(folder.iterdir())}
    for thermal, visible in names:
        if thermal in there:
            return _Files(there[thermal], there.get(visible))
    return _Files(there[next(visible for _, visible in names if visible in there)], None)


def _there(folder: Path, names: tuple[tuple[str, str], ...]) -> bool:
    if not folder.is_dir():
        return False
    there = {path.name.lower() for path in folder.iterdir() if path.is_file()}
    return any(name in there for pair in names for name in pair)


def _starts_alone(folder: Path) -> bool:
    return (folder / _START).is_file() and not _there(folder, (*_BOXES, *_GTOT))


def _read_pair(folder: Path, files: _Files, *, two_corners: bool = False) -> RawTruth:
    visible: Floats | None = truth_rows(files.visible) if files.visible else None
    return RawTruth(
        truth_rows(files.thermal),
        files.thermal,
        visible=visible,
        size=frame_size(folder),
        two_corners=two_corners,
    )
