"""Weights of other people's files: the right tensors under our names, and wrong files refused."""

import hashlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.made_mat import write_network
from tests.tracking.weights.conftest import WIDTH
from tirdata.errors import DataError, MissingError
from tracking.models import vgg16
from tracking.models.vgg16 import Vgg16
from tracking.weights import convert_vgg16
from tracking.weights.convert import KINDS, convert
from tracking.weights.kind import Kind
from tracking.weights.load import load_weights, read_about
from tracking.weights.mat_arrays import Array, read_arrays
from tracking.weights.matconvnet import convolutions


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both kinds of VGG-16 expect networks of ``WIDTH``."""
    monkeypatch.setattr(convert_vgg16, "WIDTH", WIDTH)
    shapes = convert_vgg16.shapes()
    for name, kind in (("vgg16-torch", "VGG16_TORCH"), ("vgg16-mat", "VGG16_MAT")):
        entry: Kind = getattr(convert_vgg16, kind)
        changed = entry._replace(shapes=shapes)
        monkeypatch.setitem(KINDS, name, partial(Kind, *changed))


def torchvision_file(path: Path, network: Vgg16, **more: Tensor) -> Path:
    numbers = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    state = {"classifier.0.weight": torch.zeros(2, 2)}
    for number, name in zip(numbers, vgg16.layers(WIDTH), strict=True):
        for kind in ("weight", "bias"):
            state[f"features.{number}.{kind}"] = network.get_parameter(f"{name}.{kind}").detach()
    torch.save({**state, **more}, path)
    return path


def _array(network: Vgg16, name: str, kind: str) -> Array:
    return np.asarray(network.get_parameter(f"{name}.{kind}").detach().numpy(), np.float32)


def mat_file(path: Path, network: Vgg16, **how: bool) -> Path:
    layers = [(name, _array(network, name, "weight"), _array(network, name, "bias"))
              for name in vgg16.layers(WIDTH)]  # fmt: skip
    fc6 = ("fc6", np.ones((3, 2, 7, 7), np.float32), np.ones(3, np.float32))
    write_network(path, [*layers, fc6], **how)
    return path


def check(out: Path, network: Vgg16) -> None:
    loaded = Vgg16(WIDTH)
    load_weights(out, loaded)
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(loaded(image), network(image))


def test_torchvision_s_features_are_ours_and_the_classifier_is_left_out(
    network: Vgg16, tmp_path: Path
) -> None:
    source = torchvision_file(tmp_path / "vgg16.pth", network)
    done = convert("vgg16-torch", source, tmp_path / "out.safetensors")
    check(done.path, network)
    assert done.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    about = read_about(done.path)
    assert (about["model"], about["normalize"], about["source_sha256"]) == (
        "vgg16", "imagenet", done.sha256,
    )  # fmt: skip
    assert done.tensors == len(load_file(done.path)) == 26


@pytest.mark.parametrize("old", [False, True], ids=["weights", "filters and biases"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "compressed"])
def test_matconvnet_s_filters_are_turned(
    network: Vgg16, tmp_path: Path, old: bool, packed: bool
) -> None:
    source = mat_file(tmp_path / "vgg.mat", network, old=old, packed=packed)
    assert tuple(convolutions(source)["fc6"].weight.shape) == (3, 2, 7, 7)
    done = convert("vgg16-mat", source, tmp_path / "out.safetensors")
    check(done.path, network)
    assert read_about(done.path)["normalize"] == "matconvnet"  # RGB less its mean, not divided


def test_the_hash_in_a_name_or_asked_for_is_checked(network: Vgg16, tmp_path: Path) -> None:
    plain = torchvision_file(tmp_path / "vgg16.pth", network)
    out = tmp_path / "out.safetensors"
    found = hashlib.sha256(plain.read_bytes()).hexdigest()
    plain.rename(wrong := tmp_path / "vgg16-397923af.pth")
    with pytest.raises(DataError, match=f"sha256 is {found}; expected 397923af: broken off"):
        convert("vgg16-torch", wrong, out)
    assert convert("vgg16-torch", wrong, out, sha256=found).sha256 == found
    wrong.rename(right := tmp_path / f"vgg16-{found[:8]}.pth")
    assert convert("vgg16-torch", right, out).sha256 == found


def test_a_file_of_another_network_is_refused(network: Vgg16, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    other = torchvision_file(tmp_path / "a.pth", network, **{"features.0.bias": torch.zeros(5)})
    with pytest.raises(DataError, match=r"conv1_1\.bias is \(5,\); expected \(2,\)"):
        convert("vgg16-torch", other, out)
    worse = torchvision_file(
        tmp_path / "b.pth", network, **{"features.0.bias": torch.full((2,), torch.nan)}
    )
    with pytest.raises(DataError, match=r"conv1_1\.bias holds NaN"):
        convert("vgg16-torch", worse, out)
    torch.save({"features.0.weight": torch.zeros(2, 3, 3, 3)}, tmp_path / "c.pth")
    with pytest.raises(DataError, match=r"conv1_1\.bias is missing"):
        convert("vgg16-torch", tmp_path / "c.pth", out)
    assert not out.exists()


@pytest.mark.parametrize("kind", ["vgg16-torch", "vgg16-mat"])
def test_no_file_and_no_such_file(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    with pytest.raises(MissingError, match=r"no such file; get it from https://\S+vgg"):
        convert(kind, tmp_path / "none", out)
    (tmp_path / "text").write_text("this is not a network " * 20)
    with pytest.raises(DataError, match=r"not a state dict|no MAT-file of level 5") as caught:
        convert(kind, tmp_path / "text", out)
    assert "weights_only" not in str(caught.value)


def test_a_mat_file_that_breaks_off_or_is_no_network(network: Vgg16, tmp_path: Path) -> None:
    source = mat_file(tmp_path / "vgg.mat", network)
    whole = source.read_bytes()
    for end in (130, 500, len(whole) - 8):
        source.write_bytes(whole[:end])
        with pytest.raises(DataError, match=r"broken off or damaged|has no layers"):
            convolutions(source)
    write_network(source, [])
    with pytest.raises(DataError, match="has no convolutions"):
        convolutions(source)
    assert read_arrays(source) == {"layers": []}
