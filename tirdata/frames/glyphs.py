"""Pieces of strokes that may be letters, and the lines of text they may form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.frames.strokes import STAYS, Plane, Strokes, hat
from tirdata.types import Flags, Frame

LEVELS = 32  # that a glyph stands out by, in the median
_LEAST_AREA = 5
_LEAST_SIDE = 4
_HIGHEST = 0.12  # of the frame's height
_WIDEST = 0.3  # of the frame's width; touching letters are one glyph
_MOST = 2000  # glyphs of one sign that are looked at, those of the largest area

_Ints = NDArray[np.int64]


class Glyph(NamedTuple):
    """One connected piece of strokes."""

    x: int
    y: int
    width: int
    height: int
    area: int
    contrast: float  # levels above or below its sides
    level: float
    roughness: float  # standard deviation of its level
    sharpness: float  # step at its outline, as a share of the contrast
    outline: float  # share of its pixels that are on its outline
    across: float  # sum of gradients to the side
    down: float  # sum of gradients up and down
    unrest: float  # mean distance of the samples from its level


@dataclass(frozen=True, eq=False)
class Line:
    """Glyphs of one sign, level and contrast side by side."""

    bright: bool
    glyphs: tuple[Glyph, ...]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, upper, right and lower edge, the latter two just outside."""
        return (
            min(glyph.x for glyph in self.glyphs),
            min(glyph.y for glyph in self.glyphs),
            max(glyph.x + glyph.width for glyph in self.glyphs),
            max(glyph.y + glyph.height for glyph in self.glyphs),
        )

    @property
    def height(self) -> float:
        """Median height of the higher half of its glyphs."""
        heights = sorted((glyph.height for glyph in self.glyphs), reverse=True)
        return float(np.median(heights[: (len(heights) + 1) // 2]))

    def mean(self, field: str) -> float:
        """Mean of a field of its glyphs, weighted by their area."""
        values = [getattr(glyph, field) for glyph in self.glyphs]
        return float(np.average(values, weights=[glyph.area for glyph in self.glyphs]))

    def spread(self, field: str) -> float:
        """Standard deviation of a field of its glyphs, weighted by their area."""
        values = np.array([getattr(glyph, field) for glyph in self.glyphs], float)
        weights = [glyph.area for glyph in self.glyphs]
        return float(np.sqrt(np.average((values - self.mean(field)) ** 2, weights=weights)))


def lines(seen: Strokes) -> Iterator[Line]:
    """Every set of glyphs that could be a line, a letter alone among them."""
    for bright in (True, False):
        glyphs = _glyphs(seen, bright=bright)
        for members in _linked(glyphs):
            yield Line(bright, tuple(glyphs[number] for number in members))


def _glyphs(seen: Strokes, *, bright: bool) -> list[Glyph]:
    stands_out = hat(seen.median, seen.reach, bright=bright)
    share = seen.bright if bright else seen.dark
    marked = ((share >= STAYS) & (stands_out > LEVELS)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marked, connectivity=8)
    height, width = marked.shape
    sides = stats[:, 2:4]
    fits = (stats[:, 4] >= _LEAST_AREA) & (sides.max(axis=1) >= _LEAST_SIDE)
    fits &= (sides[:, 1] <= _HIGHEST * height) & (sides[:, 0] <= _WIDEST * width)
    fits[0] = False  # what is no stroke
    numbers = np.flatnonzero(fits)
    numbers = np.sort(numbers[np.argsort(-stats[numbers, 4], kind="stable")[:_MOST]])
    look = _Look(seen, stands_out, np.asarray(labels, np.int32))
    return [look.at(int(number), stats[number]) for number in numbers]


class _Look:
    """The planes that glyphs are measured on."""

    def __init__(self, seen: Strokes, stands_out: Frame, labels: NDArray[np.int32]) -> None:
        self._stands_out = stands_out
        self._labels = labels
        self._median = seen.median
        self._unrest = seen.unrest
        self._steps = _steps(seen.median)
        self._across, self._down = (
            np.abs(np.asarray(cv2.Sobel(seen.median, cv2.CV_32F, *axis)))
            for axis in ((1, 0), (0, 1))
        )

    def at(self, number: int, stats: NDArray[np.int32]) -> Glyph:
        """Measure the piece with this label."""
        x, y, width, height, area = (int(value) for value in stats)
        part = slice(y, y + height), slice(x, x + width)
        piece: Flags = self._labels[part] == number
        levels = self._stands_out[part]
        contrast = float(np.percentile(levels[piece], 85))
        core = piece & (levels >= 0.7 * contrast)
        inner = cv2.erode(np.pad(piece.astype(np.uint8), 1), np.ones((3, 3), np.uint8))
        edge = piece & (inner[1:-1, 1:-1] == 0)
        return Glyph(
            x=x,
            y=y,
            width=width,
            height=height,
            area=area,
            contrast=contrast,
            level=float(np.median(self._median[part][core])),
            roughness=float(self._median[part][core].std()),
            sharpness=float(self._steps[part][edge].mean()) / contrast,
            outline=float(edge.sum()) / area,
            across=float(self._across[part][piece].sum()),
            down=float(self._down[part][piece].sum()),
            unrest=float(self._unrest[part][core].mean()),
        )


def _steps(frame: Frame) -> Plane:
    """The largest difference of each pixel from one of its four neighbours."""
    grey = frame.astype(np.int16)
    steps = np.zeros(grey.shape, np.float32)
    for axis in (0, 1):
        step = np.abs(np.diff(grey, axis=axis))
        after = np.moveaxis(steps, axis, 0)
        step = np.moveaxis(step, axis, 0)
        after[1:] = np.maximum(after[1:], step)
        after[:-1] = np.maximum(after[:-1], step)
    return steps


def _linked(glyphs: list[Glyph]) -> list[_Ints]:
    """Numbers of glyphs that stand side by side, with one level and contrast."""
    if not glyphs:
        return []
    table = np.array(glyphs, float)
    x, y, width, height, _, contrast, level = table[:, :7].T
    group = np.arange(len(glyphs))
    for number in range(len(glyphs)):
        gap = np.maximum(x, x[number]) - np.minimum(x + width, x[number] + width[number])
        shared = np.minimum(y + height, y[number] + height[number]) - np.maximum(y, y[number])
        near = gap < np.maximum(height, height[number])
        near &= shared >= 0.4 * np.minimum(height, height[number])
        near &= np.abs(level - level[number]) < 45
        near &= np.maximum(contrast, contrast[number]) < 2 * np.minimum(contrast, contrast[number])
        joined = np.unique(group[near])
        if len(joined) > 1:
            group[np.isin(group, joined)] = joined[0]
    return [np.flatnonzero(group == each) for each in np.unique(group)]
