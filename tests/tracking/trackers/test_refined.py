"""Any tracker with refined boxes: what is refined, what is left alone, one target or many."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.made import made_sequence
from tests.programs import PROGRAMS
from tirdata.errors import ConfigError, DataError, MissingError
from tirdata.tracker import ManyTracker, Prediction, SequenceTracker, TimedTracker
from tirdata.types import Box, Frame
from tracking.models.box_refiner import BoxRefiner, Correction, Exemplars
from tracking.trackers import TRACKERS, tracker_factory
from tracking.trackers.refine import Refiner, inference_copy, load_refiner
from tracking.trackers.refined import RefinedConfig, RefinedMany, RefinedTracker, build_refined
from tracking.weights.load import write_weights

OFF = (0.05, 0.2)  # shift and growth, of both axes: what the made head says of every box


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head that says ``OFF`` of every box, and is in little doubt."""
    torch.manual_seed(0)
    model = BoxRefiner()
    last = model.read[-1]
    with torch.no_grad():
        model.sharpness.fill_(-20.0)  # all fits alike
        last.bias.copy_(torch.tensor([*OFF, -3.0, -3.0]))  # type: ignore[operator]
    path = tmp_path_factory.mktemp("head") / "head.safetensors"
    write_weights(path, model, {"model": "box_refiner"})
    return path


@pytest.fixture
def frame() -> Frame:
    return made_sequence(1).frames[0]


class Scripted:
    """Follows many: says boxes and scores that it was given, and remembers what it is told."""

    at_once = 3

    def __init__(self, scores: Sequence[float] = (1.0,)) -> None:
        self.scores = list(scores)
        self.boxes: list[Box] = []
        self.adopted: list[list[Box]] = []

    def init(self, frame: Frame, box: Box) -> None:
        self.init_many([frame], [box])

    def track(self, frame: Frame) -> Prediction:
        return self.track_many([frame])[0]

    def init_many(self, frames: Sequence[Frame], boxes: Sequence[Box]) -> None:
        self.boxes = list(boxes)

    def track_many(self, frames: Sequence[Frame]) -> list[Prediction]:
        return [Prediction(*each) for each in zip(self.boxes, self.scores, strict=False)]

    def keep(self, rows: Sequence[int]) -> None:
        self.boxes = [self.boxes[row] for row in rows]
        self.scores = [self.scores[row] for row in rows]

    def adopt(self, boxes: Sequence[Box]) -> None:
        self.adopted.append(list(boxes))


def config_of(weights: Path, **more: object) -> RefinedConfig:
    values = {"tracker": "hold", "weights": weights, "device": "cpu", "rounds": 1, **more}
    return RefinedConfig.model_validate(values)


def test_a_box_is_corrected_as_far_as_it_is_trusted(weights: Path, frame: Frame) -> None:
    box = Box(40, 40, 20, 10)
    results = {}
    for trust in (1e-4, math.exp(-5), 100.0):
        tracker = build_refined(config_of(weights, trust=trust))
        tracker.init(frame, box)
        results[trust] = tracker.track(frame)
    none, half, full = (result.box for result in results.values())
    assert none == pytest.approx(box, abs=0.01)
    assert full.w == pytest.approx(20 * math.exp(0.2), rel=1e-4)
    assert full.x + full.w / 2 == pytest.approx(50 + 0.05 * 20, abs=1e-3)
    assert full.y + full.h / 2 == pytest.approx(45 + 0.05 * 10, abs=1e-3)
    assert half.w == pytest.approx(20 * math.exp(0.1), rel=1e-3)
    assert results[100.0].score == 1.0  # the tracker's own


def test_a_second_look_goes_on_from_the_first(weights: Path, frame: Frame) -> None:
    tracker = build_refined(config_of(weights, rounds=2, trust=100))
    tracker.init(frame, Box(40, 40, 20, 10))
    assert tracker.track(frame).box.w == pytest.approx(20 * math.exp(0.4), rel=1e-4)


@pytest.mark.parametrize(
    "box",
    [
        Box(5, 5, 2, 9),
        Box(-30, 10, 20, 20),
        Box(0, 0, 2000, 90),
        Box(math.nan, 5, 9, 9),
        Box(5, 5, 9, math.inf),
    ],
    ids=["tiny", "outside", "huge", "nan", "endless"],
)
def test_what_cannot_be_seen_is_left_as_it_is(weights: Path, frame: Frame, box: Box) -> None:
    refiner = Refiner(weights, "cpu")
    good = Box(40, 40, 20, 10)
    exemplars = refiner.exemplars([frame, frame], [good, good])
    bad, fine = refiner.refine(exemplars, [frame, frame], [box, good], trust=1, rounds=2)
    np.testing.assert_array_equal(bad, box)
    assert fine != good


def test_what_the_edge_cuts_off_is_left_as_the_tracker_has_it(weights: Path, frame: Frame) -> None:
    inner = Scripted([1.0] * 3)
    tracker = RefinedMany(inner, config_of(weights, trust=100))
    start = [Box(40, 40, 20, 10), Box(0, 40, 20, 10), Box(30, 50, 12, 12)]
    tracker.init_many([frame] * 3, start)
    leaves, came_in, within = Box(140, 40, 20, 10), Box(20, 40, 20, 10), Box(31, 50, 12, 12)
    inner.boxes = [leaves, came_in, within]
    found = [each.box for each in tracker.track_many([frame] * 3)]
    assert found[:2] == [leaves, came_in]
    assert found[2] != within
    tracker.keep([1, 2])
    assert [each.box for each in tracker.track_many([frame] * 2)] == [came_in, found[2]]


def test_boxes_of_low_scores_are_left_as_they_are(weights: Path, frame: Frame) -> None:
    inner = Scripted([0.9, 0.1, 0.5])
    tracker = RefinedMany(inner, config_of(weights, above=0.2))
    boxes = [Box(40, 40, 20, 10), Box(30, 30, 20, 10), Box(20, 50, 12, 12)]
    tracker.init_many([frame] * 3, boxes)
    first, second, third = tracker.track_many([frame] * 3)
    assert (first.box != boxes[0], second.box, third.box != boxes[2]) == (True, boxes[1], True)
    assert [each.score for each in (first, second, third)] == [0.9, 0.1, 0.5]
    tracker.keep([1, 2])
    low, high = tracker.track_many([frame] * 2)
    assert low.box == boxes[1]
    np.testing.assert_allclose(high.box, third.box, atol=1e-4)
    tracker.keep([0])
    assert tracker.track_many([frame])[0].box == boxes[1]
    assert isinstance(tracker, ManyTracker)
    assert tracker.at_once == 3


def test_a_tracker_goes_on_from_the_refined_box_where_that_is_wanted(
    weights: Path, frame: Frame
) -> None:
    for feed_back, told in (("none", 0), ("box", 1)):
        inner = Scripted()
        tracker = RefinedTracker(inner, config_of(weights, feed_back=feed_back))
        tracker.init(frame, Box(40, 40, 20, 10))
        found = tracker.track(frame)
        assert len(inner.adopted) == told
        assert inner.adopted in ([], [[found.box]])


def test_a_tracker_inside_keeps_what_it_can(weights: Path) -> None:
    hold = build_refined(config_of(weights))
    assert not isinstance(hold, ManyTracker | SequenceTracker | TimedTracker)
    inner = {"tracker": "trax", "settings": PROGRAMS["trax"]}
    told = build_refined(config_of(weights, **inner))
    assert isinstance(told, SequenceTracker)
    assert isinstance(told, TimedTracker)
    assert told.took_s == 0.0
    many = build_refined(config_of(weights, tracker="mmnet"))
    assert isinstance(many, ManyTracker)


def test_settings_of_the_tracker_inside_are_checked_at_once(weights: Path) -> None:
    for settings, message in (
        ({"tracker": "nosuch"}, "no tracker 'nosuch'"),
        ({"tracker": "hold", "settings": {"reach": 3}}, "tracker 'hold': reach"),
        ({"tracker": "refined"}, "cannot be 'refined' again"),
        ({"trust": 0}, "trust"),
    ):
        with pytest.raises(ConfigError, match=message):
            tracker_factory("refined", {"weights": weights, **settings})


def test_the_device_is_the_tracker_s_too_unless_it_has_its_own(weights: Path) -> None:
    entry = TRACKERS["refined"]()
    config = config_of(weights, tracker="mmnet", settings={"profile": "fast"})
    names = [path.name for path in entry.files(config)]
    assert names == ["head.safetensors", "mmnet.safetensors"]
    config = config_of(weights, tracker="mmnet", device="cuda:99")
    with pytest.raises(MissingError, match="cuda:99"):
        build_refined(config)


def test_weights_of_another_model_are_refused(tmp_path: Path, weights: Path) -> None:
    other = tmp_path / "other.safetensors"
    write_weights(other, BoxRefiner(hidden=8), {"model": "box_refiner"})
    with pytest.raises(DataError, match="the model expects"):
        load_refiner(other)
    write_weights(other, BoxRefiner(), {"model": "mmnet"})
    with pytest.raises(DataError, match="weights of mmnet; expected those of train refiner"):
        Refiner(other, "cpu")
    with pytest.raises(MissingError, match="no such weights file"):
        Refiner(tmp_path / "none.safetensors", "cpu")


def test_the_copy_that_answers_says_the_same(weights: Path) -> None:
    torch.manual_seed(1)
    model = BoxRefiner()
    torch.nn.init.normal_(model.read[-1].weight, std=0.1)  # type: ignore[arg-type]
    crops = torch.randint(0, 255, (4, 1, 64, 64), dtype=torch.uint8)
    model.train()
    model(model.exemplars(crops), crops.flip(2))  # norms get statistics of their own
    model.eval()
    ready = inference_copy(model)
    with torch.inference_mode():
        pair: Iterator[Correction] = (
            each(each.exemplars(crops), crops.flip(3)) for each in (model, ready)
        )
        expected, found = pair
    torch.testing.assert_close(found.mean, expected.mean, atol=1e-4, rtol=1e-4)
    assert isinstance(model.exemplars(crops), Exemplars)
