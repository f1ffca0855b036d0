"""What the local net learns while it tracks: memory of samples, hard negatives, two losses."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.optim import SGD

from tracking.models.local_attention import TARGET, LocalAttention
from tracking.models.reciprocative import Maps, maps_at_layer, maps_at_regions, regulariser
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.trackers.pair_features import Extractor, Samples
from tracking.trackers.slots import Slots

_LOG: Final = logging.getLogger(__name__)

Rows = NDArray[np.int64]


class Memory:
    """Samples of the last frames in which the object was found."""

    def __init__(self, config: DualAttentionConfig) -> None:
        self.short = config.short_memory
        self.positives: deque[Samples] = deque(maxlen=config.long_memory)
        self.negatives: deque[Samples] = deque(maxlen=config.short_memory)

    def add(self, positives: Samples, negatives: Samples) -> None:
        """Keep what a frame has given."""
        if len(positives):
            self.positives.append(positives)
        if len(negatives):
            self.negatives.append(negatives)

    def lately(self) -> list[Samples]:
        """Positives of the last few frames."""
        return [*self.positives][-self.short :]


class Bank:
    """Samples of several frames as one."""

    def __init__(self, samples: Sequence[Samples]) -> None:
        self.samples = samples
        self.features = torch.cat([each.features for each in samples])
        marked = [each.where for each in samples if each.where is not None]
        self.where = torch.cat(marked) if marked else None
        counts = [len(each) for each in samples]
        self.owners = np.repeat(np.arange(len(samples)), counts)
        self.boxes = np.concatenate([each.boxes for each in samples])

    def __len__(self) -> int:
        return len(self.boxes)

    def crops(self, rows: Rows, extractor: Extractor) -> Tensor:
        """What the network sees of some samples, cut again from their frames."""
        owners = self.owners[rows]
        order = np.argsort(owners, kind="stable")
        found = [
            extractor.crops(self.samples[owner].view, self.boxes[rows[owners == owner]])
            for owner in np.unique(owners)
        ]
        return torch.cat(found)[torch.from_numpy(np.argsort(order))]


class Learner:
    """The head of a network and how it learns on one sequence."""

    def __init__(
        self, extractor: Extractor, config: DualAttentionConfig, random: np.random.Generator
    ) -> None:
        self.extractor, self.config, self.random = extractor, config, random
        self.model: LocalAttention = extractor.model
        self.weights = [*self.model.head.parameters()]
        self.skipped = 0  # steps whose gradient was not a number
        self._score: Callable[[Tensor], Tensor] = self.model.head
        if config.graphs:
            self._score = Slots(self.model.head)
        self._first = self._optimizer(config.init_rate)
        self._later = self._optimizer(config.update_rate)

    def start(self, positives: Samples, negatives: Samples) -> None:
        """Learn on the first frame."""
        self._learn([positives], [negatives], self.config.init_steps, self._first)

    def update(self, positives: Sequence[Samples], negatives: Sequence[Samples]) -> None:
        """Learn from what the memory holds."""
        if positives and negatives:
            self._learn(positives, negatives, self.config.update_steps, self._later)

    @torch.no_grad()
    def scores(self, features: Tensor) -> Tensor:
        """Scores (n, 2) as tracking uses them."""
        self.model.head.eval()
        return self._score(features.float())

    def _learn(
        self, positives: Sequence[Samples], negatives: Sequence[Samples], steps: int, how: SGD
    ) -> None:
        good, bad = Bank(positives), Bank(negatives)
        device = good.features.device
        # Dropout draws from torch's own numbers: the caller's stay as they were.
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(int(self.random.integers(2**31)))
            for _ in range(steps):
                self._step(good, bad, how)

    def _step(self, good: Bank, bad: Bank, how: SGD) -> None:
        rows = self._draw(len(good), self.config.positives)
        hard = self._hardest(bad)
        features = torch.cat([good.features[_on(good, rows)], bad.features[_on(bad, hard)]]).float()
        positives = torch.zeros(len(features), dtype=torch.bool, device=features.device)
        positives[: len(rows)] = True
        loss = self._loss(features, positives)
        if self.config.attention != "off" and self.config.weight > 0:
            few = hard[: len(rows)]  # as many of each kind
            count = len(rows) + len(few)
            maps = self._maps(features[:count], good, rows, bad, few)
            penalty = regulariser(maps, positives[:count], self.config.regulariser)
            loss = loss + self.config.weight * penalty
        # Only by the head's weights: nothing of second order is done for the trunk.
        found = torch.autograd.grad(loss, self.weights, materialize_grads=True)
        for weight, gradient in zip(self.weights, found, strict=True):
            weight.grad = gradient
        norm = torch.nn.utils.clip_grad_norm_(self.weights, self.config.clip)
        if norm.isfinite():
            how.step()
        else:
            self.skipped += 1
            _LOG.info("a step was left out: its gradient is not a number (%d)", self.skipped)

    def _loss(self, features: Tensor, positives: Tensor) -> Tensor:
        self.model.head.train()
        scores = self.model.head(features)
        self.model.head.eval()
        return functional.cross_entropy(
            scores, positives.long(), reduction=self.config.cross_entropy
        )

    def _maps(self, features: Tensor, good: Bank, rows: Rows, bad: Bank, hard: Rows) -> Maps:
        layer, fuse = self.config.attention, self.config.attention_fuse
        if layer == "conv1" or layer == "input":  # noqa: PLR1714 - mypy narrows only this
            both = [good.crops(rows, self.extractor), bad.crops(hard, self.extractor)]
            return maps_at_layer(self.model, torch.cat(both), layer, fuse)[0]
        where = None
        if good.where is not None and bad.where is not None:
            where = torch.cat([good.where[_on(good, rows)], bad.where[_on(bad, hard)]])
        return maps_at_regions(self.model, features, where, fuse)

    def _hardest(self, bad: Bank) -> Rows:
        """The negatives among some that look most like the object."""
        rows = self._draw(len(bad), self.config.negatives_looked_at)
        scores = self.scores(bad.features[_on(bad, rows)])[:, TARGET]
        best = scores.topk(min(self.config.mined_negatives, len(rows))).indices
        hardest: Rows = rows[best.cpu().numpy()]
        return hardest

    def _draw(self, of: int, count: int) -> Rows:
        """Some rows, each once, or all of them."""
        return self.random.permutation(of)[:count]

    def _optimizer(self, rate: float) -> SGD:
        last = {id(weight) for weight in self.model.head.fc6.parameters()}
        groups = [
            {"params": [w for w in self.weights if id(w) not in last], "lr": rate},
            {"params": [w for w in self.weights if id(w) in last],
             "lr": rate * self.config.head_rate},
        ]  # fmt: skip
        return SGD(groups, momentum=self.config.momentum, weight_decay=self.config.decay)


def _on(bank: Bank, rows: Rows) -> Tensor:
    return torch.from_numpy(rows).to(bank.features.device)
