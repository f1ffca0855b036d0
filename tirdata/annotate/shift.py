"""The background's shift between two frames: what a moving camera does to all that stands still."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.types import Frame

SIDE = 256  # pixels that the longer side is brought to; the shift is exact to a fraction of them
LEAST_RESPONSE = 0.05  # of the phase correlation; below, nothing is known of a shift
LEAST_SIDE = 16


def shift(onto: Frame, other: Frame) -> tuple[float, float]:
    """How far (right, down) the background of ``other`` has to go to lie on ``onto``, in pixels."""
    scale = min(1.0, SIDE / max(onto.shape))
    if scale * min(onto.shape) < LEAST_SIDE:
        return 0.0, 0.0
    small, target = (
        _details(
            np.asarray(cv2.resize(each, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
        )
        for each in (other, onto)
    )
    height, width = small.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (right, down), response = cv2.phaseCorrelate(small, target, window)
    if response < LEAST_RESPONSE:
        return 0.0, 0.0
    return right / scale, down / scale


def _details(small: NDArray[Any]) -> NDArray[np.float32]:
    """What differs from its surroundings, cut so that a bright object counts by its area alone."""
    values = small.astype(np.float32)
    details = values - cv2.GaussianBlur(values, (0, 0), 4)
    limit = 2 * float(np.median(np.abs(details))) + 1
    return np.asarray(np.clip(details, -limit, limit), np.float32)


def laid_onto(onto: Frame, other: Frame) -> Frame:
    """``other`` moved so that its background lies on that of ``onto``; edges are repeated."""
    right, down = shift(onto, other)
    if max(abs(right), abs(down)) < 0.1:
        return other
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    moved = cv2.warpAffine(
        other, matrix, onto.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.uint8)
