"""The camera's motion: what the background says, whatever stands still before it."""

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tracking.trackers.real_clips import DATA, boxes_of, frames_of
from tirdata.types import Box, Frame
from tracking.trackers.camera import carried, flow, small_copy

BOX = Box(300.0, 200.0, 20.0, 16.0)


def _ground(seed: int = 3) -> Frame:
    """A scene larger than a frame, with structure everywhere."""
    noise = np.random.default_rng(seed).integers(0, 256, (700, 900)).astype(np.uint8)
    return np.asarray(cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 5), None, 0, 255, 32), np.uint8)  # type: ignore[call-overload]


def _seen(ground: Frame, right: int, down: int, *, text: bool = False) -> Frame:
    """What a 640 x 480 camera sees of it that has moved so far, with text burnt in."""
    frame = ground[100 - down : 580 - down, 100 - right : 740 - right].copy()
    if text:
        for row in (40, 80, 120):
            cv2.putText(frame, "12:34:56 N 47.11", (20, row), 0, 1.0, 255, 3)
    return frame


def _shift(before: Frame, after: Frame, box: Box = BOX) -> tuple[float, float]:
    return carried(flow(small_copy(before), small_copy(after)), box)


@pytest.mark.parametrize("text", [False, True], ids=["bare", "with text"])
@pytest.mark.parametrize("moved", [(-13, 2), (30, -18)], ids=str)
def test_a_box_goes_as_the_ground_goes(moved: tuple[int, int], *, text: bool) -> None:
    ground = _ground()
    found = _shift(_seen(ground, 0, 0, text=text), _seen(ground, *moved, text=text))
    assert found == pytest.approx(moved, abs=1.0)


def test_a_zoom_carries_a_box_away_from_the_middle() -> None:
    before = _seen(_ground(), 0, 0)
    matrix = np.array([[1.04, 0, -0.04 * 319.5], [0, 1.04, -0.04 * 239.5]])
    after = np.asarray(cv2.warpAffine(before, matrix, (640, 480)), np.uint8)
    right, down = _shift(before, after, Box(510.0, 330.0, 20.0, 20.0))
    assert (right, down) == pytest.approx((0.04 * 200.5, 0.04 * 100.5), abs=1.0)


def test_a_camera_that_stands_carries_nothing_though_an_object_moves() -> None:
    ground = _ground()
    before, after = _seen(ground, 0, 0), _seen(ground, 0, 0)
    thing = _ground(8)[:160, :200]
    before[100:260, 50:250] = thing
    after[100:260, 70:270] = thing
    assert _shift(before, after) == (0.0, 0.0)


@pytest.mark.parametrize("grey", [0, 90])
def test_in_frames_of_one_grey_nothing_is_known(grey: int) -> None:
    frame = np.full((240, 320), grey, np.uint8)
    assert _shift(frame, frame) == (0.0, 0.0)


def test_frames_of_two_sizes_say_nothing() -> None:
    ground = _ground()
    assert flow(small_copy(ground), small_copy(ground[:400])) is None


def test_another_scene_says_nothing() -> None:
    assert _shift(_seen(_ground(1), 0, 0), _seen(_ground(2), 0, 0)) == (0.0, 0.0)


def test_a_small_copy_has_memory_of_its_own() -> None:
    frame = _ground()[:100, :120].copy()
    copy = small_copy(frame).pixels
    frame[:] = 0
    assert copy.any()


def test_over_real_ground_a_moving_camera_explains_most_of_a_drones_jumps(
    shared_data: Path,
) -> None:
    clip = shared_data / "antiuav" / "40.avi"
    boxes = boxes_of(clip)[15:35]
    copies = [small_copy(frame) for frame in frames_of(clip, 15, 20)]
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    moved = np.diff(middles, axis=0)
    camera = np.array(
        [carried(flow(copies[at], copies[at + 1]), Box(*boxes[at])) for at in range(len(boxes) - 1)]
    )
    assert np.abs(moved).max() > 9
    assert np.abs(moved - camera).max() < 5


def test_on_a_real_clip_of_a_camera_that_stands_it_is_not_carried_off() -> None:
    frames = frames_of(DATA / "IR_DRONE_121.mp4", 0, 20)
    copies = [small_copy(frame) for frame in frames]
    box = Box(150, 120, 12, 10)
    shifts = [carried(flow(*pair), box) for pair in itertools.pairwise(copies)]
    assert np.abs(shifts).max() < 3
