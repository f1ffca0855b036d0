"""What in a shot tells warm from cold: each cue turns its sign, exactly, when the shot is inverted.

A cue is -1..1, positive where bright seems warm, 0 where it has nothing to go by. None reads
absolute levels: cameras set gain and offset by themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.types import Frame

_SIDE = 320  # pixels, the longer one, of the finest picture looked at
_LEVELS = 3  # 320, 160 and 80 px
_ENOUGH = 16  # frames; more of one shot say nothing new
_MARGIN = 2  # pixels at the rim, where filters see the rim itself
_QUIET = 1.0  # grey levels: differences below are noise and coding
_SPOT_SHARES = (0.0005, 0.004)  # of the pixels of all frames
_SPOT_FLOOR = 0.15  # curvature, grey levels a square pixel
_FAINT = 0.02  # curvature that never counts
_SKY_FRAMES = 5
_SMOOTHER = (0.5, 1.5)  # than what is below, in the logarithm: a road at the top is less so
_MOVER_FRAMES = 4  # in fewer the median frame is no background
_STEADY = (0.5, 0.8)  # below the first the camera moves; above the second it does not

_Plane = NDArray[np.float32]
_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Views:
    """A shot at several sizes: planes (n, h, w) around 0, and which pixels are the scene's."""

    planes: tuple[_Plane, ...]
    valid: tuple[_Mask, ...]

    @property
    def share(self) -> float:
        """How much of the frame is the scene's, in the coarsest picture."""
        return float(self.valid[-1].mean())

    @cached_property
    def spread(self) -> float:
        """From the coldest to the warmest of the scene, without the outermost hundredth."""
        levels = self.planes[1][:, self.valid[1]].ravel()
        rank = levels.size // 100  # ranks, as quantiles between them would not mirror exactly
        ordered = np.partition(levels, [rank, levels.size - 1 - rank])
        return max(float(ordered[levels.size - 1 - rank] - ordered[rank]), 4 * _QUIET)


def views(frames: Sequence[Frame], ignore: _Mask | None) -> Views:
    """Look at a shot; pixels of ``ignore`` are filled from around and not counted."""
    step = max(1, -(-len(frames) // _ENOUGH))
    height, width = frames[0].shape
    keep = np.ones((height, width), np.float32) if ignore is None else 1 - ignore.astype(np.float32)
    planes, valid = [], []
    for level in range(_LEVELS):
        scale = (_SIDE >> level) / max(height, width)
        size = (max(8, round(width * scale)), max(8, round(height * scale)))
        kept = cv2.resize(keep, size, interpolation=cv2.INTER_AREA)
        valid.append(_inner(np.asarray(kept > 0.99)))
        planes.append(np.stack([_plane(frame, keep, size) for frame in frames[::step]]))
    return Views(tuple(planes), tuple(valid))


def _plane(frame: Frame, keep: _Plane, size: tuple[int, int]) -> _Plane:
    if keep.min() == 1:
        small = cv2.resize(frame.astype(np.float32) - 127.5, size, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32)
    plane = (frame.astype(np.float32) - 127.5) * keep
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    share = cv2.resize(keep, size, interpolation=cv2.INTER_AREA)
    wide = max(size) / 16
    around = cv2.GaussianBlur(small, (0, 0), wide) / (cv2.GaussianBlur(share, (0, 0), wide) + 1e-6)
    return np.asarray(small + (1 - share) * around, np.float32)


def _inner(kept: _Mask) -> _Mask:
    inner = np.zeros_like(kept)
    inner[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = kept[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    return inner


def spots(seen: Views) -> float:
    """Small compact things: the strongest bright ones against the strongest dark ones.

    Compact is what curves down (or up) in every direction, so that edges, wires and horizons do
    not count: the smaller of the two curvatures (eigenvalues of the Hessian).
    """
    found = []
    for planes, valid in zip(seen.planes, seen.valid, strict=True):
        bent = [_curvatures(plane) for plane in planes]
        dark = np.concatenate([low[valid] for low, _ in bent])
        bright = np.concatenate([-high[valid] for _, high in bent])
        for share in _SPOT_SHARES:
            most, least = _strongest(bright, share), _strongest(dark, share)
            found.append((most - least) / (most + least + _SPOT_FLOOR))
    return float(np.mean(found))


def bumps(seen: Views) -> float:
    """Things of the size of a person at middle distance: skew of a band of sizes."""
    planes, valid = seen.planes[2], seen.valid[2]
    return skew(np.concatenate([_band(plane)[valid] for plane in planes]), _QUIET)


def detail(seen: Views) -> float:
    """Whether what has detail is brighter than what is smooth: correlation over the pixels.

    People, animals, machines and trees have more detail than the sky, water or walls behind.
    """
    planes, valid = seen.planes[1], seen.valid[1]
    return float(np.mean([_correlation(plane, valid) for plane in planes]))


def sky(seen: Views) -> float:
    """Whether a smooth region along the upper rim is darker than what lies below it.

    The median of some frames: what looks like a sky in a few of them is none.
    """
    planes, valid = seen.planes[1], seen.valid[1]
    every = max(1, len(planes) // _SKY_FRAMES)
    found = [_sky_contrast(plane, valid, seen.spread) for plane in planes[::every]]
    return float(np.median(found))


def movers(seen: Views) -> float:
    """What moves before a still background: skew of the difference from the median frame.

    Nothing where the camera moves: then this shows the scene, not what moves in it.
    """
    planes, valid = seen.planes[1], seen.valid[1]
    if len(planes) < _MOVER_FRAMES:
        return 0.0
    level = planes - np.median(planes[:, valid], axis=1)[:, None, None]
    still = np.median(level, axis=0)
    steady = _steadiness(level, still, valid)
    apart = [cv2.GaussianBlur(plane, (0, 0), 1.0)[valid] for plane in level - still]
    share = (steady - _STEADY[0]) / (_STEADY[1] - _STEADY[0])
    return skew(np.concatenate(apart), 2 * _QUIET) * min(1.0, max(0.0, share))


CUES: dict[str, Callable[[Views], float]] = {
    "movers": movers,
    "spots": spots,
    "bumps": bumps,
    "detail": detail,
    "sky": sky,
}


def measure(seen: Views) -> dict[str, float]:
    """Every cue, rounded: the last digits of sums depend on how threads share the work."""
    return {name: round(cue(seen), 6) for name, cue in CUES.items()}


def skew(values: NDArray[np.floating[Any]], quiet: float) -> float:
    """Which side of the median reaches further, -1..1: third moment over its absolute value."""
    apart = values - np.median(values)
    size = np.abs(apart)
    cubes = size * size * size
    both = float(cubes.sum(dtype=np.float64)) + cubes.size * quiet * quiet * quiet
    difference = float(np.copysign(cubes, apart).sum(dtype=np.float64))
    return float(difference / both)


def _strongest(values: _Plane, share: float) -> float:
    count = max(1, round(share * values.size))
    high = values[values > _FAINT]
    if high.size > count:
        high = np.partition(high, high.size - count)[-count:]
    return float(high.sum(dtype=np.float64)) / count


def _curvatures(plane: _Plane) -> tuple[_Plane, _Plane]:
    smooth = cv2.GaussianBlur(plane, (0, 0), 1.2)
    across = cv2.Sobel(smooth, cv2.CV_32F, 2, 0, scale=1 / 4)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 2, scale=1 / 4)
    mixed = cv2.Sobel(smooth, cv2.CV_32F, 1, 1, scale=1 / 4)
    mean = (across + down) * np.float32(0.5)
    apart = cv2.magnitude((across - down) * np.float32(0.5), mixed)
    return np.asarray(mean - apart, np.float32), np.asarray(mean + apart, np.float32)


def _band(plane: _Plane) -> _Plane:
    fine = cv2.GaussianBlur(plane, (0, 0), 1.0)
    return np.asarray(fine - cv2.GaussianBlur(fine, (0, 0), 2.0), np.float32)


def _detail(plane: _Plane) -> _Plane:
    """How much detail is around each pixel: logarithm of grey levels a pixel."""
    smooth = cv2.GaussianBlur(plane, (0, 0), 1.0)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    strength = cv2.GaussianBlur(cv2.magnitude(across, down), (0, 0), 4.0)
    return np.asarray(np.log(strength + _QUIET / 8), np.float32)


def _correlation(plane: _Plane, valid: _Mask) -> float:
    there = _detail(plane)[valid].astype(np.float64)
    level = cv2.GaussianBlur(plane, (0, 0), 3.0)[valid].astype(np.float64)
    there, level = there - there.mean(), level - level.mean()
    floor = there.size * 0.1 * _QUIET  # of 0.1 in the logarithm of detail, one level in brightness
    return float((there * level).sum() / (np.sqrt((there**2).sum() * (level**2).sum()) + floor))


def _sky_contrast(plane: _Plane, valid: _Mask, spread: float) -> float:
    rough = _detail(plane)
    low, high = np.quantile(rough[valid], [0.05, 0.95])
    if high - low < 0.7:  # no part is twice as smooth as another
        return 0.0
    scaled = np.clip((rough - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    bound, _ = cv2.threshold(scaled[valid].reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    _, parts = cv2.connectedComponents((scaled <= bound).astype(np.uint8), connectivity=4)
    rim = np.bincount(parts[_MARGIN])
    rim[0] = 0
    is_sky = parts == int(rim.argmax())
    near = cv2.dilate(is_sky.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    is_ground = (np.cumsum(is_sky, axis=0) > 0) & ~near & valid
    is_sky &= valid
    if rim.max() < 0.6 * len(parts[0]) or is_sky.mean() < 0.12 or is_ground.mean() < 0.05:
        return 0.0
    smoother = float(rough[is_ground].mean() - rough[is_sky].mean())
    contrast = float(plane[is_ground].mean() - plane[is_sky].mean()) / spread
    return contrast * float(np.clip((smoother - _SMOOTHER[0]) / np.ptp(_SMOOTHER), 0, 1))


def _steadiness(level: _Plane, still: _Plane, valid: _Mask) -> float:
    """How well the edges of each frame lie where the median frame has them, about 0..1."""
    kept = _edges(still)
    alike, whole = 0.0, 0.0
    for plane in level:
        edges = _edges(plane)
        size = np.hypot(*edges)[valid]
        other = np.hypot(*kept)[valid]
        product = (edges[0] * kept[0] + edges[1] * kept[1])[valid]
        weight = np.minimum(size, np.quantile(size, 0.9)) / (size + 1e-6)
        alike += float((weight * product / (other + _QUIET / 8)).sum(dtype=np.float64))
        whole += float((weight * size).sum(dtype=np.float64))
    return alike / (whole + 1e-9)


def _edges(plane: _Plane) -> tuple[_Plane, _Plane]:
    smooth = cv2.GaussianBlur(plane, (0, 0), 1.5)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(across, np.float32), np.asarray(down, np.float32)
