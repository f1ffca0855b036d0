"""The tracker from end to end on made pairs, its switches, and what it refuses."""

from typing import Any

import numpy as np
import pytest

from tests.made_pairs import FAST, made_pairs
from tirdata.errors import ConfigError, DataError, UsageError
from tirdata.geometry import overlap
from tirdata.tracker import PairTracker, Tracker
from tirdata.types import Box, Boxes, FramePair
from tracking.trackers import tracker_factory
from tracking.trackers.dual_attention import DualAttentionTracker
from tracking.trackers.dual_attention_settings import DualAttentionConfig

PAPER = {
    **FAST, "profile": "paper", "init_positives": 8, "init_negatives": 12, "init_steps": 2,
    "candidates": 12, "positives": 3, "mined_negatives": 3, "update_positives": 4,
    "update_negatives": 6, "update_steps": 1, "update_every": 2, "box_samples": 8,
}  # fmt: skip


def tracker_of(settings: dict[str, Any], **more: Any) -> DualAttentionTracker:  # noqa: ANN401
    config = DualAttentionConfig.model_validate({**settings, **more})
    return DualAttentionTracker(config)


def follow(tracker: DualAttentionTracker, pairs: list[FramePair], box: Boxes) -> Boxes:
    tracker.init_pair(pairs[0], Box(*(float(value) for value in box)))
    return np.array([tracker.track_pair(pair).box for pair in pairs[1:]])


def test_with_random_weights_it_follows_a_warm_blob_also_while_the_visible_half_is_dim() -> None:
    sequence, pairs = made_pairs(8, dark=range(4, 7))
    tracker = tracker_of(FAST, box_samples=60)
    truth = sequence.tracks[0].boxes
    assert overlap(follow(tracker, pairs, truth[0]), truth[1:]).mean() > 0.5
    assert set(tracker.seconds) >= {"samples", "learning", "candidates", "head", "global"}


def test_the_papers_profile_runs_with_its_attention_at_conv1() -> None:
    sequence, pairs = made_pairs(3)
    tracker = tracker_of(PAPER)
    assert (tracker.config.features, tracker.config.attention) == ("crops", "conv1")
    assert tracker.config.long_memory == 100
    boxes = follow(tracker, pairs, sequence.tracks[0].boxes[0])
    assert np.isfinite(boxes).all()
    assert (boxes[:, 2:] > 0).all()


def test_a_profile_is_a_set_of_defaults() -> None:
    paper = DualAttentionConfig.model_validate({"profile": "paper", "init_steps": 7})
    assert (paper.init_negatives, paper.init_steps, paper.attention) == (5000, 7, "conv1")
    fast = DualAttentionConfig()
    assert (fast.features, fast.attention, fast.init_negatives) == ("scene", "roi", 1000)
    with pytest.raises(ConfigError, match="attention conv1 needs features = crops"):
        tracker_factory("dual-attention", {"attention": "conv1"})


def test_halves_that_lie_apart_are_found_by_the_boxes_of_the_first_pair() -> None:
    sequence, pairs = made_pairs(5)
    cropped = [FramePair(pair.thermal, pair.visible[20:, 10:]) for pair in pairs]
    box = Box(*(float(value) for value in sequence.tracks[0].boxes[0]))
    seen = Box(box.x - 10, box.y - 20, box.w, box.h)
    tracker = tracker_of(FAST, init_steps=1)
    tracker.init_pair(cropped[0], box, seen)  # 150x108 beside 160x128: not of one shape
    assert tracker._halves.alignment.shift == pytest.approx((-10.0, -20.0))
    with pytest.raises(UsageError, match="thermal frames are 160x128, visible ones 150x108"):
        tracker.init_pair(cropped[0], box)
    tracker.config = DualAttentionConfig.model_validate({**FAST, "align": "size", "init_steps": 1})
    tracker.init_pair(cropped[0], box)
    assert tracker._halves.alignment.scale == pytest.approx((150 / 160, 108 / 128))


def test_an_object_outside_a_half(caplog: pytest.LogCaptureFixture) -> None:
    _, pairs = made_pairs(2)
    tracker = tracker_of(FAST, init_steps=1)
    with pytest.raises(DataError, match=r"outside the 160x128 thermal frame"):
        tracker.init_pair(pairs[0], Box(400.0, 20.0, 20.0, 20.0))
    tracker = tracker_of(FAST, init_steps=1, align="first-box")
    tracker.init_pair(pairs[0], Box(60.0, 50.0, 20.0, 20.0), Box(-90.0, 50.0, 20.0, 20.0))
    assert "outside the visible frames" in caplog.text
    assert np.isfinite(tracker.track_pair(pairs[1]).box).all()


def test_thermal_frames_alone_are_refused_or_stand_for_the_visible_ones() -> None:
    sequence, _ = made_pairs(3)
    box = Box(*(float(value) for value in sequence.tracks[0].boxes[0]))
    with pytest.raises(UsageError, match=r"no visible frames.*missing_half=copy"):
        tracker_of(FAST).init(sequence.frames[0], box)
    tracker = tracker_of(FAST, missing_half="copy")
    tracker.init(sequence.frames[0], box)
    found = np.array([tracker.track(sequence.frames[index]).box for index in range(1, 3)])
    assert overlap(found, sequence.tracks[0].boxes[1:]).mean() > 0.5


class Pointer:
    """Proposes one place, whatever it sees."""

    def __init__(self, box: Box) -> None:
        self.box, self.started, self.asked = box, 0, 0

    def start(self, pair: FramePair, box: Box, visible_box: Box) -> None:
        self.started += 1

    def propose(self, pair: FramePair, previous: Box, *, failures: int, count: int) -> Boxes:
        self.asked += 1
        return np.repeat(np.array([self.box]), count, axis=0)


def test_global_proposals_are_scored_beside_the_local_ones() -> None:
    sequence, pairs = made_pairs(2)
    there = sequence.tracks[0].boxes[0]
    config = DualAttentionConfig.model_validate({**FAST, "global_every": 1})
    pointer = Pointer(Box(*(float(value) for value in there)))
    tracker = DualAttentionTracker(config, pointer)
    tracker.init_pair(pairs[0], pointer.box)
    # The tracker has strayed to a corner; local candidates show nothing of the object.
    tracker._box = Box(1.0, 1.0, there[2], there[3])
    found = np.array([tracker.track_pair(pairs[0]).box])
    assert overlap(found, there[None])[0] > 0.5
    assert (pointer.started, pointer.asked) == (1, 1)


def test_it_asks_for_proposals_every_so_many_frames_or_when_unsure() -> None:
    sequence, pairs = made_pairs(5)
    config = DualAttentionConfig.model_validate(
        {**FAST, "init_steps": 2, "global_every": 2, "global_below": 0.0}
    )
    pointer = Pointer(Box(0.0, 0.0, 9.0, 9.0))
    follow(DualAttentionTracker(config, pointer), pairs, sequence.tracks[0].boxes[0])
    assert pointer.asked == 2


def test_a_lost_object_leaves_the_result_where_it_was() -> None:
    sequence, pairs = made_pairs(3)
    tracker = tracker_of(FAST)
    empty = FramePair(np.full((128, 160), 80, np.uint8), np.full((128, 160, 3), 80, np.uint8))
    tracker.init_pair(pairs[0], Box(*(float(value) for value in sequence.tracks[0].boxes[0])))
    before = tracker.track_pair(pairs[1]).box
    lost = tracker.track_pair(empty)
    assert lost.box == before
    assert lost.score < 0.5
    assert tracker._failures == 1


def test_what_the_regression_errs_in_size_does_not_add_up() -> None:
    sequence, pairs = made_pairs(7)
    tracker = tracker_of(FAST)
    start = sequence.tracks[0].boxes[0]
    tracker.init_pair(pairs[0], Box(*(float(value) for value in start)))
    tracker._regression = Shrinking()  # type: ignore[assignment]
    answers = np.array([tracker.track_pair(pair).box for pair in pairs[1:]])
    assert tracker._failures == 0
    # Each answer is what it says; the next frame does not begin with all of that.
    sides, began = answers[-1, 2:], np.array(tracker._box[2:])
    assert (sides < 0.95 * began).all()
    assert (began > 0.75 * start[2:]).all()  # 0.53 of it, if all of it were kept


class Shrinking:
    """Says that the object is smaller than each box, whatever that shows."""

    def __call__(self, features: object, boxes: Boxes) -> Boxes:
        sides = 0.9 * boxes[:, 2:]
        return np.hstack([boxes[:, :2] + (boxes[:, 2:] - sides) / 2, sides])


def test_it_is_a_tracker_and_one_of_pairs() -> None:
    made: Tracker = tracker_of(FAST)
    assert isinstance(made, PairTracker)
    with pytest.raises(RuntimeError, match="before init"):
        tracker_of(FAST).track_pair(made_pairs(1)[1][0])
