"""Cutting regions out of images and of feature maps, both by ``grid_sample``.

Differentiable twice with respect to the map, for any number of regions in one call.
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from tracking.models.vgg_m import REACH, STRIDE

LATTICE: Final = 7  # points of a region across and down
ENLARGED: Final = 1.2  # sides of what is looked at over those of the box, in a scene


def cut(image: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Regions ``boxes`` (n, 4) x, y, w, h of (c, H, W), bilinear, as (n, c, height, width).

    ``size`` is (height, width). Outside the image there is 0.
    """
    height, width = size
    columns = _points(boxes[:, 0], boxes[:, 2], width) * (2 / image.shape[2]) - 1
    rows = _points(boxes[:, 1], boxes[:, 3], height) * (2 / image.shape[1]) - 1
    grid = _grid(columns, rows)
    found = functional.grid_sample(image[None], grid, padding_mode="zeros", align_corners=False)
    return found[0].reshape(len(image), len(boxes), height, width).transpose(0, 1)


def align(features: Tensor, regions: Tensor, lattice: int = LATTICE) -> Tensor:
    """RoIAlign of ``regions`` (n, 4) x, y, w, h in cells of (c, H, W), as (n, c, lattice, lattice).

    Points begin at the corner and lie (w + 1) / (lattice - 1) cells apart; outside the map is 0.
    """
    steps = torch.arange(lattice, device=regions.device, dtype=regions.dtype) / (lattice - 1)
    columns = regions[:, :1] + steps * (regions[:, 2:3] + 1)
    rows = regions[:, 1:2] + steps * (regions[:, 3:] + 1)
    # align_corners: -1 and 1 are the middles of the first and of the last cell.
    columns = columns * (2 / max(features.shape[2] - 1, 1)) - 1
    rows = rows * (2 / max(features.shape[1] - 1, 1)) - 1
    found = functional.grid_sample(
        features[None], _grid(columns, rows), padding_mode="zeros", align_corners=True
    )
    return found[0].reshape(len(features), len(regions), lattice, lattice).transpose(0, 1)


def cells(boxes: Tensor) -> Tensor:
    """Regions of a scene's map for ``boxes`` (n, 4) x, y, w, h in pixels of the scene.

    A box is enlarged by 1.2; the cells that lie inside begin where it does and end one reach
    before it does; there is always at least an eighth of a cell.
    """
    sides = boxes[:, 2:] * ENLARGED
    corners = boxes[:, :2] + boxes[:, 2:] / 2 - sides / 2
    return torch.cat([corners, (sides - REACH).clamp_min(1)], dim=1) / STRIDE


def pool(lattices: Tensor) -> tuple[Tensor, Tensor]:
    """(n, c, 7, 7) as (n, c, 3, 3), and where in the 49 each maximum lay, uint8."""
    pooled, where = functional.max_pool2d(lattices, 3, 2, return_indices=True)
    return pooled, where.to(torch.uint8)


def unpool(pooled: Tensor, where: Tensor, lattice: int = LATTICE) -> Tensor:
    """The transpose of ``pool``: what falls on each of the 49 points, (..., c, 7, 7)."""
    flat = pooled.flatten(-2)
    zeros = flat.new_zeros(*flat.shape[:-1], lattice * lattice)
    spread = zeros.scatter_add(-1, where.flatten(-2).long().expand_as(flat), flat)
    return spread.reshape(*pooled.shape[:-2], lattice, lattice)


def _points(start: Tensor, side: Tensor, count: int) -> Tensor:
    """Middles of ``count`` pixels across each region, (n, count)."""
    middles = (torch.arange(count, device=start.device, dtype=start.dtype) + 0.5) / count
    return start[:, None] + middles * side[:, None]


def _grid(columns: Tensor, rows: Tensor) -> Tensor:
    """All points of all regions one below the other, (1, n * rows, columns, 2)."""
    n, across, down = len(columns), columns.shape[1], rows.shape[1]
    x = columns[:, None, :].expand(n, down, across)
    y = rows[:, :, None].expand(n, down, across)
    return torch.stack([x, y], dim=-1).flatten(0, 1)[None]
