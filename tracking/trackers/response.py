"""Reading a response map: where its peak is and how far it can be believed. Pure functions.

A map is (r, r), one value a cell; positions are (dx, dy) in cells right and down of its centre.
"""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

UPSAMPLING = 8
ROUNDING = 1e-5  # of the highest value (a tenth at least: targets answer 0..1) is no difference

Map = NDArray[np.float32]


class Answer(NamedTuple):
    """What a response map says; places are (dx, dy), its cells right and down of its middle."""

    top: float  # its highest value
    at: tuple[float, float]  # where that is
    near: tuple[float, float]  # the same where nearer to the middle counts more
    values: Tensor  # (r, r), where they were computed


def upsample(responses: Tensor, times: int = UPSAMPLING) -> Tensor:
    """(b, r, r) -> (b, r * times, r * times), bicubic with a = -0.5 as MATLAB's."""
    size = responses.shape[-1] * times
    return torch.nn.functional.interpolate(
        responses[:, None], (size, size), mode="bicubic", antialias=True
    )[:, 0]


def cosine_window(size: int) -> Tensor:
    """Hann window with zeros at both ends and sum 1, (size, size)."""
    window = np.hanning(size)
    outer = np.outer(window, window)
    return torch.from_numpy((outer / outer.sum()).astype(np.float32))


def middle_part(window: Tensor, size: int) -> Tensor:
    """The middle (size, size) of a window, with sum 1 again."""
    margin = (window.shape[0] - size) // 2
    part = window[margin : margin + size, margin : margin + size]
    return part / part.sum()


def read(maps: Tensor, window: Tensor, influence: float) -> Tensor:
    """What each of ``maps`` (n, r, r) says: a row (5,) for ``answer_of``, where the maps lie.

    ``window`` (r, r), sum 1, is where the object is expected, ``influence`` its weight in ``near``.
    """
    tops, at = peaks(maps)
    near = peaks(windowed(maps, window, influence))[1]
    return torch.cat([tops[:, None], at, near], 1)


def answer_of(row: list[float], values: Tensor) -> Answer:
    """A row of ``read``, with the map that it was read from."""
    top, dx, dy, near_dx, near_dy = row
    return Answer(top, (dx, dy), (near_dx, near_dy), values)


def windowed(maps: Tensor, window: Tensor, influence: float) -> Tensor:
    """Maps (n, r, r) from 0, with sum 1, blended with the window: (1 - influence), influence."""
    shifted = maps - maps.amin((1, 2), keepdim=True)
    highest = maps.abs().amax((1, 2), keepdim=True).clamp_min(0.1)
    # A constant map, but for rounding in the transforms, says nothing: only the window is left.
    says = shifted.amax((1, 2), keepdim=True) > ROUNDING * highest
    share = shifted / shifted.sum((1, 2), keepdim=True)
    return torch.where(says, (1 - influence) * share + influence * window, window)


def peaks(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Highest values (n,) of maps (n, r, r), and their places (n, 2).

    Places are refined below a cell by parabolas through the neighbours; on the border they are not.
    """
    count, size = maps.shape[0], maps.shape[-1]
    tops, flat = maps.flatten(1).max(1)
    rows, columns = flat // size, flat % size
    index = torch.arange(count, device=maps.device)
    places = [
        cells + _vertices(lines, cells) - (size - 1) / 2
        for lines, cells in ((maps[index, rows], columns), (maps[index, :, columns], rows))
    ]
    return tops, torch.stack(places, 1)


def _vertices(lines: Tensor, at: Tensor) -> Tensor:
    """Where parabolas through three cells of ``lines`` (n, r) are highest, from ``at`` (n,)."""
    last = lines.shape[1] - 1
    inside = at.clamp(1, last - 1)
    left, middle, right = (lines.gather(1, (inside + step)[:, None])[:, 0] for step in (-1, 0, 1))
    curvature = left - 2 * middle + right
    curved = (at == inside) & (curvature < 0)
    offset = 0.5 * (left - right) / torch.where(curved, curvature, 1.0)
    return torch.where(curved, offset.clamp(-0.5, 0.5), 0.0)


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
