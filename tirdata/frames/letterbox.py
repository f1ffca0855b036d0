"""Constant bars round the picture, which cameras and editors add to fill a frame."""

import numpy as np
from numpy.typing import NDArray

from tirdata.frames.strokes import Samples
from tirdata.types import Flags, Frame

FEWEST = 4  # samples that are needed to tell a bar from a dark part of one scene
_DARK = 24  # level that bars are below: black, of either range, and the noise of coding
_NOISE = 6.0  # levels that a pixel of a bar may be off the bar's
_BARE = 0.75  # share of a row of a bar without anything on it
_THIN = 0.012  # of the frame's side: a narrower bar is an edge effect
_THICK = 0.4  # of the frame's side
_STEP = 8.0  # levels by which the picture beside it stands out, somewhere in the shot
_SEAM = 0.25  # share of the seam where it does

Rows = NDArray[np.float64]


def find_letterbox(frames: Samples) -> tuple[int, int, int, int] | None:
    """What is inside the bars, x, y, w, h; none if there are none, or too few samples to know.

    A bar is as black in all samples, evenly so, and ends along a straight line where the picture
    begins at once; a dark sky is noisy, changes or fades into the picture. A clock or logo may
    stand on it.
    """
    if len(frames) < FEWEST:
        return None
    stack = np.stack(list(frames))
    low, high = stack.min(axis=0), stack.max(axis=0)
    height, width = low.shape
    upper, lower = _bars(stack, low, high)
    turned = np.ascontiguousarray(stack[:, upper : height - lower].transpose(0, 2, 1))
    left, right = _bars(turned, turned.min(axis=0), turned.max(axis=0))
    if not upper + lower + left + right:
        return None
    return left, upper, width - left - right, height - upper - lower


def _bars(stack: NDArray[np.uint8], low: Frame, high: Frame) -> tuple[int, int]:
    """Heights of the bars above and below."""
    flat: Flags = _flat(low, high)
    first = _bar(flat, stack)
    last = _bar(flat[::-1], stack[:, ::-1])
    return first, last


def _flat(low: Frame, high: Frame) -> Flags:
    """Rows that are as black as a bar in all samples, but for what stands on it."""
    black = (high <= _DARK) & (high.astype(np.int16) - low <= 2 * _NOISE)
    result: Flags = black.mean(axis=1) >= _BARE
    return result


def _bar(flat: Flags, stack: NDArray[np.uint8]) -> int:
    """Height of the bar at the upper side; 0 = there is none."""
    if flat.all() or not flat[0]:
        return 0
    height = int(np.argmin(flat))
    size = len(flat)
    if not _THIN * size <= height <= _THICK * size:
        return 0
    return height if _ends_at_once(stack, height) and _is_even(stack, height) else 0


def _is_even(stack: NDArray[np.uint8], height: int) -> bool:
    """The bar has one level, from its outer side to the picture."""
    rows = np.median(stack[:, :height], axis=(0, 2))
    inner = rows[: max(1, height - 2)]  # coding blurs the seam
    spread = np.median(stack[:, : max(1, height - 2)].std(axis=2))
    return bool(np.ptp(inner) <= 2 and spread <= _NOISE / 2)


def _ends_at_once(stack: NDArray[np.uint8], height: int) -> bool:
    """The picture below stands out of the bar within two rows, along much of the seam."""
    bar = stack[:, max(0, height - 3)].astype(np.int16)
    picture = stack[:, min(height + 1, stack.shape[1] - 1)].astype(np.int16)
    step = (picture - bar).max(axis=0)
    return bool((step > _STEP).mean() >= _SEAM)
