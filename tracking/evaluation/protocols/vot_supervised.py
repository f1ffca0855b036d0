"""VOT's supervised protocol: a tracker that loses its target is started again, and that counts.

Accuracy, robustness and EAO of VOT2015–2019 and VOT-TIR2015–2017 as the toolkit in MATLAB computes
them; the rules in which years and tools differ have names.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from tirdata.config import Config
from tirdata.errors import DataError
from tirdata.tracker import Tracker
from tirdata.types import Flags, Floats, Frames
from tracking.evaluation.protocols.vot_measures import CURVE, measured_on_tag, values_of
from tracking.evaluation.result_text import States
from tracking.evaluation.results import ANSWERED, FAILED, STARTED, Trajectory
from tracking.evaluation.scores import RunScore, Subset, Summary, TargetScore
from tracking.evaluation.supervised.eao import LateFailure, expected_overlaps
from tracking.evaluation.supervised.interval import Interval, interval_of_lengths
from tracking.evaluation.supervised.regions import corners_of, region_overlaps
from tracking.evaluation.supervised.restarts import (
    Pace,
    Region,
    Restarts,
    run_in_real_time,
    run_with_restarts,
)
from tracking.evaluation.supervised.runs import Target, tag_names, target_of, with_empty
from tracking.evaluation.supervised.stretches import Rasteriser
from tracking.evaluation.targets import Truth

_DIGITS: Final = 6  # of an overlap in scores.json

Length = Annotated[int, Field(ge=1)]


class VotSupervisedConfig(Config):
    """Rules of a supervised benchmark."""

    burn_in: Annotated[int, Field(ge=0)] = 10
    """Frames that do not count for accuracy from each start on, the start among them."""
    skip: Annotated[int, Field(ge=1)] = 5
    """Frames from a failure to the restart."""
    failure_overlap: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """An overlap up to this is a failure."""
    repetitions: Annotated[int, Field(ge=1)] = 15
    """Runs of each target; three that are the same are enough."""
    real_time_fps: Annotated[float, Field(gt=0)] | None = None
    """Frames a second that do not wait for the tracker; none = every frame waits."""
    grace: Annotated[int, Field(ge=0)] = 3
    """Answers after each start that count as in time, the start among them, in real time."""
    interval: tuple[Length, Length] | None = None
    """First and last length that EAO is the mean over; none = from the lengths of the targets."""
    interval_shift: Literal[0, 1] = 0
    """Added to both ends (the toolkit in Python counts lengths from 0)."""
    rasteriser: Rasteriser = "rounded"
    """rounded: corners at whole pixels, edges inside (VOT2016 and later, VOT-TIR2016 and later);
    legacy: corners as they are, the right edge outside (until VOT2015, VOT-TIR2015)."""
    bounded: bool = True
    """Whether what lies outside the frame counts for no region (VOT2016 and later)."""
    rectangle_to: Literal["x+w", "x+w-1"] = "x+w"
    """Right side of a region of four numbers. x+w: as published 2017 to 2019; x+w-1: the last
    version in MATLAB and the toolkit in Python."""
    late_failure: LateFailure = "forgiven"
    """Failures too near to the end for a restart, in EAO. forgiven: the last fragment counts as
    unfailed; forgiven-unless-at-end: but not if the restart would be just past the last frame
    (pysot); counted: it has failed (the toolkit in Python)."""
    weights: Literal["targets", "runs"] = "targets"
    """What weighs the same in EAO, however often a target was repeated (runs: in Python)."""
    accuracy: Literal["pooled", "targets"] = "pooled"
    """Headline accuracy. pooled: mean of all frames (published 2017 to 2019, pysot); targets: mean
    of each repetition, then of targets by length (the toolkit in Python)."""
    sensitivity: Annotated[float, Field(gt=0)] = 30.0
    """Frames that reliability is the chance to get through."""
    machine_boxes: Literal["skip", "count"] = "count"
    """Boxes marked as generated. skip: no ground truth."""


class VotSupervised:
    """The protocol with its rules."""

    curves = (CURVE,)
    headline = ("expected_average_overlap", "accuracy", "failures_per_100", "failures")

    def __init__(self, rules: VotSupervisedConfig) -> None:
        self.rules = rules

    @property
    def machine_boxes(self) -> bool:
        """Whether boxes that no person drew or accepted count as true."""
        return self.rules.machine_boxes == "count"

    @property
    def sizes(self) -> bool:
        """Whether regions are cut at the frame."""
        return self.rules.bounded

    @property
    def repetitions(self) -> int:
        """How often a tracker runs on a target at most."""
        return self.rules.repetitions

    @property
    def experiment(self) -> str:
        """The toolkit's name of this way of running, a folder of its results."""
        return "baseline" if self.rules.real_time_fps is None else "realtime"

    def run(self, tracker: Tracker, frames: Frames, truth: Truth) -> Trajectory:
        """Once over the target, with restarts."""
        height, width = frames[truth.start].shape[:2]
        corners = self._true_corners(truth)
        limits = _inner((width, height)) if self.rules.bounded else None

        def lost(index: int, region: Region) -> bool:
            answer = corners_of(np.array([region]), rectangle_to=self.rules.rectangle_to)
            true = corners[index : index + 1]
            (value,) = region_overlaps(
                answer, true, limits=limits, rasteriser=self.rules.rasteriser
            )
            absent = bool(np.isnan(true).any())
            return not absent and not value > self.rules.failure_overlap

        restarts = Restarts(lost, self.rules.skip)
        if self.rules.real_time_fps is None:
            return run_with_restarts(tracker, frames, truth, restarts)
        pace = Pace(self.rules.real_time_fps, self.rules.grace)
        return run_in_real_time(tracker, frames, truth, restarts, pace)

    def score(self, truth: Truth, trajectories: Sequence[Trajectory]) -> TargetScore:
        """Overlaps, starts and failures of every repetition, and the measures of this target.

        Raises:
            DataError: a result has other rows than there are frames, or was made without
                restarts; or the size of the frames is not known.
        """
        for number, trajectory in enumerate(trajectories, start=1):
            _check(truth, trajectory, number)
        if self.rules.bounded and truth.size is None:
            raise DataError(f"{truth.name}: the size of its frames is not known; expected it here")
        frames = slice(truth.start, truth.stop)
        tags = with_empty({tag: flags[frames] for tag, flags in truth.tags.items()})
        score = TargetScore(
            name=truth.name,
            frames=truth.stop - truth.start,
            values={},
            curves={},
            notes=_notes(truth),
            attributes=tuple(sorted(truth.attributes)),
            runs=tuple(self._runs(truth, trajectories)),
            tags={tag: _numbers(flags, truth.start) for tag, flags in tags.items()},
        )
        values, _ = self._measured([target_of(score)], [])
        return score.model_copy(update={"values": values})

    def summarise(self, scores: Sequence[TargetScore]) -> Summary:
        """Over targets, and over the frames of each tag."""
        targets = [target_of(score) for score in scores]
        tags = tag_names(targets)
        values, curves = self._measured(targets, tags)
        return Summary(
            targets=len(scores),
            values=values,
            curves={CURVE: tuple(np.nan_to_num(curves[0]).round(_DIGITS).tolist())},
            attributes={
                tag: Subset(
                    targets=sum(
                        tag in target.tags and target.tags[tag].any() for target in targets
                    ),
                    values=measured_on_tag(
                        targets, tag, curve, self._interval(targets), self.rules.burn_in
                    ),
                )
                for tag, curve in zip(tags, curves[1:], strict=True)
            },
        )

    def _measured(
        self, targets: Sequence[Target], tags: Sequence[str]
    ) -> tuple[dict[str, float], Floats]:
        """Every measure over all frames; the curve of those, and of each tag."""
        curves = expected_overlaps(
            targets,
            tags,
            skip=self.rules.skip,
            late=self.rules.late_failure,
            weights=self.rules.weights,
        )
        values = values_of(
            targets,
            curves[0],
            self._interval(targets),
            burn_in=self.rules.burn_in,
            sensitivity=self.rules.sensitivity,
            by_run=self.rules.accuracy == "targets",
        )
        return values, curves

    def _interval(self, targets: Sequence[Target]) -> Interval:
        if self.rules.interval is None:
            found = interval_of_lengths([target.length for target in targets])
        else:
            low, high = self.rules.interval
            found = Interval(low, high, low)
        shift = self.rules.interval_shift
        return Interval(found.low + shift, found.high + shift, found.peak)

    def _true_corners(self, truth: Truth) -> Floats:
        if truth.polygons is None:
            return corners_of(truth.boxes, rectangle_to=self.rules.rectangle_to)
        present = ~np.isnan(truth.boxes[:, 0])
        return np.where(present[:, None, None], truth.polygons, np.nan)

    def _runs(self, truth: Truth, trajectories: Sequence[Trajectory]) -> list[RunScore]:
        """Repetitions; what is the same is looked at once, all that differ in one go."""
        keys = [_bytes(each) for each in trajectories]
        distinct = dict(zip(keys, trajectories, strict=True))
        answers = np.concatenate([self._answers(each) for each in distinct.values()])
        inner, wide = self._overlaps(truth, answers, len(distinct))
        scores = {
            key: RunScore(
                overlaps=_known(overlaps),
                wide=() if np.array_equal(overlaps, others, equal_nan=True) else _known(others),
                starts=_numbers(_states(each) == STARTED, 0),
                failures=_numbers(_states(each) == FAILED, 0),
            )
            for (key, each), overlaps, others in zip(distinct.items(), inner, wide, strict=True)
        }
        return [scores[key] for key in keys]

    def _answers(self, trajectory: Trajectory) -> Floats:
        answered = _states(trajectory) == ANSWERED
        rows = np.where(answered[:, None], trajectory.rows, np.nan)
        return corners_of(rows, rectangle_to=self.rules.rectangle_to)

    def _overlaps(self, truth: Truth, answers: Floats, count: int) -> tuple[Floats, Floats]:
        """In the frame as EAO has it and as accuracy has it, each (count, frames)."""
        corners = np.tile(self._true_corners(truth), (count, 1, 1))
        rasteriser = self.rules.rasteriser
        shape = (count, len(truth.boxes))
        if truth.size is None or not self.rules.bounded:
            all_of_it = region_overlaps(answers, corners, rasteriser=rasteriser).reshape(shape)
            return all_of_it, all_of_it
        last = _inner(truth.size)
        inner = region_overlaps(answers, corners, limits=last, rasteriser=rasteriser)
        # Only regions that reach into the last column or row are another in a wider frame.
        reach = np.maximum(answers.max(axis=1), corners.max(axis=1))
        with np.errstate(invalid="ignore"):
            beyond = (reach > np.array(last)).any(axis=1)
        wide = inner.copy()
        wide[beyond] = region_overlaps(
            answers[beyond], corners[beyond], limits=truth.size, rasteriser=rasteriser
        )
        return inner.reshape(shape), wide.reshape(shape)


def _states(trajectory: Trajectory) -> States:
    if trajectory.states is None:
        raise DataError("a result without codes; expected a run with restarts")
    return trajectory.states


def _bytes(trajectory: Trajectory) -> bytes:
    return _states(trajectory).tobytes() + trajectory.rows.tobytes()


def _check(truth: Truth, trajectory: Trajectory, number: int) -> None:
    where = f"{truth.name}, repetition {number}"
    if len(trajectory.rows) != len(truth.boxes):
        raise DataError(
            f"{where}: {len(trajectory.rows)} rows in the result; expected {len(truth.boxes)}, "
            "one a frame"
        )
    states = trajectory.states
    if states is None or states[truth.start] != STARTED:
        raise DataError(
            f"{where}: no code 1 on frame {truth.start + 1}, where it starts; expected a result of "
            "a run with restarts, not of one pass"
        )


def _notes(truth: Truth) -> tuple[str, ...]:
    absent = int(np.isnan(truth.boxes[truth.start : truth.stop, 0]).sum())
    return (f"{absent} frames without a true box count as not overlapped in EAO",) if absent else ()


def _inner(size: tuple[int, int]) -> tuple[float, float]:
    return size[0] - 1, size[1] - 1


def _known(values: Floats) -> tuple[float | None, ...]:
    """Rounded, none for NaN."""
    numbers: list[float | None] = values.round(_DIGITS).tolist()
    for index in np.flatnonzero(np.isnan(values)):
        numbers[index] = None
    return tuple(numbers)


def _numbers(flags: Flags, first: int) -> tuple[int, ...]:
    return tuple((np.flatnonzero(flags) + first).tolist())
