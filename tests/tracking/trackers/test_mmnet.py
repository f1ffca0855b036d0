"""The MMNet tracker with untrained features: the filter and the loop alone follow a warm blob."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.made import made_sequence
from tests.tracking.trackers.made_weights import SIZE, untrained
from tirdata.errors import ConfigError, DataError, MissingError
from tirdata.geometry import overlap
from tirdata.tracker import Prediction
from tirdata.types import Box, Boxes, Frame, Sequence
from tracking.models.mmnet import MMNet
from tracking.trackers import TRACKERS, tracker_factory
from tracking.trackers.mmnet import BEYOND, MMNetConfig, MMNetTracker, load_model
from tracking.weights.load import write_weights

FRAMES = 6


@pytest.fixture(scope="module")
def blob() -> Sequence:
    return made_sequence(FRAMES, target=(24.0, 20.0))


@pytest.fixture(scope="module")
def weights(blob: Sequence, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("weights") / "mmnet.safetensors", blob)


@pytest.fixture(scope="module")
def tracker(weights: Path) -> MMNetTracker:
    """One tracker for all tests: every start has to forget the one before."""
    return MMNetTracker(MMNetConfig(weights=weights, device="cpu", precision="fp32"))


def _start(tracker: MMNetTracker, blob: Sequence) -> Box:
    box = Box(*(float(value) for value in blob.tracks[0].boxes[0]))
    tracker.init(blob.frames[0], box)
    return box


def _follow(tracker: MMNetTracker, blob: Sequence, count: int) -> list[Prediction]:
    _start(tracker, blob)
    return [tracker.track(blob.frames[index]) for index in range(1, count)]


def _boxes(predictions: list[Prediction]) -> Boxes:
    return np.array([prediction.box for prediction in predictions])


@pytest.fixture(scope="module")
def followed(tracker: MMNetTracker, blob: Sequence) -> list[Prediction]:
    return _follow(tracker, blob, FRAMES)


def test_it_follows_the_blob(followed: list[Prediction], blob: Sequence) -> None:
    overlaps = overlap(_boxes(followed), blob.tracks[0].boxes[1:])
    assert overlaps.mean() > 0.7
    assert overlaps.min() > 0.5


def test_scores_are_shares(followed: list[Prediction]) -> None:
    assert all(0 < prediction.score < 1 for prediction in followed)


def test_the_weights_that_ship_follow_and_know_when_the_object_is_gone(blob: Sequence) -> None:
    try:
        tracker = MMNetTracker(MMNetConfig(device="cpu"))
    except MissingError as error:
        pytest.skip(str(error))
    there = _follow(tracker, blob, 3)
    assert overlap(_boxes(there), blob.tracks[0].boxes[1:3]).min() > 0.6
    ground = made_sequence(1, seed=9, target=(1.0, 1.0)).frames[0]
    assert tracker.track(ground).score < 0.5 < min(prediction.score for prediction in there)


def test_the_shape_of_the_box_is_kept(followed: list[Prediction]) -> None:
    shapes = _boxes(followed)[:, 2] / _boxes(followed)[:, 3]
    np.testing.assert_allclose(shapes, 24 / 20, rtol=1e-9)


def test_a_second_start_forgets_the_first_and_answers_the_same(
    tracker: MMNetTracker, followed: list[Prediction], blob: Sequence
) -> None:
    other = made_sequence(2, size=(120, 100), seed=5)
    tracker.init(other.frames[0], Box(*other.tracks[0].boxes[0]))
    tracker.track(other.frames[1])
    assert _follow(tracker, blob, 3) == followed[:2]


@pytest.mark.parametrize("shift", [(7, -4), (-10, 6)], ids=str)
def test_it_goes_where_the_object_went(
    tracker: MMNetTracker, blob: Sequence, shift: tuple[int, int]
) -> None:
    box = _start(tracker, blob)
    moved: Frame = np.roll(blob.frames[0], (shift[1], shift[0]), axis=(0, 1))
    found = tracker.track(moved).box
    centre = np.array([found.x + found.w / 2, found.y + found.h / 2])
    wanted = np.array([box.x + box.w / 2 + shift[0], box.y + box.h / 2 + shift[1]])
    assert np.abs(centre - wanted).max() < 1.5


def test_in_a_frame_of_one_grey_it_stays_and_says_that_it_is_lost(
    tracker: MMNetTracker, followed: list[Prediction], blob: Sequence
) -> None:
    box = _start(tracker, blob)
    grey = np.full_like(blob.frames[0], round(float(blob.frames[0].mean())))
    for _ in range(3):
        prediction = tracker.track(grey)
        assert tuple(prediction.box) == pytest.approx(tuple(box), abs=1e-6)
        assert prediction.score < 0.1 * min(prediction.score for prediction in followed)


def test_started_on_one_grey_it_stays(tracker: MMNetTracker) -> None:
    grey = np.full((90, 120), 77, np.uint8)
    tracker.init(grey, Box(20, 20, 30, 18))
    assert tuple(tracker.track(grey).box) == pytest.approx((20, 20, 30, 18), abs=1e-6)


@pytest.mark.parametrize(
    "box",
    [Box(-12, -8, 24, 20), Box(150, 120, 24, 20), Box(400, 300, 24, 20), Box(10, 10, 0.5, 0.5),
     Box(0, 0, 160, 128)],
    ids=["partly left", "partly right", "outside", "below a pixel", "the whole frame"],
)  # fmt: skip
def test_any_start_gives_numbers(tracker: MMNetTracker, blob: Sequence, box: Box) -> None:
    tracker.init(blob.frames[0], box)
    found, score, _ = tracker.track(blob.frames[1])
    assert np.isfinite(found).all()
    assert found.w > 0
    assert found.h > 0
    assert 0 <= score <= 1


def _passes(tracker: MMNetTracker, blob: Sequence) -> list[int]:
    """Crops in each pass through the backbone while two frames are tracked."""
    sizes: list[int] = []

    def note(module: nn.Module, inputs: tuple[Tensor]) -> None:
        sizes.append(len(inputs[0]))

    _start(tracker, blob)
    handle = tracker.network.model.backbone.register_forward_pre_hook(note)
    for index in range(1, 5):
        tracker.track(blob.frames[index])
    handle.remove()
    return sizes


@pytest.mark.parametrize(
    ("settings", "passes"),
    [
        ({"profile": "released"}, [3, 1, 3, 1, 3, 1, 3, 1]),  # three scales, then the new template
        ({"profile": "released", "template_every": 2}, [3, 3, 1, 3, 3, 1]),
        ({"profile": "released", "template_rate": 0}, [3, 3, 3, 3]),
        ({"profile": "released", "template_above": 1.0}, [3, 3, 3, 3]),
        (
            {"profile": "released", "scales_every": 2, "template_every": 4, "scale_penalty": 0.5},
            [3, 1, 3, 1, 1],
        ),
        # No other scale wins: the size is steady.
        ({"size_from": "response", "scale_penalty": 0.5}, [3, 1, 1, 3]),
        ({"size_from": "response", "scale_penalty": 1e-6, "scales_every": 9}, [3, 1, 1, 1]),
        ({"scale_penalty": 0.5}, [3, 1, 1, 3]),
        ({"size_from": "picture"}, [1, 1, 1, 1]),
    ],
    ids=str,
)
def test_scales_and_templates_take_turns_as_asked(
    weights: Path, blob: Sequence, settings: dict[str, object], passes: list[int]
) -> None:
    config = MMNetConfig.model_validate({"weights": weights, "device": "cpu", **settings})
    assert _passes(MMNetTracker(config), blob) == passes


def test_after_a_change_of_size_three_scales_are_tried_at_once(
    weights: Path, blob: Sequence
) -> None:
    config = MMNetConfig(
        weights=weights,
        device="cpu",
        precision="fp32",
        size_from="response",
        scales_every=9,
        follow_camera=False,
    )
    tracker = MMNetTracker(config)
    assert _passes(tracker, blob)[:2] == [3, 3]  # the second frame is none of the ninth
    box = _start(tracker, blob)
    assert tracker.track(blob.frames[1]).box.w != pytest.approx(box.w, rel=1e-6)


def test_the_response_has_a_say_in_the_size_unless_the_object_is_lost(
    weights: Path, blob: Sequence
) -> None:
    def sizes(**more: object) -> tuple[float, float]:
        config = {"weights": weights, "device": "cpu", "precision": "fp32", "scales_every": 1}
        tracker = MMNetTracker(MMNetConfig.model_validate({**config, **more}))
        _follow(tracker, blob, 3)
        (target,) = tracker._targets
        return target.expected, target.grown

    expected, grown = sizes()
    assert expected != 1
    assert grown / BEYOND <= expected <= grown * BEYOND
    assert grown != sizes(size_from="picture")[1]
    assert sizes(size_from="picture")[0] == 1
    assert sizes(lost_below=1.0, search_when_lost=False) == (1, 1)


def test_the_size_stays_within_its_limit(weights: Path, blob: Sequence) -> None:
    tracker = MMNetTracker(MMNetConfig(weights=weights, device="cpu", size_limit=1.0))
    box = _start(tracker, blob)
    found = tracker.track(blob.frames[1]).box
    assert (found.w, found.h) == pytest.approx((box.w, box.h), rel=1e-9)


def test_bf16_answers_nearly_the_same(
    weights: Path, followed: list[Prediction], blob: Sequence
) -> None:
    tracker = MMNetTracker(MMNetConfig(weights=weights, device="cpu", precision="bf16"))
    assert overlap(_boxes(_follow(tracker, blob, 3)), _boxes(followed[:2])).min() > 0.9


def test_without_the_conv3_branch_it_follows_too(tmp_path: Path, blob: Sequence) -> None:
    path = untrained(tmp_path / "dis.safetensors", blob, ("dis",))
    tracker = MMNetTracker(MMNetConfig(weights=path, device="cpu"))
    predictions = _follow(tracker, blob, 3)
    assert overlap(_boxes(predictions), blob.tracks[0].boxes[1:3]).min() > 0.5


def test_tracking_before_a_start_is_refused(weights: Path, blob: Sequence) -> None:
    with pytest.raises(RuntimeError, match="before init"):
        MMNetTracker(MMNetConfig(weights=weights, device="cpu")).track(blob.frames[0])


def test_the_registry_builds_it_from_its_settings(
    weights: Path, followed: list[Prediction], blob: Sequence
) -> None:
    settings = {"weights": weights, "device": "cpu", "precision": "fp32", "scales_every": None}
    factory = tracker_factory("mmnet", settings)
    built = pickle.loads(pickle.dumps(factory))()  # noqa: S301 - our own bytes
    assert isinstance(built, MMNetTracker)
    assert _follow(built, blob, 2) == followed[:1]
    entry = TRACKERS["mmnet"]()
    assert list(entry.files(entry.config.model_validate({"weights": weights}))) == [weights]


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"scale_step": 1.0}, "scale_step"),
        ({"template_rate": 1.5}, "template_rate"),
        ({"window": 0.2}, "window"),
    ],
    ids=str,
)
def test_settings_out_of_range_are_refused(settings: dict[str, object], part: str) -> None:
    with pytest.raises(ConfigError, match=f"tracker 'mmnet': {part}"):
        tracker_factory("mmnet", settings)


def test_a_gpu_that_is_not_there_is_not_replaced(weights: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(MissingError, match="device 'cuda'"):
        MMNetTracker(MMNetConfig(weights=weights, device="cuda"))


@pytest.mark.parametrize(
    ("about", "part"),
    [
        ({}, "weights of an unknown model; expected mmnet"),
        ({"model": "resnet"}, "weights of resnet; expected mmnet"),
        ({"model": "mmnet", "branches": ["dis"]}, r"does not say which MMNet .*'classes'"),
        ({"model": "mmnet", "branches": ["dis"], "classes": 30, "input_size": 256},
         r"does not say which MMNet .*255 \+ 4k"),
        ({"model": "mmnet", "branches": ["dis"], "classes": 30, "input_size": 207},
         r"tensor calibration3\.bias is unknown"),
    ],
    ids=["nothing said", "another model", "half said", "no such size", "other branches"],
)  # fmt: skip
def test_weights_that_are_not_mmnets_are_refused(
    tmp_path: Path, about: dict[str, object], part: str
) -> None:
    path = tmp_path / "w.safetensors"
    write_weights(path, MMNet(input_size=SIZE), about)
    with pytest.raises(DataError, match=rf"w\.safetensors: {part}"):
        load_model(path)
