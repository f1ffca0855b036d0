"""Overlap of two regions as the VOT toolkits have it: both as pixels, then shared over covered.

Polygons are not rasterised into pictures: a row of a polygon of four corners is at most two
stretches of pixels, and what two polygons share is counted from those. The results are those of
``region.c``, of both of its rasterisers, to the last pixel; numbers are 32 bit where its are.
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.types import Flags, Floats

Rasteriser: TypeAlias = Literal["rounded", "legacy"]
Singles: TypeAlias = NDArray[np.float32]

_NONE: Final = np.float32(1e9)  # stands for no crossing; sorts behind all that there are
_CELLS: Final = 32768  # rows of polygons at a time: the arrays stay in the cache
_FURTHEST: Final = 30000.0  # px; corners beyond are pulled in, so that no region is of endless rows
_LEAST_RATIO: Final = 1e-10  # of areas; below, region.c says 0 at once


class Stretches(NamedTuple):
    """Pixels of a row, first and last included; none where first > last."""

    first: Singles
    last: Singles


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
    for group in _groups(size[:, 1]):
        shares[group] = _shares(moved[:, group], size[group], rasteriser)
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


def _groups(heights: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Pairs of about the same height together, so that few rows are empty."""
    order = np.argsort(heights, kind="stable")
    end = len(order)
    while end > 0:
        count = max(1, _CELLS // int(heights[order[end - 1]]))
        yield order[max(0, end - count) : end]
        end -= count


def _shares(moved: Floats, size: NDArray[np.int64], rasteriser: Rasteriser) -> Floats:
    """Overlaps of pairs in windows of ``size`` (m, 2), corners (2, m, 4, 2) counted from there."""
    draw = _rounded if rasteriser == "rounded" else _legacy
    a, b = (draw(polygons, size) for polygons in moved)
    shared = sum(_shared(one, other) for one in a for other in b)
    area_a, area_b = (sum(_pixels(each) for each in stretches) for stretches in (a, b))
    covered = area_a + area_b - shared
    result: Floats = np.divide(shared, covered, out=np.zeros(len(moved[0])), where=covered > 0)
    return result


def _pixels(row: Stretches) -> Floats:
    pixels: Floats = np.maximum(row.last - row.first + 1, 0).sum(axis=1, dtype=np.float64)
    return pixels


def _shared(a: Stretches, b: Stretches) -> Floats:
    return _pixels(Stretches(np.maximum(a.first, b.first), np.minimum(a.last, b.last)))


def _rounded(polygons: Floats, size: NDArray[np.int64]) -> list[Stretches]:
    """Rows of polygons at whole pixels; corners and edges belong to the region."""
    rows = np.arange(size[:, 1].max(), dtype=np.float64)
    nodes = []
    for edge in range(4):
        x, y = polygons[:, edge, 0, None], polygons[:, edge, 1, None]
        to_x, to_y = polygons[:, edge - 1, 0, None], polygons[:, edge - 1, 1, None]
        rise = to_y - y
        level = rise == 0
        at = (rows - y) / np.where(level, 1, rise)
        at *= to_x - x
        at += x
        np.trunc(at, out=at)
        crossed = (rows >= np.minimum(y, to_y)) & (rows <= np.maximum(y, to_y)) & ~level
        nodes.append(np.where(crossed, at.astype(np.float32), _NONE))
    n0, n1, n2, n3 = _sorted(nodes)
    # The same crossing twice is a corner: the first of the two is passed over.
    plain = n0 != n1
    later = n1 != n2
    first = np.where(plain, n0, np.where(later, n1, n2))
    last = np.where(plain, n1, np.where(later, n2, np.where(n2 != n3, n3, _NONE)))
    stretches = [_inside(first, last, size)]
    again = plain & (n2 != n3) & (n3 < _NONE)
    if again.any():
        start = np.maximum(n2, n1 + 1)  # a pixel at the end of both counts once
        stretches.append(_inside(np.where(again, start, 1), np.where(again, n3, 0), size))
    return stretches


def _inside(first: Singles, last: Singles, size: NDArray[np.int64]) -> Stretches:
    """Stretches cut to the window; those that do not end are none."""
    right = (size[:, 0, None] - 1).astype(np.float32)
    ends = (last < _NONE) & _rows_inside(size)
    return Stretches(
        np.where(ends, np.maximum(first, 0), 1),
        np.where(ends, np.minimum(last, right), 0),
    )


def _rows_inside(size: NDArray[np.int64]) -> Flags:
    inside: Flags = np.arange(size[:, 1].max()) < size[:, 1, None]
    return inside


def _legacy(polygons: Floats, size: NDArray[np.int64]) -> list[Stretches]:
    """Rows of polygons by the rule of D. R. Finley (2007); arithmetic is of 32 bits."""
    polygons = polygons.astype(np.float32)
    rows = np.arange(size[:, 1].max(), dtype=np.float32)
    nodes = []
    for edge in range(4):
        x, y = polygons[:, edge, 0, None], polygons[:, edge, 1, None]
        to_x, to_y = polygons[:, edge - 1, 0, None], polygons[:, edge - 1, 1, None]
        rise = to_y - y
        at = np.trunc(x + (rows - y) / np.where(rise == 0, np.float32(1), rise) * (to_x - x))
        crossed = (rows > np.minimum(y, to_y)) & (rows <= np.maximum(y, to_y))
        nodes.append(np.where(crossed, at, _NONE))
    n0, n1, n2, n3 = _sorted(nodes)
    return [_inside_legacy(n0, n1, size), _inside_legacy(n2, n3, size)]


def _inside_legacy(first: Singles, end: Singles, size: NDArray[np.int64]) -> Stretches:
    """As ``_inside``; the end is not part, and one beyond the window loses its last two columns."""
    width = size[:, 0, None].astype(np.float32)
    ends = (end < _NONE) & _rows_inside(size)
    end = np.where(end > width, width - 1, end)
    within = ends & (first < width)
    return Stretches(
        np.where(within, np.maximum(first, 0), 1),
        np.where(within, end - 1, 0),
    )


def _sorted(nodes: list[Singles]) -> tuple[Singles, Singles, Singles, Singles]:
    """Four arrays in order, element by element."""
    a, b, c, d = nodes
    a, b = np.minimum(a, b), np.maximum(a, b)
    c, d = np.minimum(c, d), np.maximum(c, d)
    a, c = np.minimum(a, c), np.maximum(a, c)
    b, d = np.minimum(b, d), np.maximum(b, d)
    b, c = np.minimum(b, c), np.maximum(b, c)
    return a, b, c, d
