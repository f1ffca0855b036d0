"""How much larger an object has become: its first picture laid over the frame at several sizes.

The network's response hardly tells sizes a few per cent apart. Normalised correlation of grey
levels does, if the place is searched with the size: a picture laid a little beside the object fits
best when it is too large. The first picture is kept as it is, so errors do not add up, and a
correlation that is too low says nothing. Pure functions.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.types import Floats, Frame

SIDE = 28  # cells of the picture's longer side
CONTEXT = 0.5  # of the mean side of the object, added to both of its sides
STEP = 1.03  # from one size to the next
STEPS = 4  # sizes to each way
SLACK = 2  # cells that the object may lie beside the expected place, each way
RATE = 0.5  # how far the size follows in one frame
LEAST_GAIN = 0.015  # of 1, in correlation to the size as it is: labels and noise do not make sizes
LEAST_LIKENESS = 0.8  # of 1; below, the object looks otherwise than at first
MOST = 1.02  # in one frame: more is a change of looks, not of size
MOST_IF_LARGE = 1.05  # the same of objects that are shown in detail
LARGE_CELL = 1.5  # frame pixels: an object of some 30 pixels and more
LEAST_CONTRAST = 1.0  # grey levels (standard deviation) of a picture that can be told again

Picture = NDArray[np.float32]


class Shape(NamedTuple):
    """The object as it looked at first."""

    picture: Picture
    cell: float  # frame pixels of one of its pixels


def shape_of(frame: Frame, middle: Floats, extent: Floats) -> Shape | None:
    """The picture of an object of ``extent`` at ``middle``; None where all is one grey."""
    whole = extent + CONTEXT * extent.mean()
    cell = float(whole.max()) / SIDE
    across, down = (max(8, round(float(side) / cell)) for side in whole)
    picture = _cut(frame, middle, cell, (across, down))
    return Shape(picture, cell) if picture.std() >= LEAST_CONTRAST else None


def growth(frame: Frame, shape: Shape, middle: Floats, grown: float) -> float:
    """Factor on the size of the object at ``middle`` that is ``grown`` times its first size.

    1.0 where it does not look like at first, or where another size fits hardly better. A frame
    changes it by ``MOST`` (or ``MOST_IF_LARGE``) at most.
    """
    steps = np.arange(-STEPS, STEPS + 1)
    down, across = (side + 2 * SLACK for side in shape.picture.shape)
    likeness = np.zeros(len(steps))
    for row, step in enumerate(steps):
        part = _cut(frame, middle, shape.cell * grown * STEP ** float(step), (across, down))
        found = cv2.matchTemplate(part, shape.picture, cv2.TM_CCOEFF_NORMED)
        # Of a part of one grey the correlation is 0 / 0.
        likeness[row] = np.nan_to_num(found, nan=-1.0, posinf=-1.0, neginf=-1.0).max()
    best = int(np.argmax(likeness))
    if likeness[best] < LEAST_LIKENESS or likeness[best] - likeness[STEPS] < LEAST_GAIN:
        return 1.0
    wanted = STEP ** ((steps[best] + _beside(likeness, best)) * RATE)
    most = MOST_IF_LARGE if shape.cell >= LARGE_CELL else MOST
    return float(np.clip(wanted, 1 / most, most))


def _beside(values: Floats, at: int) -> float:
    """Where between its neighbours a maximum lies, by a parabola, -0.5..0.5."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, middle, after = values[at - 1 : at + 2]
    curvature = before - 2 * middle + after
    if curvature >= 0:
        return 0.0
    return float(np.clip(0.5 * (before - after) / curvature, -0.5, 0.5))


def _cut(frame: Frame, middle: Floats, cell: float, size: tuple[int, int]) -> Picture:
    """``size`` (across, down) samples, ``cell`` frame pixels apart, around ``middle``."""
    across, down = size
    blur = int(cell) if cell >= 2 else 1
    reach = np.array([across, down]) * cell / 2 + blur + 2
    limits = np.array(frame.shape[::-1])
    low = np.clip(np.floor(middle - reach), 0, limits - 1).astype(int)
    high = np.clip(np.ceil(middle + reach) + 1, low + 1, limits).astype(int)
    part = frame[low[1] : high[1], low[0] : high[0]]
    if blur > 1:
        part = np.asarray(cv2.blur(part, (blur, blur)))
    # Boxes measure from a pixel's corner, samples from its middle.
    x, y = middle - low - 0.5 - (np.array([across, down]) - 1) / 2 * cell
    matrix = np.array([[cell, 0, x], [0, cell, y]], np.float64)
    return np.asarray(
        cv2.warpAffine(
            part.astype(np.float32),
            matrix,
            (across, down),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )
