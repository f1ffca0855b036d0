"""False colours back to the intensity that they stand for: the position on their palette.

Each pixel goes to the palette's nearest colour. Luma counts more than chroma, because video keeps
all of it, and a quarter of the chroma (4:2:0). Where a palette passes the same luma more than once,
blurred chroma can put a pixel on the wrong stretch of it. So for a pixel that stands out from its
neighbours all positions of its luma are weighed: by how well its chroma is a mixture of theirs with
that of either side of the edge it lies on, and by how far they are from the level around.
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
_Floats: TypeAlias = NDArray[np.float32]

_LUMA_WEIGHT = 3  # of the squared distance in luma, to that in each of red and blue chroma
_BITS = 6  # of each chroma in the look-up table; luma has all eight
_CELL = 1 << (8 - _BITS)
_NEAR = 20  # positions from the median of the neighbours within which nothing is doubted
_OWN = 0.65  # share of a pixel's chroma that is its own at least; the rest is its neighbours'
_CHROMA_WEIGHT = 0.3  # of that mixture; less if luma returns often
_PULL = 2.0  # squared levels that each position from the level around costs, a return of luma
_FAR = 80  # beyond which all positions are equally far
_AROUND = 1.0  # pixels, the sigma of the level around
_SIDES = np.ones((5, 5), np.uint8)  # in which the two sides of an edge are looked for
_APART = 5  # positions between which luma returns at least, to be weighed as two
_ROUNDS = 2
_CLEAR = 0.1  # palettes on which luma returns less than this need no neighbours


class Inverter:
    """Inverts frames that were coloured by one palette."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._nearest, self._passes = _look_ups(table.tobytes())
        self._codes = _codes(table).astype(np.float32)
        self._returns = _returns(self._codes)
        self._entries = np.moveaxis(self._codes[self._passes], 2, 0).copy()  # (3, 256, k)

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
        median = np.asarray(cv2.medianBlur(found, 5), np.uint8)
        doubted = np.flatnonzero(cv2.absdiff(found, median) > _NEAR)
        if len(doubted) == 0:
            return found
        plain = np.asarray(cv2.medianBlur(found, 3), np.uint8)
        around = cv2.GaussianBlur(plain, (0, 0), _AROUND).ravel()[doubted]
        lower, upper = cv2.erode(plain, _SIDES), cv2.dilate(plain, _SIDES)
        sides = [np.asarray(each, np.uint8).ravel()[doubted] for each in (lower, upper)]
        seen = codes[doubted]
        positions = self._passes[seen[:, 0]]
        away = np.minimum(np.abs(positions - around[:, None].astype(np.float32)), _FAR)
        cost = self._mismatch(seen, sides) + _PULL * self._returns * away
        changed = found.copy()
        changed.ravel()[doubted] = positions[np.arange(len(doubted)), cost.argmin(axis=1)]
        return changed

    def _mismatch(self, seen: Colours, sides: list[Frame]) -> _Floats:
        """Of n codes with each position of their luma, (n, k); with the levels on either side."""
        luma, red, blue = (entries[seen[:, 0]] for entries in self._entries)
        values = seen.astype(np.float32)[..., None]
        chroma = np.minimum(
            *(_unmixed(values[:, 1:], red, blue, self._codes[side, 1:, None]) for side in sides)
        )
        weight = _CHROMA_WEIGHT / self._returns
        return np.asarray(_LUMA_WEIGHT * (luma - values[:, 0]) ** 2 + weight * chroma, np.float32)


def _unmixed(seen: _Floats, red: _Floats, blue: _Floats, other: _Floats) -> _Floats:
    """Squared distance of chroma (n, 2, 1) from the best mixture of each of (n, k) and another."""
    red, blue = red - other[:, 0], blue - other[:, 1]
    seen_red, seen_blue = seen[:, 0] - other[:, 0], seen[:, 1] - other[:, 1]
    length = red * red + blue * blue
    along = red * seen_red + blue * seen_blue
    share = np.clip(along / (length + 1e-3), _OWN, 1)
    return np.asarray(seen_red**2 + seen_blue**2 + share * (share * length - 2 * along), np.float32)


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
    """Nearest position by luma and chroma cell, flat; and all those of a luma, (256, k)."""
    codes = _codes(np.frombuffer(table, np.uint8).reshape(256, 3)).astype(np.float32)
    middles = np.arange(0, 256, _CELL, dtype=np.float32) + (_CELL - 1) / 2
    red = (middles[:, None] - codes[:, 1]) ** 2
    blue = (middles[:, None] - codes[:, 2]) ** 2
    chroma = (red[:, None] + blue[None]).reshape(-1, 256)
    levels = np.arange(256, dtype=np.float32)
    luma = _LUMA_WEIGHT * (levels[:, None] - codes[:, 0]) ** 2
    nearest = np.stack([np.argmin(chroma + row, axis=1) for row in luma]).astype(np.uint8)
    return nearest.ravel(), _passes(codes[:, 0])


def _passes(luma: _Floats) -> NDArray[np.uint8]:
    """Where a palette comes nearest to each luma, (256, k); some more than once to fill k."""
    apart = np.abs(np.arange(256, dtype=np.float32)[:, None] - luma)
    around = np.ones((1, 2 * _APART + 1), np.uint8)
    lowest = apart == np.asarray(cv2.erode(apart, around))
    first = lowest & ~np.pad(lowest, ((0, 0), (1, 0)))[:, :-1]  # of equal ones side by side
    most = int(first.sum(axis=1).max())
    places = np.argsort(~first, axis=1, kind="stable")[:, :most]
    known = np.take_along_axis(first, places, axis=1)
    return np.where(known, places, places[:, :1]).astype(np.uint8)
