"""`tirdata init`."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from cli.main import main
from tirdata.dataset.tree import Dataset


def tirdata(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="tirdata")


def test_init_makes_a_dataset_that_validates(tmp_path: Path) -> None:
    result = tirdata("init", tmp_path / "birds")
    assert result.exit_code == 0, result.output
    assert "sources.toml" in result.stdout
    assert Dataset.open(tmp_path / "birds").config.name == "birds"
    assert tirdata("validate", tmp_path / "birds").exit_code == 0


def test_a_second_time_nothing_is_done_and_said_so(tmp_path: Path) -> None:
    tirdata("init", tmp_path, "--name", "mine")
    (tmp_path / "sources.toml").write_text("# mine\n")
    result = tirdata("init", tmp_path, "--json")
    assert json.loads(result.stdout) == {"dataset": str(tmp_path), "written": []}
    assert "nothing to do" in result.stderr
    assert (tmp_path / "sources.toml").read_text() == "# mine\n"
    result = tirdata("init", tmp_path, "--name", "other")
    assert result.exit_code == 2
    assert "the dataset is named mine, not other" in result.stderr


def test_where_nothing_can_be_written_it_is_one_line_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = tirdata("init", tmp_path / "file")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert "cannot write" in result.stderr
