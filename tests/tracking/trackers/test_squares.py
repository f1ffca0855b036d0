"""Crops by matrix products are those by Pillow."""

import numpy as np
import pytest
import torch

from tirdata.crops import crop
from tirdata.types import Frame
from tracking.trackers.squares import Square, crops_of, gathered, resampled

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def _scene(width: int, height: int) -> Frame:
    """Noise, and writing of full contrast, whose edges overshoot."""
    random = np.random.default_rng(width)
    frame = random.integers(90, 130, (height, width)).astype(np.uint8)
    frame[10:14, 10:60] = 255
    frame[11:13, 12:58:3] = 0
    return frame


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("size", [255, 191])
def test_matrix_products_crop_as_pillow_does(size: int, device: str) -> None:
    """Enlarged and shrunk, whole in the frame, over its edges, and beside it."""
    random = np.random.default_rng(0)
    frames = [_scene(160, 120), _scene(97, 211)]
    squares = [
        Square(
            frames[number % 2],
            (float(random.uniform(-40, 200)), float(random.uniform(-40, 200))),
            float(random.uniform(5, 700)),
            117,
        )
        for number in range(24)
    ]
    patches, edges = gathered(squares, size)
    found = resampled(patches.to(device), edges.to(device), size)
    assert found.dtype == torch.uint8
    assert found.shape == (24, 1, size, size)
    wanted = np.stack([crop(s.frame, s.middle, s.side, size, s.pad) for s in squares])
    missed = np.abs(found[:, 0].cpu().numpy().astype(int) - wanted)
    assert missed.max() <= 1
    assert (missed > 0).mean() < 1e-3
    assert torch.equal(crops_of(squares, size, torch.device("cpu"))[:, 0], torch.from_numpy(wanted))


def test_there_are_few_lengths_of_what_is_gathered() -> None:
    frame = _scene(160, 120)
    lengths = {
        gathered([Square(frame, (50.0, 50.0), side, 0)], 255)[0].shape[-1]
        for side in (*range(5, 90), *range(800, 1400, 20))
    }
    assert lengths == {64, 96, 1024, 1536}
