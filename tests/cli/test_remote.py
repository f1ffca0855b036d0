"""Mixes at addresses, by the command line."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made_mix import made_trees
from tirdata.remote import RemotePath

MIX = "memory://remote-commands/mix"


def tirdata(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="tirdata")


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    RemotePath(MIX).remove()


def test_a_mix_at_an_address_is_built_told_and_trained_on(tmp_path: Path) -> None:
    vid, tir = made_trees(tmp_path, recordings=2, count=4)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("crop_size = 191\nmargin = 16\nseed = 4\n")
    line = ("build-mix", "--vid", vid, "--tir", tir, "--config", recipe, "--engine", "serial")
    scratch = ("--scratch", tmp_path / "scratch")
    assert "8 sequences" not in tirdata(*line, "--out", MIX, *scratch, "--dry-run").stdout
    remote = tirdata(*line, "--out", MIX, *scratch)
    assert remote.exit_code == 0, remote.output
    assert f"mix {MIX}" in remote.stdout
    assert [*(tmp_path / "scratch").iterdir()] == []
    assert f"{MIX}: nothing to do" in tirdata(*line, "--out", MIX).stdout
    assert tirdata(*line, "--out", f"file://{tmp_path}/mix").exit_code == 0
    local = (tmp_path / "mix" / "mix.json").read_bytes()
    assert (RemotePath(MIX) / "mix.json").read_bytes() == local

    told = tirdata("stats", MIX, "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["mixes"][0]["mix"] == MIX

    settings = tmp_path / "train.toml"
    settings.write_text('batch = 1\npairs_per_epoch = 1\ndevice = "cpu"\n')
    train = ("train", "mmnet", "--config", settings, "--stop-after", 1, "--epochs", 1)
    weights = []
    for name, mix in (("remote", MIX), ("local", tmp_path / "mix")):
        made = tirdata(*train, "--mix", mix, "--out", tmp_path / name, "--cache", tmp_path / "c")
        assert made.exit_code == 0, made.output
        weights.append((tmp_path / name / "mmnet.safetensors").read_bytes())
    assert weights[0] == weights[1]


def test_what_is_missing_is_status_5(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    for line in (("build-mix", "--out", MIX), ("train", "mmnet", "--mix", MIX), ("stats", MIX)):
        result = tirdata(*line)
        assert result.exit_code == 5, result.output
        assert "fsspec is not installed; pip install 'tirdata[remote]'" in result.stderr


def test_an_unknown_address_is_usage() -> None:
    result = tirdata("stats", "nosuch://a/b")
    assert result.exit_code == 2
    assert "Protocol not known: nosuch" in result.stderr
    empty = tirdata("train", "mmnet", "--mix", MIX)
    assert empty.exit_code == 3
    assert f"{MIX}/mix.json: no such file" in empty.stderr
