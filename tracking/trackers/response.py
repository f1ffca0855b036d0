"""Reading a response map: where its peak is and how far it can be believed. Pure functions.

A map is (r, r), one value a cell; positions are (dx, dy) in cells right and down of its centre.
"""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

UPSAMPLING = 8
ROUNDING = 1e-5  # of the highest value (a tenth at least: targets answer 0..1) is no difference

Map = NDArray[np.float32]


def upsample(responses: Tensor, times: int = UPSAMPLING) -> Tensor:
    """(b, r, r) -> (b, r * times, r * times), bicubic with a = -0.5 as MATLAB's."""
    size = responses.shape[-1] * times
    return torch.nn.functional.interpolate(
        responses[:, None], (size, size), mode="bicubic", antialias=True
    )[:, 0]


def cosine_window(size: int) -> Map:
    """Hann window with zeros at both ends and sum 1, (size, size)."""
    window = np.hanning(size)
    outer = np.outer(window, window)
    result: Map = (outer / outer.sum()).astype(np.float32)
    return result


def middle_part(window: Map, size: int) -> Map:
    """The middle (size, size) of a window, with sum 1 again."""
    margin = (window.shape[0] - size) // 2
    part = window[margin : margin + size, margin : margin + size]
    result: Map = (part / part.sum()).astype(np.float32)
    return result


def windowed(response: Map, window: Map, influence: float) -> Map:
    """The map from 0, with sum 1, blended with the window: (1 - influence) and influence."""
    shifted = response - response.min()
    total = shifted.sum()
    # A constant map, but for rounding in the transforms, says nothing: only the window is left.
    if not shifted.max() > ROUNDING * max(float(np.abs(response).max()), 0.1):
        return window
    result: Map = (1 - influence) * shifted / total + influence * window
    return result


def peak(values: Map) -> tuple[float, float]:
    """Position of the highest value, refined below a cell by a parabola through its neighbours."""
    row, column = np.unravel_index(int(np.argmax(values)), values.shape)
    middle = (values.shape[0] - 1) / 2
    dx = _vertex(values[row], int(column))
    dy = _vertex(values[:, column], int(row))
    return float(column) + dx - middle, float(row) + dy - middle


def _vertex(line: Map, at: int) -> float:
    if not 0 < at < len(line) - 1:
        return 0.0
    left, middle, right = (float(value) for value in line[at - 1 : at + 2])
    curvature = left - 2 * middle + right
    return 0.0 if curvature >= 0 else float(np.clip(0.5 * (left - right) / curvature, -0.5, 0.5))


def peak_to_sidelobe(response: Map, radius: int = 4) -> float:
    """(peak - mean) / deviation of the cells farther than ``radius`` from the peak (MOSSE)."""
    row, column = np.unravel_index(int(np.argmax(response)), response.shape)
    side = np.ones(response.shape, bool)
    side[max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1] = 0
    rest = response[side]
    return float((response.max() - rest.mean()) / (rest.std() + 1e-6))


def apce(response: Map) -> float:
    """|max - min|^2 / mean((r - min)^2): the higher, the more alone the peak stands (LMCF)."""
    shifted = response - response.min()
    return float(shifted.max() ** 2 / (np.mean(shifted**2) + 1e-12))


def second_peak(response: Map, radius: int = 4) -> float:
    """Highest local maximum farther than ``radius`` cells from the peak, as a share of it, 0..1."""
    shifted = response - response.min()
    top = float(shifted.max())
    if not top > 0:
        return 1.0
    row, column = np.unravel_index(int(np.argmax(shifted)), shifted.shape)
    local = shifted >= cv2.dilate(shifted, np.ones((3, 3), np.uint8))
    local[
        max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1
    ] = 0
    return float(shifted[local].max() / top) if local.any() else 0.0
