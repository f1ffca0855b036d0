"""Batches of features for a frozen encoder: each view of a pair is encoded once and kept.

What is asked for in a view, and which half is missing, is drawn anew at each showing. A batch
depends on the seed and the step alone: a view's features are the same whenever they are made.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tirdata.mix.pair_reader import Picture
from tracking.models.global_attention import GlobalAttention
from tracking.trackers.global_search import GREY
from tracking.training.batch import TensorBatch
from tracking.training.global_config import GlobalTrainConfig
from tracking.training.pair_batches import draw_question, pair_of, seen
from tracking.training.pair_sources import PairSource
from tracking.training.pair_views import Label, Turned, as_targets


@dataclass(frozen=True)
class FeatureBatch(TensorBatch):
    """b pairs as the decoder takes them."""

    features: Tensor  # (b, 2 c, h / 16, w / 16) of visible and thermal frame
    target: Tensor  # (b, 2 c, h / 16, w / 16) of visible and thermal target
    label: Tensor  # (b, 1, h, w) uint8: how much of a pixel is target, of 255


class Halves(NamedTuple):
    """Features of both halves, (c, h / 16, w / 16); one tensor where the halves are one picture."""

    visible: Tensor
    thermal: Tensor


class KeptView(NamedTuple):
    """What is kept of a view."""

    halves: Halves
    labels: tuple[Label, ...]
    turned: Turned
    pasted: int | None
    """Index of the pair whose target was pasted."""


class KeptViews:
    """Makes batches, and keeps what it encoded."""

    def __init__(
        self, model: GlobalAttention, source: PairSource, config: GlobalTrainConfig
    ) -> None:
        self.model = model
        self.source = source
        self.config = config
        self._views: dict[tuple[int, int], KeptView] = {}
        self._targets: dict[tuple[int, Turned], Halves] = {}
        width, height = config.input_size
        self._grey = self._encode(np.full((height, width, 3), GREY, np.uint8))

    def batch(self, step: int, places: range) -> FeatureBatch:
        """The ``places`` of the batch of ``step``.

        Raises:
            DataError: the data cannot be read.
        """
        first = step * self.config.batch
        made = [self._shown(first + place) for place in places]
        features, targets, labels = zip(*made, strict=True)
        return FeatureBatch(
            torch.stack([torch.cat(each) for each in features]),
            torch.stack([torch.cat(each) for each in targets]),
            torch.from_numpy(np.stack(labels))[:, None],
        )

    def _shown(self, number: int) -> tuple[Halves, Halves, Label]:
        """Features of frame and target, and the label, of what is shown as number ``number``."""
        config = self.config
        epoch, index = pair_of(self.source, config.seed, number)
        kept = self._view(index, epoch % config.views)
        random = np.random.default_rng((config.seed, number, 1))
        question = draw_question(self.source, index, kept.pasted, config, random)
        target = self._target(question.pair, kept.turned)
        label = kept.labels[question.which or 0]
        if question.which is None:
            label = np.zeros_like(label)
        halves = kept.halves
        if random.random() < config.augment.drop:
            half = "visible" if random.random() < 0.5 else "thermal"
            halves, target = (each._replace(**{half: self._grey}) for each in (halves, target))
        return halves, target, label

    def _view(self, index: int, number: int) -> KeptView:
        if (index, number) not in self._views:
            random = np.random.default_rng((self.config.seed, index, number, 2))
            view, pasted = seen(self.source, index, self.config, random, keep_alike=True)
            halves = self._halves(view.visible, view.thermal)
            self._views[index, number] = KeptView(halves, view.labels, view.turned, pasted)
        return self._views[index, number]

    def _target(self, index: int, turned: Turned) -> Halves:
        key = self.source.track(index), turned
        if key not in self._targets:
            shown = as_targets(self.source.targets(index), self.config.input_size, turned)
            self._targets[key] = self._halves(*shown)
        return self._targets[key]

    def _halves(self, visible: Picture, thermal: Picture) -> Halves:
        one = self._encode(visible)
        return Halves(one, one if np.array_equal(visible, thermal) else self._encode(thermal))

    @torch.no_grad()
    def _encode(self, picture: Picture) -> Tensor:
        """Of one picture at a time: in a batch the last digits would depend on the others."""
        device = next(self.model.parameters()).device
        planes = torch.from_numpy(picture).permute(2, 0, 1)[None].to(device)
        bf16 = self.config.precision == "bf16"
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
            return self.model.encode(planes)[0].cpu()
