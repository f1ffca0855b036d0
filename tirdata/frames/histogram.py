"""The counts of a shot as a running histogram, in constant memory, with dead pixels left out."""

from math import isqrt

import cv2
import numpy as np

from tirdata.decode.base import Counts, Pixels
from tirdata.types import Floats

VALUES = 65536

_ENOUGH = 20_000  # pixels of a frame; more tell nothing more of its percentiles


class CountHistogram:
    """How often each count occurs in the frames of a shot."""

    def __init__(self) -> None:
        self.frames = 0
        self._bins = np.zeros(VALUES, np.int64)

    def add(self, counts: Pixels) -> None:
        """Take in a frame, (h, w) of at most 16 bits."""
        self._bins += np.bincount(sample(counts, self.frames).ravel(), minlength=VALUES)
        self.frames += 1

    @property
    def bins(self) -> Floats:
        """Share of the pixels that have each count, (65536,); all 0 before the first frame."""
        shares: Floats = self._bins / max(1, int(self._bins.sum()))
        return shares

    def quantiles(self, *shares: float) -> tuple[float, ...]:
        """The counts below which these shares of the pixels lie, from a first frame on."""
        below = np.cumsum(self._bins)
        return tuple(float(np.searchsorted(below, share * below[-1])) for share in shares)


def sample(counts: Pixels, frame: int) -> Counts:
    """Some pixels of a frame, a lattice that lies elsewhere in each of 16 frames in a row.

    What is at most one pixel wide is left out by a median of 3x3: dead pixels, dead columns.
    """
    step = max(1, isqrt(counts.size // _ENOUGH))
    down, across = (frame // 4) % step, frame % step
    calm = np.asarray(cv2.medianBlur(counts, 3), np.uint16)
    return calm[down::step, across::step]
