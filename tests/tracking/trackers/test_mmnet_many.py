"""Many targets in one batch, each as if it were alone, and what is done about a lost one."""

import numpy as np
import pytest

from tests.made import made_sequence
from tests.tracking.models.recorded import record_here
from tests.tracking.trackers.made_weights import untrained
from tirdata.geometry import overlap
from tirdata.tracker import ManyTracker, Prediction
from tirdata.types import Box, Frame, Sequence
from tracking.models.replay import Replayed
from tracking.trackers.mmnet import MMNetConfig, MMNetTracker

FRAMES = 5


@pytest.fixture(scope="module")
def sequences() -> list[Sequence]:
    return [
        made_sequence(FRAMES, target=(24.0, 20.0)),
        made_sequence(FRAMES, size=(140, 100), target=(16.0, 22.0), seed=4),
        made_sequence(FRAMES, target=(30.0, 14.0), seed=7),
    ]


@pytest.fixture(scope="module")
def config(sequences: list[Sequence], tmp_path_factory: pytest.TempPathFactory) -> MMNetConfig:
    path = untrained(tmp_path_factory.mktemp("weights") / "mmnet.safetensors", sequences[0])
    return MMNetConfig(
        weights=path, device="cpu", precision="fp32", template_every=2, template_above=0.0
    )


@pytest.fixture(scope="module")
def tracker(config: MMNetConfig) -> MMNetTracker:
    return MMNetTracker(config)


def _box(sequence: Sequence) -> Box:
    return Box(*(float(side) for side in sequence.tracks[0].boxes[0]))


def _alone(tracker: MMNetTracker, sequence: Sequence) -> list[Prediction]:
    tracker.init(sequence.frames[0], _box(sequence))
    return [tracker.track(sequence.frames[number]) for number in range(1, FRAMES)]


def test_many_targets_of_many_sequences_are_answered_as_each_alone(
    tracker: MMNetTracker, sequences: list[Sequence]
) -> None:
    assert isinstance(tracker, ManyTracker)
    wanted = [_alone(tracker, sequence) for sequence in sequences]
    tracker.init_many([each.frames[0] for each in sequences], [_box(each) for each in sequences])
    for number in range(1, FRAMES):
        found = tracker.track_many([each.frames[number] for each in sequences])
        for own, alone in zip(found, (each[number - 1] for each in wanted), strict=True):
            np.testing.assert_allclose(own.box, alone.box, atol=0.01)
            assert own.score == pytest.approx(alone.score, abs=1e-3)


@pytest.mark.parametrize("recorded", [False, True])
def test_what_a_gpu_does_otherwise_answers_the_same(
    config: MMNetConfig, sequences: list[Sequence], monkeypatch: pytest.MonkeyPatch, recorded: bool
) -> None:
    """Crops by matrix products, and all recorded."""
    tracker = MMNetTracker(config)
    wanted = [_alone(tracker, sequence) for sequence in sequences]
    network = tracker.network
    monkeypatch.setattr(network, "by_patches", True)
    if recorded:
        monkeypatch.setattr(network, "_pass", Replayed(network._of_patches, record_here))
    tracker.init_many([each.frames[0] for each in sequences], [_box(each) for each in sequences])
    for number in range(1, FRAMES):
        found = tracker.track_many([each.frames[number] for each in sequences])
        for own, alone in zip(found, (each[number - 1] for each in wanted), strict=True):
            np.testing.assert_allclose(own.box, alone.box, atol=0.1)


def test_some_of_the_targets_can_be_gone_on_with(
    tracker: MMNetTracker, sequences: list[Sequence]
) -> None:
    wanted = _alone(tracker, sequences[2])
    tracker.init_many([each.frames[0] for each in sequences], [_box(each) for each in sequences])
    tracker.track_many([each.frames[1] for each in sequences])
    tracker.keep([2])
    (found,) = tracker.track_many([sequences[2].frames[2]])
    np.testing.assert_allclose(found.box, wanted[1].box, atol=0.01)


def test_as_many_frames_as_targets_are_wanted(
    tracker: MMNetTracker, sequences: list[Sequence]
) -> None:
    tracker.init(sequences[0].frames[0], _box(sequences[0]))
    with pytest.raises(ValueError, match="2 frames for 1 target"):
        tracker.track_many([sequences[0].frames[1]] * 2)


def _away(frame: Frame, box: Box, shift: tuple[int, int]) -> tuple[Frame, Box]:
    """The object gone from a large grey frame, and back farther off than a crop reaches."""
    large = np.full((frame.shape[0] * 2, frame.shape[1] * 3), round(float(frame.mean())), np.uint8)
    x, y = shift
    large[y : y + frame.shape[0], x : x + frame.shape[1]] = frame
    return large, Box(box.x + x, box.y + y, box.w, box.h)


@pytest.mark.parametrize("searches", [False, True])
def test_a_lost_object_is_found_again_farther_off_where_that_is_asked_for(
    config: MMNetConfig, sequences: list[Sequence], *, searches: bool
) -> None:
    tracker = MMNetTracker(config.model_copy(update={"search_when_lost": searches}))
    still, box = sequences[0].frames[0], _box(sequences[0])
    first, start = _away(still, box, (160, 64))
    there, wanted = _away(still, box, (160 + 56, 64 - 40))
    tracker.init(first, start)
    empty = np.full_like(first, round(float(still.mean())))
    gone = [tracker.track(empty) for _ in range(2)]
    assert all(answer.score < 0.2 for answer in gone)
    tracker.track(there)
    back = tracker.track(there)
    met = overlap(np.array([back.box]), np.array([wanted]))[0]
    if searches:
        assert met > 0.6
        assert back.score > 0.5
    else:
        assert met < 0.2


def test_a_search_in_nothing_finds_nothing(config: MMNetConfig, sequences: list[Sequence]) -> None:
    tracker = MMNetTracker(config.model_copy(update={"search_when_lost": True}))
    frame, box = sequences[0].frames[0], _box(sequences[0])
    tracker.init(frame, box)
    grey = np.full_like(frame, round(float(frame.mean())))
    for _ in range(4):
        answer = tracker.track(grey)
        assert tuple(answer.box) == pytest.approx(tuple(box), abs=1e-6)
        assert answer.score < 0.2
