"""Clips whose frame is cut so that the object comes in over its edge, and leaves over it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.annotated import Clip
from benchmarks.edges import (
    TILE,
    Recorder,
    backwards,
    cut,
    followed,
    followed_by_truth,
    made,
    picture_of,
    report,
    ways,
)
from tests.made import made_sequence
from tests.tracking.trackers.made_weights import untrained
from tirdata.geometry import clip as clipped
from tracking.trackers.mmnet import MMNetConfig

SIZE = (160, 128)


@pytest.fixture(scope="module")
def moving() -> Clip:
    """A bright object that goes to the right and slowly down."""
    ground = np.random.default_rng(0).normal(80, 6, SIZE[::-1])
    boxes = np.array([[20.0 + 5 * step, 60.0 + step / 2, 24.0, 16.0] for step in range(12)])
    frames = []
    for x, y, w, h in boxes.round().astype(int):
        frame = ground.copy()
        frame[y : y + h, x : x + w] += 90
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
    return Clip("moving", "made", frames, boxes)


def test_the_edge_is_where_the_object_comes_from(moving: Clip) -> None:
    assert [*ways(moving)] == [0]
    still = moving._replace(boxes=np.tile(moving.boxes[0], (12, 1)))
    assert [*ways(still)] == []


def test_a_share_of_the_first_box_is_hidden(moving: Clip) -> None:
    smaller = cut(moving, 0, 0.5)
    assert smaller is not None
    clip, whole = smaller
    assert clip.frames[0].shape == (128, 160 - 32)
    assert clip.boxes[0].tolist() == [0, 60, 12, 16]
    assert whole[0].tolist() == [-12, 60, 24, 16]
    assert np.array_equal(clip.boxes, clipped(whole, 128, 128))
    narrow = moving._replace(frames=[frame[:, :90] for frame in moving.frames])
    assert cut(narrow, 0, 0.5) is None


def test_it_leaves_as_it_came(moving: Clip) -> None:
    sets = made([moving])
    (entering,), (leaving,) = sets["come in"], sets["leave"]
    assert leaving.boxes[-1].tolist() == entering.boxes[0].tolist()
    assert np.array_equal(leaving.frames[-1], entering.frames[0])
    assert leaving.boxes[0, 2] == 24
    middles = np.tile([10.0, 10.0], (12, 1))
    assert backwards(entering, middles, 0) is None


def test_what_comes_in_is_found_where_the_part_is_known(moving: Clip) -> None:
    smaller = cut(moving, 0, 0.3)
    assert smaller is not None
    before, after = followed_by_truth(*smaller, 0)
    assert after > before + 0.1
    assert report("x", np.array([[0.5, 0.75], [0.5, 0.75]])).startswith("| x | 2 | 0.500 | 0.750 |")


def test_a_tracker_is_asked_with_and_without(moving: Clip, tmp_path: Path) -> None:
    weights = untrained(tmp_path / "mmnet.safetensors", made_sequence(4, target=(24.0, 20.0)))
    tracker = Recorder(MMNetConfig(weights=weights, device="cpu", scales_every=9))
    smaller = cut(moving._replace(frames=moving.frames[:6], boxes=moving.boxes[:6]), 0, 0.4)
    assert smaller is not None
    before, after = followed(tracker, smaller[0])
    assert 0 < before < after
    picture_of(tracker, smaller[0], tmp_path / "edge.png")
    tiles = cv2.imread(str(tmp_path / "edge.png"))
    assert tiles is not None
    assert tiles.shape == (TILE, 5 * TILE, 3)
