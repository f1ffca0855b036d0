"""The fine-grained aware network (FANet): holistic and pixel-level correlation modules, fused.

MMNet, equations 7-9 and figure 2; where the released code departs from the paper, the paper, or by
``released`` that code.
"""

import torch
from torch import Tensor, nn

from tracking.models.alexnet import initialise

CHANNELS = 64
RELEASED_START = 1e-8  # deviation of the released code's weights of the holistic module


class Holistic(nn.Module):
    """One gain a position, 0..1, from an hour-glass over the whole map; multiplies all channels."""

    def __init__(self, channels: int = CHANNELS, *, released: bool = False) -> None:
        super().__init__()
        middle = channels // 4
        self.down1 = nn.Conv2d(channels, middle, 7, stride=2)
        self.down2 = nn.Conv2d(middle, 1, 5)
        self.up1 = nn.ConvTranspose2d(1, 1, 5)
        self.up2 = nn.ConvTranspose2d(1, 1, 7, stride=2)
        for layer in (self.down1, self.down2, self.up1):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.constant_(layer.bias, 0.1)  # type: ignore[arg-type]
        # The map starts at 0.5, yet the last layer has a real gradient from the first step; the
        # released start (1e-8 everywhere, tenfold decay) leaves it a constant for good.
        nn.init.zeros_(self.up2.weight)
        nn.init.zeros_(self.up2.bias)  # type: ignore[arg-type]
        if released:
            for layer in (self.down1, self.down2, self.up1, self.up2):
                nn.init.normal_(layer.weight, 0.0, RELEASED_START)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def gain(self, x: Tensor) -> Tensor:
        """The map alone, (b, 1, m, m)."""
        hidden = torch.relu(self.down2(torch.relu(self.down1(x))))
        size = [x.shape[-2], x.shape[-1]]
        logits: Tensor = self.up2(torch.relu(self.up1(hidden)), output_size=size)
        return torch.sigmoid(logits)

    def forward(self, x: Tensor) -> Tensor:
        """``x`` (b, c, m, m) weighted by its map."""
        return x * self.gain(x)


class PixelLevel(nn.Module):
    """Self-attention over positions: x + delta * conv1x1(softmax_j(<q_i, k_j>) v_j).

    delta is learned and starts at 0, so the module starts as the identity. The soft-max runs over
    the other positions, without 1/sqrt(d) (paper); the released code's runs over an axis of size 1.
    """

    delta: Tensor

    def __init__(
        self, channels: int = CHANNELS, scale: float = 1.0, *, released: bool = False
    ) -> None:
        super().__init__()
        self.released = released
        self.query = _projection(channels)
        self.key = _projection(channels)
        self.value = _projection(channels)
        self.out = nn.Conv2d(channels, channels, 1)
        initialise(self.out)
        if released:
            self.register_buffer("delta", torch.ones(()))
        else:
            self.delta = nn.Parameter(torch.zeros(()))
        self.scale = scale
        self.pooling = 1  # side of the squares of positions that keys and values are means of
        self.adds = True  # False: known to add nothing

    def forward(self, x: Tensor) -> Tensor:
        """``x`` (b, c, m, m) plus what each position gathers from all others."""
        if not self.adds:
            return x
        if self.released:  # every weight of its soft-max is 1: one vector for all positions
            same: Tensor = self.out(self.value(x).sum(dim=(2, 3), keepdim=True))
            return x + self.delta * same
        query, key, value = (
            part.flatten(2).transpose(1, 2)[:, None]  # (b, 1, m*m, c)
            for part in (self.query(x), self._pooled(self.key(x)), self._pooled(self.value(x)))
        )
        gathered = nn.functional.scaled_dot_product_attention(query, key, value, scale=self.scale)
        added: Tensor = self.out(gathered[:, 0].transpose(1, 2).reshape(x.shape))
        return x + self.delta * added

    def _pooled(self, x: Tensor) -> Tensor:
        if self.pooling == 1:
            return x
        return nn.functional.avg_pool2d(x, self.pooling, self.pooling, ceil_mode=True)


class FineGrained(nn.Module):
    """conv3 (384 channels) -> 64 channels -> both modules -> fused to 64 channels."""

    def __init__(
        self, *, holistic: bool = True, pixel_level: bool = True, released: bool = False
    ) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(384, CHANNELS, 1)
        initialise(self.reduce)
        self.holistic = Holistic(released=released) if holistic else None
        self.pixel_level = PixelLevel(released=released) if pixel_level else None
        branches = int(holistic) + int(pixel_level)
        self.fuse = nn.Conv2d(branches * CHANNELS, CHANNELS, 1) if branches else None
        if self.fuse is not None:
            initialise(self.fuse)

    def forward(self, conv3: Tensor) -> Tensor:
        """Fine-grained features, (b, 64, m, m)."""
        x: Tensor = self.reduce(conv3)
        parts = [module(x) for module in (self.pixel_level, self.holistic) if module is not None]
        return x if self.fuse is None else self.fuse(torch.cat(parts, dim=1))


def _projection(channels: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, channels, 1)
    initialise(conv)
    return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.ReLU())
