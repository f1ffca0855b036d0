"""What a tracker answered on one target, and reading that from a result file.

Result files are a line ``x,y,w,h`` a frame in the numbers of the data set's own files, so 1-based
for OTB; which forms there are is in ``result_text`` and ``run_files``.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tirdata.geometry import overlap
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
    "doubt_of_start",
    "in_frames",
    "read_result",
    "to_trajectory",
]

_STARTS_ON = 0.2  # least overlap of an answer's first box with the one it was started with
_AS_CORNERS = 0.8  # from here on it fits, read as corners


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


def doubt_of_start(truth: Truth, trajectory: Trajectory) -> str | None:
    """What is odd about an answer that does not begin on the box that trackers are started with.

    Then mostly its lines are no x,y,w,h, or it is of another sequence.
    """
    first = in_frames(truth, trajectory.boxes)[truth.start]
    if trajectory.states is not None or not np.isfinite(first).all():
        return None
    halves = [truth.boxes] if truth.visible is None else [truth.boxes, truth.visible]
    true = np.array([boxes[truth.start] for boxes in halves])
    share = _most(first, true)
    if share >= _STARTS_ON:
        return None
    sides = first[2:] - first[:2]
    corners = (sides > 0).all() and _most(np.hstack([first[:2], sides]), true) > _AS_CORNERS
    guess = "x1,y1,x2,y2" if corners else "another sequence, or not x,y,w,h"
    return f"its first box overlaps the true one by {share:.2f}; is it {guess}?"


def _most(box: Floats, true: Boxes) -> float:
    """The largest overlap of a box with any of those that are known."""
    return float(np.nanmax(overlap(np.tile(box, (len(true), 1)), true), initial=0.0))


def in_frames(truth: Truth, rows: Boxes) -> Boxes:
    """Rows of a result as one row a frame of the sequence, whatever their number."""
    boxes = np.full(truth.boxes.shape, np.nan)
    start = 0 if len(rows) >= len(boxes) else truth.start
    count = min(len(rows), len(boxes) - start)
    boxes[start : start + count] = rows[:count]
    return boxes
