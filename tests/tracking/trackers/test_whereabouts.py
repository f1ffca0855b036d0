"""Places that look like a lost object."""

import numpy as np
import pytest

from tests.tracking.trackers.real_clips import DATA, boxes_of, frames_of
from tirdata.types import Box, Frame
from tracking.trackers.whereabouts import likeness_of, places

BOX = Box(40.0, 30.0, 12.0, 10.0)
MIDDLE = (46.0, 35.0)


def _frame() -> Frame:
    noise = np.random.default_rng(0).integers(90, 110, (200, 300)).astype(np.uint8)
    noise[30:40, 40:52] = 180
    noise[33:37, 44:48] = 240
    return noise


def test_the_object_is_the_likest_place_wherever_it_went() -> None:
    frame = _frame()
    likeness = likeness_of(frame, BOX)
    assert likeness is not None
    there = np.roll(frame, (90, 170), axis=(0, 1))
    found = places(there, likeness, 1.0, MIDDLE, 1000.0, 3)
    assert found[0] == pytest.approx((216.0, 125.0), abs=0.6)
    assert len(found) <= 3


def test_it_is_not_looked_for_farther_off_than_asked() -> None:
    frame = _frame()
    likeness = likeness_of(frame, BOX)
    assert likeness is not None
    there = np.roll(frame, (90, 170), axis=(0, 1))
    for middle in places(there, likeness, 1.0, MIDDLE, 50.0, 5):
        assert np.abs(middle - MIDDLE).max() <= 52
    assert places(there, likeness, 1.0, (-500.0, -500.0), 50.0, 5).shape == (0, 2)


def test_an_object_that_has_grown_is_found_at_its_size() -> None:
    frame = _frame()
    likeness = likeness_of(frame, BOX)
    assert likeness is not None
    large: Frame = np.kron(frame, np.ones((2, 2))).astype(np.uint8)
    found = places(large, likeness, 2.0, (100.0, 100.0), 1000.0, 1)
    assert found[0] == pytest.approx((92.0, 70.0), abs=1.0)


@pytest.mark.parametrize("box", [Box(-50, -50, 20, 20), Box(10, 10, 1, 1), Box(100, 90, 30, 30)])
def test_a_box_that_shows_nothing_is_not_searched_by(box: Box) -> None:
    frame = _frame()
    frame[80:140, 80:150] = 50
    assert likeness_of(frame, box) is None


def test_one_grey_is_like_nothing() -> None:
    likeness = likeness_of(_frame(), BOX)
    assert likeness is not None
    assert len(places(np.full((200, 300), 9, np.uint8), likeness, 1.0, MIDDLE, 1e4, 3)) == 0


def test_a_frame_smaller_than_the_object_holds_no_place() -> None:
    likeness = likeness_of(_frame(), BOX)
    assert likeness is not None
    assert len(places(_frame()[:8, :9], likeness, 1.0, (4.0, 4.0), 1e4, 3)) == 0


def test_a_real_drone_is_among_the_first_places_of_a_whole_frame() -> None:
    clip = DATA / "IR_DRONE_121.mp4"
    frames, boxes = frames_of(clip, 0, 25), boxes_of(clip)
    likeness = likeness_of(frames[0], Box(*boxes[0]))
    assert likeness is not None
    found = places(frames[24], likeness, 1.0, (0.0, 0.0), 1e4, 3)
    truth = boxes[24, :2] + boxes[24, 2:] / 2
    assert np.abs(found - truth).max(axis=1).min() < 6
