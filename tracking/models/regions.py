"""Cutting regions out of images and of feature maps, both by ``grid_sample``.

Differentiable twice with respect to the map, for any number of regions in one call.
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from tracking.models.vgg_m import REACH, STRIDE

LATTICE: Final = 7  # points of a region across and down
_CHANNELS: Final = 64  # of a map at once
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
    In memory the regions come last, so that what is done with the points is done in long rows.
    """
    steps = torch.arange(lattice, device=regions.device, dtype=regions.dtype) / (lattice - 1)
    columns = regions[:, 0] + steps[:, None] * (regions[:, 2] + 1)  # (lattice, n)
    rows = regions[:, 1] + steps[:, None] * (regions[:, 3] + 1)
    # align_corners: -1 and 1 are the middles of the first and of the last cell.
    columns = columns * (2 / max(features.shape[2] - 1, 1)) - 1
    rows = rows * (2 / max(features.shape[1] - 1, 1)) - 1
    count = len(regions)
    x = columns[None].expand(lattice, lattice, count).flatten(0, 1)
    y = rows[:, None].expand(lattice, lattice, count).flatten(0, 1)
    found = functional.grid_sample(
        features[None], torch.stack([x, y], dim=-1)[None], padding_mode="zeros", align_corners=True
    )
    return found[0].reshape(len(features), lattice, lattice, count).permute(3, 0, 1, 2)


def cells(boxes: Tensor) -> Tensor:
    """Regions of a scene's map for ``boxes`` (n, 4) x, y, w, h in pixels of the scene.

    A box is enlarged by 1.2; the cells that lie inside begin where it does and end one reach
    before it does; there is always at least an eighth of a cell.
    """
    sides = boxes[:, 2:] * ENLARGED
    corners = boxes[:, :2] + boxes[:, 2:] / 2 - sides / 2
    return torch.cat([corners, (sides - REACH).clamp_min(1)], dim=1) / STRIDE


def pool(lattices: Tensor) -> tuple[Tensor, Tensor]:
    """(n, c, 7, 7) as (n, c, 3, 3), and where in the 49 each maximum lay, uint8.

    As max_pool2d(3, 2) does, the first of equals: but maxima of whole slices, in whatever order
    they lie in memory, take a tenth of its time. Where is reckoned in bytes, without branches.
    """
    across, second, third = _largest([lattices[..., at : at + 5 : 2] for at in range(3)])
    column = second + 2 * third
    pooled, second, third = _largest([across[..., at : at + 5 : 2, :] for at in range(3)])
    columns = [column[..., at : at + 5 : 2, :] for at in range(3)]
    chosen = columns[0] * (1 - second - third) + columns[1] * second + columns[2] * third
    corner = torch.arange(0, 2 * pooled.shape[-1], 2, dtype=torch.uint8, device=pooled.device)
    row = second + 2 * third + corner[:, None]
    return pooled, row * lattices.shape[-1] + chosen + corner


def _largest(parts: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """The largest of three, and whether it is the second or the third, uint8 of 0 and 1."""
    first, second, third = parts
    larger = torch.maximum(first, second)
    is_third = third > larger
    is_second = (second > first) & ~is_third
    return torch.maximum(larger, third), is_second.view(torch.uint8), is_third.view(torch.uint8)


def pooled_regions(features: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
    """``pool`` of ``align``, a few channels at a time: what lies between stays in the cache."""
    parts = [pool(align(few, regions)) for few in torch.split(features, _CHANNELS)]
    pooled, where = zip(*parts, strict=True)
    return torch.cat(pooled, dim=1), torch.cat(where, dim=1)


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
