"""The lines of a reticle: thin, straight, along the frame's sides, mirrored about one centre."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.frames.strokes import Strokes
from tirdata.types import Flags

_OFF_CENTRE = 0.04  # of the frame's side, that the reticle's centre may be beside the frame's
_THICK = 160  # widths of a frame in the thickest line
_SHORT = 64  # widths of a frame in the shortest line
_SLACK = 1  # pixels that mirrored lines may differ by
_ALONE = 3.0  # times as many pixels match about the centre as about any point away from it
_MOST = 20_000  # pixels on lines: a scene full of them has no reticle to be seen
_MOSTLY = 0.6  # of a line that has a mirror image
_LEAST = 0.04  # widths of a frame in all lines together, of either direction

_Marks = NDArray[np.uint8]  # (h, w), 0 and 1


def reticle(seen: Strokes, taken: Flags) -> list[tuple[int, int, int, int]]:
    """Boxes x, y, w, h of the lines of a reticle; ``taken`` is known to be something else, (h, w).

    Only what is mirrored both ways counts: a pole, an edge of a roof or a fence is not. There have
    to be lines of both directions.
    """
    marks = _marks(seen, taken)
    width = marks.shape[1]
    level, upright = _lines(marks, width)
    centre = _middle(level, upright)
    if centre is None:
        return []
    across, down = centre
    both = level | upright
    both &= _image(both, across) & _image(both.T, down).T
    both &= _image(both, across) & _image(both.T, down).T  # of what is left, too
    level, upright = _whole(level, both), _whole(upright, both)
    if min(np.count_nonzero(level), np.count_nonzero(upright)) < _LEAST * width:
        return []
    return [*_boxes(level), *_boxes(upright)]


def _marks(seen: Strokes, taken: Flags) -> _Marks:
    """Strokes that stay, also such that are dark in some frames and bright in others."""
    flips = (seen.bright + seen.dark >= 0.9) & (seen.strong > 0.25)
    marks: _Marks = ((seen.staying | flips) & ~taken).astype(np.uint8)
    return marks


def _lines(marks: _Marks, width: int) -> tuple[_Marks, _Marks]:
    """Pixels of level and of upright lines."""
    short = max(7, round(width / _SHORT) | 1)
    thick = max(3, round(width / _THICK))
    found = []
    for turned in (False, True):
        plane = np.ascontiguousarray(marks.T) if turned else marks
        long = cv2.morphologyEx(plane, cv2.MORPH_OPEN, np.ones((1, short), np.uint8))
        fat = cv2.morphologyEx(long, cv2.MORPH_OPEN, np.ones((thick + 1, short), np.uint8))
        thin = np.where(np.asarray(fat) > 0, 0, np.asarray(long)).astype(np.uint8)
        found.append(np.ascontiguousarray(thin.T) if turned else thin)
    return found[0], found[1]


def _middle(level: _Marks, upright: _Marks) -> tuple[int, int] | None:
    """Twice the x and twice the y of the centre.

    Lines across a way say exactly where the centre is on it; lines along it would fit anywhere.
    The way that is clear at once helps with the other: what it does not mirror is scene.
    """
    across, down = _centre(upright), _centre(level.T)
    if across is not None and down is None:
        down = _centre((level & _image(level, across)).T)
    if down is not None and across is None:
        across = _centre(upright & _image(upright.T, down).T)
    return None if across is None or down is None else (across, down)


def _whole(marks: _Marks, kept: _Marks) -> _Marks:
    """The lines most of which was kept, to their ends."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    counts = np.bincount(labels[(kept & marks) > 0], minlength=len(stats))
    mostly = counts >= _MOSTLY * stats[:, 4]
    mostly[0] = False
    result: _Marks = mostly[labels].astype(np.uint8)
    return result


def _centre(marks: _Marks) -> int | None:
    """Twice the x about which most of the marks are mirrored; none if no place is special."""
    rows, columns = np.nonzero(marks)
    if not len(rows) or len(rows) > _MOST:
        return None
    width = marks.shape[1]
    reach = int(2 * _OFF_CENTRE * width)
    wide = np.pad(_grown(marks), ((0, 0), (2 * width, 2 * width)))
    sums = np.arange(width - 1 - 2 * reach, width + 2 * reach)
    counts = np.array([np.count_nonzero(wide[rows, each - columns + 2 * width]) for each in sums])
    central = np.abs(sums - (width - 1)) <= reach
    best = int(np.flatnonzero(central)[np.argmax(counts[central])])
    away = np.abs(sums - sums[best]) > 8 * _SLACK
    special = counts[best] >= _ALONE * max(int(counts[away].max()), 1)
    return int(sums[best]) if special else None


def _image(marks: _Marks, twice: int) -> _Marks:
    """The marks mirrored about the x of which ``twice`` is given, a little grown."""
    width = marks.shape[1]
    image = np.zeros_like(marks)
    columns = np.arange(max(0, twice - width + 1), min(width, twice + 1))
    image[:, columns] = marks[:, twice - columns]
    return _grown(image)


def _grown(marks: _Marks) -> _Marks:
    square = np.ones((2 * _SLACK + 1, 2 * _SLACK + 1), np.uint8)
    return np.asarray(cv2.dilate(np.ascontiguousarray(marks), square), np.uint8)


def _boxes(marks: _Marks) -> list[tuple[int, int, int, int]]:
    joined = cv2.morphologyEx(marks, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    stats = cv2.connectedComponentsWithStats(joined, connectivity=8)[2][1:]
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h, _ in stats]
