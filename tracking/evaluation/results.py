"""Raw results, as the field keeps them: a text file a target, a line ``x,y,w,h`` a frame.

``FOLDER/<target>.txt`` and, of our own runs, ``FOLDER/times/<target>_time.txt`` with seconds. Rows
are in the numbers of the data set's own files, so 1-based for OTB. Frames that were not run (before
the first box, after the last) are ``nan``. A file is there wholly or not at all.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tirdata.errors import DataError
from tirdata.files import write_text
from tirdata.layouts.text import write_boxes
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
    "is_done",
    "read_result",
    "read_times",
    "to_trajectory",
    "write_result",
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


def write_result(folder: Path, name: str, trajectory: Trajectory, *, origin: int) -> None:
    """Write times, then boxes; when the boxes are there, the target is done.

    Raises:
        StorageError: a file cannot be written.
    """
    if trajectory.seconds is not None:
        lines = "".join(f"{value:.6f}\n" for value in trajectory.seconds)
        write_text(_times_path(folder, name), lines)
    write_boxes(folder / f"{name}.txt", trajectory.boxes, origin=origin)


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


def read_times(folder: Path, name: str) -> Floats:
    """Seconds of each frame that was run, the start first.

    Raises:
        DataError: the file is missing or not numbers.
    """
    path = _times_path(folder, name)
    try:
        seconds = np.array([float(word) for word in path.read_text("utf-8").split()], np.float64)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; delete the result beside it to run again") from None
    except ValueError:
        raise DataError(f"{path}: not a number a line; delete it and the result") from None
    run: Floats = seconds[~np.isnan(seconds)]
    return run


def is_done(folder: Path, truth: Truth, *, origin: int) -> bool:
    """Whether the result is there and was started as ``truth`` says.

    Raises:
        DataError: there is a file that is no result.
    """
    path = folder / f"{truth.name}.txt"
    if not path.is_file():
        return False
    rows = read_result(path, origin=origin).rows
    return len(rows) == len(truth.boxes) and bool(
        np.allclose(rows[truth.start], truth.first_box, atol=1e-3)
    )


def in_frames(truth: Truth, rows: Boxes) -> Boxes:
    """Rows of a result as one row a frame of the sequence, whatever their number."""
    boxes = np.full(truth.boxes.shape, np.nan)
    start = 0 if len(rows) >= len(boxes) else truth.start
    count = min(len(rows), len(boxes) - start)
    boxes[start : start + count] = rows[:count]
    return boxes


def _times_path(folder: Path, name: str) -> Path:
    return folder / "times" / f"{name}_time.txt"
