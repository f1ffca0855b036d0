"""From an attention map to boxes: regions of it, proposals around them, and the gate they pass.

Pure functions of a map, the last box and settings. Sizes and numbers are those of the second
paper's authors where they say them (25 px, IoU 0.3) or where their code does (100 of 255).
"""

from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tirdata.config import Config
from tirdata.geometry import centre_distance, overlap
from tirdata.types import Box, Boxes

AttentionMap = NDArray[np.float32]  # (h, w), 0..1, high = target


class ProposalConfig(Config):
    """How boxes are proposed from an attention map."""

    gate: Literal["paper", "rescue", "off"] = "paper"
    """paper: only boxes near the last one; rescue: all, once the target is lost; off: all."""
    distance: float = Field(25.0, ge=0)
    """Most pixels of the frame between the centres of a proposal and of the last box."""
    overlap: float = Field(0.3, ge=0, le=1)
    """Least IoU of a proposal with the last box."""
    rescue_after: int = Field(3, ge=1)
    """Frames in a row without a target after which the gate is open."""
    level: float = Field(100 / 255, gt=0, lt=1)
    """Least attention of a region; a map that stays below has none."""
    relative: float = Field(0.5, ge=0, lt=1)
    """Least attention of a region as a share of the map's highest."""
    least_area: float = Field(0.0005, ge=0, le=1)
    """Smaller regions are dropped; share of the map."""
    regions: int = Field(3, ge=1)
    """Most regions, those with most attention in all."""
    shift: float = Field(0.6, ge=0)
    """Proposals lie about a region's centre by up to this share of the mean side."""
    scale: float = Field(1.05, ge=1)
    """Their sizes differ by up to this factor."""
    region_size: bool = False
    """Take a region's own size where its area is within a factor 2 of the last box's."""


class Placement(NamedTuple):
    """Where a map lies on a frame: pixel = cell * scale + shift, of x and y."""

    scale: tuple[float, float]
    shift: tuple[float, float] = (0.0, 0.0)


class Region(NamedTuple):
    """A part of a map with much attention, in pixels of the frame."""

    centre: tuple[float, float]  # weighted by attention
    box: Box
    weight: float  # attention summed over the map's cells


def find_regions(
    attention: AttentionMap, placement: Placement, config: ProposalConfig
) -> list[Region]:
    """Connected regions (8 neighbours) of a map, strongest first.

    A region is where attention is at least ``level`` and ``relative`` of the map's highest.
    """
    highest = float(attention.max(initial=0.0))
    if not highest >= config.level:
        return []
    bright = attention >= max(config.level, config.relative * highest)
    count, labels, told, _ = cv2.connectedComponentsWithStats(bright.astype(np.uint8))
    rows, columns = np.nonzero(bright)
    owner = labels[rows, columns]
    values = attention[rows, columns].astype(np.float64)
    weights = np.bincount(owner, values, count)
    xs = np.bincount(owner, values * (columns + 0.5), count)
    ys = np.bincount(owner, values * (rows + 0.5), count)
    scale, shift = np.array(placement.scale), np.array(placement.shift)
    found = []
    for number in range(1, count):  # 0 is what lies between
        if told[number, cv2.CC_STAT_AREA] < config.least_area * attention.size:
            continue
        x, y = scale * (xs[number], ys[number]) / weights[number] + shift
        corner = told[number, :2] * scale + shift
        extent = told[number, 2:4] * scale
        box = Box(*(float(value) for value in (*corner, *extent)))
        found.append(Region((float(x), float(y)), box, float(weights[number])))
    found.sort(key=lambda region: -region.weight)
    return found[: config.regions]


def propose_around(
    regions: list[Region], last: Box, count: int, random: np.random.Generator,
    config: ProposalConfig,
) -> Boxes:  # fmt: skip
    """At most ``count`` boxes about the regions, as many at each, with the last box's size."""
    each = count // len(regions) if regions else 0
    boxes = [np.zeros((0, 4))]
    for region in regions:
        size = np.array([last.w, last.h])
        own = np.array([region.box.w, region.box.h])
        if config.region_size and 0.5 <= own.prod() / size.prod() <= 2:
            size = own
        noise = np.clip(0.5 * random.standard_normal((each, 3)), -1, 1)
        centres = np.array(region.centre) + config.shift * size.mean() * noise[:, :2]
        sizes = size * config.scale ** noise[:, 2:]
        boxes.append(np.hstack([centres - sizes / 2, sizes]))
    return np.concatenate(boxes)


def passes(boxes: Boxes, last: Box, failures: int, config: ProposalConfig) -> NDArray[np.bool_]:
    """Which of ``boxes`` pass the gate about the last box."""
    lost = config.gate == "rescue" and failures >= config.rescue_after
    if lost or config.gate == "off":
        return np.ones(len(boxes), np.bool_)
    before = np.broadcast_to(np.array(last, np.float64), boxes.shape)
    # Sides that are decimal fractions put a box on the edge a hair beyond it.
    near = centre_distance(boxes, before) <= config.distance + 1e-9
    return np.asarray(near & (overlap(boxes, before) >= config.overlap - 1e-9), np.bool_)


def propose(  # noqa: PLR0913
    attention: AttentionMap,
    placement: Placement,
    last: Box,
    config: ProposalConfig,
    *,
    failures: int,
    count: int,
    random: np.random.Generator,
) -> Boxes:
    """At most ``count`` boxes in pixels of the frame that the map speaks for and that pass."""
    regions = find_regions(attention, placement, config)
    boxes = propose_around(regions, last, count, random, config)
    return np.asarray(boxes[passes(boxes, last, failures, config)], np.float64)
