"""Batches of crops from a mix: a batch depends on the seed and the step, not on workers.

Processes draw the pairs and read their crops, bytes as they are stored; what is done to the crops
is done on the device (``transforms``). With ``keep_crops`` the crops lie there from the start and
the processes draw alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tirdata.crops import EXEMPLAR_SIDE, context_side
from tirdata.errors import MissingError, TirDataError
from tirdata.mix.shards import MixReader
from tirdata.types import Frame
from tracking.models.alexnet import STRIDE
from tracking.training.batch import TensorBatch
from tracking.training.sampling import Kind, Pair, Sampler
from tracking.training.tracks import CropRef
from tracking.training.transforms import Change, draw_greys, draw_warp, make

Made = TypeVar("Made")
NOISE_SEEDS = 2**62


@dataclass(frozen=True)
class Batch(TensorBatch):
    """b pairs of crops, grey levels 0..255."""

    z: Tensor  # (b, 1, 255, 255) uint8, exemplars
    x: Tensor  # (b, 1, 255, 255) uint8, search crops
    offsets: Tensor  # (b, 2) float, cells from the centre of the response to the object in x
    kinds: Tensor  # (b,) of Kind
    labels: Tensor  # (b,) class numbers


class Raw(NamedTuple):
    """A batch as it is drawn; a tuple, so that its tensors are pinned."""

    crops: Tensor  # (2b + p, 1, S, S) uint8, or numbers (2b + p,) of crops kept on the device
    changes: Tensor  # (2b, fields of a Change) float64: z of all, then x of all
    seeds: Tensor  # (2b,) of noise
    offsets: Tensor
    kinds: Tensor
    labels: Tensor


class PairDataset(Dataset[Raw | TirDataError]):
    """An item is the whole batch of a step, or why it cannot be made.

    An error is handed over as a value: raised in a worker process, torch would wrap it in a
    traceback.
    """

    def __init__(
        self,
        reader: MixReader,
        sampler: Sampler,
        steps: range,
        places: range | None = None,
        firsts: Sequence[int] | None = None,
    ) -> None:
        """Prepare.

        Args:
            reader: of the mix.
            sampler: draws pairs.
            steps: an item each.
            places: of the batch, that are made here; None: all.
            firsts: of each sample, the number of its first crop among the kept; None: read them.
        """
        self.reader = reader
        self.sampler = sampler
        self.steps = steps
        self.places = range(sampler.config.batch) if places is None else places
        self.firsts = firsts

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> Raw | TirDataError:
        try:
            return self._batch(self.steps[index])
        except TirDataError as error:
            return error

    def _batch(self, step: int) -> Raw:
        seed = self.sampler.config.seed
        drawn = self.sampler.batch(step)
        pairs = [drawn[place] for place in self.places]
        made = [
            self._changes(pair, np.random.default_rng((seed, step, 1, place)))
            for place, pair in zip(self.places, pairs, strict=True)
        ]
        moves = [x for _, x, _ in made]
        return Raw(
            self._crops([
                *(pair.z for pair in pairs), *(pair.x for pair in pairs),
                *(pair.background for pair in pairs if pair.background is not None),
            ]),
            torch.tensor([z for z, _, _ in made] + moves, dtype=torch.float64),
            torch.tensor([seeds for _, _, seeds in made]).T.flatten(),
            torch.tensor([[how.dx / STRIDE, how.dy / STRIDE] for how in moves]),
            torch.tensor([int(pair.kind) for pair in pairs]),
            torch.tensor([pair.label for pair in pairs]),
        )  # fmt: skip

    def _changes(
        self, pair: Pair, rng: np.random.Generator
    ) -> tuple[Change, Change, tuple[int, int]]:
        augment = self.sampler.config.augment
        how = draw_warp(rng, augment)
        z, x = draw_greys(rng, augment), draw_greys(rng, augment)
        invert = float(rng.random() < augment.invert)
        z, x = z._replace(invert=invert), x._replace(invert=invert, **how._asdict())
        if pair.kind == Kind.HARD:
            z = z._replace(quadrant=pair.quadrant)
        if pair.background is not None:
            w, h = self._object(pair.x)
            x = x._replace(w=w, h=h)
        first, second = rng.integers(NOISE_SEEDS, size=2).tolist()
        return z, x, (first, second)

    def _object(self, ref: CropRef) -> tuple[float, float]:
        """Width and height of a crop's object in it, pixels."""
        _, _, w, h = self.reader.entries[ref.entry].sample.boxes[ref.crop]
        pixels = EXEMPLAR_SIDE / context_side(w, h)
        return w * pixels, h * pixels

    def _crops(self, refs: list[CropRef]) -> Tensor:
        if self.firsts is not None:
            return torch.tensor([self.firsts[ref.entry] + ref.crop for ref in refs])
        return _stacked([self._crop(ref) for ref in refs])

    def _crop(self, ref: CropRef) -> Frame:
        return self.reader.crop(self.reader.entries[ref.entry], ref.crop)


class SampleDataset(Dataset[Tensor | TirDataError]):
    """All crops of a sample, (k, 1, S, S), or why they cannot be read."""

    def __init__(self, reader: MixReader) -> None:
        self.reader = reader

    def __len__(self) -> int:
        return len(self.reader.entries)

    def __getitem__(self, index: int) -> Tensor | TirDataError:
        entry = self.reader.entries[index]
        try:
            return _stacked([self.reader.crop(entry, at) for at in range(len(entry.sizes))])
        except TirDataError as error:
            return error


class Kept(NamedTuple):
    """Every crop of a subset where the network is."""

    crops: Tensor  # (n, 1, S, S) uint8
    firsts: list[int]  # number of each sample's first crop


def keep_crops(reader: MixReader, device: torch.device, workers: int) -> Kept:
    """Read every crop of ``reader`` once, onto ``device``.

    Raises:
        DataError: one cannot be read.
        MissingError: there is too little memory for all.
    """
    counts = [len(entry.sizes) for entry in reader.entries]
    firsts = [0, *np.cumsum(counts).tolist()]
    first = reader.crop(reader.entries[0], 0)
    shape = (firsts[-1], 1, *first.shape)
    try:
        crops = torch.empty(shape, dtype=torch.uint8, device=device)
    except RuntimeError:  # torch.OutOfMemoryError on a GPU is one
        raise MissingError(
            f"{firsts[-1]} crops of {first.shape[0]} x {first.shape[1]} take "
            f"{firsts[-1] * first.size / 2**30:.1f} GiB; {device} has no room: set keep_crops = "
            "false, so that they are read when they are needed"
        ) from None
    for at, made in zip(firsts, in_order(SampleDataset(reader), workers), strict=False):
        crops[at : at + len(made)] = made.to(device)
    return Kept(crops, firsts[:-1])


def batches(
    reader: MixReader,
    sampler: Sampler,
    *,
    size: int,
    steps: range,
    device: torch.device | None = None,
    places: range | None = None,
) -> Iterator[Batch]:
    """Batches of ``steps`` in order, drawn by ``config.workers`` processes, made on ``device``.

    ``places`` are those of each batch that are wanted; None: all.

    Raises:
        DataError: the mix cannot be read.
        MissingError: crops are to be kept on the device, and there is no room.
    """
    device = device or torch.device("cpu")
    config = sampler.config
    kept = keep_crops(reader, device, config.workers) if config.keep_crops else None
    dataset = PairDataset(reader, sampler, steps, places, None if kept is None else kept.firsts)
    for raw in in_order(dataset, config.workers, pin=device.type == "cuda"):
        yield ready(raw, size, device, None if kept is None else kept.crops)


def ready(raw: Raw, size: int, device: torch.device, kept: Tensor | None = None) -> Batch:
    """The pairs of ``raw``, made on ``device``."""
    count = len(raw.kinds)
    crops = raw.crops.to(device, non_blocking=True)
    if kept is not None:
        crops = kept[crops]
    changes = [Change(*each) for each in raw.changes.tolist()]
    backgrounds = crops[2 * count :] if len(crops) > 2 * count else None
    made = make(crops[: 2 * count], changes, size, raw.seeds.tolist(), backgrounds)
    offsets, kinds, labels = (
        value.to(device, non_blocking=True) for value in (raw.offsets, raw.kinds, raw.labels)
    )
    return Batch(made[:count], made[count:], offsets, kinds, labels)


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
        prefetch_factor=4 if workers else None,
        multiprocessing_context="forkserver" if workers else None,
    )
    for made in loader:
        if isinstance(made, TirDataError):
            raise made
        yield made


def _stacked(crops: list[Frame]) -> Tensor:
    return torch.from_numpy(np.stack(crops))[:, None]
