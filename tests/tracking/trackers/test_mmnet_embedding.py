"""Features by one backend and another: the same places within a tolerance, or a refusal."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.made import made_sequence
from tests.tracking.trackers.made_weights import untrained
from tirdata.errors import ConfigError, MissingError
from tirdata.geometry import overlap
from tirdata.types import Box, Frame
from tracking.trackers.mmnet import MMNetConfig, MMNetTracker
from tracking.trackers.mmnet_embedding import BACKENDS, calibration_crops

CLIP = Path(__file__).parents[2] / "data" / "IR_DRONE_121.mp4"
START = Box(203, 117, 29, 16)  # the drone in the clip's first frame
FRAMES = 6


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("weights") / "w.safetensors", made_sequence(8))


@pytest.fixture(scope="module")
def clip() -> list[Frame]:
    """The first frames of a real recording."""
    video = cv2.VideoCapture(str(CLIP))
    found: list[Frame] = []
    while len(found) < FRAMES:
        found.append(np.asarray(cv2.cvtColor(video.read()[1], cv2.COLOR_BGR2GRAY), np.uint8))
    return found


def _follow(frames: list[Frame], **settings: object) -> tuple[np.ndarray, np.ndarray]:
    """Boxes and scores of the frames after the first, by the weights that ship."""
    tracker = MMNetTracker(MMNetConfig.model_validate({"device": "cpu", **settings}))
    tracker.init(frames[0], START)
    found = [tracker.track(frame) for frame in frames[1:]]
    return np.array([each.box for each in found]), np.array([each.score for each in found])


def test_crops_for_calibration_are_of_any_size_and_both_polarities() -> None:
    for size in (255, 207):
        crops = calibration_crops(size)
        assert crops.shape == (16, 1, size, size)
        assert crops.dtype == torch.float32
        assert crops.min() >= 0
        assert crops.max() > 200
    means = calibration_crops(255).mean(dim=(1, 2, 3))
    assert len({*means.round().tolist()}) > 10


def test_what_a_backend_does_not_compute_is_refused(weights: Path) -> None:
    for settings, words in (
        ({"precision": "int8"}, "set backend=openvino"),
        ({"cuda_graphs": True}, "cuda_graphs: there are none on cpu"),
    ):
        config = MMNetConfig.model_validate({"device": "cpu", "weights": weights, **settings})
        with pytest.raises(ConfigError, match=words):
            MMNetTracker(config)


def test_without_openvino_it_says_what_to_install(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    config = MMNetConfig(device="cpu", weights=weights, backend="openvino")
    with pytest.raises(MissingError, match=r"pip install 'tirdata\[openvino\]'") as told:
        MMNetTracker(config)
    assert told.value.exit_code == 5


def test_openvino_is_for_the_processor_alone() -> None:
    config = MMNetConfig(device="cpu", backend="openvino")
    with pytest.raises(ConfigError, match="computes on the CPU, not on cuda:0"):
        BACKENDS["openvino"](None, config, torch.device("cuda:0"))  # type: ignore[arg-type]


@pytest.mark.slow  # compiling
@pytest.mark.parametrize("precision", ["fp32", "auto", "int8"])
def test_openvino_follows_a_real_recording_as_torch_does(clip: list[Frame], precision: str) -> None:
    pytest.importorskip("openvino")
    wanted, scores = _follow(clip, precision="fp32")
    found, ours = _follow(clip, precision=precision, backend="openvino")
    assert overlap(found, wanted).min() > 0.9
    np.testing.assert_allclose(ours, scores, atol=0.05)
