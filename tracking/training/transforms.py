"""What happens to a stored crop before the network sees it: numpy functions, 8-bit grey levels.

Every change is in the white-hot grey levels of the mix, after tone mapping.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.types import Frame
from tracking.training.config import Augment


class Warp(NamedTuple):
    """Where the object goes: pixels right and down of the centre, and its growth."""

    dx: float = 0.0
    dy: float = 0.0
    scale: float = 1.0


def draw_warp(rng: np.random.Generator, augment: Augment) -> Warp:
    """A random shift and scale within the bounds of ``augment``."""
    dx, dy = rng.uniform(-augment.shift, augment.shift, 2)
    bound = np.log1p(augment.scale)
    return Warp(float(dx), float(dy), float(np.exp(rng.uniform(-bound, bound))))


def warp(stored: Frame, size: int, how: Warp) -> Frame:
    """The (size, size) crop of a larger stored one with the object moved and scaled by ``how``."""
    if how == Warp():
        margin = (stored.shape[0] - size) // 2
        return np.ascontiguousarray(stored[margin : margin + size, margin : margin + size])
    # Pixel centres: the stored centre maps to the output centre plus the shift.
    centre_in, centre_out = (stored.shape[0] - 1) / 2, (size - 1) / 2
    matrix = np.array(
        [
            [how.scale, 0, centre_out + how.dx - how.scale * centre_in],
            [0, how.scale, centre_out + how.dy - how.scale * centre_in],
        ]
    )
    return np.asarray(
        cv2.warpAffine(stored, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def corner(crop: Frame, quadrant: int) -> Frame:
    """One of the four quarters (0..3: left/right of the top, then the bottom), enlarged.

    127 px of 255: background, and at most a corner of the object.
    """
    size = crop.shape[0]
    half = size // 2
    x = 0 if quadrant % 2 == 0 else size - half
    y = 0 if quadrant < 2 else size - half
    part = crop[y : y + half, x : x + half]
    return np.asarray(cv2.resize(part, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)


def photometric(crop: Frame, rng: np.random.Generator, augment: Augment) -> Frame:
    """Contrast, brightness, blur and noise within the bounds of ``augment``."""
    values: NDArray[np.float32] = crop.astype(np.float32)
    if augment.contrast:
        gain = rng.uniform(1 - augment.contrast, 1 + augment.contrast)
        mean = values.mean()
        values = (values - mean) * gain + mean + rng.uniform(-64, 64) * augment.contrast
    if augment.blur and rng.random() < augment.blur:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), rng.uniform(0.5, 2.0)), np.float32)
    if augment.noise:
        level = rng.uniform(0, augment.noise)
        values = values + rng.normal(0, level, values.shape).astype(np.float32)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
