"""MMNet of its authors' MatConvNet code: made files of its order and shapes, and wrong ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.made_mat import write_network, write_parameters
from tirdata.errors import DataError
from tracking.models.mmnet import BRANCHES, MMNet
from tracking.trackers.mmnet_network import load_model
from tracking.weights.convert import convert
from tracking.weights.convert_mmnet import EPSILON, MOMENTS, order
from tracking.weights.mat_arrays import Array

Parameters = list[tuple[str, Array]]


@pytest.fixture(scope="module")
def network() -> MMNet:
    torch.manual_seed(6)
    made = MMNet(BRANCHES, 30, 255, "released").eval()
    with torch.no_grad():
        for name, value in made.state_dict().items():
            if name.endswith("running_var"):
                value.uniform_(0.5, 2.0)
            elif "num_batches" not in name and "delta" not in name:
                value.add_(0.01 * torch.randn_like(value))
    return made


def _parameters(network: MMNet) -> Parameters:
    """As the code saves them: three planes, moments with deviations, the filters' windows."""
    own = network.state_dict()
    found: Parameters = []
    for number, name in enumerate(order(), 1):
        owner, _, kind = name.rpartition(".")
        if kind == MOMENTS:
            mean, variance = own[f"{owner}.running_mean"], own[f"{owner}.running_var"]
            value = torch.stack([mean, (variance + EPSILON).sqrt()], dim=1).numpy()
        else:
            value = own[name].numpy()
            if value.ndim == 4:
                value = value.transpose(2, 3, 1, 0)
            if name == "backbone.conv1.weight":  # unequal planes: only their sum counts
                value = np.concatenate([0.5 * value, 0.2 * value, 0.3 * value], axis=2) / 255
        if name == "calibration5.gain":
            found.append(("window", np.ones((49, 49), np.float32)))
        found.append((f"p{number}", np.asarray(value, np.float32).reshape(value.shape or (1, 1))))
    return found


def test_what_was_saved_answers_as_it_did(network: MMNet, tmp_path: Path) -> None:
    parameters = _parameters(network)
    assert len(parameters) == 57 + 1
    write_parameters(tmp_path / "net.mat", parameters)
    done = convert("mmnet-mat", tmp_path / "net.mat", tmp_path / "net.safetensors")
    assert done.about["compat"] == "released"
    ours = load_model(tmp_path / "net.safetensors")
    assert ours.compat == "released"
    crops = torch.rand(1, 1, 255, 255)
    with torch.inference_mode():
        features, wanted = ours.embed(crops), network.embed(crops)
        for one, other in zip(features, wanted, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(ours.classify(features), network.classify(wanted))


def _without(parameters: Parameters) -> Parameters:
    return [each for each in parameters if each[0] != "p24"]


def _short(parameters: Parameters) -> Parameters:
    return parameters[:-1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without, r"parameter 24 \(p25\) is \(64, 64\); fine_grained.reduce.bias is \(64,\)"),
        (_short, "classifier.bias is missing"),
        (lambda _: [], "backbone.conv1.weight is missing"),
    ],
)
def test_other_networks_are_refused_by_name(
    network: MMNet, tmp_path: Path, change: Callable[[Parameters], Parameters], words: str
) -> None:
    write_parameters(tmp_path / "net.mat", change(_parameters(network)))
    with pytest.raises(DataError, match=words):
        convert("mmnet-mat", tmp_path / "net.mat", tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


def test_a_network_that_is_no_dagnn_is_refused(tmp_path: Path) -> None:
    layer = ("conv1", np.zeros((1, 1, 1, 1), np.float32), np.zeros(1, np.float32))
    write_network(tmp_path / "net.mat", [layer])
    with pytest.raises(DataError, match=r"has no net\.params; expected a DagNN"):
        convert("mmnet-mat", tmp_path / "net.mat", tmp_path / "out.safetensors")
