"""What a GPU does beside a CPU doing the same: half of each check runs everywhere."""

from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_mix import build, made_trees, recipe_of
from tests.tracking.trackers.made_weights import untrained
from tirdata.geometry import overlap
from tirdata.types import Box, Boxes, Sequence
from tracking.trackers.mmnet import MMNetConfig, MMNetTracker
from tracking.training.config import TrainConfig
from tracking.training.mmnet import train_mmnet

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
GRAPHS = [
    ("cpu", False),
    *(pytest.param("cuda", on, marks=pytest.mark.gpu) for on in (False, True)),
]


@pytest.fixture(scope="module")
def blob() -> Sequence:
    return made_sequence(6, target=(24.0, 20.0))


@pytest.fixture(scope="module")
def weights(blob: Sequence, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("weights") / "mmnet.safetensors", blob)


def _tracker(weights: Path, device: str, **more: object) -> MMNetTracker:
    return MMNetTracker(MMNetConfig.model_validate({"weights": weights, "device": device, **more}))


def _first(blob: Sequence) -> Box:
    return Box(*(float(value) for value in blob.tracks[0].boxes[0]))


def _follow(tracker: MMNetTracker, blob: Sequence) -> Boxes:
    tracker.init(blob.frames[0], _first(blob))
    return np.array([tracker.track(blob.frames[index]).box for index in range(1, 6)])


@pytest.mark.parametrize(("device", "graphs"), GRAPHS)
@pytest.mark.parametrize("profile", ["released", "default", "fast"])
def test_it_follows_a_warm_blob(
    weights: Path, blob: Sequence, profile: str, device: str, graphs: bool
) -> None:
    tracker = _tracker(weights, device, profile=profile, cuda_graphs=graphs)
    found = _follow(tracker, blob)
    assert overlap(found, blob.tracks[0].boxes[1:]).mean() > 0.7
    beside = _follow(_tracker(weights, "cpu", profile=profile), blob)
    assert overlap(found, beside).min() > 0.9


@pytest.mark.parametrize(("device", "graphs"), GRAPHS)
@pytest.mark.parametrize("count", [2, 5])
def test_many_are_answered_as_if_each_were_alone(
    weights: Path, blob: Sequence, count: int, device: str, graphs: bool
) -> None:
    alone = _follow(_tracker(weights, device), blob)
    tracker = _tracker(weights, device, cuda_graphs=graphs)
    tracker.init_many([blob.frames[0]] * count, [_first(blob)] * count)
    for index in range(1, 6):
        found = tracker.track_many([blob.frames[index]] * count)
        boxes = np.array([each.box for each in found])
        assert overlap(boxes, np.repeat(alone[index - 1 : index], count, axis=0)).min() > 0.9


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("keep_crops", [False, True])
def test_training_goes_on_and_learns_as_a_cpu_does(
    tmp_path: Path, device: str, keep_crops: bool
) -> None:
    build(recipe_of(*made_trees(tmp_path, recordings=2, count=4)), tmp_path / "mix")
    config = TrainConfig.model_validate({
        "epochs": 2, "pairs_per_epoch": 2, "batch": 1, "lr_first": 1e-2, "lr_last": 5e-3,
        "positive": 1.0, "hard_negative": 0.0, "device": device, "keep_crops": keep_crops,
    })  # fmt: skip
    train_mmnet(tmp_path / "mix", tmp_path / "run", config, stop_after=2)
    gone_on = train_mmnet(tmp_path / "mix", tmp_path / "run", config)
    assert (gone_on.resumed_at, gone_on.steps) == (2, 4)
    beside = train_mmnet(
        tmp_path / "mix", tmp_path / "beside", config.model_copy(update={"device": "cpu"})
    )
    np.testing.assert_allclose(gone_on.losses, beside.losses[-len(gone_on.losses) :], rtol=0.05)
