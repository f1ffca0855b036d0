"""The colour bar that a camera draws beside its picture: its palette, as it shows it.

A bar is a narrow strip that stands still, has one colour across and runs evenly through many along.
Its warm end is the upper or the right one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.decode.base import Colours
from tirdata.frames.palettes import Table

_PICTURES = 8  # looked at
_STILL = 10  # largest change of a level from the middle picture to another
_ACROSS = 10  # largest step between neighbours across a bar
_ALONG = 40  # and along it
_LENGTH = 0.2  # of the frame's side, at least
_WIDTH = (3, 0.12)  # pixels, share of the frame's side
_PATH = 250.0  # sum of the colour steps from end to end; grey has 442, palettes 470 to 2400
_REST = 0.35  # of the length, at most, that shows one colour
_BLUR = 3  # pixels over which video blurs a side
_SIDES = 0.8  # of the length along which a side must be seen
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
    for picture in some:
        still &= _apart(picture, middle) <= _STILL
    upright = _upright_bars(middle, still)
    turned = _upright_bars(np.ascontiguousarray(np.rot90(middle)), np.rot90(still))
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
    even[1:] &= _apart(picture[1:], picture[:-1]) <= _ALONG
    rows = max(9, int(_LENGTH * height) // 2 * 2 + 1)
    tall = cv2.morphologyEx(even, cv2.MORPH_OPEN, np.ones((rows, _WIDTH[0] - 1), np.uint8))
    count, _, boxes, _ = cv2.connectedComponentsWithStats(tall, connectivity=4)
    found = []
    for x, y, w, h, _area in boxes[1:count].tolist():
        if not _WIDTH[0] - 1 <= w <= max(_WIDTH[0], _WIDTH[1] * width) or h < 2 * w:
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
    for beyond in (left - _BLUR, right + _BLUR):
        if not 0 <= beyond < rows.shape[1]:
            continue  # the frame's side
        if (np.abs(rows[:, beyond] - middle).max(axis=1) > 2 * _ACROSS).mean() < _SIDES:
            return False
    return left - _BLUR >= 0 or right + _BLUR < rows.shape[1]


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
    ends = np.linspace(0, len(smooth) - 1, 256)
    rows = np.arange(len(smooth))
    table = np.stack([np.interp(ends, rows, smooth[:, channel]) for channel in range(3)], axis=1)
    return np.clip(np.round(table), 0, 255).astype(np.uint8)


def _apart(one: Colours, other: Colours) -> NDArray[np.uint8]:
    """The largest difference of red, green and blue, (h, w)."""
    red, green, blue = cv2.split(cv2.absdiff(one, other))  # a maximum along an axis is slow
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def _path(profile: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(np.diff(profile, axis=0), axis=1).sum())
