"""Thin bright or dark structure that stays at its place through all samples of a shot.

Letters, lines of a reticle and other things drawn into a picture are strokes: narrower than
``Strokes.reach``, and brighter or darker than what is on both sides. A top-hat transform shows
them whatever the level of the scene below is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.types import Flags, Frame

Plane = NDArray[np.float32]  # (h, w)
Samples: TypeAlias = Sequence[Frame] | NDArray[np.uint8]  # frames of one size, or (n, h, w)

WEAK = 24  # levels that a stroke stands out by
STRONG = 64
STAYS = 0.8  # share of the samples that a stroke of the overlay is seen in

_REACH = 60  # widths of a frame in the widest stroke
_SAMPLES = 9  # that the median is taken of


@dataclass(frozen=True, eq=False)
class Strokes:
    """What the samples of a shot have in common; planes are (h, w)."""

    reach: int  # strokes are narrower, pixels
    median: Frame
    bright: Plane  # share of the samples in which the pixel is on a stroke brighter than its sides
    dark: Plane  # the same, darker
    strong: Plane  # the same, either way and by ``STRONG``
    unrest: Plane  # mean distance of the samples from the median, in levels

    @property
    def staying(self) -> Flags:
        """Pixels that are on a stroke in nearly all samples, (h, w)."""
        result: Flags = np.maximum(self.bright, self.dark) >= STAYS
        return result

    @property
    def moving(self) -> float:
        """Share of the strokes of a sample that are elsewhere in others, 0..1."""
        seen = float(self.bright.sum() + self.dark.sum())
        stay = sum(float(plane[plane >= STAYS].sum()) for plane in (self.bright, self.dark))
        return 1 - stay / seen if seen else 0.0


def strokes(frames: Samples) -> Strokes:
    """Look for strokes in samples of one shot, all of one size."""
    height, width = frames[0].shape
    reach = max(7, round(width / _REACH) | 1)
    weak = [np.zeros((height, width), np.uint8) for _ in "+-"]
    strong = np.zeros((height, width), np.uint8)
    for frame in frames:
        hats = [hat(frame, reach, bright=bright) for bright in (True, False)]
        for total, plane in zip(weak, hats, strict=True):
            _count(total, plane, WEAK)
        _count(strong, np.maximum(*hats), STRONG)
    numbers = np.unique(np.linspace(0, len(frames) - 1, _SAMPLES).round().astype(int))
    some = np.stack([frames[number] for number in numbers])
    some.sort(axis=0)
    median: Frame = some[len(some) // 2]
    unrest = sum(cv2.absdiff(each, median).astype(np.float32) for each in some) / len(some)
    bright, dark, often = ((plane / len(frames)).astype(np.float32) for plane in (*weak, strong))
    return Strokes(reach, median, bright, dark, often, np.asarray(unrest, np.float32))


def hat(frame: Frame, reach: int, *, bright: bool) -> Frame:
    """By how much each pixel stands out of its sides as a stroke, in levels, (h, w)."""
    kind = cv2.MORPH_TOPHAT if bright else cv2.MORPH_BLACKHAT
    return np.asarray(cv2.morphologyEx(frame, kind, np.ones((reach, reach), np.uint8)), np.uint8)


def _count(total: Frame, plane: Frame, least: int) -> None:
    """Add 1 to ``total`` where ``plane`` is more than ``least``."""
    _, above = cv2.threshold(plane, least, 1, cv2.THRESH_BINARY)
    cv2.add(total, above, total)
