"""What every evaluation protocol does: a perfect tracker is best, one that holds still is worse."""

import pickle

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.tracker import Prediction, Tracker
from tirdata.types import Box, Frame, Sequence, Track
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.measures import CURVES, MEASURES
from tracking.evaluation.protocols import PROTOCOLS
from tracking.evaluation.protocols.base import EvaluationProtocol
from tracking.evaluation.scores import TargetScore
from tracking.evaluation.targets import truths_of
from tracking.trackers import tracker_factory


class Oracle:
    """Knows the truth: frames are told apart by their pixels."""

    def __init__(self, sequence: Sequence) -> None:
        boxes = sequence.tracks[0].boxes
        frames = range(len(sequence.frames))
        self.answers = {sequence.frames[i].tobytes(): Box(*boxes[i]) for i in frames}

    def init(self, frame: Frame, box: Box) -> None:
        assert self.answers[frame.tobytes()] == box

    def track(self, frame: Frame) -> Prediction:
        return Prediction(self.answers[frame.tobytes()], 1.0)


@pytest.fixture(scope="module")
def late() -> Sequence:
    """A target that comes at frame 3 and is gone from frame 10 of 12."""
    made = made_sequence(12, size=(96, 72), name="late")
    boxes = made.tracks[0].boxes.copy()
    boxes[[0, 1, 2, 10, 11]] = np.nan
    none = np.zeros(12, np.bool_)
    return Sequence("late", made.frames, (Track(0, "bird", boxes, none, none),))


@pytest.fixture(params=list(PROTOCOLS))
def protocol(request: pytest.FixtureRequest) -> EvaluationProtocol:
    return open_benchmark(request.param).build()


def _score(protocol: EvaluationProtocol, tracker: Tracker, sequence: Sequence) -> TargetScore:
    (truth,) = truths_of(sequence, machine_boxes=False, sizes=protocol.sizes)
    trajectory = protocol.run(tracker, sequence.frames, truth)
    return protocol.score(truth, [trajectory])


def _frames(sequence: Sequence) -> int:
    return int(sequence.tracks[0].present.sum())


@pytest.mark.parametrize("name", ["made", "late"])
def test_a_perfect_tracker_is_perfect(
    protocol: EvaluationProtocol, name: str, request: pytest.FixtureRequest
) -> None:
    sequence: Sequence = request.getfixturevalue(name)
    values = _score(protocol, Oracle(sequence), sequence).values
    assert values.get("mean_overlap", 1.0) == pytest.approx(1, abs=0.03)  # effort smooths
    assert values.get("precision", 1.0) == 1
    first = protocol.headline[0]
    if first == "boxes_per_1000":  # the first box and the last
        assert values[first] == pytest.approx(1000 * 2 / _frames(sequence))
    else:
        assert values[first] >= 20 / 21 - 1e-9


def test_holding_still_is_worse(protocol: EvaluationProtocol, made: Sequence) -> None:
    perfect = _score(protocol, Oracle(made), made)
    still = _score(protocol, tracker_factory("hold", {})(), made)
    first = protocol.headline[0]
    if MEASURES[first].higher_is_better:
        assert still.values[first] < 0.5 * perfect.values[first]
    else:
        assert still.values[first] > 2 * perfect.values[first]


def test_it_runs_from_the_first_box_to_the_last(
    protocol: EvaluationProtocol, late: Sequence
) -> None:
    (truth,) = truths_of(late, machine_boxes=False)
    trajectory = protocol.run(Oracle(late), late.frames, truth)
    present = late.tracks[0].present
    np.testing.assert_array_equal(~np.isnan(trajectory.boxes[:, 0]), present)
    assert trajectory.seconds is not None
    np.testing.assert_array_equal(~np.isnan(trajectory.seconds), present)
    assert (trajectory.seconds[present] >= 0).all()


def test_everything_it_names_is_known(protocol: EvaluationProtocol, made: Sequence) -> None:
    score = _score(protocol, Oracle(made), made)
    summary = protocol.summarise([score])
    assert set(protocol.headline) <= set(summary.values) <= set(MEASURES)
    assert set(score.values) <= set(MEASURES)
    assert set(protocol.curves) == set(summary.curves) <= set(CURVES)
    for name, curve in summary.curves.items():
        thresholds = CURVES[name].thresholds
        assert thresholds is None or len(curve) == len(thresholds)


def test_one_target_is_its_own_mean(protocol: EvaluationProtocol, made: Sequence) -> None:
    score = _score(protocol, tracker_factory("hold", {})(), made)
    summary = protocol.summarise([score])
    shared = summary.values.keys() & score.values.keys()
    assert shared >= {protocol.headline[0]}
    assert {name: summary.values[name] for name in shared} == pytest.approx(
        {name: score.values[name] for name in shared}
    )
    assert summary.targets == 1


def test_it_can_be_sent_to_a_worker(protocol: EvaluationProtocol, made: Sequence) -> None:
    sent: EvaluationProtocol = pickle.loads(pickle.dumps(protocol))  # noqa: S301 - our own bytes
    tracker = tracker_factory("hold", {})()
    assert _score(sent, tracker, made) == _score(protocol, tracker, made)
