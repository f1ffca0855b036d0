"""Pure functions on boxes: (n, 4) arrays of x, y, w, h (see ``tirdata.types``)."""

import numpy as np

from tirdata.types import Boxes, Flags, Floats


def overlap(a: Boxes, b: Boxes) -> Floats:
    """Intersection over union of matching rows, (n,) in 0..1; NaN where either row is NaN.

    >>> overlap(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 2, 2]])).round(4).tolist()
    [0.3333]
    """
    left_top = np.maximum(a[:, :2], b[:, :2])
    right_bottom = np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
    width_height = np.clip(right_bottom - left_top, 0, None)
    intersection = width_height[:, 0] * width_height[:, 1]
    union = a[:, 2] * a[:, 3] + b[:, 2] * b[:, 3] - intersection
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Floats = np.where(
            union > 0, intersection / union, np.where(np.isnan(union), np.nan, 0.0)
        )
    return result


def centres(boxes: Boxes) -> Boxes:
    """Centres (x, y) of the boxes, (n, 2)."""
    result: Boxes = boxes[:, :2] + boxes[:, 2:] / 2
    return result


def centre_distance(a: Boxes, b: Boxes) -> Floats:
    """Euclidean distance of the centres of matching rows in pixels, (n,)."""
    result: Floats = np.linalg.norm(centres(a) - centres(b), axis=1)
    return result


def clip(boxes: Boxes, width: int, height: int) -> Boxes:
    """The part of each box inside the frame; a row with no part inside becomes NaN."""
    left_top = np.clip(boxes[:, :2], 0, (width, height))
    right_bottom = np.clip(boxes[:, :2] + boxes[:, 2:], 0, (width, height))
    clipped: Boxes = np.hstack([left_top, right_bottom - left_top])
    clipped[(clipped[:, 2:] <= 0).any(axis=1)] = np.nan
    return clipped


def inside(boxes: Boxes, width: int, height: int) -> Flags:
    """True for finite boxes of positive size that touch the frame, (n,)."""
    finite = np.isfinite(boxes).all(axis=1)
    positive = (boxes[:, 2:] > 0).all(axis=1)
    reaches = (boxes[:, :2] < (width, height)).all(axis=1) & (boxes[:, :2] + boxes[:, 2:] > 0).all(
        axis=1
    )
    result: Flags = np.logical_and.reduce([finite, positive, reaches])
    return result
