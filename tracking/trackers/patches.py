"""Where patches of an object are in the next frame: normalised correlation with the first and last.

Candidates of the dual-attention tracker are drawn there as well as around the last place, and pairs
that are not registered are laid over each other by it: two cameras beside each other, which need
not even look at the same moment, see an object at places that no one map tells for long.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.crops import centre
from tirdata.types import Box, Floats, Frame, FramePair
from tracking.trackers.pair_features import Alignment

REACH: Final = 1.5  # mean sides around the last place that are searched
LEAST: Final = 0.5  # mean correlation with both patches; under it nothing is found

Sides = NDArray[np.int_]


class Patches:
    """An object's patches on one half."""

    def __init__(self, frame: Frame, box: Box) -> None:
        self.place: Floats = np.array(centre(box))  # of the middle, where it was found last
        self._sides = np.maximum(np.round(np.array(box[2:])), 4).astype(int)
        self._first = self._last = _cut(frame, self.place, self._sides)

    def likeliest(self, frame: Frame) -> Floats | None:
        """The middle of what looks most like the object around its last place, if it does."""
        reach = int(np.ceil(REACH * self._sides.mean()))
        around = _cut(frame, self.place, self._sides + 2 * reach)
        first, last = (
            cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
            for patch in (self._first, self._last)
        )
        likeness = np.nan_to_num(np.asarray(first + last)) / 2
        row, column = np.unravel_index(int(likeness.argmax()), likeness.shape)
        if likeness[row, column] < LEAST:
            return None
        found: Floats = np.round(self.place) + np.array([column - reach, row - reach], np.float64)
        return found

    def go(self, frame: Frame, place: Floats) -> None:
        """The object's middle is at ``place`` in ``frame``."""
        self.place = place
        self._last = _cut(frame, place, self._sides)


class Halves:
    """How one half of a pair lies over the other, and where the object may have gone on both."""

    def __init__(self, pair: FramePair, box: Box, alignment: Alignment, *, follows: bool) -> None:
        """``follows``: look for the object on the visible half too, and lay it over by that."""
        self.alignment = alignment
        self._thermal = Patches(pair.thermal, box)
        self._visible = None
        if follows:
            row = alignment(np.array([box], np.float64))[0]
            self._visible = Patches(_grey(pair), Box(*(float(value) for value in row)))

    def look(self, pair: FramePair) -> Floats | None:
        """Where the object seems to be on the thermal half of the next pair, if anywhere."""
        guess = self._thermal.likeliest(pair.thermal)
        if self._visible is None:
            return guess
        last, scale = self._thermal.place, np.array(self.alignment.scale)
        there = self._visible.likeliest(_grey(pair))
        if there is not None:
            # Seen on the visible half alone, it went as far on the thermal one.
            here = guess if guess is not None else last + (there - self._visible.place) / scale
            self.alignment = through(scale, here, there)
        return guess

    def go(self, pair: FramePair, box: Box) -> None:
        """The object is at ``box`` on the thermal half."""
        self._thermal.go(pair.thermal, np.array(centre(box)))
        if self._visible is not None:
            self._visible.go(_grey(pair), self.alignment.place(self._thermal.place))


def through(scale: Floats, thermal: Floats, visible: Floats) -> Alignment:
    """The map of ``scale`` that takes one point to the other."""
    x, y = (float(value) for value in visible - scale * thermal)
    return Alignment((float(scale[0]), float(scale[1])), (x, y))


def _cut(frame: Frame, place: Floats, sides: Sides) -> Frame:
    """``sides`` (w, h) pixels around ``place``; outside of the frame its rim goes on."""
    left, top = np.round(place).astype(int) - sides // 2
    columns = np.clip(np.arange(left, left + sides[0]), 0, frame.shape[1] - 1)
    rows = np.clip(np.arange(top, top + sides[1]), 0, frame.shape[0] - 1)
    return np.ascontiguousarray(frame[np.ix_(rows, columns)])


def _grey(pair: FramePair) -> Frame:
    return np.asarray(cv2.cvtColor(pair.visible, cv2.COLOR_RGB2GRAY), np.uint8)
