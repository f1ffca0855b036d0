"""The simulated annotator: which frames it is asked for, and when it may stop."""

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.config import check
from tirdata.errors import DataError
from tirdata.types import Boxes, Sequence
from tracking.evaluation.protocols.effort import Effort, EffortConfig
from tracking.evaluation.results import STARTED, Trajectory
from tracking.evaluation.scores import TargetScore
from tracking.evaluation.targets import Truth, truths_of
from tracking.trackers import tracker_factory

COUNT = 21


def _sequence(boxes: Boxes) -> Truth:
    return Truth("made", "made", 0, boxes)


@pytest.fixture(scope="module")
def made() -> Sequence:
    return made_sequence(COUNT, size=(96, 72), name="made")


def _straight(bend: float = 0.0) -> Boxes:
    """A box that goes right, and down and up again by ``bend`` pixels."""
    x = np.arange(COUNT, dtype=np.float64)
    y = 30 + bend * (1 - np.abs(x - 10) / 10)
    return np.stack([10 + 2 * x, y, np.full(COUNT, 10.0), np.full(COUNT, 10.0)], axis=1)


def _effort(tracker: str, truth: Truth, made: Sequence, **rules: object) -> TargetScore:
    protocol = Effort(check(rules, EffortConfig, where="test"))
    trajectory = protocol.run(tracker_factory(tracker, {})(), made.frames, truth)
    return protocol.score(truth, [trajectory])


def test_a_straight_line_takes_two_boxes(made: Sequence) -> None:
    score = _effort("interpolate", _sequence(_straight()), made, share=1.0)
    assert score.values["human_boxes"] == 2
    assert score.values["mean_overlap"] == pytest.approx(1)


def test_a_bent_line_takes_one_more_where_it_bends(made: Sequence) -> None:
    truth = _sequence(_straight(bend=20))
    protocol = Effort(EffortConfig(share=1.0))
    trajectory = protocol.run(tracker_factory("interpolate", {})(), made.frames, truth)
    assert trajectory.states is not None
    assert np.flatnonzero(trajectory.states == STARTED).tolist()[0] == 0
    assert protocol.score(truth, [trajectory]).values["human_boxes"] > 2
    overlaps = protocol.score(truth, [trajectory]).values["good_frames"]
    assert overlaps == 1


def test_less_is_asked_for_where_less_is_wanted(made: Sequence) -> None:
    truth = _sequence(_straight(bend=20))
    asked = [
        _effort("interpolate", truth, made, **rules).values["human_boxes"]
        for rules in (
            {"share": 0.5, "overlap": 0.3},
            {"share": 1.0, "overlap": 0.5},
            {"share": 1.0, "overlap": 0.9},
        )
    ]
    assert asked == sorted(asked)
    assert asked[0] < asked[-1]


def test_online_gives_a_box_whenever_a_frame_falls_below(made: Sequence) -> None:
    # 2 px a frame, 10 px wide: IoU 8/12, 6/14 < 0.5, so every second frame needs one
    score = _effort("hold", _sequence(_straight()), made, policy="online", overlap=0.5)
    assert score.values["human_boxes"] == 11
    assert score.values["good_frames"] == 1


@pytest.mark.parametrize("policy", ["unsure", "suggest"])
def test_without_an_oracle_the_middle_comes_first_where_nothing_is_known(
    made: Sequence, policy: str
) -> None:
    truth = _sequence(_straight(bend=20))
    rules = {"policy": policy, "share": 0.9, "overlap": 0.4}
    protocol = Effort(check(rules, EffortConfig, where="test"))
    trajectory = protocol.run(tracker_factory("interpolate", {})(), made.frames, truth)
    assert trajectory.states is not None
    assert 10 in np.flatnonzero(trajectory.states == STARTED)


def test_frames_without_the_object_are_neither_asked_for_nor_counted(made: Sequence) -> None:
    boxes = _straight()
    boxes[[0, 1, 8, 9, 20]] = np.nan
    for policy in ("offline", "unsure", "suggest", "online"):
        protocol = Effort(check({"policy": policy, "overlap": 0.9}, EffortConfig, where="test"))
        truth = _sequence(boxes)
        trajectory = protocol.run(tracker_factory("hold", {})(), made.frames, truth)
        assert trajectory.states is not None
        given = np.flatnonzero(trajectory.states == STARTED)
        assert not set(given) & {0, 1, 8, 9, 20}
        assert protocol.score(truth, [trajectory]).frames == 16


def test_a_shaking_hand_is_the_same_every_time_and_costs_overlap(made: Sequence) -> None:
    (truth,) = truths_of(made, machine_boxes=True)
    exact = _effort("interpolate", truth, made)
    shaken = [_effort("interpolate", truth, made, jitter=0.05, seed=3) for _ in range(2)]
    assert shaken[0] == shaken[1]
    assert shaken[0].values["mean_overlap"] < exact.values["mean_overlap"]


def test_results_of_another_protocol_are_refused() -> None:
    truth = _sequence(_straight())
    with pytest.raises(DataError, match="no frame is marked as given by a person"):
        Effort(EffortConfig()).score(truth, [Trajectory(_straight())])


def test_targets_are_pooled_by_their_frames() -> None:
    def score(name: str, frames: int, human: float) -> TargetScore:
        values = {
            "human_boxes": human,
            "boxes_per_1000": 1000 * human / frames,
            "mean_overlap": 0.8,
            "good_frames": 1.0,
        }
        return TargetScore(name=name, frames=frames, values=values, curves={})

    summary = Effort(EffortConfig()).summarise(
        [score("long", 900, 9), score("short", 100, 11), score("middle", 100, 2)]
    )
    assert summary.values["boxes_per_1000"] == pytest.approx(20)
    assert summary.values["boxes_per_1000_median"] == pytest.approx(20)
