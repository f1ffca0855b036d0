"""The colour bar that a camera draws beside its picture: its palette, as it shows it.

A bar is a narrow strip that stands still, has one colour across and runs evenly through many along.
Its warm end is the upper or the right one.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.decode.base import Colours
from tirdata.frames.palettes import Table

_PICTURES = 8  # looked at
_STILL = 24  # largest change of a level from the middle picture to another
_ACROSS = 14  # largest step between neighbours across a bar
_ALONG = 40  # and along it
_GAP = 7  # rows that noise may break it for
_SIDE = 20  # step from a bar to what is beside it
_LENGTH = 0.2  # of the frame's side, at least
_WIDTH = (3, 0.12)  # pixels, share of the frame's side
_PATH = 250.0  # sum of the colour steps from end to end; grey has 442, palettes 470 to 2400
_REST = 0.5  # of the length, at most, that shows one colour
_BLUR = 3  # pixels over which video blurs a side
_SIDES = 0.7  # of the length along which a side must be seen
_FILLED = 0.85  # of its rectangle
_PLACES = 24  # along a bar at which it is asked whether the colours go on, never back
_IN_ORDER = 0.75  # of the places
_DETOUR = 1.6  # how much longer the raw path may be than the smooth one


class Bar(NamedTuple):
    """A colour bar on screen."""

    x: int
    y: int
    w: int
    h: int
    table: Table


def find_bar(pictures: Sequence[Colours]) -> Bar | None:
    """The colour bar that all pictures share; the longest if there are several, none if none."""
    some = [pictures[i] for i in np.linspace(0, len(pictures) - 1, min(len(pictures), _PICTURES))
            .round().astype(int)]  # fmt: skip
    if len({picture.shape for picture in some}) != 1:
        return None
    middle = some[len(some) // 2]
    still = np.ones(middle.shape[:2], bool)
    total = np.zeros(middle.shape, np.float32)
    for picture in some:
        still &= _apart(picture, middle) <= _STILL
        cv2.accumulate(picture, total)
    steady = np.round(total / len(some)).astype(np.uint8)
    upright = _upright_bars(steady, still)
    turned = _upright_bars(np.ascontiguousarray(np.rot90(steady)), np.rot90(still))
    width = middle.shape[1]
    # Turned counter-clockwise, the right end is up: column x became row width - 1 - x.
    lying = [Bar(width - bar.y - bar.h, bar.x, bar.h, bar.w, bar.table) for bar in turned]
    return max([*upright, *lying], key=lambda bar: max(bar.w, bar.h), default=None)


def _upright_bars(picture: Colours, still: NDArray[np.bool_]) -> list[Bar]:
    """Bars that stand; the table runs from the lower end to the upper."""
    height, width = still.shape
    even = still.astype(np.uint8)
    even[:, 0] = 0
    even[:, 1:] &= _apart(picture[:, 1:], picture[:, :-1]) <= _ACROSS
    even = np.asarray(cv2.morphologyEx(even, cv2.MORPH_CLOSE, np.ones((_GAP, 1), np.uint8)))
    even[1:] &= _apart(picture[1:], picture[:-1]) <= _ALONG
    least = max(9, int(_LENGTH * height))
    tall = cv2.morphologyEx(even, cv2.MORPH_OPEN, np.ones((least, _WIDTH[0] - 1), np.uint8))
    count, _, boxes, _ = cv2.connectedComponentsWithStats(tall, connectivity=4)
    found = []
    for x, upper, w, long, area in boxes[1:count].tolist():
        rows = _longest(picture[upper : upper + long, x : x + w])
        y, h = upper + rows.start, rows.stop - rows.start
        if not _WIDTH[0] - 1 <= w <= max(_WIDTH[0], _WIDTH[1] * width) or h < least:
            continue
        if area < _FILLED * w * long:
            continue
        if not _has_sides(picture[y : y + h].astype(np.int16), x - 1, x + w):
            continue
        table = _table(picture[y : y + h, x : x + w])
        if table is not None:
            found.append(Bar(x - 1, y, w + 1, h, table))
    return found


def _has_sides(rows: NDArray[np.int16], left: int, right: int) -> bool:
    """Whether there is an edge along both sides, as straight as only graphics are."""
    middle = rows[:, (left + right) // 2]
    seen = 0
    for side, outward in ((left, -1), (right, 1)):
        columns = [side + outward * step for step in range(1, _BLUR + 1)]
        inside = [column for column in columns if 0 <= column < rows.shape[1]]
        if not inside:
            continue  # the frame's side
        steps = np.abs(rows[:, inside] - middle[:, None]).max(axis=(1, 2))
        if (steps > _SIDE).mean() < _SIDES:
            return False
        seen += 1
    return seen > 0


def _longest(strip: Colours) -> slice:
    """The rows of a strip between its outline, or whatever is above and below."""
    profile = strip.mean(axis=1)
    steps = np.abs(np.diff(profile, axis=0)).max(axis=1)
    cuts = [0, *(np.flatnonzero(steps > _ALONG) + 1).tolist(), len(strip)]
    start, end = max(pairwise(cuts), key=lambda pair: pair[1] - pair[0])
    return slice(start, end)


def _table(strip: Colours) -> Table | None:
    """The colours along a strip from its lower end, as 256; none if it does not look like a bar."""
    inner = strip[:, strip.shape[1] // 4 : max(strip.shape[1] * 3 // 4, 1 + strip.shape[1] // 4)]
    profile = np.median(inner, axis=1)[::-1]
    raw = _path(profile)
    smooth = cv2.GaussianBlur(
        profile, (1, 0), sigmaX=0.1, sigmaY=max(len(profile) / 128, 0.6),
        borderType=cv2.BORDER_REPLICATE,
    ) if len(profile) > 8 else profile  # fmt: skip
    path = _path(smooth)
    if path < _PATH or raw > _DETOUR * path:
        return None
    steps = np.linalg.norm(np.diff(smooth, axis=0), axis=1)
    if (steps < 0.15 * path / len(steps)).mean() > _REST:
        return None
    if not _goes_on(smooth):
        return None
    ends = np.linspace(0, len(smooth) - 1, 256)
    rows = np.arange(len(smooth))
    table = np.stack([np.interp(ends, rows, smooth[:, channel]) for channel in range(3)], axis=1)
    return np.clip(np.round(table), 0, 255).astype(np.uint8)


def _goes_on(profile: NDArray[np.float64]) -> bool:
    """Whether the colour nearest to each is that of the place before or after."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(profile, axis=0), axis=1))])
    even = np.interp(np.linspace(0, length[-1], _PLACES), length, np.arange(len(profile)))
    places = profile[np.round(even).astype(int)]
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(apart, np.inf)
    beside = np.abs(apart.argmin(axis=1) - np.arange(_PLACES)) == 1
    return bool(beside.mean() >= _IN_ORDER)


def _apart(one: Colours, other: Colours) -> NDArray[np.uint8]:
    """The largest difference of red, green and blue, (h, w)."""
    red, green, blue = cv2.split(cv2.absdiff(one, other))  # a maximum along an axis is slow
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def _path(profile: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(np.diff(profile, axis=0), axis=1).sum())
