"""Polygons of four corners as stretches of pixels, row by row, whatever their shape.

Windows are grids that begin at 0, 0; rows of a polygon are at most two stretches, as an edge gives
at most one crossing.
"""

from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.types import Flags, Floats

Rasteriser: TypeAlias = Literal["rounded", "legacy"]
Singles: TypeAlias = NDArray[np.float32]
Sizes: TypeAlias = NDArray[np.int64]  # (m, 2): columns and rows of windows

_NONE: Final = np.float32(1e9)  # stands for no crossing; sorts behind all that there are


class Stretches(NamedTuple):
    """Pixels of a row, first and last included; none where first > last."""

    first: Singles
    last: Singles


def any_shares(moved: Floats, size: Sizes, rasteriser: Rasteriser) -> Floats:
    """Pixels of both over pixels of either, (m,); 0 where neither has one.

    Args:
        moved: corners of the pairs, (2, m, 4, 2), in their windows.
        size: of the windows.
        rasteriser: how corners and edges count.
    """
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


def _rounded(polygons: Floats, size: Sizes) -> list[Stretches]:
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


def _inside(first: Singles, last: Singles, size: Sizes) -> Stretches:
    """Stretches cut to the window; those that do not end are none."""
    right = (size[:, 0, None] - 1).astype(np.float32)
    ends = (last < _NONE) & _rows_inside(size)
    return Stretches(
        np.where(ends, np.maximum(first, 0), 1),
        np.where(ends, np.minimum(last, right), 0),
    )


def _rows_inside(size: Sizes) -> Flags:
    inside: Flags = np.arange(size[:, 1].max()) < size[:, 1, None]
    return inside


def _legacy(polygons: Floats, size: Sizes) -> list[Stretches]:
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


def _inside_legacy(first: Singles, end: Singles, size: Sizes) -> Stretches:
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
