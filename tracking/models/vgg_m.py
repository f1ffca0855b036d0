"""VGG-M up to conv3, over crops of one sample or over a scene that many samples share."""

from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Lrn = Literal["matconvnet", "pymdnet", "rt"]

# Window, kappa, alpha of the sum, beta. What PyTorch's LocalResponseNorm(5, 5e-4, 0.75, 2) and
# LocalResponseNorm(2) compute are the first two: PyTorch divides alpha by the window.
LRNS: Final[dict[str, tuple[int, float, float, float]]] = {
    "matconvnet": (5, 2.0, 1e-4, 0.75),
    "pymdnet": (2, 1.0, 5e-5, 0.75),
    "rt": (1, 2.0, 1e-4, 0.75),
}

CROP_SIZE: Final = 107
CHANNELS: Final = 512  # of conv3
SIDE: Final = 3  # of conv3's map of one sample
STRIDE: Final = 8  # of the map of a scene
REACH: Final = 75  # side in pixels of what a cell of that map sees; cell i begins at pixel 8 i
GREY: Final = 128.0  # subtracted from every channel, so that 0 beside the frame is grey


class Normalisation(nn.Module):
    """Local response normalisation over channels: x (kappa + alpha sum x^2)^-beta."""

    def __init__(self, lrn: Lrn) -> None:
        super().__init__()
        self.window, self.kappa, self.alpha, self.beta = LRNS[lrn]

    def forward(self, x: Tensor) -> Tensor:
        squares = x * x
        count = x.shape[1]
        if self.window > 1:
            # The sum over neighbours as a product with a band of ones: one pass, not five.
            offsets = torch.arange(count, device=x.device)
            ahead = offsets[None] - offsets[:, None]
            before, after = self.window // 2, (self.window - 1) // 2
            band = ((ahead >= -before) & (ahead <= after)).to(x.dtype) * self.alpha
            bias = torch.full((count,), self.kappa, dtype=x.dtype, device=x.device)
            total = functional.conv2d(squares, band[:, :, None, None], bias)
        else:
            total = self.kappa + self.alpha * squares
        # u^-3/4 by reciprocal square roots: much faster than a power, or than square roots.
        root = torch.rsqrt(total)
        return x * (root * root * torch.rsqrt(root))


class VggM(nn.Module):
    """Three convolutions of VGG-M; ``dense`` is RT-MDNet's form for scenes, with the same weights.

    For crops: 107 -> 51 -> 25 -> 11 -> 5 -> 3. Dense: no pooling after conv2, conv3 dilated by 3,
    so that a cell of the map, every 8 pixels, sees as far as a cell of a crop's does.
    """

    def __init__(self, lrn: Lrn = "matconvnet", *, dense: bool = False) -> None:
        super().__init__()
        self.lrn: Lrn = lrn
        self.dense = dense
        self.conv1 = nn.Conv2d(3, 96, 7, 2)
        self.conv2 = nn.Conv2d(96, 256, 5, 2)
        self.conv3 = nn.Conv2d(256, CHANNELS, 3, dilation=3 if dense else 1)
        self.normalisation = Normalisation(lrn)

    def first(self, images: Tensor) -> Tensor:
        """What conv1 gives before its ReLU, (b, 96, h, w), of images (b, 3, H, W) less 128."""
        # Channels last in memory, which stays so: pooling is ten times as fast on a CPU.
        z: Tensor = self.conv1(images.contiguous(memory_format=torch.channels_last))
        return z

    def rest(self, z: Tensor) -> Tensor:
        """Features (b, 512, h, w) from what ``first`` gave."""
        x = functional.max_pool2d(self.normalisation(functional.relu(z)), 3, 2)
        x = self.normalisation(functional.relu(self.conv2(x)))
        if not self.dense:
            x = functional.max_pool2d(x, 3, 2)
        return functional.relu(self.conv3(x))

    def forward(self, images: Tensor) -> Tensor:
        return self.rest(self.first(images))


def initialise(trunk: VggM) -> None:
    """Random weights of a spread that keeps activations alive (Kaiming), for want of trained."""
    for conv in (trunk.conv1, trunk.conv2, trunk.conv3):
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        if conv.bias is not None:
            nn.init.zeros_(conv.bias)
