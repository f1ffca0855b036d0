"""A folder a sequence with its boxes in it, with or without frames.

``groundtruth_rect.txt`` (OTB; ``.1``, ``.2`` for two targets), ``groundtruth.txt`` (VOT with
polygons and marks, GOT-10k and LaSOT with theirs), ``NAME_gt.txt`` (TColor-128). Folders may lie
below those of their classes; ``list.txt`` says which of them count.
"""

import re
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from tirdata.errors import AnnotationError, DataError
from tirdata.layouts.folders import folders, listed_names
from tirdata.layouts.got10k import HIDDEN
from tirdata.layouts.lasot import HIDDEN as FULLY_OCCLUDED
from tirdata.layouts.lasot import OUTSIDE
from tirdata.layouts.pictures import KINDS
from tirdata.layouts.regions import MARKS, PROPERTIES, mark_files, read_marks
from tirdata.types import Flags, Floats
from tracking.evaluation.groundtruth.base import Entries, RawTruth
from tracking.evaluation.groundtruth.rows import absent_in, has_boxes, truth_rows

_TRUTH: Final = re.compile(r"(?i)groundtruth(_rect)?(?:[._](\d+))?\.txt|gt\.txt")
_ABSENT: Final = ("absence.label", FULLY_OCCLUDED, OUTSIDE)
_FROM_1: Final = frozenset({FULLY_OCCLUDED, OUTSIDE})
_WIDTH, _HEIGHT = re.compile(r"(?m)^width=(\d+)"), re.compile(r"(?m)^height=(\d+)")
_RESOLUTION = re.compile(r"resolution:\s*\(?(\d+),\s*(\d+)")
_LOOKED_AT: Final = 100


class FoldersForm:
    """The folder above, one of these folders, or the one above those of classes."""

    name = "folders"

    def origin(self, root: Path) -> int:
        """OTB and LaSOT count from 1, the others from 0."""
        first = next(iter(sequence_folders(root, truth_files)), root)
        names = {path.name.lower() for path in first.iterdir()} if first.is_dir() else set()
        return int(any(name.startswith("groundtruth_rect") or name in _FROM_1 for name in names))

    def recognises(self, root: Path) -> bool:
        """Such a folder with boxes in it."""
        found = islice(sequence_folders(root, truth_files), _LOOKED_AT)
        return any(has_boxes(path) for folder in found for path in truth_files(folder).values())

    def entries(self, root: Path) -> Entries:
        """What ``list.txt`` says, or else the folders.

        Raises:
            DataError: the list names a sequence twice, or one that is not there.
        """
        found = {_name(each): each for each in sequence_folders(root, truth_files)}
        names = sorted(found)
        path = root / "list.txt"
        if path.is_file():
            names = listed_names(path)
            missing = [name for name in names if name not in found]
            if missing:
                raise DataError(f"{path}: {missing[0]} has no ground truth; expected it in {root}")
        return {
            target: partial(_read, found[name], file, name, number)
            for name in names
            for number, file, target in _targets(name, truth_files(found[name]))
        }


def sequence_folders(root: Path, holds: Callable[[Path], object]) -> list[Path]:
    """Folders of sequences: the root, those in it, or else those in folders of their class."""
    if holds(root):
        return [root]
    below = folders(root)
    found = [folder for folder in below if holds(folder)]
    return found or [inner for folder in below for inner in folders(folder) if holds(inner)]


def truth_files(folder: Path) -> dict[int, Path]:
    """Files of boxes by their number; the corrected or plain one before others."""
    found: dict[int, Path] = {}
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return {}
    own = f"{folder.name}_gt.txt".lower()
    for path in paths:
        matched = _TRUTH.fullmatch(path.name)
        if (matched or path.name.lower() == own) and path.is_file() and path.stat().st_size > 0:
            found.setdefault(int(matched[2] or 0) if matched else 0, path)
    return dict(sorted(found.items()))


def frame_size(folder: Path) -> tuple[int, int] | None:
    """Width and height as a file of properties says, or the first picture; None = nothing does."""
    properties, meta = folder / PROPERTIES, folder / "meta_info.ini"
    if properties.is_file():
        text = properties.read_text("utf-8", errors="replace")
        width, height = _WIDTH.search(text), _HEIGHT.search(text)
        if width and height:
            return int(width[1]), int(height[1])
    if meta.is_file() and (said := _RESOLUTION.search(meta.read_text("utf-8", errors="replace"))):
        return int(said[1]), int(said[2])
    for place in (folder / "color", folder / "img", folder / "ir", folder):
        if place.is_dir():
            picture = next((p for p in place.iterdir() if p.suffix.lower() in KINDS), None)
            if picture is not None:
                return _picture_size(picture)
    return None


def _picture_size(path: Path) -> tuple[int, int] | None:
    try:
        with Image.open(path) as picture:
            return picture.size
    except (OSError, UnidentifiedImageError):
        return None


def _targets(name: str, files: dict[int, Path]) -> list[tuple[int, Path, str]]:
    return [
        (number, path, name if len(files) == 1 else f"{name}#{number}")
        for number, path in files.items()
    ]


def _read(folder: Path, path: Path, name: str, number: int) -> RawTruth:
    rows = truth_rows(path)
    rows = absent_in(rows, *(folder / mark for mark in _ABSENT))
    return RawTruth(
        rows,
        path,
        size=frame_size(folder),
        tags=_hidden(folder, rows) | _tags(folder, len(rows)),
        sequence=name,
        track=number,
    )


def _hidden(folder: Path, rows: Floats) -> dict[str, Flags]:
    """Frames of GOT-10k that have a box of which nothing is in view.

    Raises:
        AnnotationError: the file has another number of frames.
    """
    path = folder / "cover.label"
    if not path.is_file():
        return {}
    cover = path.read_text("utf-8", errors="replace").split()
    if len(cover) != len(rows):
        raise AnnotationError(f"{path}: {len(cover)} labels; expected {len(rows)}, one a frame")
    hidden: Flags = np.array([word == "0" for word in cover]) & ~np.isnan(rows[:, 0])
    return {HIDDEN: hidden} if hidden.any() else {}


def _tags(folder: Path, count: int) -> dict[str, Flags]:
    marks = mark_files(folder)
    if not MARKS.intersection(marks) and not any(each.suffix == ".tag" for each in marks.values()):
        return {}
    return {name: np.asarray(flags) for name, flags in read_marks(folder, count).items()}


def _name(folder: Path) -> str:
    return folder.resolve().name
