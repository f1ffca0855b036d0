"""The loss of MMNet over a batch of pairs: both matchings, the classes, every other pair."""

from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from tracking.models.alexnet import Features
from tracking.models.correlation_filter import correlate_all
from tracking.models.mmnet import MMNet, Templates
from tracking.training.config import Strategy, TrainConfig
from tracking.training.data import Batch
from tracking.training.distributed import ALONE, Ranks
from tracking.training.losses import classification_loss, label_map, matching_loss
from tracking.training.sampling import Kind


def classification_weight(config: TrainConfig, strategy: Strategy) -> float:
    """Weight of the classification loss: what ``config`` says, else the strategy's own."""
    weight = config.classification
    return strategy.classification if weight is None else weight


class MatchingLoss:
    """L_dis + L_fin + lambda_2 L_cls of a batch; equations 3-5 of the paper."""

    def __init__(self, config: TrainConfig, strategy: Strategy, ranks: Ranks = ALONE) -> None:
        self.precision = config.precision
        self.ranks = ranks
        self.in_batch = config.in_batch_negatives
        self.classification = classification_weight(config, strategy)

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Parts by name."""
        if not isinstance(model, MMNet):
            raise TypeError("expected an MMNet")
        count = len(batch.z)
        images = torch.cat([batch.z, batch.x]).float().div_(255)
        images = images.contiguous(memory_format=torch.channels_last)
        with self._autocast(images.device.type):
            features = model.embed(images)
        z = Features(features.conv3[:count], features.conv5[:count])
        x = Features(features.conv3[count:], features.conv5[count:])
        templates = model.templates(z)
        responses = model.responses(templates, x)
        negative = (batch.kinds != Kind.POSITIVE)[:, None, None]
        labels = torch.where(negative, -1.0, label_map(batch.offsets, responses.total.shape[-1]))

        parts = {"dis": matching_loss(model.calibration5(responses.discriminative), labels).mean()}
        if responses.fine_grained is not None:
            parts["fin"] = matching_loss(model.calibration3(responses.fine_grained), labels).mean()
        if model.classifier is not None and self.classification:
            keep = (batch.kinds != Kind.HARD).float()
            scores = model.classify(Features(z.conv3.float(), z.conv5.float()))
            share = keep.sum() / self.ranks.mean(keep.sum()).clamp(min=1e-6)
            loss = classification_loss(scores, batch.labels, keep)
            parts["cls"] = self.classification * share * loss
        if self.in_batch:
            parts["others"] = self.in_batch * self._others(model, templates, x)
        return parts

    def _others(self, model: MMNet, templates: Templates, x: Features) -> Tensor:
        """Every exemplar against every other search crop: all negative, no extra features."""
        pairs = [(model.calibration5, templates.discriminative, x.conv5)]
        if templates.fine_grained is not None:
            pairs.append((model.calibration3, templates.fine_grained, x.conv3))
        total = torch.zeros((), device=x.conv5.device)
        own = len(x.conv5)
        everyone = own * self.ranks.count
        if everyone < 2:
            return total
        for calibration, template, search in pairs:
            searches = self.ranks.gather(search.float())
            scores = calibration(correlate_all(template, searches))
            losses = nn.functional.softplus(scores).mean(dim=(2, 3))  # (own, everyone)
            # By sums: picking the others out would make a GPU be waited for.
            others = losses.sum() - losses.diagonal(own * self.ranks.rank).sum()
            total = total + 0.5 * others / (own * (everyone - 1))
        return total

    def _autocast(self, device: str) -> Any:  # noqa: ANN401 - torch's own context managers
        if self.precision == "bf16":
            return torch.autocast(device, dtype=torch.bfloat16)
        return nullcontext()
