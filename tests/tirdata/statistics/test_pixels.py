"""Attributes seen in pixels: on frames made to have them, and to lack them."""

from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.made import made_sequence
from tirdata.decode import open_frames
from tirdata.layouts import LAYOUTS
from tirdata.statistics.pixels import (
    background_clutter,
    camera_motion,
    ground_shift,
    intensity_variation,
    look,
    thermal_crossover,
)
from tirdata.statistics.rules import AttributeRules
from tirdata.types import Box, Frame

RULES = AttributeRules()
BOX = Box(40, 30, 16, 12)


def scene(target: float | None, ground: float = 90, noise: float = 3, seed: int = 0) -> Frame:
    """A plain noisy ground with one plain target in the middle of a loose box."""
    random = np.random.default_rng(seed)
    pixels = random.normal(ground, noise, (80, 100))
    if target is not None:
        pixels[33:39, 44:52] += target - ground
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("target", [30.0, 150.0])
def test_a_look_is_at_the_target_not_at_the_rest_of_a_loose_box(target: float) -> None:
    found = look(scene(target), BOX)
    assert found is not None
    assert found.target == pytest.approx(target, abs=8)
    assert found.around == pytest.approx(90, abs=1)
    assert found.spread == pytest.approx(3, abs=1)
    assert found.alike == 0


@pytest.mark.parametrize(
    "box", [Box(-30, 5, 10, 10), Box(200, 5, 10, 10), Box(0, 0, 100, 80), Box(5, 90, 5, 5)]
)
def test_what_lies_outside_or_fills_the_frame_is_not_looked_at(box: Box) -> None:
    assert look(scene(150), box) is None


@pytest.mark.parametrize("box", [Box(0, 0, 12, 9), Box(92, 70, 12, 14), Box(-3, 30, 8, 8)])
def test_a_box_at_the_edge_has_surroundings(box: Box) -> None:
    found = look(scene(None), box)
    assert found is not None
    assert found.around == pytest.approx(90, abs=2)


def test_crossover_is_where_nothing_stands_out_or_the_contrast_turns_round() -> None:
    targets = [150, 150, 150, None, 30]
    looks = [look(scene(each, seed=number), BOX) for number, each in enumerate(targets)]
    found = thermal_crossover([each for each in looks if each], RULES)
    assert found.tolist() == [False, False, False, True, True]
    assert thermal_crossover([], RULES).shape == (0,)


def test_clutter_is_what_is_as_bright_as_the_target_beside_it() -> None:
    clean, among = scene(150), scene(150)
    among[24:30, 34:60] = 160
    looks = [look(frame, BOX) for frame in (clean, among)]
    assert background_clutter([each for each in looks if each], RULES).tolist() == [False, True]


def test_intensity_is_compared_with_the_first() -> None:
    looks = [look(scene(each), BOX) for each in (120, 160, 190)]
    found = intensity_variation([each for each in looks if each], RULES)
    assert found.tolist() == [False, False, True]


@pytest.mark.parametrize("shift", [0, 2, 7])
def test_the_ground_s_shift_is_measured_and_the_target_s_is_not(shift: int) -> None:
    wide = made_sequence(1, size=(340, 240), target=(30.0, 24.0), seed=3).frames[0]
    first, second = wide[:, 10:310].copy(), wide[:, 10 + shift : 310 + shift].copy()
    boxes = [Box(100, 100, 30, 20)]
    first[100:120, 100:130] = second[100:120, 100:130] = 255  # a target that stays
    assert ground_shift(first, second, boxes) == pytest.approx(shift, abs=0.3)


def test_another_object_s_motion_is_not_the_ground_s() -> None:
    first = made_sequence(1, size=(320, 240), target=(30.0, 24.0), seed=3).frames[0].copy()
    second = first.copy()
    first[100:160, 40:70], second[100:160, 55:85] = 230, 230
    assert ground_shift(first, second, []) == pytest.approx(0, abs=0.1)


def test_where_there_is_nothing_to_hold_on_to_the_shift_is_unknown() -> None:
    random = np.random.default_rng(0)
    noise = [random.integers(0, 255, (240, 320)).astype(np.uint8) for _ in range(2)]
    assert np.isnan(ground_shift(noise[0], noise[1], []))
    assert np.isnan(ground_shift(noise[0], noise[1][:200], []))
    assert np.isnan(
        ground_shift(np.full((12, 16), 9, np.uint8), np.full((12, 16), 9, np.uint8), [])
    )
    assert camera_motion(np.array([np.nan, 0.4, 0.6]), RULES).tolist() == [False, False, True]


def test_a_real_still_camera_and_a_real_drive_are_told_apart(shared_data: Path) -> None:
    folder = shared_data / "research-only"
    birds = LAYOUTS["vot"].read_one(folder / "vot-tir", "birds")
    boxes = [Box(*row) for row in birds.tracks[0].boxes]
    still = [
        ground_shift(birds.frames[at], birds.frames[at + 5], [boxes[at]]) / 5
        for at in range(0, 200, 40)
    ]
    assert not camera_motion(np.array(still), RULES).any()
    with closing(open_frames(folder / "lynred" / "drive_3.avi")) as reader:
        drive = [frame.pixels for frame in islice(reader.read(), 166)]
    moved = [
        ground_shift(grey(drive[at]), grey(drive[at + 5]), []) / 5 for at in range(100, 161, 20)
    ]
    assert camera_motion(np.array(moved), RULES).any()


def grey(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Frame:
    found = pixels if pixels.ndim == 2 else pixels[:, :, 1]
    return np.asarray(found, np.uint8)
