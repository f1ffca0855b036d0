"""Reciprocative learning: what a score looks at, and the regulariser that bends it (Eq. 2 to 4).

An attention map is the squared gradient of a class score, summed over channels and, in the common
form, over both halves. For positives the map of the target's score should be even and that of
the background's uneven; for negatives the other way round. Only ratios of deviation and mean count,
so maps are divided by their own mean first, which takes no part in gradients.
"""

from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor

from tracking.models.local_attention import BACKGROUND, TARGET, LocalAttention
from tracking.models.regions import unpool

Fuse = Literal["common", "per_modality"]
Ratio = Literal["per_sample", "batch_ratio"]
Layer = Literal["conv1", "input"]

_DEAD: Final = 1e-20  # mean of a map that no score depends on
_CAP: Final = 10.0  # of mean over deviation: a map without structure
_SMALL: Final = 1e-12  # below the root of the variance, whose slope at 0 is infinite
_TINY: Final = 1e-6  # in denominators


class Maps(NamedTuple):
    """Attention maps of n samples, (n, m, h, w) with m = 1 or one for each half."""

    positive: Tensor  # of the target's score
    negative: Tensor  # of the background's


def maps_of(gradients: Tensor, fuse: Fuse = "common") -> Maps:
    """Maps from gradients of both scores, (2, n, 2, c, h, w), background first."""
    full = gradients.float() if gradients.dtype in (torch.bfloat16, torch.float16) else gradients
    squares = full.square().sum(dim=3)
    if fuse == "common":
        squares = squares.sum(dim=2, keepdim=True)
    return Maps(squares[TARGET], squares[BACKGROUND])


def maps_at_regions(
    model: LocalAttention, pooled: Tensor, where: Tensor | None, fuse: Fuse = "common"
) -> Maps:
    """Maps at the 7 x 7 points of regions, from pooled features (n, 2, 512, 3, 3).

    They are before conv3's ReLU, as the paper's are before conv1's: where it is off, as for most of
    the features, nothing passes. Else each feature that is 0 at all points of a window would count
    at the first of them, and maps would show the order of points.

    ``where`` says from which points the maxima came, so that the points themselves need not be
    kept. Without it the map is that of the 3 x 3 features.
    """
    gradients = model.head.gradients(pooled) * (pooled > 0)
    if where is not None:
        gradients = unpool(gradients, where)
    return maps_of(gradients, fuse)


def maps_at_layer(
    model: LocalAttention, crops: Tensor, layer: Layer = "conv1", fuse: Fuse = "common"
) -> tuple[Maps, Tensor]:
    """Maps before conv1's ReLU or at the pixels of crops, and the crops' features.

    The trunk is frozen, so the maps are linear in the head's gradient: one forward, two products
    with the trunk's Jacobian, and nothing of second order but these products' transposes.
    """
    with torch.enable_grad():
        start = (crops if layer == "input" else model.first(crops)).detach().requires_grad_()
        features = model.features(start) if layer == "input" else model.rest(start)
        towards = model.head.gradients(features.detach())
        gradients = [
            torch.autograd.grad(
                features, start, towards[score], create_graph=True, retain_graph=True
            )[0]
            for score in (BACKGROUND, TARGET)
        ]
    return maps_of(torch.stack(gradients), fuse), features.detach()


def regulariser(maps: Maps, positives: Tensor, ratio: Ratio = "per_sample") -> Tensor:
    """R of Eq. 2 averaged over positives, plus R of Eq. 3 averaged over negatives.

    Args:
        maps: of n samples.
        positives: which samples are positive, (n,) bool.
        ratio: per_sample as the equations are written; batch_ratio divides sums over the
            positives, and over the negatives, as DAT's code does.
    """
    total = maps.positive.new_zeros(())
    for group, even, uneven in (
        (positives, maps.positive, maps.negative),
        (~positives, maps.negative, maps.positive),
    ):
        alive = group & _alive(even) & _alive(uneven)
        total = total + _mean_ratio(even[alive], uneven[alive], ratio)
    return total


def _mean_ratio(even: Tensor, uneven: Tensor, ratio: Ratio) -> Tensor:
    """Deviation over mean of ``even`` plus mean over deviation of ``uneven``; 0 of no sample."""
    if not len(even):
        return even.sum()  # 0, with a gradient
    per_sample = ratio == "per_sample"
    mu_e, sigma_e = _moments(even, per_sample)
    mu_u, sigma_u = _moments(uneven, per_sample)
    if not per_sample:
        mu_e, sigma_e, mu_u, sigma_u = (x.sum(dim=0) for x in (mu_e, sigma_e, mu_u, sigma_u))
    values = sigma_e / (mu_e + _TINY) + (mu_u / (sigma_u + _TINY)).clamp(max=_CAP)
    return values.mean()


def _moments(maps: Tensor, per_sample: bool) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each map, in units of its own mean or of the mean of all."""
    own = maps.detach().mean(dim=(2, 3), keepdim=True)
    scaled = maps / (own if per_sample else own.mean()).clamp_min(torch.finfo(maps.dtype).tiny)
    mean = scaled.mean(dim=(2, 3), keepdim=True)
    # Biased, about the mean: a difference of large squares would lose digits.
    variance = (scaled - mean).square().mean(dim=(2, 3))
    return mean[:, :, 0, 0], (variance + _SMALL).sqrt()


def _alive(maps: Tensor) -> Tensor:
    """Samples whose score depends on what the map shows, (n,)."""
    return (maps.detach().mean(dim=(2, 3)) > _DEAD).all(dim=1)
