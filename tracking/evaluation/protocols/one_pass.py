"""One-pass evaluation: start at the first true box, never help again, score every frame.

The formulas are OTB's; where toolkits part ways, a rule of ``OnePassConfig`` says which way to go,
and each benchmark file says which rules are its own.
"""

import time
from collections.abc import Sequence
from typing import Literal

import numpy as np

from tirdata.config import Config
from tirdata.errors import DataError
from tirdata.geometry import overlap
from tirdata.tracker import Tracker
from tirdata.types import Boxes, Flags, Floats, Frames
from tracking.evaluation.measures import (
    MEASURES,
    READINGS,
    centre_errors,
    normalised_errors,
    normalised_precision_curve,
    precision_curve,
    success_curve,
)
from tracking.evaluation.results import Trajectory
from tracking.evaluation.scores import Summary, TargetScore
from tracking.evaluation.targets import Truth

_EPSILON = 2.0**-52  # MATLAB's eps


class OnePassConfig(Config):
    """Rules of a one-pass benchmark."""

    first_frame: Literal["ground-truth", "as-given", "not-counted"] = "ground-truth"
    """ground-truth: counted, as if the tracker had answered the true box (OTB); as-given: counted
    as the result file says; not-counted: left out (GOT-10k)."""
    invalid_prediction: Literal["keep", "repeat-all-nan", "repeat-any-nan"] = "keep"
    """A box with NaN, or whose width or height is not above 0. keep: as it is, NaN is a miss;
    repeat: becomes the box before it, if four numbers are NaN (OTB; one NaN stays a miss) or if
    any is (LaSOT)."""
    invalid_truth: Literal["not-positive", "none"] = "none"
    """not-positive: a true box with any of x, y, w, h not above 0 in the numbers of the data
    set's files never overlaps (OTB); one that touches the left or upper border is among these."""
    invalid_error: Literal["hit", "miss"] = "miss"
    """Centre error of an invalid true box. hit: within every threshold (OTB sets it to -1)."""
    origin: Literal[0, 1] = 0
    """Number of the first pixel where ``invalid_truth`` is judged."""
    absent_truth: Literal["skip", "miss", "invalid"] = "skip"
    """Frames in which the object is absent. skip: not counted; miss: counted as misses, whatever
    the tracker answers (LaSOT: taken out, but not out of the denominator); invalid: as
    ``invalid_truth`` and ``invalid_error`` (OTB)."""
    zero_curve: Literal["drop", "count"] = "count"
    """A target whose whole curve is 0. drop: left out of the mean of that curve (OTB)."""
    short_result: Literal["miss", "repeat-last", "refuse"] = "refuse"
    """A result with fewer rows than there are true boxes. miss: the rest are misses, the number of
    true boxes stays the denominator (OTB); repeat-last: its last box goes on."""
    long_result: Literal["cut", "refuse"] = "refuse"
    """A result with more rows. cut: what is too much is left out."""
    normalised_precision: Literal["mean", "at-0.2"] = "at-0.2"
    """Headline number of that curve. mean: of its 51 points (LSOTB-TIR); at-0.2: its point at 0.2
    (pysot, LaSOT, LasHeR)."""
    machine_boxes: Literal["skip", "count"] = "skip"
    """Boxes marked as generated. skip: no ground truth, as ILSVRC has it."""


class OnePass:
    """The protocol with its rules."""

    curves = ("success", "precision", "normalised_precision")
    sizes = False
    repetitions = 1

    def __init__(self, rules: OnePassConfig) -> None:
        self.rules = rules

    @property
    def headline(self) -> tuple[str, ...]:
        """Success, precision at 20 px, and the form of normalised precision that the rules say."""
        return ("success", "precision", f"normalised_precision_{self._normalised}", "mean_overlap")

    @property
    def machine_boxes(self) -> bool:
        """Whether boxes that no person drew or accepted count as true."""
        return self.rules.machine_boxes == "count"

    def run(self, tracker: Tracker, frames: Frames, truth: Truth) -> Trajectory:
        """From the first true box to the last; only time inside the tracker is taken."""
        boxes = np.full((len(truth.boxes), 4), np.nan)
        seconds = np.full(len(truth.boxes), np.nan)
        boxes[truth.start] = truth.first_box
        frame = frames[truth.start]
        begun = time.perf_counter()
        tracker.init(frame, truth.first_box)
        seconds[truth.start] = time.perf_counter() - begun
        for index in range(truth.start + 1, truth.stop):
            frame = frames[index]
            begun = time.perf_counter()
            boxes[index] = tracker.track(frame).box
            seconds[index] = time.perf_counter() - begun
        return Trajectory(boxes, seconds)

    def score(self, truth: Truth, trajectories: Sequence[Trajectory]) -> TargetScore:
        """Score a result, the first one.

        Raises:
            DataError: there are rows too many or too few, and the rules refuse that.
        """
        true = truth.boxes[truth.start :]
        rows, notes = self._cut(truth, trajectories[0].boxes)
        predicted, repaired = self._repaired(rows, true[: len(rows)])
        if repaired:
            notes.append(f"{repaired} invalid boxes replaced by the ones before them")
        predicted = self._filled_up(predicted, len(true))
        if self.rules.first_frame == "ground-truth":
            predicted[0] = true[0]
        counted = self._counted(true)
        overlaps, errors, normalised = self._distances(predicted, true)
        frames = int(counted.sum())
        overlaps, errors, normalised = overlaps[counted], errors[counted], normalised[counted]
        curves = {
            "success": success_curve(overlaps, max(frames, 1)),
            "precision": precision_curve(errors, max(frames, 1)),
            "normalised_precision": normalised_precision_curve(normalised, max(frames, 1)),
        }
        per_frame = np.clip(np.nan_to_num(overlaps, nan=0.0), 0, None) if frames else np.zeros(1)
        return TargetScore(
            name=truth.name,
            frames=frames,
            values=_values(curves, per_frame),
            curves={name: tuple(curve.tolist()) for name, curve in curves.items()},
            notes=tuple(notes),
            attributes=tuple(sorted(truth.attributes)),
        )

    def summarise(self, scores: Sequence[TargetScore]) -> Summary:
        """Unweighted means over targets."""
        dropped: dict[str, tuple[str, ...]] = {}
        means: dict[str, Floats] = {}
        for name in self.curves:
            curves = np.array([score.curves[name] for score in scores])
            kept = curves.sum(axis=1) > _EPSILON
            if self.rules.zero_curve == "drop" and not kept.all():
                dropped[name] = tuple(
                    score.name for score, keep in zip(scores, kept, strict=True) if not keep
                )
                curves = curves[kept] if kept.any() else curves
            means[name] = curves.mean(axis=0)
        overlaps = np.array([score.values["mean_overlap"] for score in scores])
        return Summary(
            targets=len(scores),
            values=_values(means, overlaps),
            curves={name: tuple(curve.tolist()) for name, curve in means.items()},
            dropped=dropped,
        )

    @property
    def _normalised(self) -> str:
        return {"mean": "mean", "at-0.2": "at_0.2"}[self.rules.normalised_precision]

    def _cut(self, truth: Truth, rows: Boxes) -> tuple[Boxes, list[str]]:
        """Rows from the start on, not more than there are true boxes."""
        total = len(truth.boxes)
        if len(rows) in (total, total - truth.start):
            return rows[len(rows) - (total - truth.start) :], []
        long = len(rows) > total
        rule = self.rules.long_result if long else self.rules.short_result
        if rule == "refuse" or (not long and truth.start > 0):
            raise DataError(
                f"{truth.name}: {len(rows)} rows in the result; expected {total}, one a frame"
            )
        if long:
            return rows[truth.start : total], [f"{len(rows) - total} rows too many, cut"]
        how = {"miss": "counted as misses", "repeat-last": "last box repeated"}[rule]
        return rows, [f"{total - len(rows)} rows too few, {how}"]

    def _filled_up(self, rows: Boxes, count: int) -> Boxes:
        """As many rows as ``count``, in a new array."""
        repeat = self.rules.short_result == "repeat-last"
        rest = rows[-1] if repeat else np.full(4, np.nan)
        filled: Boxes = np.vstack([rows, np.tile(rest, (count - len(rows), 1))])
        return filled

    def _repaired(self, predicted: Boxes, true: Boxes) -> tuple[Boxes, int]:
        """``calcSeqErrRobust.m``: ``if (isnan(r) | r(3)<=0 | r(4)<=0) & (~isnan(r_anno))``.

        MATLAB's ``if`` on a vector holds when every element does; LaSOT has ``sum(isnan(r))``.
        """
        rule = self.rules.invalid_prediction
        if rule == "keep":
            return predicted, 0
        with np.errstate(invalid="ignore"):
            flat = (predicted[:, 2:] <= 0).any(axis=1)
        nan = np.isnan(predicted)
        nan_rows = nan.all(axis=1) if rule == "repeat-all-nan" else nan.any(axis=1)
        bad: Flags = np.asarray((nan_rows | flat) & ~np.isnan(true).any(axis=1))
        good = np.flatnonzero(~bad | (np.arange(len(bad)) == 0))
        source = good[np.searchsorted(good, np.arange(len(bad)), side="right") - 1]
        return predicted[source], len(bad) - len(good)

    def _counted(self, true: Boxes) -> Flags:
        counted: Flags = np.ones(len(true), np.bool_)
        if self.rules.absent_truth == "skip":
            counted[np.isnan(true).any(axis=1)] = False
        if self.rules.first_frame == "not-counted":
            counted[0] = False
        return counted

    def _distances(self, predicted: Boxes, true: Boxes) -> tuple[Floats, Floats, Floats]:
        """Overlaps and both errors, with -1 and infinity where the rules decide them."""
        overlaps = overlap(predicted, true)
        errors = centre_errors(predicted, true)
        normalised = normalised_errors(predicted, true)
        invalid = np.zeros(len(true), np.bool_)
        if self.rules.invalid_truth == "not-positive":
            numbers = true + np.array([self.rules.origin, self.rules.origin, 0, 0])
            with np.errstate(invalid="ignore"):
                invalid |= (numbers <= 0).any(axis=1)
        if self.rules.absent_truth == "invalid":
            invalid |= np.isnan(true).any(axis=1)
        overlaps[invalid] = -1.0
        fixed = -1.0 if self.rules.invalid_error == "hit" else np.inf
        errors[invalid] = normalised[invalid] = fixed
        return overlaps, errors, normalised


def _values(curves: dict[str, Floats], overlaps: Floats) -> dict[str, float]:
    return {
        name: reading(overlaps if (curve := MEASURES[name].curve) is None else curves[curve])
        for name, reading in READINGS.items()
    }
