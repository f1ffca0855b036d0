"""A made RGB-T sequence: a warm blob that is also of a colour of its own, on moving ground."""

from typing import Any, Final

import numpy as np

from tests.made import made_sequence
from tirdata.types import ColourFrame, Floats, Frame, FramePair, Sequence

COLOUR = (200, 60, 40)

FAST: Final[dict[str, Any]] = {
    "random_init": True, "device": "cpu", "init_steps": 8, "init_positives": 40,
    "init_negatives": 60, "candidates": 48, "update_positives": 10, "update_negatives": 20,
    "update_steps": 2, "box_samples": 0, "scene_limit": 2.5, "distant_places": 1,
    "mined_negatives": 32, "update_stride": 4,
}  # fmt: skip
"""Settings of dual-attention with which a test takes seconds."""


def made_pairs(
    count: int = 12, *, size: tuple[int, int] = (160, 128), seed: int = 0, dark: range = range(0)
) -> tuple[Sequence, list[FramePair]]:
    """Pairs of one size and the sequence with their boxes; the visible half is dim in ``dark``."""
    thermal = made_sequence(count, size=size, target=(24.0, 20.0), seed=seed)
    ground = made_sequence(count, size=size, target=(1.0, 1.0), seed=seed + 7)
    pairs = []
    for index in range(count):
        box = thermal.tracks[0].boxes[index]
        visible = _painted(ground.frames[index], box, dim=index in dark)
        pairs.append(FramePair(thermal.frames[index], visible))
    return thermal, pairs


def _painted(ground: Frame, box: Floats, *, dim: bool) -> ColourFrame:
    picture = np.repeat(ground[:, :, None], 3, axis=2)
    x, y, w, h = (round(value) for value in box)
    stripes = (np.arange(w) // 4 % 2 * 60).astype(np.uint8)
    for channel, value in enumerate(COLOUR):
        picture[y : y + h, x : x + w, channel] = np.clip(value - stripes, 0, 255)
    return (picture // 6).astype(np.uint8) if dim else picture.astype(np.uint8)
