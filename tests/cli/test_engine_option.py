"""`--engine` and `--ray-address`, which every command with many items has."""

import importlib.util
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.main import COMMANDS, main
from tests.made_dataset import made_dataset
from tirdata.dataset.names import SequenceId


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(made_dataset(tmp_path / "data", [SequenceId("train", 0, 0)]).root)


def test_an_address_goes_with_ray_only(root: str) -> None:
    result = CliRunner().invoke(main, ["validate", root, "--ray-address", "auto"])
    assert result.exit_code == 2
    assert "--ray-address: is for --engine ray; here it is local" in result.stderr


def test_an_address_where_nobody_listens_is_something_missing(root: str) -> None:
    line = ["validate", root, "--engine", "ray", "--ray-address", "127.0.0.1:1"]
    result = CliRunner().invoke(main, line)
    assert result.exit_code == 5
    assert result.stderr.startswith("error: --ray-address 127.0.0.1:1: no Ray can be reached there")
    assert result.stderr.count("\n") == 1


def test_without_ray_the_extra_is_named(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = CliRunner().invoke(main, ["validate", root, "--engine", "ray"])
    assert result.exit_code == 5
    assert "pip install 'tirdata[cluster]'" in result.stderr


def test_wherever_there_is_an_engine_there_is_an_address() -> None:
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        options = {option for each in command.params for option in each.opts}
        assert ("--engine" in options) == ("--ray-address" in options), name
