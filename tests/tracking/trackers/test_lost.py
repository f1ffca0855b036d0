"""A real object that leaps or is gone for a while: found again, and not taken for another."""

import cv2
import numpy as np
import pytest

from tests.tracking.trackers.real_clips import DATA, boxes_of, frames_of
from tirdata.errors import MissingError
from tirdata.geometry import overlap
from tirdata.types import Box, Boxes, Frame
from tracking.trackers.mmnet import MMNetConfig, MMNetTracker

CLIP = DATA / "IR_DRONE_121.mp4"
LEAP = (-60, 35)  # pixels: several times the reach


def _moved(frame: Frame, shift: tuple[int, int]) -> Frame:
    return np.asarray(
        cv2.warpAffine(
            frame,
            np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float64),
            (frame.shape[1], frame.shape[0]),
            borderMode=cv2.BORDER_REFLECT,
        ),
        np.uint8,
    )


def _without(frame: Frame, box: Box) -> Frame:
    """The frame with the object's place filled from around it."""
    mask = np.zeros(frame.shape, np.uint8)
    left, top = round(box.x - 6), round(box.y - 6)
    mask[top : round(box.y + box.h + 6), left : round(box.x + box.w + 6)] = 255
    return np.asarray(cv2.inpaint(frame, mask, 3, cv2.INPAINT_TELEA), np.uint8)


@pytest.fixture(scope="module")
def clip() -> tuple[list[Frame], Boxes]:
    boxes = boxes_of(CLIP)[:4]
    boxes[:, :2] -= 1
    return frames_of(CLIP, 0, 4), boxes


def _tracker(**settings: object) -> MMNetTracker:
    given = {"profile": "fast", "device": "cpu", "follow_camera": False, **settings}
    try:
        return MMNetTracker(MMNetConfig.model_validate(given))
    except MissingError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("searches", [True, False])
def test_an_object_that_leaps_is_found_in_the_same_frame_if_it_is_searched(
    clip: tuple[list[Frame], Boxes], *, searches: bool
) -> None:
    frames, boxes = clip
    tracker = _tracker(search_when_lost=searches)
    tracker.init(frames[0], Box(*boxes[0]))
    box, score, _ = tracker.track(_moved(frames[1], LEAP))
    there = boxes[1:2] + np.array([*LEAP, 0, 0])
    met = float(overlap(np.array([box]), there)[0])
    assert (met > 0.5) == searches
    assert (score > 0.5) == searches


def test_while_it_is_gone_the_score_is_low_and_then_it_is_found_elsewhere(
    clip: tuple[list[Frame], Boxes],
) -> None:
    frames, boxes = clip
    tracker = _tracker()
    tracker.init(frames[0], Box(*boxes[0]))
    gone = _without(frames[1], Box(*boxes[1]))
    assert [tracker.track(gone).score < 0.35 for _ in range(2)] == [True, True]
    box, score, _ = tracker.track(_moved(frames[3], LEAP))
    assert overlap(np.array([box]), boxes[3:4] + np.array([*LEAP, 0, 0]))[0] > 0.5
    assert score > 0.5


def test_two_objects_of_the_same_frames_are_answered_as_each_alone(
    clip: tuple[list[Frame], Boxes],
) -> None:
    frames, boxes = clip
    tracker = _tracker(follow_camera=True)
    starts = [Box(*boxes[0]), Box(boxes[0, 0] + 30, boxes[0, 1] - 20, 18.0, 14.0)]
    seen = [frames[1], _moved(frames[2], LEAP)]
    alone = []
    for start in starts:
        tracker.init(frames[0], start)
        alone.append([tracker.track(frame) for frame in seen])
    tracker.init_many([frames[0]] * 2, starts)
    for number, frame in enumerate(seen):
        for target, found in enumerate(tracker.track_many([frame] * 2)):
            np.testing.assert_allclose(found.box, alone[target][number].box, atol=0.05)
            assert found.score == pytest.approx(alone[target][number].score, abs=0.02)
