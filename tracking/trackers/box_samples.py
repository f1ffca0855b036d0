"""Boxes drawn around a box: what the local net learns from and looks at (MDNet's generators).

Each call draws four times as many as are wanted and takes the first that fit, so that the work does
not depend on luck; where too few fit, those are repeated.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from tirdata.geometry import centres, overlap
from tirdata.types import Box, Boxes, Flags

MOST_DRAWN: Final = 4  # times as many as are wanted
LEAST_SIDE: Final = 10.0  # pixels, or the object's own side where that is less

Draw = Callable[[int], Boxes]


class Generator:
    """Draws boxes around ``box`` in a frame of ``size`` (w, h)."""

    def __init__(self, random: np.random.Generator, size: tuple[int, int], box: Box) -> None:
        self.random = random
        self.size = np.array(size, np.float64)
        self.box = np.array(box, np.float64)
        self.middle = self.box[:2] + self.box[2:] / 2
        self.mean_side = float(self.box[2:].mean())

    def gaussian(self, count: int, move: float, scale: float, *, valid: bool = False) -> Boxes:
        """Moved by up to ``move`` mean sides, mostly by less, and enlarged by up to ``scale``."""
        steps = np.clip(0.5 * self.random.standard_normal((count, 3)), -1, 1)
        return self._placed(steps[:, :2] * move, scale ** steps[:, 2:], valid=valid)

    def uniform(self, count: int, move: float, scale: float, aspect: float = 1.0) -> Boxes:
        """Moved and scaled alike over the whole range, with sides in other proportions."""
        steps = self.random.uniform(-1, 1, (count, 4))
        sides = scale ** steps[:, 2:3] * aspect ** (steps[:, 3:] * np.array([[1.0, -1.0]]))
        return self._placed(steps[:, :2] * move, sides)

    def whole(self, count: int, scale: float, aspect: float = 1.0) -> Boxes:
        """On a grid over the whole frame."""
        across = max(int(2 * np.sqrt(count)), 1)
        places = self.random.permutation(across * across)[:count]
        if len(places) < count:
            places = np.resize(places, count)
        cells = np.stack([places % across, places // across], axis=1)
        least = np.minimum(self.box[2:] / 2, self.size / 2)
        grid = least + cells / max(across - 1, 1) * (self.size - 2 * least)
        steps = self.random.uniform(-1, 1, (count, 2))
        sides = scale ** steps[:, :1] * aspect ** (steps[:, 1:] * np.array([[1.0, -1.0]]))
        return self._placed((grid - self.middle) / self.mean_side, sides)

    def _placed(self, moves: Boxes, scales: Boxes, *, valid: bool = False) -> Boxes:
        """Boxes from moves in mean sides and scales of the sides, kept in or at the frame."""
        least = np.minimum(LEAST_SIDE, self.box[2:])
        most = np.maximum(self.size - LEAST_SIDE, least)
        sides = np.clip(self.box[2:] * scales, least, most)
        middles = self.middle + moves * self.mean_side
        rim = sides / 2 if valid else np.zeros_like(sides)
        middles = np.clip(middles, rim, self.size - rim)
        boxes: Boxes = np.hstack([middles - sides / 2, sides])
        return boxes


def that_overlap(draw: Draw, count: int, box: Box, least: float, most: float) -> Boxes:
    """``count`` boxes by ``draw`` whose IoU with ``box`` is from ``least`` to ``most``.

    None at all, (0, 4), if not one drawn fits.
    """
    return that_fit(draw, count, lambda boxes: in_range(boxes, box, least, most))


def that_fit(draw: Draw, count: int, fits: Callable[[Boxes], Flags]) -> Boxes:
    """The first ``count`` drawn boxes that fit, repeated where they are fewer."""
    if count == 0:
        return np.zeros((0, 4))
    boxes = draw(MOST_DRAWN * count)
    found = boxes[fits(boxes)][:count]
    return np.resize(found, (count, 4)) if len(found) else np.zeros((0, 4))


def in_range(boxes: Boxes, box: Box, least: float, most: float) -> Flags:
    """Which boxes overlap ``box`` by an IoU from ``least`` to ``most``, (n,)."""
    overlaps = overlap(boxes, np.array([box], np.float64))
    within: Flags = (overlaps >= least) & (overlaps <= most)
    return within


def near(boxes: Boxes, box: Box, distance: float) -> Flags:
    """Which boxes have their centre at most ``distance`` pixels from that of ``box``, (n,)."""
    middle = centres(np.array([box], np.float64))
    close: Flags = np.linalg.norm(centres(boxes) - middle, axis=1) <= distance
    return close
