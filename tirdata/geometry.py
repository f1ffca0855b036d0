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


def share_covered(boxes: Boxes, regions: Boxes) -> Floats:
    """Share of each box's area that lies in any of ``regions`` (m, 4), (n,) in 0..1; NaN for NaN.

    >>> both = np.array([[0.0, 0, 2, 1], [1.0, 0, 2, 1]])
    >>> share_covered(np.array([[0.0, 0, 4, 2]]), both).tolist()
    [0.375]
    """
    if not len(regions):
        return np.where(np.isnan(boxes).any(axis=1), np.nan, 0.0)
    corners = np.hstack([regions[:, :2], regions[:, :2] + regions[:, 2:]])
    columns, rows = np.unique(corners[:, ::2]), np.unique(corners[:, 1::2])
    # The edges of all regions make a grid, each field of which is covered or not.
    covered = np.zeros((len(rows) - 1, len(columns) - 1))
    for left, upper, right, lower in corners:
        down = slice(*np.searchsorted(rows, (upper, lower)))
        covered[down, slice(*np.searchsorted(columns, (left, right)))] = 1
    wide = _shared(boxes[:, 0], boxes[:, 2], columns)
    high = _shared(boxes[:, 1], boxes[:, 3], rows)
    area = np.einsum("nr,rc,nc->n", high, covered, wide)
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Floats = area / (boxes[:, 2] * boxes[:, 3])
    return result


def _shared(starts: Floats, sizes: Floats, edges: Floats) -> Floats:
    """How much of each of n stretches lies between each two edges that follow, (n, edges - 1)."""
    ends = (starts + sizes)[:, None]
    inner = np.minimum(ends, edges[1:]) - np.maximum(starts[:, None], edges[:-1])
    result: Floats = np.clip(inner, 0, None)
    return result
