"""Batches of pairs with targets and labels: a batch depends on the seed and the step alone."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from tirdata.errors import DataError, TirDataError
from tracking.training.batch import TensorBatch
from tracking.training.global_config import GlobalTrainConfig
from tracking.training.pair_sources import PairSource
from tracking.training.pair_views import Shown, View, ask, look


@dataclass(frozen=True)
class PairBatch(TensorBatch):
    """b pairs as the network takes them, grey levels 0..255."""

    visible: Tensor  # (b, 3, h, w) uint8
    thermal: Tensor  # (b, 3, h, w) uint8
    target_visible: Tensor  # (b, 3, h, w) uint8
    target_thermal: Tensor  # (b, 3, h, w) uint8
    label: Tensor  # (b, 1, h, w) uint8: how much of a pixel is target, of 255


class Question(NamedTuple):
    """What a pair is asked for."""

    pair: int
    """Index of the pair whose target it is."""
    which: int | None
    """Number of the view's label that is its answer; None: it is not there."""


class PairDataset(Dataset[PairBatch | TirDataError]):
    """An item is the whole batch of a step, or this process's part of it; or why there is none.

    An error is handed over as a value: raised in a worker process, torch would wrap it in a
    traceback.
    """

    def __init__(
        self, source: PairSource, config: GlobalTrainConfig, steps: range, places: range
    ) -> None:
        self.source = source
        self.config = config
        self.steps = steps
        self.places = places

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> PairBatch | TirDataError:
        try:
            return self.batch(self.steps[index])
        except TirDataError as error:
            return error

    def batch(self, step: int) -> PairBatch:
        """This process's part of the batch of ``step``.

        Raises:
            DataError: the data cannot be read.
        """
        first = step * self.config.batch
        made = [self.shown(first + place) for place in self.places]
        stacked = [torch.from_numpy(np.stack(each)) for each in zip(*made, strict=True)]
        *pictures, label = stacked
        visible, thermal, *targets = (each.permute(0, 3, 1, 2).contiguous() for each in pictures)
        return PairBatch(visible, thermal, targets[0], targets[1], label[:, None])

    def shown(self, number: int) -> Shown:
        """The pair that is shown as number ``number`` of the whole run."""
        config = self.config
        index = pair_of(self.source, config.seed, number)[1]
        random = np.random.default_rng((config.seed, number, 1))
        view, pasted = seen(self.source, index, config, random)
        question = draw_question(self.source, index, pasted, config, random)
        targets = self.source.targets(question.pair)
        shown = ask(view, question.which or 0, targets, config.input_size, random, config.augment)
        if question.which is None:
            shown = shown._replace(label=np.zeros_like(shown.label))
        return shown


def pair_of(source: PairSource, seed: int, number: int) -> tuple[int, int]:
    """Epoch and index of the pair that is shown as number ``number`` of the whole run."""
    count = len(source)
    epoch, place = divmod(number, count)
    return epoch, int(_order(seed, epoch, count)[place])


def seen(
    source: PairSource, index: int, config: GlobalTrainConfig, random: np.random.Generator,
    *, keep_alike: bool = False,
) -> tuple[View, int | None]:  # fmt: skip
    """A view of a pair, and the index of the pair whose target was pasted beside its own.

    ``keep_alike``: halves that are one picture are changed as one.

    Raises:
        DataError: the data cannot be read, or there is no other recording to paste from.
    """
    pair = source.pair(index)
    other = None
    if config.augment.paste and random.random() < config.augment.paste:
        other = other_recording(source, (index,), random)
    alike = keep_alike and np.array_equal(pair.visible, pair.thermal)
    pasted = None if other is None else source.targets(other)
    view = look(pair, config.input_size, random, config.augment, pasted, alike=alike)
    return view, other if len(view.labels) > 1 else None


def draw_question(
    source: PairSource, index: int, pasted: int | None, config: GlobalTrainConfig,
    random: np.random.Generator,
) -> Question:  # fmt: skip
    """What a view of pair ``index`` is asked for: either of its targets alike, or a third one.

    Raises:
        DataError: there is no other recording to take a target from.
    """
    if random.random() < config.negative:
        there = (index,) if pasted is None else (index, pasted)
        return Question(other_recording(source, there, random), None)
    if pasted is not None and random.random() < 0.5:
        return Question(pasted, 1)
    return Question(index, 0)


def other_recording(source: PairSource, but: tuple[int, ...], random: np.random.Generator) -> int:
    """Index of a pair of another recording than those of the pairs ``but``.

    Raises:
        DataError: there is none, or hardly.
    """
    own = {source.recording(index) for index in but}
    for _ in range(1000):
        other = int(random.integers(len(source)))
        if source.recording(other) not in own:
            return other
    raise DataError(
        f"{min(own)}: no other recording to take a target from; set negative = 0 and paste = 0"
    )


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, epoch, 0)).permutation(count)
