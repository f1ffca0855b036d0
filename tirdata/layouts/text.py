"""Boxes as lines of numbers, x y w h, the way most data sets and all result files have them.

Commas, tabs, semicolons and spaces separate; ``nan`` (once or four times) is an absent object;
line ends of any kind, a byte order mark and empty lines at the end are fine.
"""

import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tirdata.errors import AnnotationError
from tirdata.files import write_text
from tirdata.types import Boxes

_SEPARATOR = re.compile(r"[,;\s]+")
_SPACES = str.maketrans(",;", "  ")
_DECIMALS = 4


def read_boxes(path: Path, *, origin: int) -> Boxes:
    """Boxes of a ground-truth file, 0-based, (n, 4); NaN rows where the object is absent.

    A box without width or height counts as absent, as data sets mean it.

    Args:
        path: one line a frame.
        origin: number that the file gives to the first pixel: 0, or 1 (made by MATLAB).

    Raises:
        AnnotationError: the file is missing or empty, or a line is not four finite numbers.
    """
    boxes = read_rows(path)
    missing = np.isnan(boxes)
    partly = np.flatnonzero(missing.any(axis=1) & ~missing.all(axis=1))
    if len(partly):
        raise AnnotationError(
            f"{path}: line {partly[0] + 1}: nan beside numbers; expected 4 numbers"
        )
    with np.errstate(invalid="ignore"):
        boxes[(boxes[:, 2:] <= 0).any(axis=1)] = np.nan
    return shifted(boxes, -origin)


def read_rows(path: Path) -> Boxes:
    """The numbers of the file as they are, (n, 4).

    Raises:
        AnnotationError: the file is missing or empty, or a line is not four numbers.
    """
    lines = read_lines(path)
    if not lines:
        raise AnnotationError(f"{path}: empty; expected a line x,y,w,h for each frame")
    table = _table("\n".join(lines).translate(_SPACES))
    if table is not None and table.shape == (len(lines), 4) and not np.isinf(table).any():
        return table
    return np.array([_row(line, path, number) for number, line in enumerate(lines, start=1)])


def write_boxes(
    path: Path,
    boxes: Boxes,
    *,
    origin: int,
    absent: str = "nan",
    separator: str = ",",
    end: str = "\n",
) -> None:
    """Write one line ``x,y,w,h`` a box; ``absent`` stands four times where there is none.

    Raises:
        StorageError: the file cannot be written.
    """
    lines = (
        separator.join([absent] * 4 if np.isnan(row).all() else map(number_text, row))
        for row in shifted(boxes, origin)
    )
    write_text(path, "".join(f"{line}{end}" for line in lines))


def shifted(boxes: Boxes, by: int) -> Boxes:
    """The same boxes with corners counted from another first pixel."""
    result: Boxes = boxes + np.array([by, by, 0, 0], np.float64)
    return result


def number_text(value: float) -> str:
    """A number with up to four decimals and no needless ones.

    >>> number_text(12.0), number_text(0.25), number_text(-0.00001)
    ('12', '0.25', '0')
    """
    text = f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".") if np.isfinite(value) else str(value)
    return "0" if text == "-0" else text


def split_line(line: str) -> list[str]:
    """The words of a line between commas, semicolons, tabs and spaces."""
    return _SEPARATOR.split(line.strip().strip(",;"))


def read_lines(path: Path) -> Sequence[str]:
    """The lines of a text, without empty ones at its end.

    Raises:
        AnnotationError: the file is missing or not text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise AnnotationError(f"{path}: no such file; expected boxes, a line a frame") from None
    except (IsADirectoryError, UnicodeDecodeError):
        raise AnnotationError(f"{path}: not text; expected a line x,y,w,h for each frame") from None
    except OSError as error:  # a loop of links, among others
        raise AnnotationError(f"{path}: cannot be read ({error.strerror})") from None
    return text.rstrip().splitlines()


def _table(text: str) -> Boxes | None:
    """All numbers at once, which is far faster; nothing where a line is odd."""
    if not text.strip():
        return None
    try:
        table: Boxes = np.loadtxt(io.StringIO(text), np.float64, comments=None, ndmin=2)
    except ValueError:
        return None
    return table


def _row(line: str, path: Path, number: int) -> list[float]:
    words = split_line(line)
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if values and len(values) == 1 and np.isnan(values[0]):
        values *= 4
    if len(values) != 4 or np.isinf(values).any():
        raise AnnotationError(
            f"{path}: line {number}: {line.strip()[:60]!r}; expected 4 numbers x,y,w,h or nan"
        )
    return values
