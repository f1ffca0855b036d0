"""Batches of crops from a mix: a batch depends on the seed and the step, not on workers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tirdata.errors import TirDataError
from tirdata.mix.shards import MixReader
from tirdata.types import Frame
from tracking.models.alexnet import STRIDE
from tracking.training.sampling import Kind, Pair, Sampler
from tracking.training.tracks import CropRef
from tracking.training.transforms import Warp, corner, draw_warp, photometric, warp

Made = TypeVar("Made")


@dataclass(frozen=True)
class Batch:
    """b pairs of crops, grey levels 0..255."""

    z: Tensor  # (b, 1, 255, 255) uint8, exemplars
    x: Tensor  # (b, 1, 255, 255) uint8, search crops
    offsets: Tensor  # (b, 2) float, cells from the centre of the response to the object in x
    kinds: Tensor  # (b,) of Kind
    labels: Tensor  # (b,) class numbers

    def __len__(self) -> int:
        return len(self.z)

    def to(self, device: torch.device) -> Self:
        """The same batch on ``device``."""
        return type(self)(
            *(
                value.to(device, non_blocking=True)
                for value in (self.z, self.x, self.offsets, self.kinds, self.labels)
            )
        )


class PairDataset(Dataset[Batch | TirDataError]):
    """An item is the whole batch of a step, or why it cannot be made.

    An error is handed over as a value: raised in a worker process, torch would wrap it in a
    traceback.
    """

    def __init__(self, reader: MixReader, sampler: Sampler, size: int, steps: range) -> None:
        self.reader = reader
        self.sampler = sampler
        self.size = size
        self.steps = steps

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> Batch | TirDataError:
        try:
            return self._batch(self.steps[index])
        except TirDataError as error:
            return error

    def _batch(self, step: int) -> Batch:
        rng = np.random.default_rng((self.sampler.config.seed, step, 1))
        pairs = self.sampler.batch(step)
        made = [self._pair(pair, rng) for pair in pairs]
        return Batch(
            torch.from_numpy(np.stack([z for z, _, _ in made]))[:, None],
            torch.from_numpy(np.stack([x for _, x, _ in made]))[:, None],
            torch.tensor([[how.dx / STRIDE, how.dy / STRIDE] for _, _, how in made]),
            torch.tensor([int(pair.kind) for pair in pairs]),
            torch.tensor([pair.label for pair in pairs]),
        )

    def _pair(self, pair: Pair, rng: np.random.Generator) -> tuple[Frame, Frame, Warp]:
        augment = self.sampler.config.augment
        how = draw_warp(rng, augment)
        z, x = self._crop(pair.z), self._crop(pair.x)
        exemplar, search = warp(z, self.size, Warp()), warp(x, self.size, how)
        if pair.kind == Kind.HARD:
            exemplar = corner(exemplar, pair.quadrant)
        exemplar, search = photometric(exemplar, rng, augment), photometric(search, rng, augment)
        if rng.random() < augment.invert:
            exemplar, search = 255 - exemplar, 255 - search
        return exemplar, search, how

    def _crop(self, ref: CropRef) -> Frame:
        return self.reader.crop(self.reader.entries[ref.entry], ref.crop)


def batches(
    reader: MixReader, sampler: Sampler, *, size: int, steps: range, pin: bool = False
) -> Iterator[Batch]:
    """Batches of ``steps`` in order, prepared by ``config.workers`` processes.

    Raises:
        DataError: the mix cannot be read.
    """
    yield from in_order(PairDataset(reader, sampler, size, steps), sampler.config.workers, pin=pin)


def in_order(
    dataset: "Dataset[Made | TirDataError]", workers: int, *, pin: bool = False
) -> Iterator[Made]:
    """The items of a dataset, each a whole batch, prepared by ``workers`` processes.

    Raises:
        TirDataError: the first item that is one.
    """
    loader = DataLoader(
        dataset,
        batch_size=None,
        shuffle=False,
        num_workers=workers,
        pin_memory=pin,
        multiprocessing_context="forkserver" if workers else None,
    )
    for made in loader:
        if isinstance(made, TirDataError):
            raise made
        yield made
