"""Overlap of convex polygons at whole pixels: the quick way, for nearly all regions that there are.

A row of a convex polygon lies between the rightmost of its left edges and the leftmost of its right
ones, edges taken as lines without ends. The numbers are those of the rasteriser, to the last bit.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tirdata.types import Flags, Floats
from tracking.evaluation.supervised.stretches import Sizes

_FAR: Final = 1e9  # where an edge that does not count lies


class Edges(NamedTuple):
    """One edge of each of m polygons, each (m, 1): x at row y, and how it goes on."""

    x: Floats
    y: Floats
    rise: Floats
    run: Floats

    def at(self, rows: Floats) -> Floats:
        """Where it is on each row, (m, rows), or (m, 1) where all edges are upright."""
        if not self.run.any():
            return self.x
        # in the order of operations of region.c
        found: Floats = rows - self.y
        found /= self.rise
        found *= self.run
        found += self.x
        return found


class Filled(NamedTuple):
    """Rows of m polygons: pixels first to last, where there are any."""

    first: Floats  # (m, rows) or (m, 1)
    last: Floats
    drawn: Flags  # (m, rows)


def are_convex(polygons: Floats) -> Flags:
    """Pairs of which both are strictly convex, (n,), corners (2, n, 4, 2)."""
    to = np.roll(polygons, -1, axis=2) - polygons
    on = np.roll(to, -1, axis=2)
    turns = to[..., 0] * on[..., 1] - to[..., 1] * on[..., 0]
    one_way = (turns > 0).all(axis=2) | (turns < 0).all(axis=2)
    convex: Flags = np.asarray(one_way.all(axis=0))
    return convex


def convex_shares(moved: Floats, size: Sizes) -> Floats:
    """Pixels of both over pixels of either, (m,); 0 where neither has one.

    Args:
        moved: corners of the pairs at whole pixels, (2, m, 4, 2), in their windows.
        size: of the windows.
    """
    rows = np.arange(size[:, 1].max(), dtype=np.float64)
    a, b = (_filled(polygons, rows, size) for polygons in moved)
    both = Filled(np.maximum(a.first, b.first), np.minimum(a.last, b.last), a.drawn & b.drawn)
    shared = _pixels(both)
    covered = _pixels(a) + _pixels(b) - shared
    result: Floats = np.divide(shared, covered, out=np.zeros(len(size)), where=covered > 0)
    return result


def _pixels(filled: Filled) -> Floats:
    lengths = filled.last - filled.first
    lengths += 1
    np.maximum(lengths, 0, out=lengths)
    pixels: Floats = np.einsum("mr,mr->m", *np.broadcast_arrays(lengths, filled.drawn))
    return pixels


def _filled(polygons: Floats, rows: Floats, size: Sizes) -> Filled:
    left, right = _sides(polygons)
    first, last = left[0].at(rows), right[0].at(rows)
    for edges in left[1:]:
        first = np.maximum(first, edges.at(rows))
    for edges in right[1:]:
        last = np.minimum(last, edges.at(rows))
    first, last = np.trunc(first), np.trunc(last)
    y = polygons[..., 1]
    end = np.minimum(y.max(axis=1), size[:, 1] - 1)[:, None]
    drawn = (rows >= y.min(axis=1)[:, None]) & (rows <= end)
    drawn &= first < last  # a single pixel is not drawn
    final = size[:, 0, None] - 1.0
    if (polygons[..., 0] < 0).any() or (polygons[..., 0] > final).any():
        first, last = np.maximum(first, 0), np.minimum(last, final)
    return Filled(first, last, drawn)


def _sides(polygons: Floats) -> tuple[list[Edges], list[Edges]]:
    """Left and right edges, as many of each as any of the polygons has, at most three."""
    before = np.roll(polygons, 1, axis=1)  # as region.c goes: from each corner to the one before
    x, y = polygons[..., 0], polygons[..., 1]
    run, rise = (before - polygons)[..., 0], (before - polygons)[..., 1]
    clockwise = (x * before[..., 1] - y * before[..., 0]).sum(axis=1, keepdims=True) < 0
    is_left = np.where(clockwise, rise, -rise) > 0
    is_right = np.where(clockwise, rise, -rise) < 0
    table = np.stack([x, y, rise, run])
    return _packed(table, is_left, -_FAR), _packed(table, is_right, _FAR)


def _packed(table: NDArray[np.float64], counts: Flags, far: float) -> list[Edges]:
    """The edges that count, first ones first; far away where a polygon has fewer."""
    order = np.argsort(~counts, axis=1, kind="stable")
    sides = []
    for place in range(int(counts.sum(axis=1).max())):
        column = order[:, place : place + 1]
        x, y, rise, run = (np.take_along_axis(each, column, axis=1) for each in table)
        none = ~np.take_along_axis(counts, column, axis=1)
        x[none], y[none], rise[none], run[none] = far, 0, 1, 0
        sides.append(Edges(x, y, rise, run))
    return sides
