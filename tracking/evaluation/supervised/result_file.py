"""Result files of VOT: a line a frame, a region of 4 or 8 numbers or a code.

``1`` = started on this frame, ``2`` = lost on this frame, ``0`` = not asked. ``<sequence>_001.txt``
and so on are the repetitions; ``<sequence>_time.txt`` has seconds, a column a repetition. Regions
are in the numbers of the ground truth beside them and are not shifted.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from tirdata.errors import DataError
from tirdata.layouts.text import number_text, read_lines, split_line
from tirdata.types import Floats
from tracking.evaluation.results import ANSWERED, FAILED, SKIPPED, STARTED, Trajectory

_CODES: Final = {0.0: SKIPPED, 1.0: STARTED, 2.0: FAILED}
_SHOWN = 60  # characters of a wrong line


def read_vot_result(path: Path) -> Trajectory:
    """One repetition on one target.

    Raises:
        DataError: the file is missing, empty or not text, or a line is neither code nor region.
    """
    lines = read_lines(path)
    if not lines:
        raise DataError(f"{path}: empty; expected a line for each frame: 0, 1, 2 or a region")
    return parse_vot_result(lines, str(path))


def parse_vot_result(lines: Sequence[str], where: str) -> Trajectory:
    """As ``read_vot_result``, of lines that came from ``where``.

    A region with NaN counts as not asked, as in the toolkit. Rows have 8 numbers if any line does.

    Raises:
        DataError: a line is neither code nor region.
    """
    values = [_numbers(line, where, number) for number, line in enumerate(lines, start=1)]
    width = 8 if any(len(value) > 4 for value in values) else 4
    rows = np.full((len(values), width), np.nan)
    states = np.full(len(values), ANSWERED, np.int8)
    for index, value in enumerate(values):
        if len(value) == 1:
            states[index] = _CODES[value[0]]
        else:
            rows[index] = value if len(value) == width else _corners(value)
    unknown = (states == ANSWERED) & np.isnan(rows).any(axis=1)
    rows[unknown] = np.nan
    states[unknown] = SKIPPED
    return Trajectory(rows, states=states)


def vot_result_text(trajectory: Trajectory) -> str:
    """The text of a result file, to four decimals as the toolkit writes it."""
    states = trajectory.states
    lines = []
    for index, row in enumerate(trajectory.rows):
        if states is not None and states[index] != ANSWERED:
            lines.append(str(int(states[index])))
        elif np.isnan(row).any():
            lines.append(str(SKIPPED))
        else:
            lines.append(",".join(map(number_text, row)))
    return "".join(f"{line}\n" for line in lines)


def read_vot_times(path: Path, repetition: int) -> Floats:
    """Seconds of each frame in repetition 0, 1, …, (n,); NaN where it was not asked.

    Raises:
        DataError: the file is missing or not numbers, or has no such repetition.
    """
    try:
        table = [[float(word) for word in split_line(line)] for line in read_lines(path)]
    except ValueError:
        raise DataError(f"{path}: not numbers; expected seconds, a line a frame") from None
    if not table or any(len(row) <= repetition for row in table):
        raise DataError(f"{path}: no column {repetition + 1}; expected one a repetition")
    seconds = np.array([row[repetition] for row in table])
    seconds[seconds <= 0] = np.nan
    return seconds


def _numbers(line: str, where: str, number: int) -> list[float]:
    try:
        values = [float(word) for word in line.split(",")]
    except ValueError:
        values = _loose_numbers(line)
    known = len(values) in (4, 6, 8) or (len(values) == 1 and values[0] in _CODES)
    if len(values) == 1 and values[0] != values[0]:
        return [0.0]
    if not known or any(abs(value) == np.inf for value in values):
        raise DataError(
            f"{where}: line {number}: {line.strip()[:_SHOWN]!r}; expected a code 0, 1 or 2, or a "
            "region of 4 or 8 numbers"
        )
    return values


def _loose_numbers(line: str) -> list[float]:
    """Numbers between any separators; none where a word is no number."""
    try:
        return [float(word) for word in split_line(line)]
    except ValueError:
        return []


def _corners(value: Sequence[float]) -> Sequence[float]:
    """Eight numbers of a rectangle or of three corners; the last corner then stands twice."""
    if len(value) == 6:
        return [*value, *value[4:]]
    x, y, w, h = value
    return [x, y, x + w, y, x + w, y + h, x, y + h]
