"""Faults of a sensor: dead pixels and fixed-pattern noise, found in a shot and repaired.

A dead pixel differs from its neighbours in nearly every frame, alone and sharply: through a lens
nothing in a scene is one pixel wide. How the fixed pattern is told from the scene stands in
``tirdata/frames/pattern.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.decode.base import Pixels
from tirdata.frames.pattern import Plane, Stack, find_pattern
from tirdata.types import Flags

MIN_FRAMES = 8  # with fewer, nothing is told from the scene

_MOST_PIXELS = 12_000_000  # of all samples together; of more, every second, third … is taken
_OFTEN = 0.75  # share of the frames in which a dead pixel stands out
_STANDS_OUT = 6.0  # times the mean deviation around it, and at least
_LEAST = 6.0  # levels
_AROUND = 11  # pixels
_LARGEST = 9  # pixels that stand out side by side, with what a codec smears around a dead one
_MOST_TOGETHER = 2  # dead pixels side by side; more is a thing
_ROOM = 7  # pixels to each side; there
_DOMINATES = 4.0  # a dead pixel deviates so many times more than all
_MOST_NEAR = 3  # but so many others; more is text or texture
_SHARP = 0.35  # most that the four neighbours share of the deviation; through a lens it is more
_JUDGED = 0.5  # share of the picture that must be judged to be sure of a pattern, or of none


@dataclass(frozen=True, eq=False)
class Defects:
    """What is wrong with the sensor in one shot; offsets are in the frames' own unit."""

    shape: tuple[int, int]  # of the frames, (h, w)
    dead: NDArray[np.int64]  # (n, 2): row, column; with what a codec smeared them over
    pattern: Plane | None  # what the sensor adds, (h, w); none = no pattern found
    columns: float = 0.0  # strength of the column stripes, root mean square; 0 = none found
    rows: float = 0.0
    pixels: float = 0.0
    sure: bool = True  # False = the scene stands still: no pattern is taken for certain

    @property
    def strength(self) -> float:
        """Root mean square of the whole pattern."""
        return 0.0 if self.pattern is None else float(np.sqrt(np.mean(self.pattern**2)))

    def describe(self) -> dict[str, float]:
        """What the card says of it."""
        return {
            "dead_pixels": float(len(self.dead)),
            "pattern_columns": round(self.columns, 3),
            "pattern_rows": round(self.rows, 3),
            "pattern_pixels": round(self.pixels, 3),
            "pattern_sure": float(self.sure),
        }

    @cached_property
    def _whole(self) -> NDArray[np.int32]:
        """The pattern in whole levels: frames are whole, so nothing is lost by it."""
        offsets = np.zeros(self.shape) if self.pattern is None else self.pattern
        return np.rint(offsets).astype(np.int32)

    @cached_property
    def _small(self) -> NDArray[np.int16]:
        return np.clip(self._whole, -32768, 32767).astype(np.int16)

    @cached_property
    def _neighbours(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows and columns, (n, 8) each, of live pixels around the dead; some stand twice."""
        alive = np.ones(self.shape, np.bool_)
        alive[tuple(self.dead.T)] = False
        found = [_live_around(alive, row, column) for row, column in self.dead]
        both = np.array(found, np.int64).reshape(-1, 8, 2)
        return both[..., 0], both[..., 1]


def find_defects(frames: Sequence[Pixels], ignore: Flags | None = None) -> Defects:
    """Find the faults of the sensor in frames spread evenly over one shot.

    Args:
        frames: (h, w) uint8 or uint16 each, at best 32 of them; fewer than ``MIN_FRAMES`` say
            nothing.
        ignore: (h, w), True where overlays are burnt in.
    """
    height, width = frames[0].shape[:2]
    size = (height, width)
    few = len(frames) < MIN_FRAMES or min(size) < 16
    if few or any(frame.ndim != 2 for frame in frames):
        return Defects(size, np.empty((0, 2), np.int64), None, sure=False)
    step = -(-len(frames) * height * width // _MOST_PIXELS)
    some = frames[:: min(step, len(frames) // MIN_FRAMES)]
    hidden = np.zeros(size, np.bool_) if ignore is None else ignore
    spots = _find_dead(some[:: 2 if len(some) >= 2 * MIN_FRAMES else 1], hidden)
    found = Defects(size, _together(spots), None)
    whole: Stack = np.stack([repair(frame, found, dead=True) for frame in some]).astype(np.float32)
    pattern = find_pattern(whole, hidden)
    parts = (pattern.columns, pattern.rows, pattern.pixels)
    if pattern.judged >= _JUDGED:
        return Defects(size, found.dead, pattern.offsets if any(parts) else None, *parts)
    single = _together([spot for spot in spots if len(spot) == 1])
    return Defects(size, single, None, *parts, sure=False)


def repair(
    pixels: Pixels, defects: Defects, *, dead: bool = False, pattern: bool = False
) -> Pixels:
    """The frame with dead pixels filled in and the pattern taken off, in its own type.

    A dead pixel becomes the median of the live ones around it.
    """
    repaired = pixels
    if pattern and defects.pattern is not None:
        eight = pixels.dtype == np.uint8
        offsets = defects._small if eight else defects._whole
        depth = cv2.CV_8U if eight else cv2.CV_16U
        repaired = np.asarray(cv2.subtract(pixels, offsets, dtype=depth), pixels.dtype)
    if dead and len(defects.dead):
        repaired = repaired.copy() if repaired is pixels else repaired
        around = np.sort(repaired[defects._neighbours], axis=1)
        repaired[tuple(defects.dead.T)] = around[:, 3]
    return repaired


def _find_dead(frames: Sequence[Pixels], ignore: Flags) -> list[NDArray[np.int64]]:
    """Dead pixels, (n, 2) row and column each, with those that a codec smeared them over."""
    often = np.zeros(ignore.shape, np.int32)
    deviation = np.zeros(ignore.shape, np.float32)
    for frame in frames:
        off = cv2.subtract(frame, cv2.medianBlur(frame, 5), dtype=cv2.CV_32F)
        size = np.abs(off)
        around = cv2.blur(np.minimum(size, 8 * size.mean()), (_AROUND, _AROUND))
        often += size > np.maximum(_STANDS_OUT * around, _LEAST)
        deviation += size / len(frames)
    outlier = often >= _OFTEN * len(frames)
    outlier[[0, -1]] = outlier[:, [0, -1]] = False  # a codec's own edge
    count, labels = cv2.connectedComponents(outlier.astype(np.uint8))
    sizes = np.bincount(labels.ravel(), minlength=count)
    labels[(sizes > _LARGEST)[labels] | ignore] = 0
    spots = [np.argwhere(labels == label) for label in np.unique(labels[labels > 0])]
    return [spot for spot in spots if _is_dead(deviation, _core(deviation, spot))]


def _core(deviation: Plane, pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Without what a lossy codec has smeared around a dead pixel."""
    size = deviation[tuple(pixels.T)]
    core: NDArray[np.int64] = pixels[size >= size.max() / 2]
    return core


def _together(spots: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.empty((0, 2), np.int64), *spots])


def _is_dead(deviation: Plane, pixels: NDArray[np.int64]) -> bool:
    """Whether these are few, stand out sharply, and few around deviate anything like as much.

    Args:
        deviation: (h, w), from the surroundings, mean size over the frames.
        pixels: (n, 2): row, column; side by side.
    """
    if len(pixels) > _MOST_TOGETHER:
        return False
    top, left = np.maximum(pixels.min(axis=0) - _ROOM, 0)
    bottom, right = pixels.max(axis=0) + _ROOM + 1
    near = deviation[top:bottom, left:right].copy()
    own = np.zeros(near.shape, np.uint8)
    own[tuple((pixels - (top, left)).T)] = 1
    strongest = float(near[own > 0].max())
    cross = cv2.dilate(own, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    if near[cross > own].mean() > _SHARP * strongest:
        return False
    near[cv2.dilate(own, np.ones((3, 3), np.uint8)) > 0] = 0
    rival = float(np.sort(near, axis=None)[-1 - _MOST_NEAR])
    return strongest >= _DOMINATES * rival


def _live_around(alive: Flags, row: int, column: int) -> NDArray[np.int64]:
    """The 8 nearest live pixels' rows and columns, (8, 2); in a corner some stand twice."""
    for reach in range(1, max(alive.shape)):
        top, left = max(0, row - reach), max(0, column - reach)
        near = np.argwhere(alive[top : row + reach + 1, left : column + reach + 1])
        if len(near) >= 3:
            near += (top, left)
            distance = ((near - (row, column)) ** 2).sum(axis=1)
            near = near[np.argsort(distance, kind="stable")][:8]
            return np.resize(near, (8, 2))
    raise AssertionError("no live pixel")
