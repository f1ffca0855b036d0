"""Overlap of two regions as the VOT toolkits have it: both as pixels, then shared over covered.

Polygons are not rasterised into pictures: a row of a polygon of four corners is at most two
stretches of pixels, and what two polygons share is counted from those. The results are those of
``region.c``, of both of its rasterisers, to the last pixel; numbers are 32 bit where its are.
"""

from collections.abc import Iterator
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tirdata.types import Flags, Floats
from tracking.evaluation.supervised.convex import are_convex, convex_shares
from tracking.evaluation.supervised.stretches import Rasteriser, Singles, any_shares

_CELLS: Final = 32768  # rows of polygons at a time: the arrays stay in the cache
_FURTHEST: Final = 30000.0  # px; corners beyond are pulled in, so that no region is of endless rows
_LEAST_RATIO: Final = 1e-10  # of areas; below, region.c says 0 at once


def corners_of(rows: Floats, *, rectangle_to: Literal["x+w", "x+w-1"] = "x+w") -> Floats:
    """Rows of 4 (x, y, w, h) or 8 numbers as corners in order, (n, 4, 2); NaN stays.

    Args:
        rows: (n, 4) or (n, 8).
        rectangle_to: where the right side of a rectangle is, and the lower one likewise.
    """
    if rows.shape[1] == 8:
        return rows.reshape(-1, 4, 2)
    less = {"x+w": 0, "x+w-1": 1}[rectangle_to]
    left, top = rows[:, 0], rows[:, 1]
    right, bottom = left + rows[:, 2] - less, top + rows[:, 3] - less
    columns = [left, top, right, top, right, bottom, left, bottom]
    corners: Floats = np.stack(columns, axis=1).reshape(-1, 4, 2)
    return corners


def region_overlaps(
    a: Floats,
    b: Floats,
    *,
    limits: tuple[float, float] | None = None,
    rasteriser: Rasteriser = "rounded",
) -> Floats:
    """Pixels of both polygons over pixels of either, (n,) in 0..1; NaN where a corner is NaN.

    Args:
        a: corners in order, (n, 4, 2).
        b: corners in order, (n, 4, 2).
        limits: pixels right of the first and below the second count as outside, as those left of
            and above 0; None = the plane has no end.
        rasteriser: rounded: corners at whole pixels, those on the edge are inside (VOT2016 and
            later); legacy: corners as they are, the right edge is outside (until VOT2015, and
            VOT-TIR2015).
    """
    result = np.full(len(a), np.nan)
    known = np.isfinite(a).all(axis=(1, 2)) & np.isfinite(b).all(axis=(1, 2))
    result[known] = 0.0
    pairs = np.stack([a, b])[:, known].clip(-_FURTHEST, _FURTHEST).astype(np.float32)
    low, high = _bounds(pairs, limits, rasteriser)
    meeting = _meeting(low, high)
    if not meeting.any():
        return result
    pairs, low, high = pairs[:, meeting], low[:, meeting], high[:, meeting]
    start = low.min(axis=0)  # of the window that both are drawn in
    size = (high.max(axis=0) - start).astype(np.int64) + 1
    moved = pairs - start[None, :, None]
    if rasteriser == "rounded":
        moved = np.copysign(np.floor(np.abs(moved).astype(np.float64) + 0.5), moved)
    shares = np.empty(len(size))
    easy = are_convex(moved) if rasteriser == "rounded" else np.zeros(len(size), np.bool_)
    for group in _groups(size[:, 1], easy):
        shares[group] = convex_shares(moved[:, group], size[group])
    for group in _groups(size[:, 1], ~easy):
        shares[group] = any_shares(moved[:, group], size[group], rasteriser)
    places = np.flatnonzero(known)[meeting]
    result[places] = shares
    return result


def _bounds(
    pairs: Singles, limits: tuple[float, float] | None, rasteriser: Rasteriser
) -> tuple[Singles, Singles]:
    """Left upper and right lower end of each polygon inside the limits, each (2, n, 2)."""
    low, high = pairs.min(axis=2), pairs.max(axis=2)
    if rasteriser == "rounded":
        low, high = np.floor(low), np.ceil(high)
    if limits is None:
        return low, high
    return np.maximum(low, np.float32(0)), np.minimum(high, np.array(limits, np.float32))


def _meeting(low: Singles, high: Singles) -> Flags:
    """Pairs that ``region.c`` draws at all; the overlap of the others is 0, (n,).

    Two regions without area, as a frame cuts them, are drawn: comparisons with NaN are false in C.
    """
    sides = np.minimum(high[0], high[1]) - np.maximum(low[0], low[1])
    window = high.max(axis=0) - low.min(axis=0)
    areas = (high - low).astype(np.float64).prod(axis=2)
    shared = sides.astype(np.float64).prod(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        unlike = (areas[0] / areas[1] < _LEAST_RATIO) | (areas[1] / areas[0] < _LEAST_RATIO)
        apart = shared / (areas[0] + areas[1] - shared) <= 0
    meeting: Flags = ~unlike & ~apart & (sides >= 0).all(axis=1) & (window > -1).all(axis=1)
    return meeting


def _groups(heights: NDArray[np.int64], which: Flags) -> Iterator[NDArray[np.int64]]:
    """Pairs of about the same height together, so that few rows are empty."""
    order = np.flatnonzero(which)
    order = order[np.argsort(heights[order], kind="stable")]
    end = len(order)
    while end > 0:
        count = max(1, _CELLS // int(heights[order[end - 1]]))
        yield order[max(0, end - count) : end]
        end -= count
