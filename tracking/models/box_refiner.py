"""A box made tighter: from crops at a box that fits and one that may not, to what that is off by.

Both crops show twice the box that they were cut around, each side stretched to the crop's, so a box
is the middle half of its crop whatever its size and shape. Every place of the one is compared with
every place of the other, and what that says of the second box comes as its mean and its doubt.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

SIZE = 64  # pixels of a crop's side
CONTEXT = 2.0  # sides of the box that a crop shows
CELLS = 16  # a side of the feature maps
WIDTH = 64  # channels of the feature maps
LEAST_CONTRAST = 2.0  # grey levels: flatter crops are not stretched any further
LEAST_DOUBT, MOST_DOUBT = -5.0, 1.0  # natural logarithms, in sides of the box


class Exemplars(NamedTuple):
    """What is kept of n boxes that fit."""

    features: Tensor  # (n, WIDTH, CELLS, CELLS)
    sign: Tensor  # (n, 1, 1, 1), -1 where the object is darker than what is around it


class Correction(NamedTuple):
    """What n boxes are off by: dx, dy in widths and heights of the box, log of the size's ratio."""

    mean: Tensor  # (n, 4)
    doubt: Tensor  # (n, 4), the scale of a Laplace distribution around ``mean``


class BoxRefiner(nn.Module):
    """The network; 0.45 million weights."""

    def __init__(self, hidden: int = 80) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            *_layer(1, 32, 5, 2), *_layer(32, 48, 3, 2), *_layer(48, WIDTH), *_layer(WIDTH, WIDTH)
        )
        self.places = nn.Sequential(*_layer(CELLS**2, WIDTH, 1))
        self.compare = nn.Sequential(
            *_layer(3 * WIDTH, hidden, 3, 2), *_layer(hidden, hidden), *_layer(hidden, hidden, 3, 2)
        )
        self.read = nn.Sequential(
            nn.Linear(hidden * (CELLS // 4) ** 2, 96), nn.ReLU(), nn.Linear(96, 8)
        )
        last = self.read[-1]
        nn.init.zeros_(last.weight)  # type: ignore[arg-type]  # a Linear: nothing is off at first
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def exemplars(self, crops: Tensor) -> Exemplars:
        """Of crops (n, 1, SIZE, SIZE) around boxes that fit, any grey levels."""
        values = standardised(crops)
        sign = polarity(values)
        return Exemplars(self.trunk(values * sign), sign)

    def forward(self, exemplars: Exemplars, crops: Tensor) -> Correction:
        """What the boxes of ``crops`` (n, 1, SIZE, SIZE) are off by, row i against exemplar i."""
        own = self.trunk(standardised(crops) * exemplars.sign)
        flat = exemplars.features.flatten(2) / WIDTH**0.5
        alike = torch.bmm(flat.transpose(1, 2), own.flatten(2))  # (n, places of z, places of x)
        alike = self.places(alike.view(len(alike), -1, CELLS, CELLS))
        joined = self.compare(torch.cat([alike, own, exemplars.features], dim=1))
        mean, doubt = self.read(joined.flatten(1)).float().split(4, dim=1)
        return Correction(mean, (doubt - 2).clamp(LEAST_DOUBT, MOST_DOUBT).exp())


def standardised(crops: Tensor) -> Tensor:
    """Crops with mean 0 and deviation 1 each: gain and offset of the camera are gone."""
    values = crops.float()
    mean = values.mean(dim=(2, 3), keepdim=True)
    deviation = (values - mean).square().mean(dim=(2, 3), keepdim=True).sqrt()
    return ((values - mean) / deviation.clamp_min(LEAST_CONTRAST)).clamp(-5, 5)


def polarity(values: Tensor) -> Tensor:
    """1 where the middle of a crop (n, 1, s, s) is brighter than the whole, else -1."""
    quarter = values.shape[-1] // 4
    middle = values[..., quarter:-quarter, quarter:-quarter].mean(dim=(2, 3), keepdim=True)
    whole = values.mean(dim=(2, 3), keepdim=True)
    return torch.where(middle >= whole, 1.0, -1.0)


def _layer(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]
