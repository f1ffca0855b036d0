"""The local net: VGG-M over the visible and the thermal half, then three fully connected layers.

Of pairs the visible half comes first. Dropout, training and which layers learn are the caller's.
"""

from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from tracking.models.vgg_m import CHANNELS, SIDE, Lrn, VggM

Fusion = Literal["conv3", "fc5"]

WIDTH: Final = 512  # of fc4 and fc5
HALVES: Final = 2
FEATURES: Final = CHANNELS * SIDE * SIDE  # of one half
BACKGROUND, TARGET = 0, 1  # of the two scores


class Head(nn.Module):
    """fc4-6 over the features of both halves; one fc6 for each domain.

    ``fusion`` says where the halves meet: conv3 before fc4, fc5 before fc6.
    """

    def __init__(self, fusion: Fusion = "conv3", domains: int = 1) -> None:
        super().__init__()
        self.fusion: Fusion = fusion
        self.domains = domains
        streams = 1 if fusion == "conv3" else HALVES
        inputs = FEATURES * HALVES // streams
        self.fc4 = nn.ModuleList(nn.Linear(inputs, WIDTH) for _ in range(streams))
        self.fc5 = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(streams))
        self.fc6 = nn.ModuleList(nn.Linear(WIDTH * streams, 2) for _ in range(domains))
        self.dropout = nn.Dropout(0.5)
        self.reset()

    def reset(self, generator: torch.Generator | None = None) -> None:
        """Random weights: standard deviation 0.01, biases 0.1, and 0 for fc6."""
        for layers, bias in ((self.fc4, 0.1), (self.fc5, 0.1), (self.fc6, 0.0)):
            for layer in layers:
                assert isinstance(layer, nn.Linear)  # noqa: S101 - for mypy
                nn.init.normal_(layer.weight, std=0.01, generator=generator)
                nn.init.constant_(layer.bias, bias)

    def forward(self, features: Tensor, domain: int = 0) -> Tensor:
        """Scores (n, 2), background first, of features (n, 2, 512, 3, 3)."""
        parts = features.flatten(1).chunk(len(self.fc4), dim=1)
        hidden = [self.dropout(functional.relu(fc(x))) for fc, x in zip(self.fc4, parts)]  # noqa: B905
        hidden = [self.dropout(functional.relu(fc(x))) for fc, x in zip(self.fc5, hidden)]  # noqa: B905
        scores: Tensor = self.fc6[domain](torch.cat(hidden, dim=1))
        return scores

    def gradients(self, features: Tensor, domain: int = 0) -> Tensor:
        """Gradients of both scores by the features, without dropout, (2, n, 2, 512, 3, 3).

        Written out, so that what is learned from them costs a first derivative, not a second: of
        the weights it is an ordinary product, and ReLUs are masks.
        """
        parts = features.flatten(1).chunk(len(self.fc4), dim=1)
        weight = self.fc6[domain].weight
        assert isinstance(weight, Tensor)  # noqa: S101 - for mypy
        found: list[Tensor] = []
        for stream, x in enumerate(parts):
            fc4, fc5 = self.fc4[stream], self.fc5[stream]
            assert isinstance(fc4, nn.Linear)  # noqa: S101 - for mypy
            assert isinstance(fc5, nn.Linear)  # noqa: S101 - for mypy
            with torch.no_grad():
                hidden = functional.relu(fc4(x))
                alive4, alive5 = hidden > 0, fc5(hidden) > 0
            last = weight[:, stream * WIDTH : (stream + 1) * WIDTH]
            towards5 = last[:, None, :] * alive5
            towards4 = (towards5 @ fc5.weight) * alive4
            found.append(towards4 @ fc4.weight)
        return torch.cat(found, dim=-1).reshape(2, *features.shape)


class LocalAttention(nn.Module):
    """Trunks and head.

    Args:
        lrn: normalisation that the convolutions were trained with.
        fusion: where the halves meet.
        share_conv: one trunk for both halves.
        dense: trunks for scenes.
        domains: last layers; tracking has one.
    """

    def __init__(
        self,
        lrn: Lrn = "matconvnet",
        *,
        fusion: Fusion = "conv3",
        share_conv: bool = True,
        dense: bool = False,
        domains: int = 1,
    ) -> None:
        super().__init__()
        count = 1 if share_conv else HALVES
        self.trunks = nn.ModuleList(VggM(lrn, dense=dense) for _ in range(count))
        self.head = Head(fusion, domains)

    def first(self, images: Tensor) -> Tensor:
        """What conv1 gives before its ReLU, (n, 2, 96, h, w), of (n, 2, 3, H, W) less 128."""
        return self._each(images, "first")

    def rest(self, z: Tensor) -> Tensor:
        """Features (n, 2, 512, h, w) from what ``first`` gave."""
        return self._each(z, "rest")

    def features(self, images: Tensor) -> Tensor:
        """Features (n, 2, 512, h, w), (3, 3) for crops, of (n, 2, 3, H, W) less 128."""
        return self._each(images, "forward")

    def forward(self, images: Tensor, domain: int = 0) -> Tensor:
        """Scores (n, 2) of crops."""
        scores: Tensor = self.head(self.features(images), domain)
        return scores

    def _each(self, x: Tensor, what: str) -> Tensor:
        if len(self.trunks) == 1:
            flat: Tensor = getattr(self.trunks[0], what)(x.flatten(0, 1))
            return flat.reshape(*x.shape[:2], *flat.shape[1:])
        found = [getattr(trunk, what)(x[:, half]) for half, trunk in enumerate(self.trunks)]
        return torch.stack(found, dim=1)
