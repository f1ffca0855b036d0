"""Regions as VOT writes them: x,y,w,h or four corners x1,y1,…,x4,y4 a line, and marks of frames.

The first pixel is 0: the toolkit fills regions into a picture whose first pixel is (0, 0)
(``region.c`` of the MATLAB one), and readers take the numbers as they are.
"""

from pathlib import Path
from typing import Final

import numpy as np

from tirdata.errors import AnnotationError
from tirdata.files import write_text
from tirdata.layouts.flags import read_flags
from tirdata.layouts.text import number_text, read_lines, split_line
from tirdata.types import Boxes, Flags, Floats, Polygons, Track

RECTANGLE: Final = 4
POLYGON: Final = 8
OCCLUSION: Final = "occlusion"
PROPERTIES: Final = "sequence"
CHANNELS: Final = ("color", "ir")
MARKS: Final = frozenset({"camera_motion", "illum_change", "motion_change", "size_change"})
_CORNERS = ((0, 1), (0, 0), (1, 0), (1, 1))  # VOT's order: from the lower left, clockwise


def region_numbers(path: Path) -> int | None:
    """How many numbers the first line of a file has that is not all NaN; None = none or no file."""
    try:
        lines = read_lines(path)
    except AnnotationError:
        return None
    counts = (len(split_line(line)) for line in lines if "nan" not in line.lower())
    return next(counts, None)


def mark_files(folder: Path) -> dict[str, Path]:
    """Files with a flag for each frame, by what they mark: ``camera_motion.tag`` or ``.label``."""
    kinds = (".tag", ".label")
    return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix in kinds}


def speaks_for_vot(folder: Path) -> bool:
    """Whether a sequence's folder has what only VOT has: polygons, marks, channels, properties."""
    return (
        region_numbers(folder / "groundtruth.txt") == POLYGON
        or any((folder / name).is_dir() for name in CHANNELS)
        or (folder / PROPERTIES).is_file()
        or (folder.is_dir() and bool(MARKS.intersection(mark_files(folder))))
    )


def read_marks(folder: Path, count: int) -> dict[str, Flags]:
    """The marks of ``count`` frames; toolkits take those that lack at the end as 0, and so it is.

    Raises:
        AnnotationError: a file is wrong, or is too long.
    """
    return {name: read_flags(path, count, short=True) for name, path in mark_files(folder).items()}


def read_regions(path: Path) -> tuple[Boxes, Polygons | None]:
    """The bounds of each region, (n, 4), and its corners if any line has corners.

    Raises:
        AnnotationError: the file is missing or empty, or a line is neither 4 nor 8 numbers.
    """
    lines = read_lines(path)
    if not lines:
        raise AnnotationError(f"{path}: empty; expected a region for each frame")
    rows = [_numbers(line, path, number) for number, line in enumerate(lines, start=1)]
    polygons = np.array([_corners(row) for row in rows])
    low, high = polygons.min(axis=1), polygons.max(axis=1)
    boxes = np.hstack([low, high - low])
    whole = [len(row) == RECTANGLE for row in rows]
    for index in np.flatnonzero(whole):  # as they stand, not as a difference of corners
        boxes[index] = rows[index]
    with np.errstate(invalid="ignore"):
        none = (boxes[:, 2:] <= 0).any(axis=1) | np.isnan(boxes).any(axis=1)
    boxes[none], polygons[none] = np.nan, np.nan
    return boxes, None if all(whole) else polygons


def write_regions(path: Path, track: Track) -> None:
    """Write corners where a track has some, else boxes; NaN where the object is absent.

    A frame whose box is no longer the bounds of its corners gets the box's corners.

    Raises:
        StorageError: the file cannot be written.
    """
    rows = track.boxes if track.polygons is None else _polygon_rows(track.boxes, track.polygons)
    lines = (",".join(map(number_text, row)) for row in rows)
    write_text(path, "".join(f"{line}\n" for line in lines))


def _polygon_rows(boxes: Boxes, polygons: Polygons) -> Floats:
    low, high = polygons.min(axis=1), polygons.max(axis=1)
    own = np.isclose(np.hstack([low, high - low]), boxes, atol=1e-3).all(axis=1)
    corners = np.array([_corners(row) for row in boxes])
    rows: Floats = np.where(own[:, None, None], polygons, corners).reshape(-1, POLYGON)
    return rows


def _corners(row: Floats) -> Polygons:
    """Four corners (4, 2) of a line of numbers."""
    if len(row) == POLYGON:
        return row.reshape(4, 2)
    x, y, w, h = row
    corners: Polygons = np.array([(x + w * right, y + h * below) for right, below in _CORNERS])
    return corners


def _numbers(line: str, path: Path, number: int) -> Floats:
    words = split_line(line)
    try:
        row = np.array([float(word) for word in words])
    except ValueError:
        row = np.zeros(0)
    if len(row) == 1 and np.isnan(row[0]):
        row = np.full(RECTANGLE, np.nan)
    missing = np.isnan(row)
    if (
        len(row) not in (RECTANGLE, POLYGON)
        or np.isinf(row).any()
        or (missing.any() and not missing.all())
    ):
        mask = " (a mask of VOT2020 and later)" if line.lstrip().startswith("m") else ""
        raise AnnotationError(
            f"{path}: line {number}: {line.strip()[:60]!r}{mask}; "
            "expected 4 numbers x,y,w,h or 8 of a polygon, or nan"
        )
    return row
