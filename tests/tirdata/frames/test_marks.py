"""Logos planted in real moving scenes are found; of scenes that stand still nothing is said."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tests.made_marks import KINDS, with_mark
from tests.made_overlays import Rectangle, Stack, coded
from tirdata.decode import open_frames
from tirdata.frames.marks import marks
from tirdata.frames.overlay import find_overlay
from tirdata.frames.views import views
from tirdata.types import Flags

MARKS = KINDS[:6]


def read(path: Path, count: int = 16) -> Stack:
    reader = open_frames(path, 1)
    kept = [raw.pixels.copy() for raw in islice(reader.read(), 300)]
    reader.close()
    chosen = np.linspace(0, len(kept) - 1, count).round().astype(int)
    return np.stack([kept[number] for number in chosen]).astype(np.uint8)


@pytest.fixture(scope="module")
def panned(clips: Path) -> Stack:
    """A real scene that a window of 240 x 192 wanders over."""
    scene = read(clips / "IR_HELICOPTER_043.mp4")
    steps = np.random.default_rng(4).integers(0, (64, 80), (len(scene), 2))
    return np.stack(
        [frame[y : y + 192, x : x + 240] for frame, (y, x) in zip(scene, steps, strict=True)]
    )


def nowhere(frames: Stack) -> Flags:
    return np.zeros(frames[0].shape, bool)


def covered(box: Rectangle, by: list[Rectangle], size: tuple[int, ...]) -> float:
    plane = np.zeros(size, bool)
    for x, y, w, h in by:
        plane[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2] = True
    x, y, w, h = box
    return float(plane[y : y + h, x : x + w].mean())


def test_a_moving_scene_has_no_marks(panned: Stack) -> None:
    assert marks(list(panned), nowhere(panned)) == []


def test_of_a_still_scene_nothing_is_said(clips: Path) -> None:
    scene = read(clips / "IR_DRONE_121.mp4")
    made, _ = with_mark(scene, "shield", np.random.default_rng(0))
    assert marks(list(made), nowhere(made)) is None
    assert find_overlay(made).logos_sought is False


def test_a_turning_camera_shows_many_views(panned: Stack) -> None:
    everywhere = np.ones(panned[0].shape, bool)
    assert len(views(list(panned), everywhere, 0.02)) >= 4
    assert views([panned[0]] * 8, everywhere, 0.02) == [0]


@pytest.mark.parametrize("kind", MARKS)
def test_a_mark_is_found_after_h264(panned: Stack, kind: str) -> None:
    made, (box,) = with_mark(panned, kind, np.random.default_rng(2))
    overlay = find_overlay(coded(made))
    assert overlay.logos_sought
    found = [(each.x, each.y, each.w, each.h) for each in overlay.regions]
    assert covered(box, found, panned[0].shape) > 0.5
    assert all(covered(each, [box], panned[0].shape) > 0.5 for each in found)
    x, y, w, h = box
    assert overlay.mask[y : y + h, x : x + w].mean() > 0.2


def test_a_ring_in_the_middle_is_a_reticle_and_what_it_surrounds_is_scene(panned: Stack) -> None:
    made, boxes = with_mark(panned, "circle in the middle", np.random.default_rng(1))
    overlay = find_overlay(coded(made))
    assert {each.kind for each in overlay.regions} == {"reticle"}
    found = [(each.x, each.y, each.w, each.h) for each in overlay.regions]
    hits = [covered(box, found, panned[0].shape) > 0.5 for box in boxes]
    assert sum(hits) > 0.8 * len(hits)
    height, width = panned[0].shape
    assert not overlay.mask[
        height // 2 - 4 : height // 2 + 4, width // 2 - 4 : width // 2 + 4
    ].any()


def test_what_the_camera_follows_is_no_logo(panned: Stack) -> None:
    made = panned.copy()
    made[:, 80:104, 100:130] = 250  # stays in the middle, not mirrored about it
    made[:, 86:92, 104:118] = 20
    assert marks(list(made), nowhere(made)) == []


def test_a_roof_along_the_movement_is_no_mark(panned: Stack) -> None:
    made = panned.copy()
    made[:, 150:158, 20:200] = 250
    assert marks(list(made), nowhere(made)) == []


def test_large_frames_are_looked_at_smaller(panned: Stack) -> None:
    made, (box,) = with_mark(panned, "shield", np.random.default_rng(2))
    large = np.repeat(np.repeat(made, 4, axis=1), 4, axis=2)
    (found,) = marks(list(large), nowhere(large)) or []
    assert found.pixels.shape == (found.box[3], found.box[2])
    np.testing.assert_allclose(found.box, [4 * side for side in box], atol=24)
