"""Files of true boxes as rows: numbers, and marks of frames beside them."""

import logging
from pathlib import Path

import numpy as np

from tirdata.errors import AnnotationError, DataError
from tirdata.layouts.flags import read_flags
from tirdata.layouts.text import split_line
from tirdata.types import Flags, Floats
from tracking.evaluation.result_text import BOX, CORNERS, read_answer

logger = logging.getLogger(__name__)

_PEEK = 4096  # bytes in which the first box has to come


def truth_rows(path: Path) -> Floats:
    """The numbers of a file of true boxes, (n, 4) or (n, 8).

    Raises:
        AnnotationError: it is missing or empty, or a line is no box.
    """
    try:
        answer = read_answer(path)
    except DataError as error:
        raise AnnotationError(str(error)) from None
    if answer.states is not None:
        line = int(np.flatnonzero(answer.states >= 0)[0]) + 1
        raise AnnotationError(f"{path}: line {line}: one number; expected a box x,y,w,h")
    for note in answer.notes:
        logger.warning("%s: %s", path, note)
    missing = np.isnan(answer.rows)
    partly = np.flatnonzero(missing.any(axis=1) & ~missing.all(axis=1))
    if len(partly):
        raise AnnotationError(f"{path}: line {partly[0] + 1}: nan beside numbers; expected a box")
    return answer.rows


def first_numbers(path: Path) -> int:
    """How many numbers the first line has that is no NaN; 0 = it has words, or is none."""
    try:
        with path.open("rb") as file:
            lines = file.read(_PEEK).decode("utf-8-sig", "replace").splitlines()
    except OSError:
        return 0
    for line in lines:
        words = split_line(line)
        try:
            values = [float(word) for word in words]
        except ValueError:
            return 0
        if not np.isnan(values).all():
            return len(values)
    return 0


def has_boxes(path: Path) -> bool:
    """Whether a text file begins with a box or corners."""
    return path.is_file() and first_numbers(path) in (BOX, CORNERS)


def absent_in(rows: Floats, *marks: Path) -> Floats:
    """The rows with NaN where one of the files, if it is there, has 1.

    Raises:
        AnnotationError: a file is wrong, or has another number of frames.
    """
    for path in marks:
        if path.is_file():
            rows[_flags(path, len(rows))] = np.nan
    return rows


def _flags(path: Path, count: int) -> Flags:
    return read_flags(path, count)
