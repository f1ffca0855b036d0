"""Overlap, centre error and the curves and numbers made of them, as the OTB toolkits define them.

Pure functions of (n, 4) boxes. The formulas are those of ``calcSeqErrRobust.m``, ``calcRectInt.m``
and ``genPerfMat.m`` of the OTB toolkit, which PTB-TIR, LSOTB-TIR and LasHeR took over; what to do
with absent and invalid boxes is the protocol's choice, not decided here.

To add a measure, list it in ``MEASURES`` and let a protocol give its value.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

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
PRECISION: Final = matlab_range(1.0, 50.0)  # 51 distances, px
NORMALISED: Final = matlab_range(0.01, 0.5)  # 51 distances, sizes of the target

CURVES: Final[dict[str, Curve]] = {
    "success": Curve("Success", "overlap threshold", SUCCESS),
    "precision": Curve("Precision", "centre error threshold, px", PRECISION),
    "normalised_precision": Curve(
        "Normalised precision", "centre error threshold, target sizes", NORMALISED
    ),
}


class Measure(NamedTuple):
    """What one number is called and how it is read."""

    title: str
    short: str  # head of a column
    curve: str | None = None  # the curve it sums up, and in whose key it stands
    higher_is_better: bool = True
    share: bool = True  # in 0..1
    digits: int = 3


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
    "success_at_0.75": Measure("Frames with IoU > 0.75", "IoU > 0.75", "success"),
    "mean_overlap": Measure("Mean IoU", "Mean IoU"),
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
}


def _mean(values: Floats) -> float:
    return float(values.mean())


def _at(index: int) -> Callable[[Floats], float]:
    return lambda values: float(values[index])


# How OTB's measures are read from their curves, or from the overlaps of frames or targets.
READINGS: Final[dict[str, Callable[[Floats], float]]] = {
    "success": _mean,
    "precision": _at(20),
    "normalised_precision_mean": _mean,
    "normalised_precision_at_0.2": _at(20),
    "success_at_0.5": _at(10),
    "success_at_0.75": _at(15),
    "mean_overlap": _mean,
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


def success_curve(overlaps: Floats, count: int) -> Floats:
    """Share of ``count`` frames with overlap above each threshold, (21,). Equal is not above."""
    with np.errstate(invalid="ignore"):
        hits = overlaps[:, None] > SUCCESS
    curve: Floats = hits.sum(axis=0) / count
    return curve


def precision_curve(errors: Floats, count: int) -> Floats:
    """Share of ``count`` frames with an error up to each threshold, equal included, (51,)."""
    return _share_up_to(errors, PRECISION, count)


def normalised_precision_curve(errors: Floats, count: int) -> Floats:
    """As ``precision_curve`` for normalised errors, thresholds 0..0.5, (51,)."""
    return _share_up_to(errors, NORMALISED, count)


def _share_up_to(errors: Floats, thresholds: Floats, count: int) -> Floats:
    with np.errstate(invalid="ignore"):
        hits = errors[:, None] <= thresholds
    curve: Floats = hits.sum(axis=0) / count
    return curve


def _centres(boxes: Boxes) -> Boxes:
    # The toolkits' x + (w - 1) / 2; differences are those of x + w / 2, up to the last bit.
    centres: Boxes = boxes[:, :2] + (boxes[:, 2:] - 1) / 2
    return centres
