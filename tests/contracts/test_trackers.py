"""What every tracker does: follows a warm blob, forgets what was before, answers the same twice."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_pairs import FAST
from tests.programs import PROGRAMS
from tirdata.errors import ConfigError, MissingError
from tirdata.geometry import overlap
from tirdata.tracker import Prediction, SequenceTracker, Tracker, TrackerFactory
from tirdata.types import Box, Boxes, Sequence
from tracking.trackers import TRACKERS, tracker_factory

FRAMES = 6
STILL = ("hold", "interpolate")  # trackers that are not meant to follow anything


@pytest.fixture(scope="module")
def blob() -> Sequence:
    return made_sequence(FRAMES, target=(24.0, 20.0))


@pytest.fixture(scope="module", params=list(TRACKERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def factory(name: str, request: pytest.FixtureRequest) -> TrackerFactory:
    """Each tracker with its default settings; skips where this installation does not have it."""
    settings: dict[str, object] = {}
    if name == "nano":
        folder: Path = request.getfixturevalue("shared_data") / "peer-weights" / "nanotrack"
        settings = {
            "backbone": folder / "nanotrackv2_nanotrack_backbone_sim.onnx",
            "head": folder / "nanotrackv2_nanotrack_head_sim.onnx",
        }
    if name == "dual-attention":
        settings = {**FAST, "init_steps": 5, "missing_half": "copy"}
    settings |= PROGRAMS.get(name, {})
    made = tracker_factory(name, settings)
    try:
        made()
    except MissingError as error:
        pytest.skip(f"{name}: {error}")
    return made


@pytest.fixture(scope="module")
def followed(factory: TrackerFactory, blob: Sequence) -> list[Prediction]:
    """What it answers from the second frame on; networks are slow, so only once."""
    return _follow(factory(), blob, FRAMES)


def _follow(tracker: Tracker, sequence: Sequence, count: int) -> list[Prediction]:
    _start(tracker, sequence, Box(*sequence.tracks[0].boxes[0]))
    return [_step(tracker, sequence, index) for index in range(1, count)]


def _start(tracker: Tracker, sequence: Sequence, box: Box) -> None:
    if isinstance(tracker, SequenceTracker):
        tracker.attend(sequence.frames, 0)
    tracker.init(sequence.frames[0], box)


def _step(tracker: Tracker, sequence: Sequence, index: int) -> Prediction:
    if isinstance(tracker, SequenceTracker):
        tracker.attend(sequence.frames, index)
    return tracker.track(sequence.frames[index])


def _boxes(predictions: list[Prediction]) -> Boxes:
    return np.array([prediction.box for prediction in predictions])


def test_it_follows_the_blob(name: str, followed: list[Prediction], blob: Sequence) -> None:
    if name in STILL:
        pytest.skip("is not meant to follow")
    found = np.array([prediction.score > 0 for prediction in followed])
    assert found[0]  # KCF says of itself that it is lost soon after
    overlaps = overlap(_boxes(followed), blob.tracks[0].boxes[1:])
    assert overlaps[found].mean() > 0.5


def test_answers_are_numbers_and_scores_lie_in_0_to_1(followed: list[Prediction]) -> None:
    assert np.isfinite(_boxes(followed)).all()
    assert (_boxes(followed)[:, 2:] > 0).all()
    assert all(0 <= prediction.score <= 1 for prediction in followed)


def test_same_input_same_output_in_a_worker_too(
    factory: TrackerFactory, followed: list[Prediction], blob: Sequence
) -> None:
    sent: TrackerFactory = pickle.loads(pickle.dumps(factory))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(_boxes(_follow(sent(), blob, 4)), _boxes(followed[:3]))


def test_two_starts_do_not_mix(
    factory: TrackerFactory, followed: list[Prediction], blob: Sequence
) -> None:
    other = made_sequence(2, size=(120, 100), seed=5)
    tracker = factory()
    _follow(tracker, other, 2)
    np.testing.assert_array_equal(_boxes(_follow(tracker, blob, 3)), _boxes(followed[:2]))


def test_a_box_half_outside_the_frame_is_taken(factory: TrackerFactory, blob: Sequence) -> None:
    tracker = factory()
    _start(tracker, blob, Box(-6.0, -4.0, 20.0, 20.0))
    assert np.isfinite(_step(tracker, blob, 1).box).all()


def test_tracking_before_a_start_is_refused(factory: TrackerFactory, blob: Sequence) -> None:
    with pytest.raises(RuntimeError, match="before init"):
        factory().track(blob.frames[0])


def test_unknown_settings_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"tracker '{name}': .*colour"):
        tracker_factory(name, PROGRAMS.get(name, {}) | {"colour": "red"})


def test_an_unknown_tracker_lists_the_known() -> None:
    with pytest.raises(ConfigError, match=r"no tracker 'kfc'; there are: .*kcf"):
        tracker_factory("kfc", {})
