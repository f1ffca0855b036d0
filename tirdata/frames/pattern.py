"""Fixed-pattern noise of a sensor: what stays at its pixel while the scene goes by.

Two things tell it from a scene that does not move. Stripes are the same at the top and at the
bottom of the picture. The pixels' own offsets know nothing of their neighbours: their spectrum is
white up to the finest detail, while a scene, seen through a lens, has many times more energy in
coarser detail than in the finest. Everything is measured as covariance of the first and the second
half of the samples, in which noise that comes and goes averages out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.types import Flags, Floats

Plane: TypeAlias = NDArray[np.float32]  # (h, w)
Stack: TypeAlias = NDArray[np.float32]  # (n, h, w)

BLOCK = 32  # pixels; the picture is judged block by block

_ACROSS = 10.0  # pixels; columns are compared with their neighbours up to about this far
_DOWN = 4.0  # rows less far: horizons and clouds lie along them
_BANDS = 8  # of a stripe, that must agree
_COHERENT = 0.3  # share of the bands' energy that they have in common; clean recordings: < 0.2
_STRIPES_WHITE = 4.0  # coarse over fine energy along their profile; scenes: 5 and more
_ODD = 4.0  # times the usual offset; such stripes count only where they stand alone
_FINE, _COARSE = 0.8, 2.0  # pixels; fine detail is below the first, coarse between the two
_AROUND = 3.0  # pixels; a pixel's offset is from its surroundings of this radius
_WHITE = 1.6  # coarse over fine energy: 1 for white noise; scenes that stand still: 7 and more
_ALL_OVER = 0.8  # share of the picture
_REDDEST = 8.0  # the most that noise has after a lossy codec
_PASSING = 3.0  # coarse energy that stays over that which changes: less = the scene went by
_FLOOR = 0.5  # levels; less is lost when the repaired frame is rounded
_AUDIBLE = 0.5  # times the noise that comes and goes; weaker patterns are drowned by it
_NEAR = 7  # pixels; over which the disagreement of the halves is taken
_MARGIN = 5  # pixels; the filter's echo of what is left out
_ALIKE = 3.0  # energy of a block over that of the blocks in which the pattern is sure


@dataclass(frozen=True, eq=False)
class Pattern:
    """A fixed pattern, in the frames' own unit."""

    offsets: Plane  # what the sensor adds to each pixel
    columns: float  # strength of each part, root mean square; 0 = not found
    rows: float
    pixels: float
    judged: float  # share of the picture in which a pattern could be told from the scene


class _Blocks(NamedTuple):
    """Mean energies, a value a block, all 1 for white noise of variance 1."""

    fine: Floats  # of what stays
    coarse: Floats
    passing: Floats  # coarse, of the scene that comes and goes, less its noise


def find_pattern(frames: Stack, ignore: Flags) -> Pattern:
    """The pattern of a sensor from frames spread over a shot, at least 8.

    Args:
        frames: (n, h, w), dead pixels taken out.
        ignore: (h, w), True where overlays are.
    """
    changing = _changing(frames)
    noise = float(np.sqrt(max(np.median(changing[0]), 0.0)))
    columns = _stripes(frames, noise, _ACROSS)
    rows = _stripes(frames.transpose(0, 2, 1), noise, _DOWN)
    stripes = columns[None, :] + rows[:, None]
    details = np.stack([(rest := frame - stripes) - _blur(rest, _AROUND) for frame in frames])
    middle = len(details) // 2
    halves = (temporal_median(details[:middle]), temporal_median(details[middle:]))
    blocks = _measure(halves, changing, ignore)
    own, judged = _pixels(halves, blocks, max(_FLOOR, _AUDIBLE * noise))
    offsets = np.where(ignore, 0, stripes + own).astype(np.float32)
    return Pattern(offsets, _strength(columns), _strength(rows), _strength(own), judged)


def _strength(offsets: Plane) -> float:
    return float(np.sqrt(np.mean(offsets**2)))


def temporal_median(stack: Stack) -> Plane:
    """The median of each pixel over the frames."""
    ordered = np.sort(stack, axis=0)
    count = len(stack)
    middle: Plane = (ordered[(count - 1) // 2] + ordered[count // 2]) / np.float32(2)
    return middle


def _blur(plane: Plane, radius: float) -> Plane:
    return _blurred(plane, radius, radius)


def _blur_along(plane: Plane, radius: float) -> Plane:
    return _blurred(plane, radius, 1e-3)  # OpenCV takes 0 for "the same as the other"


def _blurred(plane: Plane, across: float, down: float) -> Plane:
    return np.asarray(
        cv2.GaussianBlur(plane, (0, 0), across, sigmaY=down, borderType=cv2.BORDER_REFLECT),
        np.float32,
    )


def _stripes(frames: Stack, noise: float, reach: float) -> Plane:
    """Offsets of the columns, (w,), all 0 if there are no stripes."""
    none = np.zeros(frames.shape[2], np.float32)
    if min(frames.shape[1:]) < 2 * BLOCK:
        return none
    profiles = [each - _blur_along(each, reach) for each in _profiles(frames)]
    fine = _agreement(*(each - _blur_along(each, 1.0) for each in profiles))
    coarse = _agreement(*(_blur_along(each, 1.0) - _blur_along(each, 3.0) for each in profiles))
    fine_gain, coarse_gain = _stripe_gains()
    shared, whole = (float(np.median(_by_group(each))) for each in fine)
    if shared <= 0 or shared < _COHERENT * whole:
        return none
    if np.sqrt(shared / fine_gain) < max(_FLOOR, _AUDIBLE * noise / 2):  # the eye joins lines
        return none
    ratio = (_by_group(coarse[0]) / coarse_gain) / np.maximum(_by_group(fine[0]) / fine_gain, 1e-6)
    if float(np.median(ratio)) > _STRIPES_WHITE:
        return none
    return _settled(np.asarray((profiles[0] + profiles[1]) / 2, np.float32))


def _profiles(frames: Stack) -> tuple[Plane, Plane]:
    """The columns' offsets in each half of the frames, up to what is smooth, (_BANDS, w) each.

    Summed up from steps between neighbours: most of a scene has none, and its edges are cut off.
    """
    rough = _banded_all(frames[:: max(1, len(frames) // 8)], np.zeros(frames.shape[2] - 1))
    bands = _banded_all(frames, rough.mean(axis=(0, 1)))  # now cut off around the columns' own
    middle = len(bands) // 2
    halves = (bands[:middle].mean(axis=0), bands[middle:].mean(axis=0))
    first, second = (np.cumsum(half, axis=1, dtype=np.float64) for half in halves)
    start = ((0, 0), (1, 0))
    return np.pad(first, start).astype(np.float32), np.pad(second, start).astype(np.float32)


def _banded_all(frames: Stack, steps: Floats) -> Stack:
    """For each frame and band of rows, the mean of what is near ``steps``, (n, _BANDS, w - 1)."""
    some = np.diff(frames[:: max(1, len(frames) // 4), ::4], axis=2) - steps
    limit = 3 * 1.4826 * float(np.median(np.abs(some))) + 0.5
    low, high = ((steps + side).astype(np.float32) for side in (-limit, limit))
    return np.stack([_banded(frame, low, high) for frame in frames])


def _banded(frame: Plane, low: Plane, high: Plane) -> Plane:
    kept = np.diff(frame, axis=1)
    np.clip(kept, low, high, out=kept)
    starts = np.arange(_BANDS) * len(kept) // _BANDS
    sizes = np.diff(starts, append=len(kept)).astype(np.float32)
    return np.asarray(np.add.reduceat(kept, starts, axis=0) / sizes[:, None], np.float32)


def _settled(bands: Plane) -> Plane:
    """One offset a column: the bands that agree, so that a pole or an edge has no say."""
    middle = np.median(bands, axis=0)
    reach = 2.0 * np.median(np.abs(bands - middle)) + 0.25
    mean: Plane = np.clip(bands, middle - reach, middle + reach).mean(axis=0)
    usual = 1.4826 * float(np.median(np.abs(mean)))
    odd = np.abs(mean) > _ODD * usual  # a horizon, the edge of a black bar
    beside = np.convolve(odd, [1, 0, 1], mode="same") > 0
    beside[[0, 1, -2, -1]] = True
    return np.where(odd & beside, 0, mean).astype(np.float32)


def _agreement(first: Plane, second: Plane) -> tuple[Floats, Floats]:
    """For each column: covariance of different bands in different halves, and their variance."""
    count = len(first)
    own = (first * second).sum(axis=0)
    shared = (first.sum(axis=0) * second.sum(axis=0) - own) / (count * (count - 1))
    whole = (first**2 + second**2).mean(axis=0) / 2
    return shared.astype(np.float64), whole.astype(np.float64)


def _by_group(values: Floats, width: int = 16) -> Floats:
    whole = len(values) // width * width
    means: Floats = values[:whole].reshape(-1, width).mean(axis=1)
    return means


def _measure(
    halves: tuple[Plane, Plane], changing: tuple[Floats, Floats], ignore: Flags
) -> _Blocks:
    """Energies of the blocks that have no overlay in them."""
    fine_gain, coarse_gain = _pixel_gains()
    smooth = [_blur(half, _FINE) for half in halves]
    fine = [_without_outliers(half - soft) for half, soft in zip(halves, smooth, strict=True)]
    coarse = [soft - _blur(half, _COARSE) for half, soft in zip(halves, smooth, strict=True)]
    clear = by_block(ignore.astype(np.float32)) == 0
    return _Blocks(
        np.where(clear, by_block(fine[0] * fine[1]) / fine_gain, np.nan),
        np.where(clear, by_block(coarse[0] * coarse[1]) / coarse_gain, np.nan),
        np.maximum(changing[1] - 2 * changing[0], 0),
    )


def _changing(frames: Stack) -> tuple[Floats, Floats]:
    """Variance in time of the fine and of the coarse detail of each block."""
    fine_gain, coarse_gain = _pixel_gains()
    some = frames[:: max(1, len(frames) // 8)]
    smooth = np.stack([_blur(frame, _FINE) for frame in some])
    coarse = smooth - np.stack([_blur(frame, _COARSE) for frame in some])
    return (
        by_block((some - smooth).var(axis=0, ddof=1)) / fine_gain,
        by_block(coarse.var(axis=0, ddof=1)) / coarse_gain,
    )


def _pixels(halves: tuple[Plane, Plane], blocks: _Blocks, least: float) -> tuple[Plane, float]:
    """Each pixel's own offset, all 0 if there is no pattern; and the share that was judged."""
    nothing = np.zeros_like(halves[0])
    known = ~np.isnan(blocks.fine)
    if not known.any():
        return nothing, 0.0
    strong = blocks.fine > (least / 2) ** 2
    white = blocks.coarse < _WHITE * blocks.fine
    gone_by = blocks.coarse < _PASSING * blocks.passing
    if (moved := float(gone_by[known].mean())) >= 0.5:
        sure = strong & (white | (gone_by & (blocks.coarse < _REDDEST * blocks.fine)))
        enough, judged = 0.5, moved
    else:  # no scene is white all over; a part of one may be: gravel, leaves
        sure, enough = strong & white, _ALL_OVER
        judged = float(sure[known].mean() >= enough)
    if sure[known].mean() < enough or np.median(blocks.fine[known]) < least**2:
        return nothing, judged
    own = (halves[0] + halves[1]) / 2
    trust = _trust(blocks, sure, own.shape)
    usual = 1.4826 * float(np.median(np.abs(own[trust > 0.5])))
    trust *= ~_shapes(np.abs(own) > _ODD * usual)
    # What the halves do not agree on is scene that was slow to go by: Wiener's weight.
    doubt = cv2.blur((halves[0] - halves[1]) ** 2 / 4, (_NEAR, _NEAR))
    return (own * trust * usual**2 / (usual**2 + doubt)).astype(np.float32), judged


def _trust(blocks: _Blocks, sure: Flags, shape: tuple[int, ...]) -> Plane:
    """0..1, (h, w): a sensor's noise is alike everywhere, what stands out is scene or overlay."""
    alike = known = ~np.isnan(blocks.fine)
    for energy in (blocks.fine, blocks.coarse):
        alike = alike & (np.where(known, energy, np.inf) < _ALIKE * np.median(energy[sure]))
    size = (shape[1], shape[0])
    trust = cv2.resize(alike.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(trust, np.float32)


def _shapes(odd: Flags) -> Flags:
    """Where pixels that are far off lie together, as those of a thing or of text do."""
    together = cv2.blur(odd.astype(np.float32), (3, 3), borderType=cv2.BORDER_REFLECT) > 2.5 / 9
    core = (odd & together).astype(np.uint8)
    return np.asarray(cv2.dilate(core, np.ones((_MARGIN, _MARGIN), np.uint8)) > 0)


def by_block(plane: Plane) -> Floats:
    """Means over blocks; the last block of a row or column is smaller, if any."""
    height, width = plane.shape
    down, across = (max(1, round(side / BLOCK)) for side in (height, width))
    rows = np.arange(down) * height // down
    columns = np.arange(across) * width // across
    sums = np.add.reduceat(np.add.reduceat(plane, rows, axis=0, dtype=np.float64), columns, axis=1)
    sizes = np.diff(rows, append=height)[:, None] * np.diff(columns, append=width)[None, :]
    means: Floats = sums / sizes
    return means


def _without_outliers(detail: Plane) -> Plane:
    limit = 5 * 1.4826 * float(np.median(np.abs(detail))) + 0.5
    return np.clip(detail, -limit, limit)


@cache
def _pixel_gains() -> tuple[float, float]:
    """What the fine and the coarse filter leave of the variance of white noise."""
    return _gains(np.zeros((65, 65), np.float32), _blur, (_FINE, _COARSE))


@cache
def _stripe_gains() -> tuple[float, float]:
    return _gains(np.zeros((1, 129), np.float32), _blur_along, (1.0, 3.0))


def _gains(
    point: Plane, blur: Callable[[Plane, float], Plane], radii: tuple[float, float]
) -> tuple[float, float]:
    point[point.shape[0] // 2, point.shape[1] // 2] = 1
    fine, coarse = (blur(point, radius) for radius in radii)
    return float(((point - fine) ** 2).sum()), float(((fine - coarse) ** 2).sum())
