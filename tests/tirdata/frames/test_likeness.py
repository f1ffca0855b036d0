"""Likeness of structure: no gain, no offset, blank frames, what moved."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tirdata.frames.test_shots import gain, read
from tirdata.frames.likeness import likeness, look, moved_likeness
from tirdata.types import Frame


@pytest.fixture(scope="module")
def frame(clips: Path) -> Frame:
    return read(clips / "IR_HELICOPTER_043.mp4", 0, 1)[0]


def test_a_frame_is_like_itself_at_any_gain_and_unlike_its_negative(frame: Frame) -> None:
    itself = look(frame)
    assert likeness(itself, look(frame)) == pytest.approx(1)
    assert likeness(itself, look(gain(0.5, 60)(frame))) > 0.99
    assert likeness(itself, look((255 - frame).astype(np.uint8))) < -0.99


def test_blank_is_like_blank_and_unlike_a_scene(frame: Frame) -> None:
    black, white = (look(np.full_like(frame, level)) for level in (0, 255))
    assert likeness(black, white) == pytest.approx(1)
    assert likeness(black, look(frame)) < 0.1


def test_what_moved_is_set_right(frame: Frame, clips: Path) -> None:
    turn = cv2.getRotationMatrix2D((160, 128), 3, 1.04)
    turn[:, 2] += (9, -6)
    moved = look(np.asarray(cv2.warpAffine(frame, turn, (320, 256)), np.uint8))
    other = look(read(clips / "IR_DRONE_121.mp4", 0, 1)[0])
    assert likeness(look(frame), moved) < 0.5
    assert moved_likeness(look(frame), moved) > 0.8
    assert moved_likeness(look(frame), other) < 0.5
