"""Where in a frame a lost object may be: places that look like it did, by normalised correlation.

A cheap first choice: the network looks at the best of them and decides.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.types import Box, Floats, Frame

OBJECT_SIDE = 12.0  # pixels that the object's longer side is brought to, if it is larger
CONTEXT = 0.5  # of the box's sides, added in all
LEAST_SIDE = 3  # pixels of the patch; below, nothing can be told by it
LEAST_LIKENESS = 0.5  # of 1


class Likeness(NamedTuple):
    """The object as it looked, reduced so that its search is cheap."""

    patch: Frame
    scale: float  # pixels of the patch in one of the frame


def likeness_of(frame: Frame, box: Box) -> Likeness | None:
    """What ``box`` shows; None where it is outside of the frame or nothing but one grey."""
    height, width = frame.shape
    w, h = box.w * (1 + CONTEXT), box.h * (1 + CONTEXT)
    x, y = box.x + box.w / 2, box.y + box.h / 2
    left, top = max(0, round(x - w / 2)), max(0, round(y - h / 2))
    right, bottom = min(width, round(x + w / 2)), min(height, round(y + h / 2))
    if right - left < LEAST_SIDE or bottom - top < LEAST_SIDE:
        return None
    scale = min(1.0, OBJECT_SIDE / max(box.w, box.h))
    patch = _reduced(frame[top:bottom, left:right], scale)
    flat = min(patch.shape) < LEAST_SIDE or int(patch.max()) == int(patch.min())
    return None if flat else Likeness(patch, scale)


def places(
    frame: Frame,
    likeness: Likeness,
    grown: float,
    around: tuple[float, float],
    reach: float,
    count: int,
) -> Floats:
    """Middles of up to ``count`` places that are like ``likeness``, (n, 2), the likest first.

    Args:
        frame: where to search.
        likeness: the object as it was.
        grown: the object's size now in that of ``likeness``.
        around: only places within ``reach`` frame pixels of this one, each way.
        reach: see ``around``.
        count: how many at most; two are at least a patch's half apart.
    """
    scale = likeness.scale / grown
    height, width = frame.shape
    margin = np.array(likeness.patch.shape[::-1]) / scale / 2 + 1
    low = np.maximum(0, np.floor(np.array(around) - reach - margin)).astype(int)
    high = np.minimum((width, height), np.ceil(np.array(around) + reach + margin)).astype(int)
    if (high - low < 1).any():
        return np.zeros((0, 2))
    part = _reduced(frame[low[1] : high[1], low[0] : high[0]], scale)
    if part.shape[0] < likeness.patch.shape[0] or part.shape[1] < likeness.patch.shape[1]:
        return np.zeros((0, 2))
    values = np.asarray(cv2.matchTemplate(part, likeness.patch, cv2.TM_CCOEFF_NORMED), np.float32)
    found = _highest(values, likeness.patch.shape, count)
    middles = (found + np.array(likeness.patch.shape[::-1]) / 2) / scale
    result: Floats = middles + low
    return result


def _highest(found_there: NDArray[np.float32], size: tuple[int, ...], count: int) -> Floats:
    """Columns and rows of the highest values that are not near a higher one, (n, 2)."""
    # Of a patch of one grey the correlation is 0 / 0.
    values = np.nan_to_num(found_there, nan=-1.0, posinf=-1.0, neginf=-1.0)
    found = []
    for _ in range(count):
        row, column = np.unravel_index(int(np.argmax(values)), values.shape)
        if values[row, column] < LEAST_LIKENESS:
            break
        found.append((float(column), float(row)))
        down, across = size[0] // 2 + 1, size[1] // 2 + 1
        values[
            max(0, row - down) : row + down + 1, max(0, column - across) : column + across + 1
        ] = -1.0
    return np.array(found).reshape(-1, 2)


def _reduced(frame: Frame, scale: float) -> Frame:
    height, width = frame.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return frame
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(frame, size, interpolation=way), np.uint8)
