"""The files that a run writes, in the forms that the field's toolkits read, and reading them again.

A target's result is a text file, a line a frame; with repetitions, a folder of them. Each is there
wholly or not at all, and its times are there before it. Numbers are those of the data set's own
files. Frames that were not run (before the first box, after the last) are ``nan``, or ``0`` where
the protocol restarts trackers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from tirdata.errors import DataError
from tirdata.files import write_text
from tirdata.geometry import overlap
from tirdata.layouts.text import number_text, read_lines, split_line
from tirdata.types import Floats
from tracking.evaluation.results import BOX, STARTED, Trajectory, read_result
from tracking.evaluation.supervised.result_file import vot_result_text
from tracking.evaluation.targets import Truth

ALIKE: Final = 0.999  # overlap from which two answers count as one
ENOUGH: Final = 3  # repetitions that are all alike: more would be, too (VOT's rule)


class Form(NamedTuple):
    """How results are named and written."""

    result: str  # path of a result
    times: str  # path of the seconds of all its repetitions
    separator: str = ","
    corners: bool = False
    repeated: bool = False  # whether there is room for more than one repetition
    anything: str = "*.txt"  # what finds results of whatever targets


FORMS: Final[dict[str, Form]] = {
    "otb": Form("{target}.txt", "times/{target}_time.txt"),
    "lasher": Form("{target}.txt", "times/{target}_time.txt"),
    "gtot": Form("{tracker}_{target}.txt", "times/{target}_time.txt", " ", corners=True),
    "got10k": Form("{target}/{target}_{repetition:03}.txt", "{target}/{target}_time.txt",
                   repeated=True, anything="*/*_[0-9][0-9][0-9].txt"),
    "vot": Form("{experiment}/{target}/{target}_{repetition:03}.txt",
                "{experiment}/{target}/{target}_time.txt", repeated=True,
                anything="*/*/*_[0-9][0-9][0-9].txt"),
}  # fmt: skip
"""By name; ``vot`` is the toolkit's ``results/TRACKER``."""


@dataclass(frozen=True)
class RunFiles:
    """The files of one run."""

    folder: Path
    form: str
    tracker: str
    origin: int  # number of the first pixel
    experiment: str = "baseline"  # VOT's name of this way of running

    def path(self, target: str, repetition: int = 0) -> Path:
        """The result of one repetition, counted from 0."""
        return self.folder / self._filled(FORMS[self.form].result, target, repetition)

    def times(self, target: str) -> Path:
        """The seconds of all repetitions, a column each."""
        return self.folder / self._filled(FORMS[self.form].times, target, 0)

    def write(self, target: str, trajectory: Trajectory, repetition: int = 0) -> None:
        """Write times, then the result; when that is there, the repetition is done.

        Raises:
            StorageError: a file cannot be written.
        """
        seconds = trajectory.seconds
        if seconds is None:
            seconds = np.full(len(trajectory.rows), np.nan)
        columns = [*self._columns(target)[:repetition], seconds]
        write_text(self.times(target), _times_text(columns))
        write_text(self.path(target, repetition), self._text(trajectory))

    def read(self, target: str, repetition: int = 0) -> Trajectory:
        """One repetition with its times.

        Raises:
            DataError: a file is missing or wrong.
        """
        path = self.path(target, repetition)
        found = read_result(path, origin=self.origin)
        columns = self._columns(target)
        if len(columns) <= repetition:
            raise DataError(
                f"{self.times(target)}: no times of {path.name}; delete that to run it again"
            )
        return replace(found, seconds=columns[repetition])

    def done(self, truth: Truth, most: int) -> list[Trajectory]:
        """The repetitions that are there without a gap and were started as ``truth`` says.

        Raises:
            DataError: there is a file that is no result.
        """
        found: list[Trajectory] = []
        for repetition in range(most):
            if not self.path(truth.name, repetition).is_file():
                break
            trajectory = self.read(truth.name, repetition)
            if not _is_of(trajectory, truth):
                break
            found.append(trajectory)
        return found

    def any(self) -> bool:
        """Whether there is any result."""
        return any(True for _ in self.folder.glob(FORMS[self.form].anything))

    def _filled(self, pattern: str, target: str, repetition: int) -> str:
        return pattern.format(
            target=target,
            tracker=self.tracker,
            experiment=self.experiment,
            repetition=repetition + 1,
        )

    def _columns(self, target: str) -> list[Floats]:
        """Seconds of each repetition that has any; none where there is no file."""
        path = self.times(target)
        if not path.is_file():
            return []
        try:
            rows = [[float(word) for word in split_line(line)] for line in read_lines(path)]
            return [np.array(column) for column in zip(*rows, strict=True)]
        except ValueError:
            raise DataError(f"{path}: not numbers; delete it and the results beside it") from None

    def _text(self, trajectory: Trajectory) -> str:
        rows = trajectory.rows.copy()
        rows[:, : 2 if rows.shape[1] == BOX else None] += self.origin
        if trajectory.states is not None:
            return vot_result_text(Trajectory(rows, states=trajectory.states))
        form = FORMS[self.form]
        if form.corners and rows.shape[1] == BOX:
            x, y, w, h = rows.T
            rows = np.stack([x, y, x + w, y, x + w, y + h, x, y + h], axis=1)
        return "".join(f"{form.separator.join(map(number_text, row))}\n" for row in rows)


def enough(done: Sequence[Trajectory], most: int) -> bool:
    """Whether no repetition is left: all are there, or the first three are alike."""
    if len(done) >= most:
        return True
    if len(done) < ENOUGH:
        return False
    return all(_alike(done[0], other) for other in done[1:ENOUGH])


def _alike(a: Trajectory, b: Trajectory) -> bool:
    """Whether two repetitions have the same codes, and regions that are the same to the eye."""
    none = np.isnan(a.rows).any(axis=1)
    if a.rows.shape != b.rows.shape or (none != np.isnan(b.rows).any(axis=1)).any():
        return False
    if a.states is not None and b.states is not None and (a.states != b.states).any():
        return False
    overlaps = overlap(a.boxes[~none], b.boxes[~none])
    same = np.isclose(a.rows[~none], b.rows[~none], atol=1e-3).all(axis=1)
    return bool((same | (overlaps > ALIKE)).all())


def _is_of(trajectory: Trajectory, truth: Truth) -> bool:
    """Whether the result is of this target, from its first box on."""
    if len(trajectory.rows) != len(truth.boxes):
        return False
    if trajectory.states is not None:
        return bool(trajectory.states[truth.start] == STARTED)
    return bool(np.allclose(trajectory.boxes[truth.start], truth.first_box, atol=1e-3))


def _times_text(columns: Sequence[Floats]) -> str:
    lines = zip(*columns, strict=True)
    return "".join(",".join(f"{value:.6f}" for value in line) + "\n" for line in lines)
