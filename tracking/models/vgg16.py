"""VGG-16 up to conv5_3, without the fifth pooling: total stride 16."""

from itertools import pairwise

import torch
from torch import Tensor, nn

STRIDE = 16
BLOCKS = (2, 2, 3, 3, 3)  # convolutions of each block; a pooling between blocks
_GROWTH = (1, 2, 4, 8, 8)


def widths(width: int) -> tuple[int, ...]:
    """Channels of each block."""
    return tuple(width * growth for growth in _GROWTH)


def layers(width: int) -> dict[str, tuple[int, int]]:
    """Channels in and out of each convolution by name, conv1_1 to conv5_3."""
    blocks = widths(width)
    names = [f"conv{b + 1}_{n + 1}" for b, count in enumerate(BLOCKS) for n in range(count)]
    sides = [3, *(blocks[b] for b, count in enumerate(BLOCKS) for _ in range(count))]
    return dict(zip(names, pairwise(sides), strict=True))


class Vgg16(nn.Module):
    """Thirteen 3x3 convolutions, each with a ReLU; ``width`` 64 is VGG-16, less is for tests.

    Input (b, 3, h, w) with h and w multiples of 16, output (b, 8 * width, h / 16, w / 16).
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.out_channels = widths(width)[-1]
        for name, (before, after) in layers(width).items():
            conv = nn.Conv2d(before, after, 3, padding=1)
            initialise(conv)
            self.add_module(name, conv)

    def forward(self, images: Tensor) -> Tensor:
        """Features after the ReLU of conv5_3."""
        x = images
        for block, count in enumerate(BLOCKS, start=1):
            if block > 1:
                x = nn.functional.max_pool2d(x, 2)
            for number in range(1, count + 1):
                x = torch.relu_(self.get_submodule(f"conv{block}_{number}")(x))
        return x


def initialise(conv: nn.Conv2d, gain: float = 2.0) -> None:
    """Weights from N(0, gain / inputs), biases zero: with gain 2 a ReLU keeps the variance."""
    fan_in = conv.kernel_size[0] * conv.kernel_size[1] * conv.in_channels
    nn.init.normal_(conv.weight, 0.0, (gain / fan_in) ** 0.5)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
