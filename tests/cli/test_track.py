"""The command `track`, with the tracker that holds still."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made import made_sequence
from tirdata.layouts import LAYOUTS


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["track", *map(str, args), "--workers", "1"])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made = [made_sequence(5, size=(64, 48), seed=seed, name=f"s{seed}") for seed in range(2)]
    LAYOUTS["otb"].write(made, tmp_path / "data")
    return tmp_path / "data"


def test_results_are_written_and_not_again(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "results"
    result = run("hold", data, "--out", out, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["tracked"] == ["s0", "s1"]
    assert document["speed"]["frames"] == 10
    assert sorted(path.name for path in out.glob("*.txt")) == ["s0.txt", "s1.txt"]
    again = run("hold", data, "--out", out)
    assert "2 targets tracked before" in again.stdout


def test_a_dry_run_says_what_is_left(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "results"
    run("hold", data, "--out", out, "--sequence", "s1")
    result = run("hold", data, "--out", out, "--dry-run", "--json")
    assert json.loads(result.stdout)["targets"] == ["s0"]
    assert not (out / "s0.txt").exists()


def test_settings_come_from_flags_over_the_file(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "track.toml"
    config.write_text("[settings]\nseed = 3\n")
    out = tmp_path / "results"
    words = ["mil", data, "--out", out, "--config", config, "--sequence", "s0", "--dry-run"]
    assert run(*words).exit_code == 0
    assert run(*words, "--set", "seed=many").exit_code == 2
    words.remove("--dry-run")
    assert run(*words, "--seed", 9).exit_code == 0
    assert json.loads((out / "run.json").read_text())["settings"] == {"seed": 9}


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (("kfc",), 2, "no tracker 'kfc'; there are: mmnet, "),
        (("hold", "--set", "x=1"), 2, "x: Extra inputs are not permitted"),
        (("hold", "--set", "x"), 2, "--set x: expected NAME=VALUE"),
        (("hold", "--device", "cuda"), 2, "device: Extra inputs are not permitted"),
        (("hold", "--sequence", "s7"), 2, "no sequence s7; there are: s0, s1"),
        (("hold", "--format", "lasso"), 2, "no layout 'lasso'"),
        (("hold", "--protocol", "vot2013"), 2, "no protocol 'vot2013'; there are:"),
        (("nano", "--set", "backbone=b.onnx", "--set", "head=h.onnx"), 5, "b.onnx: no such file"),
    ],
)
def test_bad_input_is_one_line_and_a_status(
    data: Path, tmp_path: Path, args: tuple[str, ...], status: int, message: str
) -> None:
    tracker, *rest = args
    result = run(tracker, data, "--out", tmp_path / "results", *rest)
    assert result.exit_code == status, result.output
    assert message in result.stderr
    assert not (tmp_path / "results" / "run.json").exists()


def test_a_sequence_that_fails_is_status_4(data: Path, tmp_path: Path) -> None:
    (data / "s0" / "img" / "0003.jpg").write_bytes(b"")
    result = run("hold", data, "--out", tmp_path / "results")
    assert result.exit_code == 4
    assert "1 of 2 targets failed" in result.stderr
    assert "0003.jpg" in result.stderr
    assert (tmp_path / "results" / "s1.txt").exists()
