"""A tracker of pairs in a run: which frames and boxes it is shown, and what is timed."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_pairs import COLOUR, made_pairs
from tirdata.errors import UsageError
from tirdata.layouts.pairs import visible_half
from tirdata.layouts.pictures import PictureFrames, colour_frame, list_pictures
from tirdata.tracker import Prediction
from tirdata.types import Box, Frame, FramePair, Sequence
from tracking.evaluation.protocols.rgbt import Rgbt, RgbtConfig
from tracking.evaluation.runner import WatchedFrames, paired
from tracking.evaluation.targets import truths_of


class Watcher:
    """Answers the first box and keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: list[FramePair] = []
        self.visible_box: Box | None = None

    def init(self, frame: Frame, box: Box) -> None:
        raise AssertionError

    def track(self, frame: Frame) -> Prediction:
        raise AssertionError

    def init_pair(self, pair: FramePair, box: Box, visible_box: Box | None = None) -> None:
        self.box, self.visible_box = box, visible_box
        self.shown.append(pair)

    def track_pair(self, pair: FramePair) -> Prediction:
        self.shown.append(pair)
        return Prediction(self.box, 1.0)


def pair_of(count: int = 4) -> Sequence:
    made = made_sequence(count)
    visible = [255 - made.frames[index] for index in range(count)]
    own = replace(made.tracks[0], boxes=made.tracks[0].boxes + np.array([3.0, 0, 0, 0]))
    return replace(made, visible=visible, visible_tracks=(own,))


def test_each_thermal_frame_comes_with_the_visible_one_beside_it() -> None:
    sequence = pair_of()
    truth = next(iter(truths_of(sequence, machine_boxes=True)))
    watched = WatchedFrames(sequence.frames, truth.stop, lambda: None)
    tracker = Watcher()
    half = visible_half(sequence, "RGB-T")
    run = Rgbt(RgbtConfig()).run(paired(tracker, watched, half, truth), watched, truth)
    assert run.seconds is not None
    assert (run.seconds < 0.5).all()
    assert len(tracker.shown) == 4
    for index, pair in enumerate(tracker.shown):
        np.testing.assert_array_equal(pair.thermal, sequence.frames[index])
        np.testing.assert_array_equal(pair.visible[:, :, 1], half[index])
    assert tracker.visible_box == pytest.approx((truth.first_box.x + 3, *truth.first_box[1:]))


def test_visible_files_keep_their_colours(tmp_path: Path) -> None:
    sequence, pairs = made_pairs(1)
    cv2.imwrite(str(tmp_path / "1.png"), pairs[0].visible[:, :, ::-1])
    frames = PictureFrames(list_pictures(tmp_path))
    x, y, _, h = sequence.tracks[0].boxes[0].astype(int)
    found = colour_frame(frames, 0)
    np.testing.assert_array_equal(found, pairs[0].visible)
    assert tuple(found[y + h // 2, x + 2]) == COLOUR


def test_a_half_that_is_shorter_is_refused() -> None:
    sequence = pair_of()
    assert sequence.visible is not None
    shorter = replace(sequence, visible=[sequence.visible[0]])
    with pytest.raises(UsageError, match="1 visible frames; expected 4, as many as thermal ones"):
        visible_half(shorter, "RGB-T")
