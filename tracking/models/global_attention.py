"""The global attention network: where in the whole frame the target is, from both modalities.

VGG-16 up to conv5_3 looks with the same weights at four pictures of 192x256: the visible and the
thermal frame, and the target in both as it was cut from the first frame. Their features side by
side (12x16x2048) go through VGG-16 reversed, to one map as large as the pictures.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from tracking.models.vgg16 import BLOCKS, Vgg16, initialise, widths

Normalize = Literal["imagenet", "matconvnet", "unit_bgr"]

HEIGHT, WIDTH = 192, 256
_IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
# What the publishers of the weights took off and divided by, RGB, of 0..255.
_SCALES: dict[Normalize, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "imagenet": _IMAGENET,
    "matconvnet": ((123.68, 116.779, 103.939), (1.0, 1.0, 1.0)),
    "unit_bgr": ((0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
}


class GlobalAttention(nn.Module):
    """Encoder, and VGG-16 reversed as decoder.

    Args:
        width: channels of conv1; 64 is the paper's, less is for tests.
        decoder_width: channels of the decoder's last convolutions; None is the paper's, as many as
            conv1 has. With 16 the decoder takes 2 GMAC a pair, not 25.
        decoder_relu: ReLUs between the decoder's convolutions; the group's published code has none.
        normalize: how grey levels are scaled, as the encoder's start was trained.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, width: int = 64, *, decoder_width: int | None = None, decoder_relu: bool = True,
        normalize: Normalize = "imagenet",
    ) -> None:  # fmt: skip
        super().__init__()
        self.decoder_relu = decoder_relu
        self.normalize = normalize
        mean, deviation = (torch.tensor(each).view(1, 3, 1, 1) for each in _SCALES[normalize])
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)
        self.encoder = Vgg16(width)
        self.decoder = nn.ModuleList()
        before = 4 * self.encoder.out_channels
        gain = 2.0 if decoder_relu else 1.0
        backwards = reversed(widths(decoder_width or width))
        for count, after in zip(reversed(BLOCKS), backwards, strict=True):
            block = nn.ModuleList()
            for _ in range(count):
                conv = nn.Conv2d(before, after, 3, padding=1)
                initialise(conv, gain)
                block.append(conv)
                before = after
            self.decoder.append(block)
        self.last = nn.Conv2d(before, 1, 1)
        initialise(self.last, 1.0)

    def encode(self, images: Tensor) -> Tensor:
        """Features of pictures (b, 3, h, w), RGB of 0..255."""
        scaled = (images.float() - self.mean) / self.deviation
        if self.normalize == "unit_bgr":
            scaled = scaled.flip(1)
        features: Tensor = self.encoder(scaled.contiguous(memory_format=torch.channels_last))
        return features

    def features(self, visible: Tensor, thermal: Tensor) -> Tensor:
        """Features of both halves, side by side: (b, 2 c, h / 16, w / 16)."""
        return torch.cat(self.encode(torch.cat([visible, thermal])).chunk(2), 1)

    def see_target(self, visible: Tensor, thermal: Tensor) -> Tensor:
        """What the first convolution of the decoder adds for a target; once a sequence is enough.

        That convolution is linear, so its halves for frame and target can be taken apart.
        """
        return self.take_target(self.features(visible, thermal))

    def take_target(self, features: Tensor) -> Tensor:
        """``see_target`` of a target's features."""
        first = self._first()
        weight = first.weight[:, features.shape[1] :]
        return nn.functional.conv2d(features, weight, first.bias, padding=1)

    def forward(self, visible: Tensor, thermal: Tensor, target: Tensor) -> Tensor:
        """Logits (b, 1, h, w) of a pair of frames; ``target`` as ``see_target`` gave it."""
        return self.decode(self.features(visible, thermal), target)

    def decode(self, features: Tensor, target: Tensor) -> Tensor:
        """``forward`` of a pair's features."""
        weight = self._first().weight[:, : features.shape[1]]
        x = nn.functional.conv2d(features, weight, padding=1) + target
        if self.decoder_relu:
            x = torch.relu(x)
        for number, block in enumerate(self.decoder):
            if number:
                x = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
            for conv in list(block.children())[0 if number else 1 :]:
                x = torch.relu(conv(x)) if self.decoder_relu else conv(x)
        logits: Tensor = self.last(x)
        return logits

    def _first(self) -> nn.Conv2d:
        first = self.get_submodule("decoder.0.0")
        if not isinstance(first, nn.Conv2d):
            raise TypeError("expected a convolution")
        return first
