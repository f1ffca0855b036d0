"""A bar at the side of the frame that shows which level is how warm, seen in grey."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.frames.strokes import Plane, Strokes
from tirdata.types import Frame

_ZONE = 0.2  # of the frame's side: how far from the edge a bar may be
_LONG = 0.25  # of the frame's side: the shortest bar
_WIDE = 0.08  # of the other side: the widest bar
_NARROW = 4  # pixels
_EVEN = 6  # levels that neighbours across a bar may differ by
_STILL = 6.0  # levels that its samples may be off their median
_END = 40  # levels between rows: a bar ends there, at the latest
_RANGE = 100  # levels that it goes through
_STEP = 24  # levels by which it stands out at both sides
_FRAME = 2  # pixels
_EDGED = 0.55  # share of its length where it does: somewhere it has the level of the scene
_BACKWARD = 0.04  # share of all changes along it that go the wrong way
_LEAP = 0.35  # of its range: the largest step along it

_Levels = NDArray[np.int16]
_Box = tuple[int, int, int, int]


def level_bars(seen: Strokes) -> list[_Box]:
    """Boxes x, y, w, h of bars: even across, rising or falling all along, sharp at both sides."""
    upright = _upright(seen.median, seen.unrest)
    level = _upright(np.ascontiguousarray(seen.median.T), np.ascontiguousarray(seen.unrest.T))
    return upright + [(y, x, h, w) for x, y, w, h in level]


def _upright(median: Frame, unrest: Plane) -> list[_Box]:
    height, width = median.shape
    grey = median.astype(np.int16)
    even = np.zeros(median.shape, np.uint8)
    even[:, :-1] = (np.abs(np.diff(grey, axis=1)) <= _EVEN) & (unrest[:, :-1] <= _STILL)
    even[1:][np.abs(np.diff(grey, axis=0)) > _END] = 0
    shortest = np.ones((int(_LONG * height) | 1, 1), np.uint8)  # odd: an even one moves the runs
    runs = cv2.morphologyEx(even, cv2.MORPH_OPEN, shortest)
    found = []
    zone = int(_ZONE * width)
    for first in (0, width - zone):
        part = np.ascontiguousarray(runs[:, first : first + zone])
        stats = cv2.connectedComponentsWithStats(part, connectivity=4)[2][1:]
        for x, y, w, h, _ in stats.tolist():
            box = _ramp(grey, (x + first, y, w + 1, h))
            if box is not None and _is_bar(grey, box):
                found.append(_framed(box, width, height))
    return found


def _framed(box: _Box, width: int, height: int) -> _Box:
    """The box with the line around the bar, or its blurred sides."""
    x, y, w, h = box
    left, upper = max(0, x - _FRAME), max(0, y - _FRAME)
    return left, upper, min(width, x + w + _FRAME) - left, min(height, y + h + _FRAME) - upper


def _ramp(grey: _Levels, candidate: _Box) -> _Box | None:
    """The part of a candidate between what is constant above and below; none if it is no strip."""
    x, y, w, h = candidate
    height, width = grey.shape
    if not _NARROW <= w <= max(_WIDE * width, 2 * _NARROW):
        return None
    profile = np.median(grey[y : y + h, x : x + w], axis=1)
    changed = np.flatnonzero(np.diff(profile))
    if not len(changed):
        return None
    first, last = int(changed[0]), int(changed[-1])
    return (x, y + first, w, last - first + 2) if last - first + 2 >= _LONG * height else None


def _is_bar(grey: _Levels, box: _Box) -> bool:
    x, y, w, h = box
    profile = np.median(grey[y : y + h, x : x + w], axis=1)
    smooth = cv2.blur(profile[:, None], (1, 5))[:, 0]
    steps = np.diff(smooth) * np.sign(profile[-1] - profile[0])
    spread = float(np.ptp(profile))
    if spread < _RANGE or -steps[steps < 0].sum() > _BACKWARD * np.abs(steps).sum():
        return False
    if steps.max() > _LEAP * spread:
        return False
    for inner, way in ((x, -1), (x + w - 1, 1)):
        if not 0 <= inner + 3 * way < grey.shape[1]:
            return False
        # The next pixel may be blurred; there may be a line around the bar.
        outer = [grey[y : y + h, inner + far * way] for far in (1, 2, 3)]
        step = np.abs(np.stack(outer) - grey[y : y + h, inner]).max(axis=0)
        if (step > _STEP).mean() < _EDGED:
            return False
    return True
