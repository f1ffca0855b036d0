"""Crops for the box refiner and what its answers mean in pixels; training and tracking share it."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tirdata.types import Box, Floats, Frame
from tracking.models.box_refiner import CONTEXT, SIZE


def cut(frame: Frame, box: Box, size: int = SIZE) -> Frame:
    """CONTEXT times ``box`` around its centre as (size, size), each side scaled apart.

    Exact to a fraction of a pixel, bicubic, antialiased when shrinking; outside of the frame its
    last row or column goes on. The work grows with the box, also outside of the frame.
    """
    width, height = CONTEXT * box.w, CONTEXT * box.h
    left, top = box.x + (box.w - width) / 2, box.y + (box.h - height) / 2
    columns, rows = _reached(left, width, size), _reached(top, height, size)
    patch = frame[_inside(rows, frame.shape[0])][:, _inside(columns, frame.shape[1])]
    x, y = left - columns.start, top - rows.start
    image = Image.fromarray(np.ascontiguousarray(patch))
    part = (x, y, x + width, y + height)
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=part), np.uint8)


def _reached(start: float, length: float, size: int) -> range:
    """Whole pixels around a stretch, with what the kernel reaches beyond its ends."""
    reach = math.ceil(2 * max(1.0, length / size)) + 1
    return range(math.floor(start) - reach, math.ceil(start + length) + reach)


def _inside(pixels: range, limit: int) -> NDArray[np.int64]:
    return np.clip(np.arange(pixels.start, pixels.stop), 0, limit - 1)


def difference(box: Box, truth: Box) -> tuple[float, float, float, float]:
    """What ``box`` is off by from ``truth``: dx, dy in its own sides, logs of the sides' ratios.

    >>> difference(Box(0, 0, 10, 10), Box(1, 0, 10, 10))
    (0.1, 0.0, 0.0, 0.0)
    """
    return (
        (truth.x + truth.w / 2 - box.x - box.w / 2) / box.w,
        (truth.y + truth.h / 2 - box.y - box.h / 2) / box.h,
        math.log(truth.w / box.w),
        math.log(truth.h / box.h),
    )


def corrected(box: Box, off: Floats) -> Box:
    """Where the object is if ``box`` is ``off`` (4,) by so much: the inverse of ``difference``."""
    dx, dy, grow_x, grow_y = (float(value) for value in off)
    w, h = box.w * math.exp(grow_x), box.h * math.exp(grow_y)
    x, y = box.x + box.w / 2 + dx * box.w, box.y + box.h / 2 + dy * box.h
    return Box(x - w / 2, y - h / 2, w, h)
