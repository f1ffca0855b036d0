"""The backbone both branches share: an AlexNet without padding, total stride 4.

Sizes for a 255x255 input: conv1 123, pool1 61, conv2 57, pool2 55, conv3 53, conv4 51, conv5 49.
Other legal inputs are 255 + 4k.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

STRIDE = 4


class Features(NamedTuple):
    """What the two matching branches start from."""

    conv3: Tensor  # (b, 384, 53, 53), before its batch norm and ReLU
    conv5: Tensor  # (b, 64, 49, 49), raw


class AlexNet(nn.Module):
    """Five convolutions; conv3 is tapped raw, conv5 has neither batch norm nor ReLU.

    The input is one channel in 0..1. The paper feeds 0..255 grey on three equal planes; summing
    conv1 over its input channels and scaling its start by 255 gives the same function for a third
    of the work.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 96, 11, stride=2)
        self.norm1 = nn.BatchNorm2d(96, momentum=0.05)
        self.conv2 = nn.Conv2d(96, 256, 5, groups=2)
        self.norm2 = nn.BatchNorm2d(256, momentum=0.05)
        self.conv3 = nn.Conv2d(256, 384, 3)
        self.norm3 = nn.BatchNorm2d(384, momentum=0.05)
        self.conv4 = nn.Conv2d(384, 384, 3, groups=2)
        self.norm4 = nn.BatchNorm2d(384, momentum=0.05)
        self.conv5 = nn.Conv2d(384, 64, 3, groups=2)
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5):
            initialise(conv)
        with torch.no_grad():
            # Three planes with independent weights add their variances: sqrt(3) keeps it.
            self.conv1.weight.mul_(255.0 * math.sqrt(3.0))

    def forward(self, images: Tensor) -> Features:
        """Features of ``images`` (b, 1, h, w)."""
        x = torch.relu(self.norm1(self.conv1(images)))
        x = nn.functional.max_pool2d(x, 3, stride=2)
        x = torch.relu(self.norm2(self.conv2(x)))
        x = nn.functional.max_pool2d(x, 3, stride=1)
        conv3 = self.conv3(x)
        x = torch.relu(self.norm3(conv3))
        x = torch.relu(self.norm4(self.conv4(x)))
        return Features(conv3, self.conv5(x))


def initialise(conv: nn.Conv2d) -> None:
    """Weights from N(0, 2 / (k*k*out)), biases zero, as the released code starts."""
    fan_out = conv.kernel_size[0] * conv.kernel_size[1] * conv.out_channels
    nn.init.normal_(conv.weight, 0.0, math.sqrt(2.0 / fan_out))
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
