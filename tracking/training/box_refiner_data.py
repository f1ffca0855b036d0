"""Pairs of crops for the box refiner: one at a box that fits, one at a box that is off."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from tirdata.errors import TirDataError
from tirdata.mix.shards import MixReader
from tirdata.types import Box, Floats, Frame
from tracking.models.box_refiner import SIZE
from tracking.trackers.refine_crops import cut, difference
from tracking.training.batch import TensorBatch
from tracking.training.box_refiner_config import RefinerConfig
from tracking.training.sampling import near
from tracking.training.tracks import CropRef, TrackTable

LONGEST = 30  # crops of a track that count when tracks are drawn: long ones are much alike
SHAPE = 0.6  # of how far a size is off, how far width and height are off apart


@dataclass(frozen=True)
class RefinerBatch(TensorBatch):
    """b pairs with what the second's box is off by."""

    z: Tensor  # (b, 1, SIZE, SIZE) uint8, around boxes that fit
    x: Tensor  # (b, 1, SIZE, SIZE) uint8, around boxes that are off
    off: Tensor  # (b, 4), see ``Correction``
    lost: Tensor  # (b,) bool, the box is beside the object


class Seen(NamedTuple):
    """A picture and where the object is in it."""

    picture: Frame
    box: Box
    pixel: float  # frame pixels in a pixel of the picture


class Pair(NamedTuple):
    """One row of a batch."""

    z: Frame
    x: Frame
    off: tuple[float, float, float, float]
    lost: bool


class RefinerPairs(Dataset[RefinerBatch | TirDataError]):
    """An item is the whole batch of a step, which depends on the seed and the step alone."""

    def __init__(
        self, reader: MixReader, tracks: TrackTable, config: RefinerConfig, steps: range
    ) -> None:
        self.reader, self.tracks, self.config, self.steps = reader, tracks, config, steps
        counts = np.array([min(len(tracks[n].crops), LONGEST) for n in range(len(tracks))], float)
        self.share = counts * _domain_shares(tracks, counts, config.visible)
        self.share /= self.share.sum()

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> RefinerBatch | TirDataError:
        try:
            return self.batch(self.steps[index])
        except TirDataError as error:
            return error

    def batch(self, step: int) -> RefinerBatch:
        """The batch of ``step``.

        Raises:
            DataError: a crop cannot be read.
        """
        random = np.random.default_rng((self.config.seed, step, 4))
        pairs: list[Pair] = []
        while len(pairs) < self.config.batch:
            pairs += self._pairs(random, min(self.config.looks, self.config.batch - len(pairs)))
        z, x = (np.stack([np.ascontiguousarray(pair[side]) for pair in pairs]) for side in (0, 1))
        return RefinerBatch(
            torch.from_numpy(z)[:, None],
            torch.from_numpy(x)[:, None],
            torch.tensor([pair.off for pair in pairs]),
            torch.tensor([pair.lost for pair in pairs]),
        )

    def _pairs(self, random: np.random.Generator, count: int) -> list[Pair]:
        """So many rows of the same two pictures."""
        z, x, size = self._seen(random)
        if random.random() < self.config.shrink:
            z, x = _shrunk(random, z, x, self.config.least_side)
            size = None
        return [self._pair(random, z, x, size) for _ in range(count)]

    def _pair(
        self, random: np.random.Generator, z: Seen, x: Seen, size: tuple[float, float] | None
    ) -> Pair:
        config = self.config
        lost = bool(random.random() < config.lost)
        if random.random() >= config.kept_size:
            size = None
        box = _beside(random, x.box) if lost else jittered(random, x.box, size, config)
        inverted = random.random() < config.invert
        crops = [
            _changed(random, cut(seen.picture, where), config, inverted=inverted)
            for seen, where in ((z, z.box), (x, box))
        ]
        off = np.clip(difference(box, x.box), -3, 3)
        return _turned(random, Pair(crops[0], crops[1], tuple(off), lost))

    def _seen(self, random: np.random.Generator) -> tuple[Seen, Seen, tuple[float, float] | None]:
        """Two pictures, and the sides of the first's box in pixels of the second."""
        config = self.config
        crops = self.tracks[int(random.choice(len(self.share), p=self.share))].crops
        if random.random() < config.anywhere:
            seen = self._read(crops[int(random.integers(len(crops)))])
            seen = seen._replace(box=_any_box(random, seen.picture.shape[0]))
            return seen, seen, None
        most = config.near_gap if random.random() < config.near else len(crops)
        z, x = (self._read(ref) for ref in near(random, crops, 0, most))
        return z, x, (z.box.w * z.pixel / x.pixel, z.box.h * z.pixel / x.pixel)

    def _read(self, ref: CropRef) -> Seen:
        entry = self.reader.entries[ref.entry]
        picture = self.reader.crop(entry, ref.crop)
        pixel = entry.sample.sides[ref.crop] / picture.shape[0]
        return Seen(picture, Box(*entry.sample.boxes[ref.crop]), pixel)


def jittered(
    random: np.random.Generator,
    box: Box,
    size: tuple[float, float] | None,
    config: RefinerConfig,
) -> Box:
    """``box`` off by as much as trackers are; ``size`` stands in for its own where it is given."""
    low, high = math.log(config.off_least), math.log(config.off_most)
    place, growth = np.exp(random.uniform(low, high, 2))
    dx, dy, common, shape = random.normal(0, 1, 4).clip(-2.5, 2.5)
    w, h = size or (box.w, box.h)
    if size is not None:
        growth *= 0.2
    w *= math.exp(growth * (common + SHAPE * shape))
    h *= math.exp(growth * (common - SHAPE * shape))
    x = box.x + box.w / 2 + place * dx * box.w
    y = box.y + box.h / 2 + place * dy * box.h
    return Box(x - w / 2, y - h / 2, w, h)


def _beside(random: np.random.Generator, box: Box) -> Box:
    angle, far = random.uniform(0, 2 * math.pi), random.uniform(1.0, 1.8)
    return box._replace(
        x=box.x + far * math.cos(angle) * box.w, y=box.y + far * math.sin(angle) * box.h
    )


def _any_box(random: np.random.Generator, side: int) -> Box:
    size, shape = side * math.exp(random.uniform(math.log(0.1), math.log(0.35))), random.normal()
    w, h = size * math.exp(0.3 * shape), size * math.exp(-0.3 * shape)
    x, y = random.uniform(0.3, 0.7, 2) * side
    return Box(x - w / 2, y - h / 2, w, h)


def _shrunk(
    random: np.random.Generator, z: Seen, x: Seen, least: float
) -> tuple[Seen, Seen]:  # fmt: skip
    """Both with fewer pixels, down to a mean side of ``least`` frame pixels."""
    side = (z.box.w + z.box.h) / 2 * min(z.pixel, 1.0)
    share = math.exp(random.uniform(min(math.log(least / side), 0.0), 0.0))
    return _smaller(z, share), _smaller(x, share)


def _smaller(seen: Seen, share: float) -> Seen:
    stored = seen.picture.shape[0]
    side = max(round(stored * min(seen.pixel, 1.0) * share), 8)
    image = Image.fromarray(seen.picture).resize((side, side), Image.Resampling.BICUBIC)
    box = Box(*(value * side / stored for value in seen.box))
    return Seen(np.asarray(image, np.uint8), box, seen.pixel * stored / side)


def _changed(
    random: np.random.Generator, crop: Frame, config: RefinerConfig, *, inverted: bool
) -> Frame:
    values = crop.astype(np.float32)
    mean = float(values.mean())
    gain = random.uniform(1 - config.contrast, 1 + config.contrast)
    values = (values - mean) * gain + mean + random.uniform(-40, 40) * config.contrast
    if random.random() < config.blur:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), random.uniform(0.5, 2.5)), np.float32)
    # Of the sensor's pixels, which are larger than a crop's where the object is small.
    grain = int(random.integers(SIZE // 4, SIZE + 1))
    noise = random.normal(0, random.uniform(0, config.noise), (grain, grain)).astype(np.float32)
    values = values + cv2.resize(noise, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    values = 255 - values if inverted else values
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _turned(random: np.random.Generator, pair: Pair) -> Pair:
    """Both crops mirrored or transposed alike, and with them what the box is off by."""
    z, x, (dx, dy, grow_x, grow_y), lost = pair
    if random.random() < 0.5:
        z, x, dx = z[:, ::-1], x[:, ::-1], -dx
    if random.random() < 0.25:
        z, x, dy = z[::-1], x[::-1], -dy
    if random.random() < 0.25:
        z, x, dx, dy, grow_x, grow_y = z.T, x.T, dy, dx, grow_y, grow_x
    return Pair(z, x, (dx, dy, grow_x, grow_y), lost)


def _domain_shares(tracks: TrackTable, counts: Floats, visible: float) -> Floats:
    """A factor for each track, such that visible ones are drawn in ``visible`` of all cases."""
    names = np.array(tracks.domains)[tracks.domain]
    wanted: Mapping[str, float] = {"vid": visible, "tir": 1 - visible}
    factors = np.ones(len(counts))
    for name in set(names):
        factors[names == name] = wanted.get(name, 1.0) / counts[names == name].sum()
    return factors if (factors * counts).sum() > 0 else np.ones(len(counts))
