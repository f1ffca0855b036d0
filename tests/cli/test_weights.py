"""`tirdata weights`."""

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from cli.main import main
from tracking.weights.convert import KINDS
from tracking.weights.kind import Kind


def tirdata(*args: object) -> Result:
    return CliRunner().invoke(main, ["weights", *map(str, args)], prog_name="tirdata")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def read(path: Path) -> dict[str, torch.Tensor]:
        return {"a": torch.arange(3.0), "rest": torch.zeros(1)}

    made = Kind({"model": "made"}, {"a": (3,)}, read, "nowhere")
    monkeypatch.setitem(KINDS, "made", lambda: made)
    (tmp_path / "made.bin").write_bytes(b"abc")
    return tmp_path / "made.bin"


def test_convert_says_what_it_read_and_wrote(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    result = tirdata("convert", source, "--from", "made", "--out", out, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["sha256"].startswith("ba7816bf")
    assert (document["tensors"], document["numbers"]) == (1, 3)
    assert "1 tensors, 3 numbers written to" in result.stderr
    assert out.is_file()


def test_a_wrong_hash_kind_or_file_is_one_line(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    line = ("convert", source, "--out", out, "--from")
    wrong = tirdata(*line, "made", "--sha256", "1234")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (3, 1)
    other = tirdata(*line, "vgg19")
    assert other.exit_code == 2
    assert "no kind 'vgg19'; there are: vgg16-torch, vgg16-mat" in other.stderr
    none = tirdata("convert", tmp_path / "none", "--from", "vgg16-torch", "--out", out)
    assert none.exit_code == 5
    assert "get it from https://download.pytorch.org/models/vgg16-397923af.pth" in none.stderr
    assert not out.exists()


def test_a_file_of_another_network_or_broken_off_is_one_line(tmp_path: Path) -> None:
    other = tmp_path / "mdnet.pth"
    torch.save({"shared_layers": {"conv1.0.weight": torch.zeros(64, 3, 3, 3)}}, other)
    torch.save({"features.0.weight": torch.zeros(64, 3, 5, 5)}, tmp_path / "vgg16-00000000.pth")
    (tmp_path / "imagenet-vgg-m.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(90))
    out = tmp_path / "out.safetensors"
    for name, kind, part in (
        ("mdnet.pth", "mdnet", "conv1.weight is (64, 3, 3, 3); expected (96, 3, 7, 7)"),
        ("vgg16-00000000.pth", "vgg16-torch", "expected 00000000"),
        ("imagenet-vgg-m.mat", "vggm-mat", "imagenet-vgg-m.mat"),
        ("mdnet.pth", "vggm-mat", "mdnet.pth"),
    ):
        result = tirdata("convert", tmp_path / name, "--from", kind, "--out", out)
        assert (result.exit_code, result.stderr.count("\n")) == (3, 1), result.stderr
        assert result.stderr.startswith("error: ")
        assert part in result.stderr
    assert not out.exists()


def test_every_kind_builds_and_names_its_tensors() -> None:
    for entry in KINDS.values():
        kind = entry()
        assert kind.shapes
        assert kind.about["model"]
        assert kind.where
