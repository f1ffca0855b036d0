"""Crops around boxes, and what a box is off by."""

import numpy as np
import pytest

from tirdata.types import Box, Frame
from tracking.trackers.refine_crops import corrected, cut, difference


@pytest.fixture
def frame() -> Frame:
    made = np.full((60, 80), 50, np.uint8)
    made[20:30, 30:50] = 200
    return made


def test_the_box_is_the_middle_half_of_its_crop(frame: Frame) -> None:
    crop = cut(frame, Box(30, 20, 20, 10))
    assert crop.shape == (64, 64)
    assert (crop[18:46, 18:46] > 190).all()
    assert (crop[:14] < 60).all()
    assert (crop[:, 50:] < 60).all()


def test_a_part_of_a_pixel_counts(frame: Frame) -> None:
    middle = cut(frame, Box(30.0, 20, 20, 10)).astype(int)[32]
    moved = cut(frame, Box(30.4, 20, 20, 10)).astype(int)[32]
    assert moved[46:50].sum() < middle[46:50].sum()  # the right edge comes nearer


@pytest.mark.parametrize("box", [Box(-15, -9, 20, 12), Box(70, 55, 30, 30), Box(10, 10, 300, 2)])
def test_beyond_the_frame_its_edge_goes_on(frame: Frame, box: Box) -> None:
    crop = cut(frame, box)
    assert crop.shape == (64, 64)
    assert crop.min() >= 20


def test_what_a_box_is_off_by_and_back() -> None:
    box, truth = Box(10, 20, 8, 4), Box(11, 19, 12, 5)
    off = difference(box, truth)
    assert off == pytest.approx((0.375, -0.125, np.log(1.5), np.log(1.25)))
    assert corrected(box, np.array(off)) == pytest.approx(truth)
    assert difference(box, box) == (0, 0, 0, 0)
