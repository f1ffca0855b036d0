"""Overlap, centre error and the curves and numbers made of them, as the OTB toolkits define them.

Pure functions of (n, 4) boxes. The formulas are those of ``calcSeqErrRobust.m``, ``calcRectInt.m``
and ``genPerfMat.m`` of the OTB toolkit, which PTB-TIR, LSOTB-TIR and LasHeR took over; what to do
with absent and invalid boxes is the protocol's choice, not decided here.

To add a measure, write a function of a curve and list it in ``MEASURES``.
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
    """A share of frames against a threshold."""

    title: str
    axis: str  # what the threshold is, with its unit
    thresholds: Floats


CURVES: Final[dict[str, Curve]] = {
    "success": Curve("Success", "overlap threshold", matlab_range(0.05, 1.0)),
    "precision": Curve("Precision", "centre error threshold, px", matlab_range(1.0, 50.0)),
    "normalised_precision": Curve(
        "Normalised precision", "centre error threshold, target sizes", matlab_range(0.01, 0.5)
    ),
}


class Measure(NamedTuple):
    """One number in 0..1, higher is better."""

    title: str
    curve: str | None  # the curve it is read from; None = a mean over frames
    value: Callable[[Floats], float]  # of the curve, or of the frames


def _mean(values: Floats) -> float:
    return float(values.mean())


def _at(index: int) -> Callable[[Floats], float]:
    return lambda values: float(values[index])


MEASURES: Final[dict[str, Measure]] = {
    # mean of the points of the curve, not the trapezoid rule: a perfect tracker has 20/21
    "success": Measure("Success", "success", _mean),
    "precision": Measure("Precision at 20 px", "precision", _at(20)),
    "normalised_precision_mean": Measure(
        "Normalised precision, mean of 51 points", "normalised_precision", _mean
    ),
    "normalised_precision_at_0.2": Measure(
        "Normalised precision at 0.2", "normalised_precision", _at(20)
    ),
    "success_at_0.5": Measure("Frames with IoU > 0.5", "success", _at(10)),
    "success_at_0.75": Measure("Frames with IoU > 0.75", "success", _at(15)),
    "mean_overlap": Measure("Mean IoU", None, _mean),
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
        hits = overlaps[:, None] > CURVES["success"].thresholds
    curve: Floats = hits.sum(axis=0) / count
    return curve


def precision_curve(errors: Floats, count: int) -> Floats:
    """Share of ``count`` frames with an error up to each threshold, equal included, (51,)."""
    return _share_up_to(errors, CURVES["precision"].thresholds, count)


def normalised_precision_curve(errors: Floats, count: int) -> Floats:
    """As ``precision_curve`` for normalised errors, thresholds 0..0.5, (51,)."""
    return _share_up_to(errors, CURVES["normalised_precision"].thresholds, count)


def _share_up_to(errors: Floats, thresholds: Floats, count: int) -> Floats:
    with np.errstate(invalid="ignore"):
        hits = errors[:, None] <= thresholds
    curve: Floats = hits.sum(axis=0) / count
    return curve


def _centres(boxes: Boxes) -> Boxes:
    # The toolkits' x + (w - 1) / 2; differences are those of x + w / 2, up to the last bit.
    centres: Boxes = boxes[:, :2] + (boxes[:, 2:] - 1) / 2
    return centres
