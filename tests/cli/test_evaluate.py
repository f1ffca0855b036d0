"""The commands `evaluate` and `report`."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made import made_sequence
from tirdata.layouts import LAYOUTS


def tirdata(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="tirdata")


def evaluate(*args: object) -> Result:
    return tirdata("evaluate", *args, "--workers", 1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made = [made_sequence(6, size=(64, 48), seed=seed, name=f"s{seed}") for seed in range(2)]
    LAYOUTS["otb"].write(made, tmp_path / "data")
    return tmp_path / "data"


def test_a_tracker_is_run_scored_and_shown(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = evaluate("hold", data, "--protocol", "one-pass", "--out", out)
    assert result.exit_code == 0, result.output
    assert "2 targets tracked" in result.stdout
    assert "hold" in result.stdout
    assert f"report: {out / 'report.html'}" in result.stdout
    assert (out / "hold" / "results" / "s0.txt").is_file()


def test_again_it_does_nothing_and_says_so(data: Path, tmp_path: Path) -> None:
    words = ["hold", data, "--protocol", "one-pass", "--out", tmp_path / "out"]
    evaluate(*words)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    result = evaluate(*words)
    assert "2 targets tracked before" in result.stdout
    assert "nothing has changed since the last time" in result.stdout
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before


def test_results_of_others_join_the_table(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    evaluate("hold", data, "--protocol", "one-pass", "--out", out)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for name in ("s0", "s1"):
        shutil.copy(data / name / "groundtruth_rect.txt", theirs / f"{name.upper()}.txt")
    result = evaluate(theirs, data, "--benchmark", "one-pass", "--out", out, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["scores"]["mean_overlap"] == pytest.approx(1)
    assert document["trackers"][0]["summary"]["values"]["mean_overlap"] == pytest.approx(1)
    rows = result.stderr.splitlines()
    assert rows.index(next(row for row in rows if row.startswith("theirs"))) < rows.index(
        next(row for row in rows if row.startswith("hold"))
    )
    other = shutil.copytree(theirs, tmp_path / "others" / "theirs")
    clash = evaluate(other, data, "--protocol", "one-pass", "--out", out)
    assert (clash.exit_code, "--name" in clash.stderr) == (2, True)
    named = evaluate(other, data, "--protocol", "one-pass", "--out", out, "--name", "mine")
    assert named.exit_code == 0


def test_incomplete_results_are_status_4_and_scored(data: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    shutil.copy(data / "s0" / "groundtruth_rect.txt", theirs / "s0.txt")
    result = evaluate(theirs, data, "--benchmark", "otb", "--out", tmp_path / "out")
    assert result.exit_code == 4
    assert "1 of 2 targets failed" in result.stderr
    assert "s1.txt: no such result" in result.stderr
    assert "1 of 2" in result.stdout


def test_a_dry_run_writes_nothing(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = evaluate("hold", data, "--protocol", "one-pass", "--out", out, "--dry-run")
    assert "2 of 2 targets would be tracked" in result.stdout
    assert not out.exists()


def test_the_rules_may_come_from_a_file(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "evaluate.toml"
    config.write_text('protocol = "lsotb"\nsequences = ["s1"]\n')
    result = evaluate("hold", data, "--config", config, "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    (scores,) = json.loads(result.stdout)["trackers"]
    assert scores["benchmark"] == "lsotb"
    assert [target["name"] for target in scores["targets"]] == ["s1"]
    assert "Norm. precision (mean)" in result.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("hold",), "say which with --protocol"),
        (("hold", "--benchmark", "vot2013"), "no protocol 'vot2013'; there are:"),
        (("nothing", "--protocol", "one-pass"), "nothing: no such folder of results, and no"),
        (("hold", "--protocol", "one-pass", "--name", "../x"), "name '../x': expected letters"),
    ],
)
def test_bad_input_is_usage(
    data: Path, tmp_path: Path, args: tuple[str, ...], message: str
) -> None:
    tracker, *rest = args
    result = evaluate(tracker, data, "--out", tmp_path / "out", *rest)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


def test_report_writes_the_page_again(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    evaluate("hold", data, "--protocol", "one-pass", "--out", out)
    page = out / "report.html"
    first = page.read_bytes()
    page.unlink()
    result = tirdata("report", out, "--json")
    document = json.loads(result.stdout)
    assert (document["report"], document["trackers"]) == (str(page), ["hold"])
    assert page.read_bytes() == first


def test_report_of_no_evaluation_is_invalid_data(tmp_path: Path) -> None:
    result = tirdata("report", tmp_path)
    assert result.exit_code == 3
    assert "evaluation.json: no such file" in result.stderr
