"""Frames that show nothing new, and steps of the camera's gain, in one shot.

A 9 Hz camera in a 30 fps file shows each picture three or four times. While a thermal camera
calibrates itself, a shutter closes and the picture stands still for up to a few seconds; after it
the level is often another. None of this is a cut.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tirdata.decode.base import Pixels
from tirdata.frames.likeness import likeness, look

_SAME = 0.3  # mean difference, in levels of 0..255, below which frames may show the same
_USUAL_SHARE = 0.2  # and share of the differences near it: noise, or nothing moves
_REACH = 15  # frames before and after that say what is usual
_FREEZE_S = 0.25  # a picture that stands still for longer, and for
_FREEZE_TIMES = 3  # so many times longer than pictures of this shot usually do
_SHUTTER_S = 0.5  # how long after closing the shutter may still be before the sensor
_STEP = 2.0  # levels of 0..255 that a gain jump changes at least
_STEP_TIMES = 6.0  # and so many times what is usual from frame to frame
_LASTS = 5  # frames for which the new level is there
_IN_PLACE = 0.8  # likeness of two frames between which nothing but the gain changes


@dataclass(frozen=True)
class Found:
    """Numbers of frames in the shot, from 0, rising."""

    repeated: tuple[int, ...] = ()  # show the same as the one before, frozen ones among them
    frozen: tuple[int, ...] = ()  # the calibration shutter was closed
    gain_jumps: tuple[int, ...] = ()  # the first of another gain or level


class Steadiness:
    """Looks at the frames of a shot one after the other; a few numbers a frame are kept."""

    def __init__(self) -> None:
        self._last: Pixels | None = None
        self._changes: list[float] = []  # mean absolute difference from the frame before
        self._levels: list[tuple[float, float]] = []  # mean and standard deviation
        self._in_place: list[bool] = []  # the level steps, the structure stays where it is
        self._shutter: list[bool] = []

    def add(self, pixels: Pixels, since_shutter_s: float | None = None) -> None:
        """The next frame, (h, w) uint8 or uint16; all of a shot have one size and depth."""
        last, self._last = self._last, pixels
        change = 0.0 if last is None else cv2.norm(pixels, last, cv2.NORM_L1) / pixels.size
        self._changes.append(change)
        level = _level(pixels)
        self._in_place.append(last is not None and self._is_step(level) and _same(last, pixels))
        self._levels.append(level)
        self._shutter.append(since_shutter_s is not None and since_shutter_s < _SHUTTER_S)

    def found(self, times_s: NDArray[np.float64], *, levels: float = 255.0) -> Found:
        """What there is, for frames at ``times_s``; ``levels`` is the span that the picture uses.

        For counts that span is what becomes 0..255.
        """
        unit = max(levels, 1.0) / 255.0
        repeated = find_repeats(np.array(self._changes) / unit)
        frozen = find_freezes(repeated, times_s) | np.array(self._shutter, np.bool_)
        jumps = find_steps(np.array(self._levels).reshape(-1, 2) / unit)
        jumps &= np.array(self._in_place, np.bool_)
        return Found(_numbers(repeated), _numbers(frozen), _numbers(jumps))

    def _is_step(self, level: tuple[float, float]) -> bool:
        """Whether it may be one in 8 bits; a span of counts is far more than 255 of them."""
        before = self._levels[-1]
        return max(abs(level[0] - before[0]), abs(level[1] - before[1])) > _STEP


def _level(pixels: Pixels) -> tuple[float, float]:
    """Mean and standard deviation."""
    if pixels.dtype == np.uint8:
        mean, deviation = cv2.meanStdDev(pixels)
        return float(mean[0, 0]), float(deviation[0, 0])
    # By sums, which OpenCV has six times as fast for 16 bits as its standard deviation.
    centre = cv2.norm(pixels, cv2.NORM_L1) / pixels.size
    square = cv2.norm(pixels, cv2.NORM_L2SQR) / pixels.size
    return centre, float(max(square - centre**2, 0.0) ** 0.5)


def find_repeats(changes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which frames show the same as the one before, by the ``changes`` (n,) in levels.

    Identical frames do; so do those that differ far less than their neighbours do, as the same
    picture does that was coded twice.
    """
    if len(changes) < 2:
        return np.zeros(len(changes), np.bool_)
    reach = min(_REACH, len(changes) - 2)
    padded = np.pad(changes[1:], reach, mode="reflect")  # the first frame has none before it
    near = np.sort(sliding_window_view(padded, 2 * reach + 1), axis=1)
    usual = near[:, round(0.8 * 2 * reach)]
    same = (changes[1:] < _SAME) & (changes[1:] < _USUAL_SHARE * usual)
    return np.concatenate([[False], same | (changes[1:] == 0.0)])


def find_freezes(repeated: NDArray[np.bool_], times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the ``repeated`` frames belong to a picture that stands still unusually long."""
    frozen = np.zeros(len(repeated), np.bool_)
    starts = np.flatnonzero(~repeated)  # of each picture
    if len(starts) < 2:
        return frozen
    ends = np.append(starts[1:], len(repeated)) - 1
    lasting = times_s[ends] - times_s[starts]
    usual = float(np.median(lasting))
    for start, end, length_s in zip(starts, ends, lasting, strict=True):
        if length_s > max(_FREEZE_S, _FREEZE_TIMES * usual):
            frozen[start + 1 : end + 1] = True
    return frozen


def find_steps(levels: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which frames are the first of another gain: ``levels`` (n, 2), mean and deviation."""
    jumps = np.zeros(len(levels), np.bool_)
    steps = np.abs(np.diff(levels, axis=0, prepend=levels[:1])).max(axis=1, initial=0.0)
    for index in np.flatnonzero(steps > _STEP).tolist():
        low = max(1, index - _REACH)
        others = np.delete(steps[low : index + _REACH + 1], index - low)
        usual = float(np.median(others)) if others.size else 0.0
        if steps[index] > _STEP_TIMES * usual and _lasts(levels, index, float(steps[index])):
            jumps[index] = True
    return jumps


def _lasts(levels: NDArray[np.float64], index: int, step: float) -> bool:
    """Whether the level stays, unlike that of a flash."""
    before = np.median(levels[max(0, index - _LASTS) : index], axis=0)
    after = np.median(levels[index : index + _LASTS], axis=0)
    return float(np.abs(after - before).max()) > 0.6 * step


def _same(before: Pixels, after: Pixels) -> bool:
    return likeness(look(before), look(after)) > _IN_PLACE


def _numbers(flags: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(index) for index in np.flatnonzero(flags))
