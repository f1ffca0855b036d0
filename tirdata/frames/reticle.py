"""The lines of a reticle: thin, straight, along the frame's sides, and mirrored about one centre."""

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
_LEAST = 0.05  # widths of a frame in all lines together, of either direction

_Marks = NDArray[np.uint8]  # (h, w), 0 and 1


def reticle(seen: Strokes, taken: Flags) -> list[tuple[int, int, int, int]]:
    """Boxes x, y, w, h of the lines of a reticle; ``taken`` is known to be something else, (h, w).

    Only what is mirrored both ways counts: a pole, an edge of a roof or a fence is not. There have
    to be lines of both directions.
    """
    marks = _marks(seen, taken)
    width = marks.shape[1]
    level, upright = _lines(marks, width)
    both = level | upright
    for side in (1, 0):
        both &= _mirrored(both, side)
        level &= both
        upright &= both
        both = level | upright
    least = _LEAST * width
    if min(np.count_nonzero(level), np.count_nonzero(upright)) < least:
        return []
    return [*_boxes(level), *_boxes(upright)]


def _marks(seen: Strokes, taken: Flags) -> _Marks:
    """Strokes that stay, also such that are dark in some frames and bright in others."""
    flips = (seen.bright + seen.dark >= 0.9) & (seen.strong > 0.25)
    marks: _Marks = ((seen.staying | flips) & ~taken).astype(np.uint8)
    return marks


def _lines(marks: _Marks, width: int) -> tuple[_Marks, _Marks]:
    """Pixels of level and of upright lines."""
    short = max(7, round(width / _SHORT))
    thick = max(3, round(width / _THICK))
    found = []
    for turned in (False, True):
        plane = np.ascontiguousarray(marks.T) if turned else marks
        long = cv2.morphologyEx(plane, cv2.MORPH_OPEN, np.ones((1, short), np.uint8))
        fat = cv2.morphologyEx(long, cv2.MORPH_OPEN, np.ones((thick + 1, short), np.uint8))
        thin = np.asarray(long & ~fat & 1, np.uint8)
        found.append(np.ascontiguousarray(thin.T) if turned else thin)
    return found[0], found[1]


def _mirrored(marks: _Marks, side: int) -> _Marks:
    """Pixels that have a mirror image about the best line across ``side``; empty = none is best."""
    plane = marks if side == 1 else np.ascontiguousarray(marks.T)
    length = plane.shape[1]
    reach = int(_OFF_CENTRE * length)
    image = np.asarray(cv2.dilate(plane[:, ::-1], np.ones((3, 3), np.uint8)), np.uint8)
    shifts = np.arange(-4 * reach, 4 * reach + 1)
    counts = np.array([np.count_nonzero(plane & _shifted(image, int(shift))) for shift in shifts])
    central = np.abs(shifts) <= 2 * reach
    best = int(np.flatnonzero(central)[np.argmax(counts[central])])
    away = np.abs(shifts - shifts[best]) > 6 + 2 * _SLACK
    if counts[best] == 0 or counts[best] < _ALONE * max(counts[away].max(), 1):
        return np.zeros_like(marks)
    kept = plane & _shifted(image, int(shifts[best]))
    return kept if side == 1 else np.ascontiguousarray(kept.T)


def _shifted(plane: _Marks, shift: int) -> _Marks:
    """The plane moved to the right by ``shift``, with 0 coming in."""
    moved = np.zeros_like(plane)
    if shift >= 0:
        moved[:, shift:] = plane[:, : plane.shape[1] - shift]
    else:
        moved[:, :shift] = plane[:, -shift:]
    return moved


def _boxes(marks: _Marks) -> list[tuple[int, int, int, int]]:
    joined = cv2.morphologyEx(marks, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    stats = cv2.connectedComponentsWithStats(joined, connectivity=8)[2][1:]
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h, _ in stats]
