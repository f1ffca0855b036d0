"""Overlap, centre error and the curves and numbers made of them, as the OTB toolkits define them.

Pure functions of (n, 4) boxes. The formulas are those of ``calcSeqErrRobust.m``, ``calcRectInt.m``
and ``genPerfMat.m`` of the OTB toolkit, which PTB-TIR, LSOTB-TIR and LasHeR took over; what to do
with absent and invalid boxes is the protocol's choice, not decided here.

To add a measure, list it in ``MEASURES`` and let a protocol give its value.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from tirdata.types import Boxes, Floats


def matlab_range(step: float, last: float) -> Floats:
    """``0:step:last`` to the last bit: MATLAB builds a range from both of its ends.

    >>> [float(value) for value in matlab_range(0.05, 1)[[3, 10, 12]]]
    [0.15000000000000002, 0.5, 0.6]
    """
    count = round(last / step)
    steps = np.arange(count + 1)
    values: Floats = np.where(steps <= count / 2, steps * step, last - (count - steps) * step)
    if count % 2 == 0:
        values[count // 2] = last / 2
    return values


class Curve(NamedTuple):
    """Something in 0..1 against a threshold, most often a share of frames."""

    title: str
    axis: str  # what the threshold is, with its unit
    thresholds: Floats | None  # None = 1, 2, 3, … as many as the curve has points


SUCCESS: Final = matlab_range(0.05, 1.0)  # 21 overlaps
SUCCESS_OF_NUMPY: Final[Floats] = np.linspace(0, 1, 21)  # five differ in the last bit
PRECISION: Final = matlab_range(1.0, 50.0)  # 51 distances, px
NORMALISED: Final = matlab_range(0.01, 0.5)  # 51 distances, sizes of the target
GOT10K_SUCCESS: Final[Floats] = np.linspace(0, 1, 101)
GTOT_SUCCESS: Final = matlab_range(0.02, 1.0)  # 51 overlaps
GTOT_PRECISION: Final = matlab_range(0.5, 25.0)  # 51 distances, px

CURVES: Final[dict[str, Curve]] = {
    "success": Curve("Success", "overlap threshold", SUCCESS),
    "precision": Curve("Precision", "centre error threshold, px", PRECISION),
    "normalised_precision": Curve(
        "Normalised precision", "centre error threshold, target sizes", NORMALISED
    ),
    "success_101": Curve("Success", "overlap threshold", GOT10K_SUCCESS),
    "success_51": Curve("Success", "overlap threshold", GTOT_SUCCESS),
    "precision_below": Curve("Precision", "centre error threshold, px", GTOT_PRECISION),
    "expected_overlap": Curve("Expected overlap", "length of the sequence, frames", None),
}


class Measure(NamedTuple):
    """What one number is called and how it is read."""

    title: str
    short: str  # head of a column
    curve: str | None = None  # the curve it sums up, and in whose key it stands
    higher_is_better: bool = True
    share: bool = True  # in 0..1
    digits: int = 3


def _fewer(title: str, short: str, digits: int) -> Measure:
    return Measure(title, short, higher_is_better=False, share=False, digits=digits)


MEASURES: Final[dict[str, Measure]] = {
    # mean of the points of the curve, not the trapezoid rule: a perfect tracker has 20/21
    "success": Measure("Success", "Success", "success"),
    "precision": Measure("Precision at 20 px", "Precision", "precision"),
    "normalised_precision_mean": Measure(
        "Normalised precision, mean of 51 points", "Norm. precision (mean)", "normalised_precision"
    ),
    "normalised_precision_at_0.2": Measure(
        "Normalised precision at 0.2", "Norm. precision (0.2)", "normalised_precision"
    ),
    "success_at_0.5": Measure("Frames with IoU > 0.5", "IoU > 0.5", "success"),
    "success_at_0.6": Measure("Frames with IoU > 0.6", "IoU > 0.6", "success"),
    "success_at_0.75": Measure("Frames with IoU > 0.75", "IoU > 0.75", "success"),
    "precision_at_5": Measure("Precision at 5 px", "Precision (5 px)", "precision"),
    "mean_overlap": Measure("Mean IoU", "Mean IoU"),
    "average_overlap": Measure("Average overlap", "Average overlap", "success_101"),
    "success_area": Measure("Success, area under the curve", "Success", "success_51"),
    "precision_below_5": Measure("Precision below 5 px", "Precision", "precision_below"),
    "boxes_per_1000": Measure(
        "Human boxes per 1000 frames", "Boxes/1000", higher_is_better=False, share=False, digits=1
    ),
    "boxes_per_1000_median": Measure(
        "Human boxes per 1000 frames, median target",
        "Median",
        higher_is_better=False,
        share=False,
        digits=1,
    ),
    "human_boxes": Measure(
        "Human boxes", "Human boxes", higher_is_better=False, share=False, digits=0
    ),
    "good_frames": Measure("Frames that are good enough", "Good frames"),
    "expected_average_overlap": Measure("Expected average overlap", "EAO", "expected_overlap"),
    "accuracy": Measure("Accuracy, mean overlap while tracking", "Accuracy"),
    "accuracy_by_target": Measure("Accuracy, targets weighted by length", "Accuracy (targets)"),
    "accuracy_by_tag": Measure("Accuracy, tags weighted by frames", "Accuracy (tags)"),
    "failures": _fewer("Failures", "Failures", 1),
    "failures_per_100": _fewer("Failures per 100 frames", "Failures/100", 3),
    "failures_per_target": _fewer("Failures per target", "Failures/target", 2),
    "failures_by_length": _fewer(
        "Failures of a target, weighted by length", "Failures (length)", 2
    ),
    "failures_by_tag": _fewer("Failures of a tag, weighted by frames", "Failures (tags)", 2),
    "reliability": Measure("Chance to follow for so many frames", "Reliability"),
}


class Reading(NamedTuple):
    """How one number is read."""

    of: str | None  # a curve by name; None = the overlaps of the frames, or the targets' means
    read: Callable[[Floats], float]


Readings: TypeAlias = Mapping[str, Reading]


def _mean(values: Floats) -> float:
    return float(values.mean())


def _at(index: int) -> Callable[[Floats], float]:
    return lambda values: float(values[index])


def _area(values: Floats) -> float:
    """Trapezoid rule over 0..1: the point (1, 1) that GTOT's ``auc.m`` adds has no width."""
    return float(((values[1:] + values[:-1]) / 2).mean())


OTB: Final[Readings] = {
    "success": Reading("success", _mean),
    "precision": Reading("precision", _at(20)),
    "normalised_precision_mean": Reading("normalised_precision", _mean),
    "normalised_precision_at_0.2": Reading("normalised_precision", _at(20)),
    "success_at_0.5": Reading("success", _at(10)),
    "success_at_0.6": Reading("success", _at(12)),
    "success_at_0.75": Reading("success", _at(15)),
    "precision_at_5": Reading("precision", _at(5)),
    "mean_overlap": Reading(None, _mean),
}
GOT10K: Final[Readings] = {
    "average_overlap": Reading(None, _mean),
    "success_at_0.5": Reading("success_101", _at(50)),
    "success_at_0.6": Reading("success_101", _at(60)),
    "success_at_0.75": Reading("success_101", _at(75)),
    "mean_overlap": Reading(None, _mean),
}
PAIRS: Final[Readings] = {  # RGBT234
    name: OTB[name]
    for name in ("success", "precision", "success_at_0.6", "precision_at_5", "mean_overlap")
}
GTOT: Final[dict[str, Reading]] = {
    "success_area": Reading("success_51", _area),
    "precision_below_5": Reading("precision_below", _at(10)),
    "success_at_0.6": Reading("success_51", _at(30)),
    "mean_overlap": Reading(None, _mean),
}
GTOT_OF_21: Final[Readings] = GTOT | {"success_area": Reading("success", _area)}


def read_values(
    readings: Readings, curves: Mapping[str, Floats], overlaps: Floats
) -> dict[str, float]:
    """Every measure of ``readings``, from curves and from the overlaps of frames or targets."""
    return {
        name: reading.read(overlaps if reading.of is None else curves[reading.of])
        for name, reading in readings.items()
    }


def centre_errors(predicted: Boxes, truth: Boxes) -> Floats:
    """Distance of the centres in pixels, (n,); NaN where either box has one."""
    errors: Floats = np.linalg.norm(_centres(predicted) - _centres(truth), axis=1)
    return errors


def normalised_errors(predicted: Boxes, truth: Boxes) -> Floats:
    """Distance of the centres in widths and heights of the true box, (n,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        errors: Floats = np.linalg.norm(
            (_centres(predicted) - _centres(truth)) / truth[:, 2:], axis=1
        )
    return errors


def share_above(values: Floats, thresholds: Floats, count: int) -> Floats:
    """Share of ``count`` frames above each threshold. Equal is not above, NaN neither."""
    known = np.sort(values[~np.isnan(values)])
    shares: Floats = (len(known) - np.searchsorted(known, thresholds, side="right")) / count
    return shares


def share_up_to(values: Floats, thresholds: Floats, count: int) -> Floats:
    """Share of ``count`` frames up to each threshold, equal included; NaN is not."""
    known = np.sort(values[~np.isnan(values)])
    shares: Floats = np.searchsorted(known, thresholds, side="right") / count
    return shares


def share_below(values: Floats, thresholds: Floats, count: int) -> Floats:
    """Share of ``count`` frames below each threshold. Equal is not below, NaN neither."""
    known = np.sort(values[~np.isnan(values)])
    shares: Floats = np.searchsorted(known, thresholds, side="left") / count
    return shares


def _centres(boxes: Boxes) -> Boxes:
    # The toolkits' x + (w - 1) / 2; differences are those of x + w / 2, up to the last bit.
    centres: Boxes = boxes[:, :2] + (boxes[:, 2:] - 1) / 2
    return centres
