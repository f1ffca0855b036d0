"""The lines of a reticle: thin, straight, along the frame's sides, mirrored about one centre."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.frames.strokes import Strokes
from tirdata.types import Flags

_OFF_CENTRE = 0.04  # of the frame's side, that the reticle's centre may be beside the frame's
_LONG = 0.05  # of the frame's width: the usual line
_LINES = 40
_THICK = 160  # widths of a frame in the thickest line
_SHORT = 40  # widths of a frame in the shortest line
_SLACK = 1  # pixels that mirrored lines may differ by
_ALONE = 2.5  # times as many pixels match about the centre as about any point away from it
_NEAR = 8  # twice the pixels around the centre that still match
_MOST = 20_000  # pixels on lines: a scene full of them has no reticle to be seen
_MOSTLY = 0.6  # of a line that has a mirror image
_LEAST = 0.08  # widths of a frame in all lines together, of either direction

_Marks = NDArray[np.uint8]  # (h, w), 0 and 1


def reticle(seen: Strokes, taken: Flags) -> list[tuple[int, int, int, int]]:
    """Boxes x, y, w, h of the lines of a reticle; ``taken`` is known to be something else, (h, w).

    Only what is mirrored both ways counts: a pole, an edge of a roof or a fence is not. There have
    to be lines of both directions.
    """
    marks = _marks(seen, taken)
    width = marks.shape[1]
    level, upright = _lines(marks, width)
    if max(np.count_nonzero(level), np.count_nonzero(upright)) > _MOST:
        return []
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
    boxes = [*_boxes(level), *_boxes(upright)]
    # What matches by chance in a scene full of lines is many short bits.
    usual = float(np.median([max(w, h) for *_, w, h in boxes]))
    return boxes if usual >= _LONG * width and len(boxes) <= _LINES else []


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
        thin = np.asarray(cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((1, short), np.uint8)))
        found.append(np.ascontiguousarray(thin.T) if turned else thin)
    return found[0], found[1]


def _middle(level: _Marks, upright: _Marks) -> tuple[int, int] | None:
    """Twice the x and twice the y of the centre; none if no place is special.

    Lines across a way say exactly where the centre is on it, lines along it would fit anywhere. So
    the fewer of both that are mirrored both ways say how well a place fits.
    """
    sums, places = [], []
    least = _LEAST * level.shape[1]
    most = np.minimum(*(_flipped(lines) for lines in (level, upright)))
    for twice_y in _central(level.shape[0])[most >= least]:
        kept = [lines & _image(lines.T, twice_y).T for lines in (level, upright)]
        if min(map(np.count_nonzero, kept)) >= least:
            sums.append(np.minimum(*(_mirrored(lines) for lines in kept)))
            places.append(twice_y)
    if not sums:
        return None
    fits = np.array(sums)
    row, column = np.unravel_index(int(np.argmax(fits)), fits.shape)
    across, down = _central(level.shape[1]), np.array(places)
    apart = np.abs(down - down[row])[:, None] > _NEAR
    apart = apart | (np.abs(across - across[column]) > _NEAR)
    if fits[row, column] < _ALONE * max(int(fits[apart].max(initial=0)), 1):
        return None
    return int(across[column]), int(down[row])


def _whole(marks: _Marks, kept: _Marks) -> _Marks:
    """The lines most of which was kept, to their ends."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    counts = np.bincount(labels[(kept & marks) > 0], minlength=len(stats))
    mostly = counts >= _MOSTLY * stats[:, 4]
    mostly[0] = False
    result: _Marks = mostly[labels].astype(np.uint8)
    return result


def _central(length: int) -> NDArray[np.int64]:
    """Twice the places that a centre may have on a side of this length."""
    reach = int(2 * _OFF_CENTRE * length)
    return np.arange(length - 1 - reach, length + reach)


def _flipped(marks: _Marks) -> NDArray[np.int64]:
    """How many marks have a mirror image at most, about each y that a centre may have."""
    rows, columns = np.nonzero(marks)
    height = marks.shape[0]
    grown = _grown(np.pad(marks, ((1, 1), (0, 0))))
    tall = np.pad(grown, ((height, height), (0, 0)))
    return np.array(
        [np.count_nonzero(tall[twice - rows + height + 1, columns]) for twice in _central(height)]
    )


def _mirrored(marks: _Marks) -> NDArray[np.int64]:
    """How many marks have a mirror image, about each x that a centre may have."""
    rows, columns = np.nonzero(marks)
    width = marks.shape[1]
    wide = np.pad(_grown(marks), ((0, 0), (width, width)))
    return np.array(
        [np.count_nonzero(wide[rows, twice - columns + width]) for twice in _central(width)]
    )


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
