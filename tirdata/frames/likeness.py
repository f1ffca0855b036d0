"""How alike two frames are in structure, whatever the gain, and with what moved set right."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.decode.base import Pixels
from tirdata.types import Frame

_WIDTH = 160  # of the small picture that is compared; a target of a few pixels does not count
_BLUR = 1.0
_LEAST_SPAN = 32.0  # counts that a blank scene is spread over at least: its noise is no structure
_FLOOR = 1.0  # gradients below this (grey levels, 3x3 Sobel) are noise

_Plane = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Look:
    """The structure of one frame: its small picture and the gradients of that, (h, w)."""

    small: _Plane
    across: _Plane
    down: _Plane

    @cached_property
    def energy(self) -> float:
        """Mean square of the gradients."""
        return float((self.across**2 + self.down**2).mean())

    @cached_property
    def stretched(self) -> Frame:
        """The small picture over the whole of 0..255, for optical flow."""
        result: Frame = cv2.normalize(self.small, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)  # type: ignore[call-overload]
        return result


def look(frame: Pixels) -> Look:
    """Look at a frame, (h, w); counts of more than 8 bits are spread over 0..255 first."""
    height = max(8, round(frame.shape[0] * _WIDTH / frame.shape[1]))
    small = cv2.resize(frame, (_WIDTH, height), interpolation=cv2.INTER_AREA)
    return _look(small if frame.dtype == np.uint8 else _spread(small))


def _spread(small: NDArray[Any]) -> _Plane:
    """Counts as grey levels, without regard to the few hottest and coldest pixels."""
    ordered = np.sort(small[::2, ::2], axis=None)
    low, high = ordered[len(ordered) // 200], ordered[-1 - len(ordered) // 200]
    scaled = (small.astype(np.float32) - low) * (255 / max(float(high - low), _LEAST_SPAN))
    return np.asarray(np.clip(scaled, 0, 255), np.float32)


def likeness(a: Look, b: Look) -> float:
    """Correlation of the gradients at the same places, -1..1; 1 for two blank frames.

    It does not change with gain or offset. Inverting one frame turns its sign.
    """
    shared = float((a.across * b.across + a.down * b.down).mean())
    floor = _FLOOR**2
    return (shared + floor) / float(np.sqrt((a.energy + floor) * (b.energy + floor)))


def moved_likeness(a: Look, b: Look) -> float:
    """The better of ``likeness`` and the same after ``b`` is warped to ``a`` by optical flow.

    Flow follows pans, zooms and drifting clouds; it cannot make one scene of two.
    """
    follow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow = np.asarray(follow.calc(a.stretched, b.stretched, np.empty(0, np.float32)))
    height, width = a.small.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    warped = cv2.remap(
        b.small,
        x + flow[..., 0],
        y + flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return max(likeness(a, b), likeness(a, _look(warped)))


def _look(small: NDArray[Any]) -> Look:
    smooth = cv2.GaussianBlur(small.astype(np.float32), (0, 0), _BLUR)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3)
    return Look(*(np.asarray(plane, np.float32) for plane in (smooth, across, down)))
