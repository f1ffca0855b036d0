"""Crops of objects with their classes, and of what lies beside them: a batch by seed and step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from tirdata.errors import DataError, TirDataError
from tirdata.mix.shards import Entry, MixReader
from tirdata.types import Floats, Frame
from tracking.training.batch import TensorBatch
from tracking.training.pretrain_config import PretrainConfig

CONTEXT = 1 + 2 * 16 / 107  # of the box that a crop shows, as in MDNet


@dataclass(frozen=True)
class ClassBatch(TensorBatch):
    """b crops with their classes."""

    crops: Tensor  # (b, 1, h, w) uint8
    labels: Tensor  # (b,) class numbers


class Object(NamedTuple):
    """A tracklet of a mix."""

    entry: int
    class_name: str
    crops: int


def gather_objects(entries: Iterable[Entry]) -> list[Object]:
    """All tracklets in the order of the index."""
    return [
        Object(number, entry.sample.class_name, len(entry.sample.frames))
        for number, entry in enumerate(entries)
    ]


class ClassCrops(Dataset[ClassBatch | TirDataError]):
    """An item is a batch; classes come equally often, whatever their number of crops."""

    def __init__(
        self, reader: MixReader, objects: Sequence[Object], names: Sequence[str],
        config: PretrainConfig, steps: range,
    ) -> None:  # fmt: skip
        if not objects:
            raise DataError("the mix has no crops; expected some to train on")
        self.reader, self.names, self.config, self.steps = reader, list(names), config, steps
        self.of_class: dict[str, list[Object]] = {}
        for each in objects:
            self.of_class.setdefault(each.class_name, []).append(each)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> ClassBatch | TirDataError:
        try:
            return self.batch(self.steps[index])
        except TirDataError as error:
            return error

    def batch(self, step: int) -> ClassBatch:
        """The batch of ``step``.

        Raises:
            DataError: a crop cannot be read.
        """
        random = np.random.default_rng((self.config.seed, step, 2))
        made = [self._crop(random) for _ in range(self.config.batch)]
        crops = torch.from_numpy(np.stack([crop for crop, _ in made]))[:, None]
        return ClassBatch(crops, torch.tensor([label for _, label in made]))

    def _crop(self, random: np.random.Generator) -> tuple[Frame, int]:
        names = list(self.of_class)
        objects = self.of_class[names[random.integers(len(names))]]
        chosen = objects[random.integers(len(objects))]
        number = int(random.integers(chosen.crops))
        entry = self.reader.entries[chosen.entry]
        stored = self.reader.crop(entry, number)
        x, y, w, h = entry.sample.boxes[number]
        middle = np.array([x + w / 2, y + h / 2])
        label = self.names.index(chosen.class_name)
        if random.random() < self.config.background:
            label = len(self.names) - 1
            angle = random.uniform(0, 2 * np.pi)
            middle += np.array([w, h]) * 1.5 * np.array([np.cos(angle), np.sin(angle)])
        else:
            middle += random.uniform(-1, 1, 2) * self.config.shift * (w + h) / 2
        cut = _cut(stored, middle, CONTEXT * np.array([w, h]), self.config.size)
        return _changed(cut, random, self.config), label


def _cut(stored: Frame, middle: Floats, extent: Floats, size: int) -> Frame:
    """A part of a crop at ``size``; both sides are scaled apart, as in MDNet."""
    scale = size / np.maximum(extent, 1.0)
    shift = size / 2 - scale * middle
    matrix = np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]])
    return np.asarray(
        cv2.warpAffine(stored, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _changed(crop: Frame, random: np.random.Generator, config: PretrainConfig) -> Frame:
    values = crop.astype(np.float32)
    if random.random() < 0.5:
        values = values[:, ::-1]
    mean = values.mean()
    gain = random.uniform(1 - config.contrast, 1 + config.contrast)
    values = (values - mean) * gain + mean
    if random.random() < config.invert:
        values = 255 - values
    return np.ascontiguousarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
