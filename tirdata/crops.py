"""Square crops around an object, cut in one way for training and for tracking."""

import math

import numpy as np
from PIL import Image

from tirdata.types import Box, Frame

EXEMPLAR_SIDE = 127  # the exemplar's side in crop pixels at which the context square is one side
CROP_SIZE = 255


def context_side(w: float, h: float) -> float:
    """s_z: side in frame pixels of the square with context p = (w + h) / 2 around a w x h box."""
    context = (w + h) / 2
    return math.sqrt((w + context) * (h + context))


def search_side(w: float, h: float, size: int = CROP_SIZE) -> float:
    """s_x: side in frame pixels that a ``size`` crop covers, s_z * size / 127."""
    return context_side(w, h) * size / EXEMPLAR_SIDE


def centre(box: Box) -> tuple[float, float]:
    """Centre of the box in frame pixels."""
    return box.x + box.w / 2, box.y + box.h / 2


def crop(frame: Frame, middle: tuple[float, float], side: float, size: int, pad: int) -> Frame:
    """The square of ``side`` frame pixels around ``middle``, resized to (size, size).

    The square's edges are exact to a fraction of a pixel, so a small target is not shaken by
    rounding. Bicubic (a = -0.5), antialiased when shrinking. Outside the frame it is ``pad``.
    """
    patch, left, top = patch_of(frame, middle, side, size, pad)
    square = (left, top, left + side, top + side)
    resized = Image.fromarray(patch).resize((size, size), Image.Resampling.BICUBIC, box=square)
    return np.asarray(resized)


def patch_of(
    frame: Frame, middle: tuple[float, float], side: float, size: int, pad: int
) -> tuple[Frame, float, float]:
    """What ``crop`` is made of: whole pixels, and where in them the square begins, left and top.

    They are as many beyond the square's edges as the kernel reaches.
    """
    left, top = middle[0] - side / 2, middle[1] - side / 2
    reach = math.ceil(2 * max(1.0, side / size)) + 1
    x0, y0 = math.floor(left) - reach, math.floor(top) - reach
    x1, y1 = math.ceil(left + side) + reach, math.ceil(top + side) + reach
    height, width = frame.shape
    patch: Frame = np.full((y1 - y0, x1 - x0), pad, np.uint8)
    inner_x0, inner_y0 = max(x0, 0), max(y0, 0)
    inner_x1, inner_y1 = min(x1, width), min(y1, height)
    if inner_x0 < inner_x1 and inner_y0 < inner_y1:
        patch[inner_y0 - y0 : inner_y1 - y0, inner_x0 - x0 : inner_x1 - x0] = frame[
            inner_y0:inner_y1, inner_x0:inner_x1
        ]
    return patch, left - x0, top - y0
