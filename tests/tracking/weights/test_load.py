"""Weights files: what is wrong with one is said by name, and a device is never replaced."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tirdata.errors import DataError, MissingError, TirDataError
from tracking.weights.load import load_weights, pick_device, read_about, shipped, write_weights


def _model() -> nn.Module:
    model = nn.Sequential()
    model.add_module("conv", nn.Conv2d(1, 2, 3))
    model.add_module("norm", nn.BatchNorm2d(2))
    return model


def _written(path: Path) -> nn.Module:
    torch.manual_seed(0)
    model = _model()
    write_weights(path, model, {"model": "small", "steps": 7})
    return model


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    return dict(model.state_dict())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    model, other = _written(path), _model()
    assert load_weights(path, other) == {"model": "small", "steps": 7} == read_about(path)
    for name, value in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], value), name
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        _written(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_any_memory_layout_can_be_written(tmp_path: Path) -> None:
    model = nn.Conv2d(8, 8, 3)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    write_weights(tmp_path / "w", model, {})
    other = nn.Conv2d(8, 8, 3)
    load_weights(tmp_path / "w", other)
    assert torch.equal(other.weight, model.weight)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"conv.bias": None}, "tensor conv.bias is missing; the weights are of another model"),
        ({"head.bias": torch.zeros(2)}, "tensor head.bias is unknown; the weights are of another"),
        ({"conv.weight": torch.zeros(2, 3, 3, 3)},
         r"tensor conv.weight is \(2, 3, 3, 3\); the model expects \(2, 1, 3, 3\)"),
        ({"norm.bias": torch.tensor([0.0, torch.nan])}, "tensor norm.bias holds NaN or infinity"),
        ({"norm.running_var": torch.tensor([torch.inf, 1])}, "tensor norm.running_var holds NaN"),
    ],
    ids=["missing", "left over", "another shape", "NaN", "infinity"],
)  # fmt: skip
def test_a_wrong_tensor_is_named(
    tmp_path: Path, change: dict[str, Tensor | None], part: str
) -> None:
    path = tmp_path / "wrong.safetensors"
    model = _model()
    tensors = {**_tensors(model), **change}
    save_file({name: value for name, value in tensors.items() if value is not None}, path)
    before = {name: value.clone() for name, value in _tensors(model).items()}
    with pytest.raises(DataError, match=rf"wrong\.safetensors: {part}") as caught:
        load_weights(path, model)
    assert caught.value.exit_code == 3
    assert all(torch.equal(value, before[name]) for name, value in _tensors(model).items())


def test_of_several_wrong_tensors_the_first_by_name_is_told(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1), "z": torch.zeros(1)}, tmp_path / "w")
    with pytest.raises(DataError, match="tensor a is unknown"):
        load_weights(tmp_path / "w", _model())


def test_tensors_may_be_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    written, model = _model(), _model()
    tensors = {**_tensors(written), "conv.weight": torch.zeros(5), "conv.more": torch.zeros(1)}
    save_file(tensors, path)
    before = model.state_dict()["conv.weight"].clone()
    load_weights(path, model, but=("conv.",))
    assert torch.equal(model.state_dict()["conv.weight"], before)
    assert torch.equal(model.state_dict()["norm.bias"], tensors["norm.bias"])


@pytest.mark.parametrize("how", ["missing", "folder"])
def test_a_missing_file_is_missing(tmp_path: Path, how: str) -> None:
    path = tmp_path / "nosuch.safetensors" if how == "missing" else tmp_path
    with pytest.raises(MissingError, match="no such weights file") as caught:
        load_weights(path, _model())
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("how", ["empty", "text", "short", "pickle"])
def test_what_is_not_safetensors_is_invalid_data(tmp_path: Path, how: str) -> None:
    path = tmp_path / "w.safetensors"
    _written(path)
    whole = path.read_bytes()
    if how == "pickle":
        torch.save(_model().state_dict(), path)
    else:
        path.write_bytes({"empty": b"", "text": b"weights, honestly" * 9, "short": whole[:-9]}[how])
    with pytest.raises(DataError, match=r"w\.safetensors: not a safetensors file") as caught:
        read_about(path)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


def test_a_header_that_is_no_json_is_invalid_data(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "w", {"about": "{half"})
    with pytest.raises(DataError, match="what it says of itself is not JSON"):
        read_about(tmp_path / "w")
    save_file({"a": torch.zeros(1)}, tmp_path / "w", {"about": json.dumps({"b": 1})})
    assert read_about(tmp_path / "w") == {"b": 1}
    save_file({"a": torch.zeros(1)}, tmp_path / "w")
    assert read_about(tmp_path / "w") == {}


def test_weights_that_do_not_ship_are_missing() -> None:
    with pytest.raises(MissingError, match=r"nosuch\.safetensors: no such weights .*--weights"):
        shipped("nosuch")


def test_the_cpu_is_taken_when_asked_for() -> None:
    assert pick_device("cpu") == torch.device("cpu")


def test_auto_takes_what_there_is() -> None:
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("cuda:99", "not there; use --device cpu or a machine with a GPU"),
        ("gpu", "unknown; expected cpu, cuda, cuda:N or auto"),
        ("mps", "unknown; expected cpu"),
        ("meta", "unknown; expected cpu"),
        ("", "unknown; expected cpu"),
    ],
)
def test_no_other_device_is_taken(name: str, part: str) -> None:
    with pytest.raises(MissingError, match=f"device {name!r}: {part}") as caught:
        pick_device(name)
    assert caught.value.exit_code == 5


def test_cuda_without_a_gpu_is_missing() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(TirDataError, match="device 'cuda': not there"):
        pick_device("cuda")
