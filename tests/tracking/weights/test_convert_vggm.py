"""VGG-M of MatConvNet and of MDNet: made files of the right form, and wrong ones."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.made_mat import write_network
from tirdata.errors import DataError, MissingError
from tracking.models.vgg_m import VggM
from tracking.weights.convert import convert
from tracking.weights.load import load_weights, read_about
from tracking.weights.mat_arrays import Array

LAYERS = ("conv1", "conv2", "conv3")


@pytest.fixture(scope="module")
def network() -> VggM:
    torch.manual_seed(4)
    return VggM()


def mdnet_file(path: Path, network: VggM) -> Path:
    state = {
        f"{name}.0.{kind}": network.get_parameter(f"{name}.{kind}").detach()
        for name in LAYERS
        for kind in ("weight", "bias")
    }
    state |= {"fc4.1.weight": torch.zeros(2, 2), "fc5.1.weight": torch.zeros(2, 2)}
    torch.save({"shared_layers": state}, path)
    return path


def mat_file(path: Path, network: VggM, *, old: bool) -> Path:

    def array(name: str, kind: str) -> Array:
        found = network.get_parameter(f"{name}.{kind}").detach().numpy()
        return np.asarray(found, np.float32)

    layers = [(name, array(name, "weight"), array(name, "bias")) for name in LAYERS]
    fc6 = ("fc6", np.ones((3, 2, 6, 6), np.float32), np.ones(3, np.float32))
    write_network(path, [*layers, fc6], old=old, packed=not old)
    return path


def check(out: Path, network: VggM) -> None:
    loaded = VggM()
    load_weights(out, loaded)
    crop = 50 * torch.randn(1, 3, 107, 107)
    with torch.inference_mode():
        assert torch.equal(loaded(crop), network(crop))


@pytest.mark.parametrize("old", [False, True], ids=["weights", "filters and biases"])
def test_conv1_to_conv3_of_matconvnets_are_ours(network: VggM, tmp_path: Path, old: bool) -> None:
    source = mat_file(tmp_path / "imagenet-vgg-m.mat", network, old=old)
    done = convert("vggm-mat", source, tmp_path / "out.safetensors")
    check(done.path, network)
    about = read_about(done.path)
    assert (about["model"], about["lrn"]) == ("vgg-m", "matconvnet")
    assert about["source_sha256"] == done.sha256


def test_mdnets_run_with_the_normalisation_that_they_were_trained_with(
    network: VggM, tmp_path: Path
) -> None:
    source = mdnet_file(tmp_path / "mdnet_imagenet_vid.pth", network)
    done = convert("mdnet", source, tmp_path / "out.safetensors")
    check(done.path, network)
    assert read_about(done.path)["lrn"] == "pymdnet"


def test_other_files_are_refused(network: VggM, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    torch.save({"conv1.0.weight": torch.zeros(1)}, tmp_path / "a.pth")
    with pytest.raises(DataError, match=r"not a file of MDNet.*; expected a dict with shared_"):
        convert("mdnet", tmp_path / "a.pth", out)
    torch.save({"shared_layers": {"conv1.0.weight": torch.zeros(64, 3, 3, 3)}}, tmp_path / "b.pth")
    with pytest.raises(DataError, match=r"conv1\.weight is \(64, 3, 3, 3\); expected \(96, 3, 7"):
        convert("mdnet", tmp_path / "b.pth", out)
    with pytest.raises(MissingError, match=r"get it from https://\S+imagenet-vgg-m\.mat"):
        convert("vggm-mat", tmp_path / "none.mat", out)
    assert not out.exists()
