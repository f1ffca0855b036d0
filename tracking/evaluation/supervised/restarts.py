"""Running a tracker as VOT does: started again some frames after it has lost the target.

The codes and frames are those of the toolkit in MATLAB, ``experiment_supervised.m`` and, where the
tracker's time counts, ``experiment_realtime.m`` ("real" type).
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from tirdata.tracker import TimedTracker, Tracker
from tirdata.types import Box, Frames
from tracking.evaluation.results import ANSWERED, FAILED, SKIPPED, STARTED, Trajectory
from tracking.evaluation.supervised.regions import corners_of
from tracking.evaluation.targets import Truth

Region: TypeAlias = tuple[float, ...]  # x, y, w, h, or eight numbers of four corners


class Restarts(NamedTuple):
    """When a tracker is lost and when it is started again."""

    lost: Callable[[int, Region], bool]  # whether this answer on this frame is a failure
    skip: int  # frames from a failure to the restart


class Pace(NamedTuple):
    """A clock that does not wait for the tracker."""

    fps: float
    grace: int  # answers after each start that count as in time, the start among them


class Asked:
    """A tracker on one target, with the seconds of each answer."""

    def __init__(self, tracker: Tracker, frames: Frames) -> None:
        self.tracker, self.frames = tracker, frames

    def start(self, index: int, box: Box) -> float:
        """Start it on a frame; only time inside the tracker is taken."""
        frame = self.frames[index]
        begun = time.perf_counter()
        self.tracker.init(frame, box)
        return self._seconds(begun)

    def track(self, index: int) -> tuple[Region, float]:
        """Its answer on a frame."""
        frame = self.frames[index]
        begun = time.perf_counter()
        found = self.tracker.track(frame)
        return found.corners or found.box, self._seconds(begun)

    def _seconds(self, begun: float) -> float:
        passed = time.perf_counter() - begun
        return self.tracker.took_s if isinstance(self.tracker, TimedTracker) else passed


@dataclass
class _Sheet:
    """What is written down while it runs."""

    truth: Truth

    def __post_init__(self) -> None:
        count = len(self.truth.boxes)
        self.rows = np.full((count, 8), np.nan)
        self.width = 4  # of the longest region so far
        self.seconds = np.full(count, np.nan)
        self.states = np.full(count, SKIPPED, np.int8)

    def started(self, index: int, box: Box) -> None:
        self._write(index, STARTED, box)

    def answered(self, index: int, region: Region) -> None:
        self._write(index, ANSWERED, region)

    def _write(self, index: int, state: int, region: Region) -> None:
        self.states[index] = state
        self.rows[index, : len(region)] = region
        self.width = max(self.width, len(region))

    def failed(self, index: int) -> None:
        self.states[index], self.rows[index] = FAILED, np.nan

    def restart(self, index: int) -> int:
        """The first frame from ``index`` on that has a true box, or the end."""
        present = ~np.isnan(self.truth.boxes[index : self.truth.stop, 0])
        return index + int(present.argmax()) if present.any() else self.truth.stop

    @property
    def trajectory(self) -> Trajectory:
        """Boxes; or corners everywhere, if the tracker answered some."""
        rows = self.rows[:, : self.width]
        if self.width > 4:
            upright = np.isnan(rows[:, 4:]).all(axis=1)
            rows[upright] = corners_of(rows[upright, :4]).reshape(-1, 8)
        return Trajectory(rows, seconds=self.seconds, states=self.states)


def run_with_restarts(
    tracker: Tracker, frames: Frames, truth: Truth, restarts: Restarts
) -> Trajectory:
    """From the first true box to the last; rows of starts have the true box, as given."""
    asked, sheet = Asked(tracker, frames), _Sheet(truth)
    index, running = truth.start, False
    while index < truth.stop:
        if not running:
            box = _true_box(truth, index)
            sheet.seconds[index] = asked.start(index, box)
            sheet.started(index, box)
            running = True
            index += 1
            continue
        region, sheet.seconds[index] = asked.track(index)
        if restarts.lost(index, region):
            sheet.failed(index)
            running = False
            index = sheet.restart(index + restarts.skip)
        else:
            sheet.answered(index, region)
            index += 1
    return sheet.trajectory


def run_in_real_time(
    tracker: Tracker, frames: Frames, truth: Truth, restarts: Restarts, pace: Pace
) -> Trajectory:
    """As ``run_with_restarts``, but frames pass while the tracker works.

    An answer stands on the frame that is current when it comes; frames before it have the answer
    before, and any of those may be the failure. The restart is counted from the current frame.
    """
    asked, sheet = Asked(tracker, frames), _Sheet(truth)
    index = truth.start
    while index < truth.stop:
        index = _in_real_time_from(index, asked, sheet, restarts, pace)
    return sheet.trajectory


def _in_real_time_from(
    begin: int, asked: Asked, sheet: _Sheet, restarts: Restarts, pace: Pace
) -> int:
    """One stretch from a start to a failure; the frame of the next start, or the end."""
    stop = sheet.truth.stop
    given = _true_box(sheet.truth, begin)
    held: Region = given
    took = sheet.seconds[begin] = asked.start(begin, given)
    sheet.started(begin, given)
    passed = _passed(took, pace, 0)
    index = begin + _current(passed, pace)
    for answer in range(1, stop + 1):
        if index >= stop:
            return stop
        region, took = asked.track(index)
        sheet.seconds[index] = took
        passed += _passed(took, pace, answer)
        current = begin + _current(passed, pace) - 1
        failed = None
        for late in range(index, min(stop, current)):
            if restarts.lost(late, held):
                failed = late
                break
            sheet.answered(late, held)
        if current < stop:
            if restarts.lost(current, region):
                failed = current
            else:
                sheet.answered(current, region)
        if failed is not None:
            sheet.failed(failed)
            return sheet.restart(current + restarts.skip)
        held, index = region, current + 1
    return stop


def _passed(took: float, pace: Pace, answer: int) -> float:
    """Milliseconds that an answer takes up; the first ones are free, and none is below a frame."""
    frame = 1000 / pace.fps
    return frame if answer < pace.grace else max(frame, took * 1000)


def _current(passed: float, pace: Pace) -> int:
    """Frames that have come after so many milliseconds."""
    return math.floor(math.floor(passed * pace.fps) / 1000 + 0.5)


def _true_box(truth: Truth, index: int) -> Box:
    return Box(*(float(value) for value in truth.boxes[index]))
