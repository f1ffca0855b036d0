"""False colours back to the intensity that they stand for: the position on their palette.

Each pixel goes to the palette's nearest colour. Luma counts more than chroma, because video keeps
all of it, and a quarter of the chroma (4:2:0). Where a palette passes the same luma more than once,
blurred chroma can put a pixel on the wrong stretch of it: a pixel that stands out from its
neighbours goes to where they are if its luma is there too and its colour does not speak against it.
"""

from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.decode.base import Colours
from tirdata.frames.palettes import Table
from tirdata.types import Frame

_Ints: TypeAlias = NDArray[np.int32]

_LUMA_WEIGHT = 3  # of the squared distance in luma, to that in each of red and blue chroma
_BITS = 6  # of each chroma in the look-up table; luma has all eight
_CELL = 1 << (8 - _BITS)
_NEAR = 20  # positions from the median of the neighbours within which nothing is doubted
_FAR = 40  # and beyond which all are equally far
_PULL = 20.0  # squared levels that a position's distance to the neighbours costs, a return of luma
_DOUBTED_CHROMA = 0.3  # what chroma counts where the pixel stands out; less if luma returns often
_ROUNDS = 2
_CLEAR = 0.1  # palettes on which luma returns less than this need no neighbours


class Inverter:
    """Inverts frames that were coloured by one palette."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._nearest, self._beside = _look_ups(table.tobytes())
        self._codes = _codes(table)
        self._returns = _returns(self._codes)

    def intensity(self, colours: Colours) -> Frame:
        """The position of each pixel on the palette, 0..255; (h, w, 3) to (h, w)."""
        codes = np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2YCrCb), np.uint8)
        luma, red, blue = (np.asarray(plane, np.uint8) for plane in cv2.split(codes))
        cell = luma.astype(np.int32)
        for chroma in (red, blue):
            cell <<= _BITS
            cell |= chroma >> (8 - _BITS)
        found: Frame = self._nearest.take(cell)
        for _ in range(_ROUNDS if self._returns > _CLEAR else 0):
            found = self._with_neighbours(found, codes.reshape(-1, 3))
        return found

    def residual(self, colours: Colours, intensity: Frame | None = None) -> Frame:
        """How far each pixel's colour is from the palette: the root mean square of R, G, B."""
        found = self.intensity(colours) if intensity is None else intensity
        apart = colours.astype(np.float32) - self._table[found]
        return np.asarray(np.round(np.sqrt((apart**2).mean(axis=2))), np.uint8)

    def _with_neighbours(self, found: Frame, codes: Colours) -> Frame:
        around = np.asarray(cv2.medianBlur(found, 5), np.uint8)
        doubted = np.flatnonzero(cv2.absdiff(found, around) > _NEAR)
        if len(doubted) == 0:
            return found
        seen = codes[doubted].astype(np.int32)
        old, near = found.ravel()[doubted], around.ravel()[doubted]
        new = self._beside[seen[:, 0], near]
        better = self._cost(seen, new, near) < self._cost(seen, old, near)
        changed = found.copy()
        changed.ravel()[doubted[better]] = new[better]
        return changed

    def _cost(self, seen: _Ints, position: Frame, near: Frame) -> NDArray[np.float32]:
        apart = (seen - self._codes[position]) ** 2
        away = np.abs(position.astype(np.int32) - near)
        chroma = _DOUBTED_CHROMA / self._returns * (apart[:, 1] + apart[:, 2])
        pull = _PULL * self._returns * np.clip(away - _NEAR, 0, _FAR)
        return np.asarray(_LUMA_WEIGHT * apart[:, 0] + chroma + pull, np.float32)


def _codes(table: Table) -> _Ints:
    """Luma, red and blue chroma of a palette, (256, 3)."""
    codes: _Ints = np.asarray(cv2.cvtColor(table[None], cv2.COLOR_RGB2YCrCb), np.int32)[0]
    return codes


def _returns(codes: NDArray[Any]) -> float:
    """How often luma comes back to where it was along the palette; 0 = it only rises."""
    luma = codes[:, 0].astype(np.float64)
    return float(np.abs(np.diff(luma)).sum() / max(np.ptp(luma), 1.0)) - 1


@lru_cache(maxsize=8)
def _look_ups(table: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Nearest position by luma and chroma cell, flat; and by luma beside a position, (256, 256)."""
    codes = _codes(np.frombuffer(table, np.uint8).reshape(256, 3)).astype(np.float32)
    middles = np.arange(0, 256, _CELL, dtype=np.float32) + (_CELL - 1) / 2
    red = (middles[:, None] - codes[:, 1]) ** 2
    blue = (middles[:, None] - codes[:, 2]) ** 2
    chroma = (red[:, None] + blue[None]).reshape(-1, 256)
    levels = np.arange(256, dtype=np.float32)
    luma = _LUMA_WEIGHT * (levels[:, None] - codes[:, 0]) ** 2
    nearest = np.stack([np.argmin(chroma + row, axis=1) for row in luma]).astype(np.uint8)
    away = np.clip(np.abs(levels[:, None] - levels) - _NEAR, 0, _FAR)
    pull = _PULL * _returns(codes) * away
    beside = np.stack([np.argmin(row + pull, axis=1) for row in luma]).astype(np.uint8)
    return nearest.ravel(), beside
