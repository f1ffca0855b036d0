"""Filling of masked pixels from what is around them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.types import Flags, Frame

_SIDES = (3, 7, 15, 31)  # pixels: of the neighbourhoods, in the order in which they are tried
_ENOUGH = 0.04  # weight of what is known in a neighbourhood


def fill(part: Frame, masked: Flags) -> Frame:
    """A copy of ``part`` (h, w) with the masked pixels made from the nearest that are not.

    Each becomes the weighted mean of the smallest neighbourhood that has enough of the picture in
    it: narrow strokes are bridged closely, wide bars smoothly. Where nothing is near, it becomes
    the mean of the part; without any picture the part stays as it is.
    """
    filled = part.copy()
    if masked.all() or not masked.any():
        return filled
    known = (~masked).astype(np.float32)
    levels = part.astype(np.float32) * known
    left = masked.copy()
    for side in _SIDES:
        weight, total = _spread(known, side), _spread(levels, side)
        ready = left & (weight > _ENOUGH)
        filled[ready] = (total[ready] / weight[ready] + 0.5).astype(np.uint8)
        left &= ~ready
        if not left.any():
            return filled
    filled[left] = round(float(part[~masked].mean()))
    return filled


def _spread(plane: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Weighted mean of each pixel's neighbourhood, the nearer the heavier."""
    once = cv2.blur(plane, (side, side), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.blur(once, (side, side), borderType=cv2.BORDER_REPLICATE), np.float32)
