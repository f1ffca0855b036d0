"""What a tracker answered on one target, and reading that from a result file.

Result files are a line ``x,y,w,h`` a frame in the numbers of the data set's own files, so 1-based
for OTB; which forms there are is in ``result_text`` and ``run_files``.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tirdata.types import Boxes, Floats
from tracking.evaluation.result_folders import ResultFolder
from tracking.evaluation.result_text import (
    ANSWERED,
    BOX,
    FAILED,
    SKIPPED,
    STARTED,
    Answer,
    States,
    read_answer,
)
from tracking.evaluation.targets import Truth

__all__ = [
    "ANSWERED",
    "BOX",
    "FAILED",
    "SKIPPED",
    "STARTED",
    "ResultFolder",
    "States",
    "Trajectory",
    "in_frames",
    "read_result",
    "to_trajectory",
]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What a tracker answered on one target, run here or read from a file, one row a frame.

    Several of them for one target are repetitions.
    """

    rows: Floats  # (n, 4) boxes or (n, 8) corners, from 0; NaN where it was not asked or has none
    seconds: Floats | None = None  # (n,), NaN where it was not asked; None = not known
    states: States | None = None  # (n,), of VOT's codes; None = answered everywhere

    @property
    def boxes(self) -> Boxes:
        """The boxes, (n, 4), or the bounds of the corners."""
        if self.rows.shape[1] == BOX:
            return self.rows
        corners = self.rows.reshape(len(self.rows), -1, 2)
        low, high = corners.min(axis=1), corners.max(axis=1)
        boxes: Boxes = np.hstack([low, high - low])
        return boxes


def read_result(path: Path, *, origin: int) -> Trajectory:
    """A result file as a trajectory, one row a line, whatever their number.

    Raises:
        DataError: it is missing or empty, or a line is no box, corners or code.
    """
    return to_trajectory(read_answer(path), origin=origin)


def to_trajectory(answer: Answer, *, origin: int) -> Trajectory:
    """What a file says, with corners counted from 0."""
    shift = np.zeros(answer.rows.shape[1])
    shift[: 2 if len(shift) == BOX else None] = origin
    rows: Floats = answer.rows - shift
    return Trajectory(rows, states=answer.states)


def in_frames(truth: Truth, rows: Boxes) -> Boxes:
    """Rows of a result as one row a frame of the sequence, whatever their number."""
    boxes = np.full(truth.boxes.shape, np.nan)
    start = 0 if len(rows) >= len(boxes) else truth.start
    count = min(len(rows), len(boxes) - start)
    boxes[start : start + count] = rows[:count]
    return boxes
