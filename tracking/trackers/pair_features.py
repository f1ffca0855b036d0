"""Features of boxes on RGB-T pairs: each cut and run alone, or all from the map of one scene."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tirdata.types import Box, Boxes, Floats, FramePair
from tracking.models.local_attention import HALVES, LocalAttention
from tracking.models.regions import ENLARGED, cells, cut, pooled_regions
from tracking.models.vgg_m import CHANNELS, CROP_SIZE, GREY, REACH, STRIDE
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.weights.load import pick_precision

CONTEXT: Final = 1 + 2 * 16 / CROP_SIZE  # sides of a crop over those of its box
SAME_SHAPE: Final = 0.02  # by which width over height of two halves may differ
AT_ONCE: Final = 128  # crops in one call of the network


def same_shape(pair: FramePair) -> bool:
    """Whether the halves, whatever their sizes, may show the same field of view."""
    x, y = Alignment.of_sizes(pair).scale
    return abs(x / y - 1) <= SAME_SHAPE


@dataclass(frozen=True)
class Alignment:
    """Where a box of the thermal half lies on the visible one: scaled, then moved."""

    scale: tuple[float, float] = (1.0, 1.0)
    shift: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of_sizes(cls, pair: FramePair) -> "Alignment":
        """Both halves show the same field of view."""
        sizes = (np.array(half.shape[1::-1], np.float64) for half in pair)
        thermal, visible = sizes
        x, y = (float(value) for value in visible / thermal)
        return cls((x, y))

    @classmethod
    def of_boxes(cls, box: Box, visible: Box) -> "Alignment":
        """The two boxes show the same."""
        x, y = visible.w / box.w, visible.h / box.h
        return cls((x, y), (visible.x - box.x * x, visible.y - box.y * y))

    def __call__(self, boxes: Boxes) -> Boxes:
        """Boxes (n, 4) on the visible half."""
        moved: Boxes = boxes * np.array(self.scale * 2) + np.array((*self.shift, 0.0, 0.0))
        return moved

    def place(self, point: Floats) -> Floats:
        """A point (2,) on the visible half."""
        moved: Floats = point * np.array(self.scale) + np.array(self.shift)
        return moved


@dataclass(frozen=True, eq=False)
class View:
    """A pair as the network is shown it."""

    thermal: Tensor  # (1, h, w) uint8
    visible: Tensor  # (3, h, w) uint8
    alignment: Alignment
    size: tuple[int, int]  # of the thermal half, (w, h)

    @classmethod
    def of(cls, pair: FramePair, alignment: Alignment, device: torch.device) -> "View":
        """On ``device``."""
        thermal = torch.from_numpy(np.ascontiguousarray(pair.thermal))[None].to(device)
        visible = torch.from_numpy(np.ascontiguousarray(pair.visible)).to(device).permute(2, 0, 1)
        height, width = pair.thermal.shape
        return cls(thermal, visible, alignment, (width, height))

    def regions(self, boxes: Boxes, size: tuple[int, int]) -> Tensor:
        """``boxes`` of both halves, (n, 2, 3, height, width) less 128; 0 outside of a frame."""
        visible = _cut(self.visible, self.alignment(boxes), size)
        thermal = _cut(self.thermal, boxes, size).expand(-1, 3, -1, -1)
        return torch.stack([visible, thermal], dim=1)


@dataclass(frozen=True, eq=False)
class Samples:
    """Boxes on one pair with their features."""

    view: View
    boxes: Boxes  # (n, 4)
    features: Tensor  # (n, 2, 512, 3, 3)
    where: Tensor | None = None  # uint8 alike: which of 7 x 7 points each is from

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, rows: slice) -> "Samples":
        where = None if self.where is None else self.where[rows].clone()
        # Copies: a part would keep the memory of the whole.
        return Samples(self.view, self.boxes[rows], self.features[rows].clone(), where)

    def __add__(self, other: "Samples") -> "Samples":
        where = None
        if self.where is not None and other.where is not None:
            where = torch.cat([self.where, other.where])
        boxes: Boxes = np.concatenate([self.boxes, other.boxes])
        return Samples(self.view, boxes, torch.cat([self.features, other.features]), where)


class Extractor:
    """Features by the trunks of a network, without gradients."""

    def __init__(self, model: LocalAttention, config: DualAttentionConfig) -> None:
        self.model, self.config = model, config
        device = next(model.parameters()).device
        self.lower = pick_precision(config.precision, str(device)) == "bf16"
        self.stored = torch.bfloat16 if config.features == "scene" else torch.float32

    def __call__(self, view: View, boxes: Boxes, size: Floats) -> Samples:
        """Of boxes that lie about one object of ``size`` (w, h), or in one part of the frame."""
        if not len(boxes):
            empty = torch.zeros(0, HALVES, CHANNELS, 3, 3, dtype=self.stored)
            empty = empty.to(view.thermal.device)
            where = empty.to(torch.uint8) if self.config.features == "scene" else None
            return Samples(view, boxes, empty, where)
        return (
            self._alone(view, boxes)
            if self.config.features == "crops"
            else self._shared(view, boxes, size)
        )

    def crops(self, view: View, boxes: Boxes) -> Tensor:
        """What the network sees of each box, (n, 2, 3, 107, 107)."""
        return view.regions(_about_their_middles(boxes, CONTEXT), (CROP_SIZE, CROP_SIZE))

    def learning(self, view: View, boxes: Boxes, size: Floats) -> Tensor:
        """The same features with gradients, for trunks that learn."""
        if self.config.features == "crops":
            return self._run(self.crops(view, boxes))
        return self._pooled(view, boxes, size)[0]

    @torch.no_grad()
    def _alone(self, view: View, boxes: Boxes) -> Samples:
        found = [
            self._run(self.crops(view, boxes[first : first + AT_ONCE]))
            for first in range(0, len(boxes), AT_ONCE)
        ]
        return Samples(view, boxes, torch.cat(found).to(self.stored))

    @torch.no_grad()
    def _shared(self, view: View, boxes: Boxes, size: Floats) -> Samples:
        pooled, where = self._pooled(view, boxes, size)
        return Samples(view, boxes, pooled.to(self.stored), where)

    def _pooled(self, view: View, boxes: Boxes, size: Floats) -> tuple[Tensor, Tensor]:
        """Pooled features of one scene, and from which points they are, (n, 2, 512, 3, 3)."""
        corner, pixels, scale = scene_of(boxes, size, self.config.scene_limit)
        window = np.hstack([corner, np.array(pixels[::-1]) / scale])
        features = self._run(view.regions(window[None], pixels))[0].flatten(0, 1)
        placed = (boxes - np.array((*corner, 0.0, 0.0))) * np.tile(scale, 2)
        there = cells(torch.from_numpy(placed).to(features))
        pooled, where = pooled_regions(features, there)
        shape = (len(boxes), HALVES, CHANNELS, *pooled.shape[-2:])
        return pooled.reshape(shape), where.reshape(shape)

    def _run(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=self.lower):
            features = self.model.features(images)
        return features.float()


def scene_of(boxes: Boxes, size: Floats, limit: float) -> tuple[Floats, tuple[int, int], Floats]:
    """Corner, (height, width) in its own pixels and scale of a scene that holds all ``boxes``.

    An object of ``size`` (w, h) has 107 pixels each way, fewer in a scene that would be more than
    ``limit`` times as large.
    """
    looked_at = _about_their_middles(boxes, ENLARGED)
    corner = looked_at[:, :2].min(axis=0)
    extent = (looked_at[:, :2] + looked_at[:, 2:]).max(axis=0) - corner
    scale = CROP_SIZE / np.maximum(size, 1.0)
    scale = np.minimum(scale, limit * CROP_SIZE / extent)
    # Whole cells, and one more, so that points on the far edge still have a neighbour.
    count = np.ceil(np.maximum(extent * scale - REACH, 0) / STRIDE).astype(int) + 2
    width, height = (int(REACH + STRIDE * (each - 1)) for each in count)
    return corner, (height, width), scale


def _about_their_middles(boxes: Boxes, factor: float) -> Boxes:
    sides = boxes[:, 2:] * factor
    enlarged: Boxes = np.hstack([boxes[:, :2] + (boxes[:, 2:] - sides) / 2, sides])
    return enlarged


def _cut(half: Tensor, boxes: Boxes, size: tuple[int, int]) -> Tensor:
    """Regions of one half; where they are shrunk by more than two, of its pixels' means."""
    image = half.float() - GREY
    shrunk = float(np.min(boxes[:, 2:] / np.array(size[::-1])))
    factor = max(1, math.floor(shrunk))
    if factor > 1:
        image = functional.avg_pool2d(image, factor, ceil_mode=True)
    return cut(image, torch.from_numpy(boxes / factor).to(image), size)
