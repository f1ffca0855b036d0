"""Crops for a network, made where it computes: on the CPU by Pillow, on a GPU by matrix products.

Both are `tirdata.crops.crop`, to a grey level of rounding. On a GPU a crop is A p Bt of the pixels
p around it, with a matrix of the kernel's weights for either axis.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tirdata.crops import crop, patch_of
from tirdata.types import Frame

LENGTHS = (64, 96, 128, 192, 256, 384, 512, 768)  # of patches
LARGE = 512  # longer ones are multiples of it


class Square(NamedTuple):
    """A square of a frame."""

    frame: Frame
    middle: tuple[float, float]  # frame pixels
    side: float  # frame pixels
    pad: int  # grey level outside of the frame


def crops_of(squares: Sequence[Square], size: int, device: torch.device) -> Tensor:
    """Crops (n, 1, size, size) uint8 of ``squares``, on ``device``."""
    if device.type != "cpu":
        patches, edges = gathered(squares, size)
        return resampled(patches.to(device), edges.to(device), size)
    made = [crop(each.frame, each.middle, each.side, size, each.pad) for each in squares]
    return torch.from_numpy(np.stack(made))[:, None]


def gathered(squares: Sequence[Square], size: int) -> tuple[Tensor, Tensor]:
    """Pixels (n, p, p) uint8 around each square, and where in them it is: left, top, side (n, 3).

    There are few different p, as what a GPU does is recorded for each.
    """
    parts = [patch_of(each.frame, each.middle, each.side, size, each.pad) for each in squares]
    wanted = max(max(patch.shape) for patch, _, _ in parts)
    length = next((each for each in LENGTHS if each >= wanted), -(-wanted // LARGE) * LARGE)
    patches = np.zeros((len(parts), length, length), np.uint8)
    for row, (patch, _, _) in enumerate(parts):
        patches[row, : patch.shape[0], : patch.shape[1]] = patch
    edges = [(left, top, each.side) for (_, left, top), each in zip(parts, squares, strict=True)]
    return torch.from_numpy(patches), torch.tensor(edges)


def resampled(patches: Tensor, edges: Tensor, size: int) -> Tensor:
    """Crops (n, 1, size, size) uint8 of what ``gathered`` gave, where that lies."""
    lefts, tops, sides = edges.unbind(1)
    length = patches.shape[-1]
    # Rounded in between as Pillow does, or sharp edges would overshoot twice.
    lines = _bytes(patches.float() @ _weights(lefts, sides, size, length).mT)
    crops = _bytes(_weights(tops, sides, size, length) @ lines)
    return crops.to(torch.uint8)[:, None]


def _bytes(values: Tensor) -> Tensor:
    return values.round_().clamp_(0, 255)


def _weights(edges: Tensor, sides: Tensor, size: int, length: int) -> Tensor:
    """What each of ``length`` pixels weighs in each of ``size`` crop pixels, (n, size, length).

    ``edges`` (n,) is where the squares of ``sides`` (n,) begin.
    """
    scale = (sides / size)[:, None, None]
    cells, pixels = (torch.arange(count, device=edges.device) + 0.5 for count in (size, length))
    points = edges[:, None, None] + cells[None, :, None] * scale
    weights = _bicubic((pixels - points) / scale.clamp_min(1.0))
    return weights / weights.sum(2, keepdim=True)


def _bicubic(x: Tensor) -> Tensor:
    """Keys' kernel with a = -0.5, as Pillow has it."""
    x = x.abs()
    inner = (1.5 * x - 2.5) * x * x + 1
    outer = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, inner, torch.where(x < 2, outer, torch.zeros_like(x)))
