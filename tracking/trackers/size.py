"""How much larger an object has become: its pictures laid over the frame at several sizes.

Two pictures are laid over it, the first and one of lately, by normalised correlation of grey levels
that counts the object more than what is around it. The place is searched with the size, because a
picture laid a little beside the object fits best when it is too large; so is the shape, because an
object that turns grows narrower and is no farther away for it. How much better one size fits than
another, over as many cells as the camera saw apart, says how sure it is. That has to outweigh that
objects keep their size from frame to frame, and what is expected without pictures: the size that
they were marked with (boxes drawn by hand vary by more than most objects do), or what somebody else
says. The first picture stays, so errors do not add up; the later one goes on where the object has
come to look otherwise. Pure functions.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tirdata.types import Floats, Frame

SIDE = 28  # cells of the picture's longer side
CONTEXT = 0.5  # of the mean side of the object, added to both of its sides
FADES = 1.4  # sides of the box at which what is around it counts nothing (nearly: LEAST_WEIGHT)
LEAST_WEIGHT = 0.02
STEP = 0.03  # from one size to the next, natural logarithm
STEPS = np.arange(-2, 3) * STEP
NARROWER = np.array([-0.08, 0.0, 0.08])  # shapes that are tried: logs of half the sides' ratio
TURNS = 0.1  # how much of that is usual (standard deviation)
SLACK = 1  # cells that the object may lie beside the expected place, each way
WORTH = 60.0  # independent cells in a picture: neighbours say the same
APART = 1.5  # frame pixels of cells that are worth that; smaller ones were made of fewer pixels
TRUST = 4  # power of the likeness that the worth goes with: what looks otherwise misleads
MOST_LIKENESS = 0.995  # what is closer to 1 is no surer
CHANGE = 0.02  # of the size from frame to frame (standard deviation, logarithm)
DEPARTURE = 0.03  # of the size from the expected: the scale of a Laplace distribution, logarithm
EVERY = 30  # frames after which the picture of lately is taken anew
VOUCHES = 0.7  # of 1: likeness to the first picture for that, else errors would add up
LEAST_CONTRAST = 1.0  # grey levels (standard deviation) of a picture that can be told again
NOISE = 0.05  # grey levels, squared: a flatter part is like nothing

Picture = NDArray[np.float32]


class Shape(NamedTuple):
    """The object as it looked at first and lately, pictures of one size."""

    first: Picture
    lately: Picture
    weights: Picture  # of the cells, sum 1
    cell: float  # frame pixels of a cell while the object has its first size
    age: int = 0  # frames since ``lately`` was taken


def shape_of(frame: Frame, middle: Floats, extent: Floats) -> Shape | None:
    """The picture of an object of ``extent`` at ``middle``; None where all is one grey."""
    whole = extent + CONTEXT * extent.mean()
    cell = float(whole.max()) / SIDE
    across, down = (max(8, round(float(side) / cell)) for side in whole)
    picture = _cut(frame, middle, np.full((1, 2), cell), (across, down))[0]
    if picture.std() < LEAST_CONTRAST:
        return None
    return Shape(picture, picture, _weights(extent / cell, (across, down)), cell)


def growth(
    frame: Frame, shape: Shape, middle: Floats, grown: float, expected: float = 1.0
) -> tuple[float, Shape]:
    """How the object at ``middle``, ``grown`` times its first size, has changed, and looks now.

    ``expected``, in first sizes too, is what it goes to where the pictures do not say.

    Returns:
        The factor on its size, within the largest of ``STEPS``: the mean of what is likely; 1.0 or
        towards the expected size where it looks like neither. And what to compare next with.
    """
    down, across = (side + 2 * SLACK for side in shape.first.shape)
    cells = shape.cell * grown * np.exp(STEPS[:, None] + NARROWER)
    pitches = np.stack([cells.ravel(), cells[:, ::-1].ravel()], axis=1)
    parts = _cut(frame, middle, pitches, (across, down))
    level = parts.mean()  # else squares of single precision leave nothing of a low contrast
    places = sliding_window_view(parts - level, shape.first.shape, axis=(1, 2))
    looks = places.reshape(len(parts), -1, shape.first.size)  # (sizes and shapes, places, cells)
    likeness = _likeness(looks, shape)
    # Log likelihood of a correlation r over n cells, gain and offset left free: -n/2 log(1 - r^2).
    worth = WORTH * min(1.0, (shape.cell / APART) ** 2)
    trust = np.clip(likeness.max(axis=(0, 1)), 0, 1) ** TRUST  # in each of both pictures
    support = -worth / 2 * np.log(1 - np.clip(likeness, 0, MOST_LIKENESS) ** 2) @ trust
    shapes = support.max(axis=1).reshape(cells.shape) - NARROWER**2 / (2 * TURNS**2)
    fits = shapes.max(axis=1) - STEPS**2 / (2 * CHANGE**2)
    fits -= np.abs(math.log(grown / expected) + STEPS) / DEPARTURE
    share = np.exp(fits - fits.max())
    factor = float(np.exp((share * STEPS).sum() / share.sum()))
    # As it is now, at its size and in the shape of its box.
    row = int(np.argmax(fits)) * len(NARROWER) + len(NARROWER) // 2
    if shape.age + 1 < EVERY or likeness[row, :, 0].max() < VOUCHES:
        return factor, shape._replace(age=shape.age + 1)
    lately = level + looks[row, int(np.argmax(likeness[row].max(axis=1)))]
    return factor, shape._replace(lately=lately.reshape(shape.first.shape), age=0)


def _weights(extent: Floats, size: tuple[int, int]) -> Picture:
    """How much a cell counts, (down, across), sum 1: in the box in full, around it less and less.

    ``extent`` is the box's, in cells; ``size`` the picture's (across, down).
    """
    x, y = (np.arange(cells) - (cells - 1) / 2 for cells in size)
    sides = np.maximum(np.abs(x)[None] / extent[0], np.abs(y)[:, None] / extent[1]) * 2
    weights = np.clip((FADES - sides) / (FADES - 1), LEAST_WEIGHT, 1)
    return np.asarray(weights / weights.sum(), np.float32)


def _likeness(looks: NDArray[np.float32], shape: Shape) -> Floats:
    """Weighted normalised correlation of ``looks`` (..., cells), about 0, with both, (..., 2)."""
    weights = shape.weights.ravel()
    columns = [weights]
    for picture in (shape.first, shape.lately):
        values = picture.ravel() - float(weights @ picture.ravel())
        power = math.sqrt(float(weights @ values**2) + NOISE)
        columns.append(np.asarray(weights * values / power, np.float32))
    flat = looks.reshape(-1, len(weights))
    sums = flat @ np.stack(columns, axis=1)
    spread = np.maximum((flat * flat) @ weights - sums[:, 0] ** 2, 0)
    likeness = sums[:, 1:] / np.sqrt(spread + NOISE)[:, None]
    return np.asarray(likeness.reshape(*looks.shape[:-1], 2), np.float64)


def _cut(frame: Frame, middle: Floats, pitches: Floats, size: tuple[int, int]) -> Picture:
    """Samples of ``frame`` around ``middle``, ``size`` (across, down) for each of ``pitches``.

    Pitches (n, 2) are frame pixels from one sample to the next, across and down. (n, down, across).
    """
    low, part = _around(frame, middle, np.array(size) * pitches.max(axis=0) / 2 + pitches.max() + 3)
    # Boxes measure from a pixel's corner, samples from its middle.
    x, y = (
        (np.arange(cells) - (cells - 1) / 2) * pitches[:, axis, None] + (middle - low - 0.5)[axis]
        for axis, cells in enumerate(size)
    )
    shape = len(pitches), *size[::-1]
    columns, rows = (
        np.broadcast_to(places, shape).astype(np.float32)
        for places in (x[:, None, :], y[:, :, None])
    )
    found = np.empty(shape, np.float32)
    blurs = np.maximum(1, pitches.max(axis=1).astype(int))
    for blur in np.unique(blurs).tolist():
        own = blurs == blur
        pixels = np.asarray(cv2.blur(part, (blur, blur)) if blur > 1 else part, np.float32)
        across, down = (places[own].reshape(-1, size[0]) for places in (columns, rows))
        cut = cv2.remap(pixels, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        found[own] = cut.reshape(-1, *shape[1:])
    return found


def _around(frame: Frame, middle: Floats, reach: Floats) -> tuple[NDArray[np.int_], Frame]:
    """The part of ``frame`` within ``reach`` of ``middle``, at least a pixel, and its corner."""
    limits = np.array(frame.shape[::-1])
    low = np.clip(np.floor(middle - reach), 0, limits - 1).astype(int)
    high = np.clip(np.ceil(middle + reach) + 1, low + 1, limits).astype(int)
    return low, frame[low[1] : high[1], low[0] : high[0]]
