"""MMNet (AAAI 2020): discriminative, classification and fine-grained branches over one backbone."""

from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor, nn

from tracking.models.alexnet import STRIDE, AlexNet, Features, initialise
from tracking.models.correlation_filter import (
    MARGIN,
    CorrelationFilter,
    correlate,
    correlate_directly,
)
from tracking.models.fine_grained import FineGrained

INPUT_SIZE: Final = 255
Compat = Literal["paper", "released"]
BRANCHES: Final = ("dis", "cls", "hc", "pc")
"""dis: conv5 matching; cls: classification; hc, pc: the two modules of the conv3 matching."""
CONV3_MATCHING: Final = frozenset({"fin", "hc", "pc"})
"""Any of these brings the conv3 matching; fin alone is it without either module."""


class Templates(NamedTuple):
    """What is kept of an exemplar: one filter a matching branch."""

    discriminative: Tensor  # (b, 64, 17, 17)
    fine_grained: Tensor | None  # (b, 64, 21, 21); None without the conv3 branch


class Responses(NamedTuple):
    """Raw responses of the matching branches, each (b, 33, 33)."""

    discriminative: Tensor
    fine_grained: Tensor | None

    @property
    def total(self) -> Tensor:
        """The sum that the tracker searches."""
        if self.fine_grained is None:
            return self.discriminative
        return self.discriminative + self.fine_grained


class Calibration(nn.Module):
    """Response -> score for the logistic loss; dropped in tracking."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))
        self.bias = nn.Parameter(torch.tensor(-0.5))

    def forward(self, response: Tensor) -> Tensor:
        return self.gain * response + self.bias


class MMNet(nn.Module):
    """The whole network.

    Args:
        branches: of ``BRANCHES``; each row of the paper's Table 1 is a subset. ``hc`` or ``pc``
            bring the conv3 matching with them; ``fin`` is it without them, the row that the
            paper's table lacks.
        classes: size of the classification layer.
        input_size: side of the crops, 255 + 4k.
        compat: paper: as it describes the fine-grained branch. released: as its code computes it:
            attention that weighs all positions alike, without delta, and a start from almost zero.
    """

    def __init__(
        self,
        branches: tuple[str, ...] = BRANCHES,
        classes: int = 30,
        input_size: int = INPUT_SIZE,
        compat: Compat = "paper",
    ) -> None:
        super().__init__()
        self.compat: Compat = compat
        conv5_size = conv5_cells(input_size)
        self.input_size = input_size
        self.response_size = 2 * MARGIN + 1
        self.backbone = AlexNet()
        self.filter5 = CorrelationFilter(conv5_size)
        self.calibration5 = Calibration()
        self.fine_grained: FineGrained | None = None
        if CONV3_MATCHING & set(branches):
            self.fine_grained = FineGrained(
                holistic="hc" in branches,
                pixel_level="pc" in branches,
                released=compat == "released",
            )
            self.filter3 = CorrelationFilter(conv5_size + 4)
            self.calibration3 = Calibration()
        self.classifier: nn.Conv2d | None = None
        if "cls" in branches:
            self.classifier = nn.Conv2d(64, classes, 1)
            initialise(self.classifier)

    def embed(self, images: Tensor) -> Features:
        """Matching features of ``images`` (b, 1, 255, 255): conv3 after FANet, and conv5."""
        features: Features = self.backbone(images)
        if self.fine_grained is None:
            return features
        return Features(self.fine_grained(features.conv3), features.conv5)

    def templates(self, features: Features) -> Templates:
        """Correlation filters of an exemplar's features, fp32."""
        return Templates(
            self.filter5(features.conv5),
            None if self.fine_grained is None else self.filter3(features.conv3),
        )

    def responses(self, templates: Templates, features: Features) -> Responses:
        """Raw responses of search features to ``templates``, fp32."""
        with torch.autocast(features.conv5.device.type, enabled=False):
            return Responses(
                correlate(templates.discriminative, features.conv5.float()),
                None
                if templates.fine_grained is None
                else correlate(templates.fine_grained, features.conv3.float()),
            )

    def answers(self, templates: Templates, features: Features) -> Tensor:
        """``responses(...).total`` of samples with a template each, where no gradient is wanted."""
        total = correlate_directly(templates.discriminative, features.conv5.float())
        if templates.fine_grained is None:
            return total
        return total + correlate_directly(templates.fine_grained, features.conv3.float())

    def classify(self, features: Features) -> Tensor:
        """Class scores of an exemplar, (b, classes).

        Raises:
            RuntimeError: the network was built without ``cls``.
        """
        if self.classifier is None:
            raise RuntimeError("this MMNet has no classification branch")
        pooled = features.conv5.mean(dim=(2, 3), keepdim=True)
        scores: Tensor = self.classifier(pooled)
        return scores.flatten(1)


def conv5_cells(input_size: int) -> int:
    """Cells of conv5 along one side of an input of ``input_size``: 255 -> 49.

    Raises:
        ValueError: ``input_size`` is not 255 + 4k, or leaves no template.
    """
    cells, rest = divmod(input_size - 59, STRIDE)
    if rest or cells <= 2 * MARGIN:
        raise ValueError(f"input size {input_size}: expected 255 + 4k, at least 191")
    return cells
