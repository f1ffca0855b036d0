"""Patches are found again, and halves that are not registered lie over each other by them."""

import numpy as np
import pytest

from tirdata.types import Box, Frame, FramePair
from tracking.trackers.pair_features import Alignment
from tracking.trackers.patches import Halves, Patches

OBJECT = np.random.default_rng(3).integers(60, 256, (10, 14)).astype(np.uint8)


def scene(x: int, y: int, size: tuple[int, int] = (120, 160)) -> Frame:
    """Noise with the object's top left at (x, y)."""
    frame = np.random.default_rng(x + 7 * y).integers(0, 40, size).astype(np.uint8)
    frame[y : y + 10, x : x + 14] = OBJECT
    return frame


def pair(thermal: tuple[int, int], visible: tuple[int, int]) -> FramePair:
    return FramePair(scene(*thermal), np.repeat(scene(*visible)[:, :, None], 3, axis=2))


def test_an_object_is_found_where_it_went_and_nowhere_when_it_is_gone() -> None:
    patches = Patches(scene(50, 40), Box(50, 40, 14, 10))
    found = patches.likeliest(scene(64, 33))
    assert found is not None
    assert found == pytest.approx([71, 38], abs=0.5)
    gone = np.random.default_rng(0).integers(0, 40, (120, 160)).astype(np.uint8)
    assert patches.likeliest(gone) is None
    assert patches.likeliest(np.zeros((120, 160), np.uint8)) is None


def test_an_object_at_the_rim_has_patches_too() -> None:
    patches = Patches(scene(0, 0), Box(-2, -1, 16, 11))
    found = patches.likeliest(scene(5, 3))
    assert found is not None
    assert found == pytest.approx(patches.place + np.array([5, 3]), abs=0.6)


def test_halves_that_move_differently_stay_over_each_other() -> None:
    box = Box(50, 40, 14, 10)
    start = Alignment((1.0, 1.0), (20.0, 10.0))
    halves = Halves(pair((50, 40), (70, 50)), box, start, follows=True)
    guess = halves.look(pair((60, 46), (70, 44)))  # the visible camera is a frame behind
    assert guess is not None
    assert guess == pytest.approx([67, 51], abs=0.5)
    assert halves.alignment.place(np.array([67.0, 51.0])) == pytest.approx([77, 49], abs=1)


def test_what_only_the_visible_half_shows_moves_both() -> None:
    halves = Halves(
        pair((50, 40), (70, 50)), Box(50, 40, 14, 10), Alignment((1.0, 1.0), (20.0, 10.0)),
        follows=True,
    )  # fmt: skip
    dim = np.random.default_rng(0).integers(0, 40, (120, 160)).astype(np.uint8)
    assert halves.look(FramePair(dim, pair((0, 0), (78, 47)).visible)) is None
    assert halves.alignment.place(np.array([65.0, 42.0])) == pytest.approx([85, 52], abs=1)


def test_registered_halves_keep_their_map() -> None:
    start = Alignment((0.5, 0.5))
    halves = Halves(pair((50, 40), (25, 20)), Box(50, 40, 14, 10), start, follows=False)
    halves.look(pair((60, 46), (90, 90)))
    halves.go(pair((60, 46), (90, 90)), Box(60, 46, 14, 10))
    assert halves.alignment == start
