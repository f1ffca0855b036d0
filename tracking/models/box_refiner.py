"""A box made tighter: from crops at a box that fits and one that may not, to what that is off by.

Both crops show twice the box that they were cut around, each side stretched to the crop's, so a box
is the middle half of its crop whatever its size and shape. Both axes are looked along apart and by
the same weights: features are projected on the axis, the first profile is shifted and stretched in
many ways; how well each fits the second, and a look at both, tell what is off and how surely.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

SIZE = 64  # pixels of a crop's side
CONTEXT = 2.0  # sides of the box that a crop shows
PLACES = SIZE // 2  # of a profile
WIDTH = 24  # channels of the feature maps
PROFILE = 32  # channels of a profile
SHIFTS = torch.linspace(-0.45, 0.45, 15)  # that are tried, sides of the box
GROWTHS = torch.linspace(-0.6, 0.6, 13)  # natural logarithms
LEAST_CONTRAST = 2.0  # grey levels: flatter crops are not stretched any further
LEAST_DOUBT, MOST_DOUBT = -5.0, 1.0  # natural logarithms, in sides of the box


class Exemplars(NamedTuple):
    """What is kept of n boxes that fit."""

    profiles: Tensor  # (n, 2, PROFILE, PLACES), along x and along y
    sign: Tensor  # (n, 1, 1, 1), -1 where the object is darker than what is around it


class Correction(NamedTuple):
    """What n boxes are off by: dx, dy in widths and heights of the box, log of the size's ratio."""

    mean: Tensor  # (n, 4)
    doubt: Tensor  # (n, 4), the scale of a Laplace distribution around ``mean``


class BoxRefiner(nn.Module):
    """The network; 0.13 million weights."""

    ways: Tensor
    warps: Tensor

    def __init__(self, hidden: int = 64) -> None:
        super().__init__()
        self.trunk = nn.Sequential(*_layer(1, 16, 5, 2), *_layer(16, WIDTH), *_layer(WIDTH, WIDTH))
        self.along = nn.Sequential(
            *_along(3 * WIDTH, 2 * PROFILE), nn.Conv1d(2 * PROFILE, PROFILE, 3, padding=1)
        )
        ways = torch.cartesian_prod(SHIFTS, GROWTHS)
        self.register_buffer("ways", ways, persistent=False)  # (ways, 2)
        warps = (_warps(ways) * _window()).flatten(1).t()  # (PLACES * PLACES, ways)
        self.register_buffer("warps", warps.contiguous(), persistent=False)
        self.sharpness = nn.Parameter(torch.tensor(3.5))
        self.compare = nn.Sequential(*_along(2 * PROFILE, hidden), *_along(hidden, hidden, 2))
        told = len(ways) + 2 + hidden * PLACES // 2
        self.read = nn.Sequential(nn.Linear(told, 64), nn.ReLU(), nn.Linear(64, 4))
        last = self.read[-1]
        nn.init.zeros_(last.weight)  # type: ignore[arg-type]  # a Linear: what fits best is right
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def exemplars(self, crops: Tensor) -> Exemplars:
        """Of crops (n, 1, SIZE, SIZE) around boxes that fit, any grey levels."""
        values = standardised(crops)
        sign = polarity(values)
        return Exemplars(self._profiles(values * sign), sign)

    def forward(self, exemplars: Exemplars, crops: Tensor) -> Correction:
        """What the boxes of ``crops`` (n, 1, SIZE, SIZE) are off by, row i against exemplar i."""
        own = self._profiles(standardised(crops) * exemplars.sign)
        before = exemplars.profiles
        # Of every place to every place; the ways pick and weigh those that come together.
        apart = (
            before.square().mean(dim=2)[..., None]
            + own.square().mean(dim=2)[:, :, None]
            - 2 / PROFILE * before.transpose(2, 3) @ own
        )
        share = (-(apart.flatten(2) @ self.warps) * self.sharpness.exp()).softmax(dim=2)
        best = share @ self.ways
        beside = torch.cat([before, own], dim=2).flatten(0, 1)
        seen = self.compare(beside).float().view(len(own), 2, -1)
        told = self.read(torch.cat([(share + 1e-4).log(), best, seen], dim=2)).float()
        # (box, axis, shift or growth) -> dx, dy, growth in x, growth in y
        mean = (best + told[..., :2]).transpose(1, 2).flatten(1)
        doubt = told[..., 2:].transpose(1, 2).flatten(1) - 2
        return Correction(mean, doubt.clamp(LEAST_DOUBT, MOST_DOUBT).exp())

    def _profiles(self, values: Tensor) -> Tensor:
        """(n, 2, PROFILE, PLACES): along x and along y, of one length each."""
        features = self.trunk(values)
        both = torch.stack([features, features.transpose(2, 3)], dim=1)  # places come last
        inner = both[..., PLACES // 4 : -PLACES // 4, :]
        parts = [inner.mean(dim=3), inner.amax(dim=3), both.mean(dim=3)]
        profiles: Tensor = self.along(torch.cat(parts, dim=2).flatten(0, 1)).float()
        power = profiles.square().mean(dim=(1, 2), keepdim=True)
        profiles = profiles * (power + 1e-4).rsqrt()
        return profiles.view(len(values), 2, PROFILE, PLACES)


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


def _window() -> Tensor:
    """How much a place of a profile counts, (PLACES,): in the middle most, at the ends little."""
    places = (torch.arange(PLACES) + 0.5) / PLACES * 2 - 1
    weight = torch.exp(-0.5 * (places / 0.6) ** 2)
    return weight / weight.sum()


def _warps(ways: Tensor) -> Tensor:
    """For each shift and growth what brings a profile there, (ways, PLACES, PLACES), linearly."""
    half = CONTEXT / 2
    places = (torch.arange(PLACES) + 0.5) / PLACES * CONTEXT - half
    came = (places - ways[:, :1]) * torch.exp(-ways[:, 1:])  # (ways, PLACES), sides of the box
    index = ((came + half) / CONTEXT * PLACES - 0.5).clamp(0, PLACES - 1)
    return (1 - (index[:, None] - torch.arange(PLACES)[:, None]).abs()).clamp_min(0)


def _layer(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]


def _along(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv1d(inputs, outputs, 3, stride, 1, bias=False),
        nn.BatchNorm1d(outputs),
        nn.ReLU(inplace=True),
    ]
