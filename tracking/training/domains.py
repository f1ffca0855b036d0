"""Batches of one sequence each, for multi-domain training: pairs and boxes beside the object."""

from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, Self

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from tirdata.errors import DataError, TirDataError
from tirdata.mix.pair_reader import PairReader
from tirdata.types import Box, Boxes, FramePair
from tracking.trackers.box_samples import Generator, that_overlap
from tracking.trackers.pair_features import Alignment, View
from tracking.training.local_config import LocalTrainConfig

GREY = 128  # of a half that is dropped
POSITIVE, NEGATIVE = 0.7, 0.5  # least and most IoU of samples


@dataclass(frozen=True, eq=False)
class SampledFrame:
    """A pair with its samples, positives first."""

    view: View
    boxes: Boxes  # (n, 4)
    positives: int
    size: tuple[float, float]  # of the object, (w, h)
    seed: int  # of its dropout


@dataclass(frozen=True)
class DomainBatch:
    """A step, or one process's part of it: some frames of one sequence."""

    domain: int
    frames: tuple[SampledFrame, ...]

    def __len__(self) -> int:
        return len(self.frames)

    def to(self, device: torch.device) -> Self:
        """The same batch on ``device``."""
        moved = (
            replace(
                each,
                view=replace(
                    each.view,
                    thermal=each.view.thermal.to(device, non_blocking=True),
                    visible=each.view.visible.to(device, non_blocking=True),
                ),
            )
            for each in self.frames
        )
        return replace(self, frames=tuple(moved))


@dataclass(frozen=True)
class Domains:
    """The pairs of each track of a mix."""

    names: tuple[str, ...]
    pairs: tuple[tuple[tuple[int, int], ...], ...]  # (entry, pair in it) of each domain

    @classmethod
    def of(cls, reader: PairReader) -> "Domains":
        """One for each track, in the order of their names."""
        found: dict[str, list[tuple[int, int]]] = {}
        for number, entry in enumerate(reader.entries):
            sample = entry.sample
            name = f"{sample.domain}/{sample.sequence}#{sample.track}"
            found.setdefault(name, []).extend((number, i) for i in range(len(sample.frames)))
        names = tuple(sorted(found))
        return cls(names, tuple(tuple(found[name]) for name in names))

    def __len__(self) -> int:
        return len(self.names)


class Changes(NamedTuple):
    """What is changed in all pairs of a step."""

    dropped: str  # the half that is plain grey: visible, thermal or none
    inverted: bool  # thermal frames are black-hot


class DomainDataset(Dataset[DomainBatch | TirDataError]):
    """An item is the batch of a step, or this process's part of it.

    A frame of it depends on the seed, the step and its number in the step alone.
    """

    def __init__(
        self, reader: PairReader, domains: Domains, config: LocalTrainConfig, steps: range,
        numbers: range | None = None,
    ) -> None:  # fmt: skip
        """``numbers`` are those of the frames of each step that are made here; None: all."""
        self.reader, self.domains, self.config, self.steps = reader, domains, config, steps
        self.numbers = range(config.frames) if numbers is None else numbers

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> DomainBatch | TirDataError:
        try:
            return self._batch(self.steps[index])
        except TirDataError as error:
            return error

    def _batch(self, step: int) -> DomainBatch:
        cycle, place = divmod(step, len(self.domains))
        order = np.random.default_rng((self.config.seed, cycle, 2)).permutation(len(self.domains))
        domain = int(order[place])
        random = np.random.default_rng((self.config.seed, step, 3))
        pairs = self.domains.pairs[domain]
        chosen = random.permutation(len(pairs))
        changes = Changes(self._dropped(random), random.random() < self.config.augment.invert)
        frames = [
            self._frame(step, number, pairs[chosen[number % len(chosen)]], changes)
            for number in self.numbers
        ]
        return DomainBatch(domain, tuple(frames))

    def _dropped(self, random: np.random.Generator) -> str:
        drawn = random.random()
        share = self.config.augment.drop
        return "" if drawn >= share else "visible" if drawn < share / 2 else "thermal"

    def _frame(
        self, step: int, number: int, where: tuple[int, int], changes: Changes
    ) -> SampledFrame:
        random = np.random.default_rng((self.config.seed, step, 3, number))
        entry, index = where
        pair = self.reader.pair(self.reader.entries[entry], index)
        thermal = np.asarray(cv2.cvtColor(pair.thermal, cv2.COLOR_RGB2GRAY), np.uint8)
        thermal = 255 - thermal if changes.inverted else thermal
        dropped = changes.dropped
        visible = np.full_like(pair.visible, GREY) if dropped == "visible" else pair.visible
        thermal = np.full_like(thermal, GREY) if dropped == "thermal" else thermal
        box = Box(*pair.thermal_box)
        alignment = Alignment.of_boxes(box, pair.visible_box)
        view = View.of(FramePair(thermal, visible), alignment, torch.device("cpu"))
        around = Generator(random, view.size, box)
        config, share = self.config, (number, self.config.frames)
        near = partial(around.gaussian, move=0.1, scale=1.3)
        far = partial(around.uniform, move=2.0 if config.features == "crops" else 1.0, scale=1.6)
        good = that_overlap(near, _part(config.positives, *share), box, POSITIVE, 1.0)
        bad = that_overlap(far, _part(config.negatives, *share), box, 0.0, NEGATIVE)
        if not len(good) + len(bad):
            name = self.reader.entries[entry].sample.sequence
            raise DataError(f"{name}: no sample fits beside the box {tuple(box)} of a pair")
        seed = int(random.integers(2**31))
        boxes: Boxes = np.concatenate([good, bad])
        return SampledFrame(view, boxes, len(good), (box.w, box.h), seed)


def _part(of: int, number: int, count: int) -> int:
    """How many of all samples are of frame ``number``: as even as can be."""
    return of * (number + 1) // count - of * number // count
