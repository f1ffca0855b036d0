"""Batches of pairs with targets and labels: a batch depends on the seed and the step alone."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Self

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from tirdata.errors import DataError, TirDataError
from tirdata.mix.pair_reader import Picture
from tracking.trackers.global_search import GREY, as_input
from tracking.training.global_config import GlobalTrainConfig, PairAugment
from tracking.training.pair_sources import LabelledPair, PairSource, Targets


@dataclass(frozen=True)
class PairBatch:
    """b pairs as the network takes them, grey levels 0..255."""

    visible: Tensor  # (b, 3, h, w) uint8
    thermal: Tensor  # (b, 3, h, w) uint8
    target_visible: Tensor  # (b, 3, h, w) uint8
    target_thermal: Tensor  # (b, 3, h, w) uint8
    label: Tensor  # (b, 1, h, w) uint8: how much of a pixel is target, of 255

    def __len__(self) -> int:
        return len(self.visible)

    def to(self, device: torch.device) -> Self:
        """The same batch on ``device``."""
        return type(self)(
            *(
                value.to(device, non_blocking=True)
                for value in (
                    self.visible, self.thermal, self.target_visible, self.target_thermal, self.label
                )
            )
        )  # fmt: skip


class Shown(NamedTuple):
    """One pair as the network takes it; pictures (h, w, 3), label (h, w)."""

    visible: Picture
    thermal: Picture
    target_visible: Picture
    target_thermal: Picture
    label: NDArray[np.uint8]


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
        count = len(self.source)
        epoch, place = divmod(number, count)
        index = int(_order(self.config.seed, epoch, count)[place])
        random = np.random.default_rng((self.config.seed, number, 1))
        pair, targets = self.source.pair(index), self.source.targets(index)
        if random.random() < self.config.negative:
            targets = self._others(index, random)
            pair = pair._replace(label=np.zeros_like(pair.label))
        return show(pair, targets, self.config.input_size, random, self.config.augment)

    def _others(self, index: int, random: np.random.Generator) -> Targets:
        """The target of a pair of another recording.

        Raises:
            DataError: there is no other recording, or hardly.
        """
        own = self.source.recording(index)
        for _ in range(1000):
            other = int(random.integers(len(self.source)))
            if self.source.recording(other) != own:
                return self.source.targets(other)
        raise DataError(f"{own}: no other recording to take a target from; set negative = 0")


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, epoch, 0)).permutation(count)


def show(
    pair: LabelledPair, targets: Targets, size: tuple[int, int], random: np.random.Generator,
    augment: PairAugment,
) -> Shown:  # fmt: skip
    """A pair at the network's ``size`` (w, h), changed within the bounds of ``augment``."""
    window = _window(pair.label, random, augment.zoom)
    visible, thermal = (as_input(_cut(each, window), size) for each in (pair.visible, pair.thermal))
    soft = cv2.resize(
        _cut(pair.label.astype(np.uint8) * 255, window), size, interpolation=cv2.INTER_AREA
    )
    target_visible, target_thermal = (as_input(each, size) for each in targets)
    visible, thermal = (_photometric(each, random, augment) for each in (visible, thermal))
    if random.random() < augment.invert:
        thermal, target_thermal = 255 - thermal, 255 - target_thermal
    if random.random() < augment.drop:
        if random.random() < 0.5:
            visible, target_visible = (np.full_like(each, GREY) for each in (visible, visible))
        else:
            thermal, target_thermal = (np.full_like(each, GREY) for each in (thermal, thermal))
    made = Shown(visible, thermal, target_visible, target_thermal, np.asarray(soft, np.uint8))
    if random.random() < augment.flip:
        made = Shown(*(np.ascontiguousarray(each[:, ::-1]) for each in made))
    return made


Window = tuple[float, float, float, float]  # left, top, right, bottom, of 0..1


def _window(label: NDArray[np.bool_], random: np.random.Generator, zoom: float) -> Window:
    """A part of the frame, of its shape, that holds the target where that fits into it."""
    share = 1 / random.uniform(1, 1 + zoom) if zoom else 1.0
    edges = []
    for axis in (0, 1):  # of label.any: over rows, then over columns
        hit = np.flatnonzero(label.any(axis=axis))
        length = label.shape[1 - axis]
        low, high = (hit[0] / length, (hit[-1] + 1) / length) if len(hit) else (0.0, 1.0)
        # a target larger than the window: anywhere over it
        least, most = sorted(min(max(edge, 0.0), 1 - share) for edge in (high - share, low))
        start = random.uniform(least, most)
        edges.append((start, start + share))
    (left, right), (top, bottom) = edges
    return left, top, right, bottom


def _cut(picture: NDArray[np.uint8], window: Window) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    left, top, right, bottom = window
    rows = slice(round(top * height), max(round(top * height) + 1, round(bottom * height)))
    columns = slice(round(left * width), max(round(left * width) + 1, round(right * width)))
    return picture[rows, columns]


def _photometric(picture: Picture, random: np.random.Generator, augment: PairAugment) -> Picture:
    if not (augment.contrast or augment.noise):
        return picture
    values: NDArray[np.float32] = picture.astype(np.float32)
    if augment.contrast:
        gain = random.uniform(1 - augment.contrast, 1 + augment.contrast)
        mean = values.mean()
        values = (values - mean) * gain + mean + random.uniform(-64, 64) * augment.contrast
    if augment.noise:
        level = np.float32(random.uniform(0, augment.noise))
        noise = random.standard_normal(values.shape[:2], np.float32)
        values = values + level * noise[:, :, None]
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
