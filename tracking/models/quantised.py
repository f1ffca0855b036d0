"""Convolutions in eight bits, told by rounding what goes into them: static, scaled by sample crops.

Weights get one scale an output channel, what comes in one scale and zero a layer. torch computes
the rounded values in fp32, so that errors can be looked at here; OpenVINO makes eight-bit
convolutions of it. Correlation and templates are not touched.
"""

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from tracking.models.mmnet import MMNet

LEVELS = 255  # of what comes in: 0 to 255
WEIGHTS = 127  # of weights: -127 to 127


class RoundedConv(nn.Module):
    """A convolution of numbers that eight bits hold."""

    zeros: Tensor
    scales: Tensor

    def __init__(self, conv: nn.Conv2d, low: float, high: float) -> None:
        """Scale.

        Args:
            conv: with its weights.
            low: least of what comes in; 0 counts, too.
            high: most of it.
        """
        super().__init__()
        self.conv = conv
        low, high = min(low, 0.0), max(high, 0.0)
        self.scale = max(high - low, 1e-12) / LEVELS
        self.zero = round(-low / self.scale)
        most = conv.weight.detach().abs().amax(dim=(1, 2, 3)).clamp(min=1e-12)
        self.register_buffer("scales", most / WEIGHTS)
        self.register_buffer("zeros", torch.zeros(len(most), dtype=torch.int32))

    def forward(self, x: Tensor) -> Tensor:
        conv = self.conv
        x = torch.fake_quantize_per_tensor_affine(x, self.scale, self.zero, 0, LEVELS)
        weight = torch.fake_quantize_per_channel_affine(
            conv.weight, self.scales, self.zeros, 0, -WEIGHTS, WEIGHTS
        )
        return nn.functional.conv2d(x, weight, conv.bias, conv.stride, groups=conv.groups)


def quantised(model: MMNet, crops: Tensor) -> MMNet:
    """A copy of ``model`` whose convolutions are rounded.

    Args:
        model: an ``inference_copy`` with folded norms, fp32.
        crops: (n, 1, s, s), grey levels 0..255, of the kind that it will see: the range of each
            layer is what they reach.
    """
    ranges: dict[str, tuple[float, float]] = {}
    hooks = [
        module.register_forward_pre_hook(
            lambda _, given, name=name: ranges.update({name: _wider(ranges.get(name), given[0])})
        )
        for name, module in _convolutions(model)
    ]
    with torch.inference_mode():
        for crop in crops:
            model.embed(crop[None])
    for hook in hooks:
        hook.remove()
    made = copy.deepcopy(model)
    for name, module in [*_convolutions(made)]:
        owner, _, leaf = name.rpartition(".")
        if name in ranges:  # an attention that adds nothing is not run
            setattr(made.get_submodule(owner), leaf, RoundedConv(module, *ranges[name]))
    return made


def _convolutions(model: MMNet) -> Iterator[tuple[str, nn.Conv2d]]:
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d) and name != "classifier":
            yield name, module


def _wider(before: tuple[float, float] | None, x: Tensor) -> tuple[float, float]:
    low, high = before or (0.0, 0.0)
    return min(low, x.min().item()), max(high, x.max().item())
