"""Filling of masked pixels from what is around them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.types import Flags, Frame

_FIRST = 3  # pixels: side of the smallest neighbourhood
_GROWTH = 2


def fill(part: Frame, masked: Flags) -> Frame:
    """A copy of ``part`` with the masked pixels taken from the nearest that are not, (h, w).

    Each masked pixel becomes the weighted mean of the smallest neighbourhood that has enough of
    the picture in it: narrow strokes are bridged closely, wide bars smoothly. Without any picture
    the part stays as it is.
    """
    if masked.all() or not masked.any():
        return part.copy()
    known = (~masked).astype(np.float32)
    levels = part.astype(np.float32) * known
    filled = part.copy()
    left = masked.copy()
    side = _FIRST
    while left.any():
        weight, total = (_twice(plane, side) for plane in (known, levels))
        ready = left & (weight > 0.05)
        filled[ready] = (total[ready] / weight[ready]).round().clip(0, 255).astype(np.uint8)
        left &= ~ready
        side = side * _GROWTH + 1
    return filled


def _twice(plane: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    once = cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.blur(once, (side, side), borderType=cv2.BORDER_REFLECT_101), np.float32)
