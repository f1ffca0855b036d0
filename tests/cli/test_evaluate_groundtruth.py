"""`tirdata evaluate RESULTS --groundtruth PATH`: scores without frames."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made import made_sequence
from tests.made_truths import WRITERS, lines, made_boxes
from tirdata.layouts import LAYOUTS
from tirdata.types import Boxes

BOXES = made_boxes()


def evaluate(*args: object) -> Result:
    words = ["evaluate", *(str(arg) for arg in args)]
    return CliRunner().invoke(main, words, prog_name="tirdata")


def document(*args: object) -> dict[str, Any]:
    result = evaluate(*args, "--json")
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def write_results(folder: Path, boxes: Mapping[str, Boxes], by: float = 0.0) -> Path:
    folder.mkdir(parents=True)
    for name, rows in boxes.items():
        (folder / f"{name}.txt").write_text(lines(rows + np.array([by, 0, 0, 0]), origin=1))
    return folder


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    WRITERS["flat"](tmp_path / "truth", BOXES)
    return tmp_path / "truth"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    write_results(tmp_path / "results" / "Good", BOXES, 1)
    write_results(tmp_path / "results" / "Bad", BOXES, 9)
    return tmp_path / "results"


def test_one_tracker_has_its_scores_at_the_top(truth: Path, results: Path) -> None:
    found = document(results / "Good", "--groundtruth", truth, "--protocol", "lasher")
    assert set(found["scores"]) >= {"PR", "NPR", "SR"}
    (tracker,) = found["trackers"]
    assert tracker["name"] == "Good"
    assert tracker["scores"] == found["scores"]
    assert tracker["failed"] == []
    assert [each["name"] for each in tracker["targets"]] == ["Bird1", "Jog", "car-2"]
    assert "success" in tracker["targets"][0]["values"]
    assert (found["form"], found["targets"], found["evaluation"]) == ("flat", 3, None)


def test_several_trackers_are_ranked_and_nothing_is_written(
    truth: Path, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    result = evaluate(results, "--groundtruth", truth, "--protocol", "otb")
    assert result.exit_code == 0, result.output
    assert result.stdout.index("\nGood ") < result.stdout.index("\nBad ")
    assert "nothing is written without --out" in result.stdout
    assert not any((tmp_path / "here").iterdir())
    found = document(results, "--groundtruth", truth, "--protocol", "otb")
    assert [each["name"] for each in found["trackers"]] == ["Good", "Bad"]
    assert "scores" not in found


def test_with_out_there_are_scores_and_a_page_without_pictures(
    truth: Path, results: Path, tmp_path: Path
) -> None:
    words = [results, "--groundtruth", truth, "--protocol", "ptbtir", "--out", tmp_path / "out"]
    assert evaluate(*words).exit_code == 0
    assert (tmp_path / "out" / "Bad" / "scores.json").is_file()
    page = (tmp_path / "out" / "report.html").read_text()
    assert "without frames: no pictures" in page
    assert "nothing has changed" in evaluate(*words).stdout


def test_archives_are_as_good(truth: Path, results: Path, tmp_path: Path) -> None:
    packed = [shutil.make_archive(str(tmp_path / each.name), "xztar", each)
              for each in (truth, results)]  # fmt: skip
    words = ["--protocol", "otb", "--name", "Good"]
    found = document(results / "Good", "--groundtruth", truth, *words)
    again = document(packed[1], "--groundtruth", packed[0], "--protocol", "otb")
    assert again["trackers"][0]["summary"] == found["trackers"][0]["summary"]


def test_only_some_sequences(truth: Path, results: Path) -> None:
    words = ["--groundtruth", truth, "--protocol", "otb", "--sequence", "Jog"]
    found = document(results / "Good", *words)
    assert [each["name"] for each in found["trackers"][0]["targets"]] == ["Jog"]


def test_a_run_of_ours_has_the_same_scores_without_frames(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "results" / "still"
    LAYOUTS["otb"].write([made_sequence(6, size=(64, 48), name="s0")], data)
    words = ["track", "hold", str(data), "--out", str(out), "--workers", "1"]
    assert CliRunner().invoke(main, words).exit_code == 0
    rules = ["--protocol", "one-pass", "--out", tmp_path / "out"]
    with_frames = document(out, data, *rules)
    alone = document(out, "--groundtruth", data, *rules[:2])
    assert alone["scores"] == with_frames["scores"]
    assert alone["trackers"][0]["speed"] == with_frames["trackers"][0]["speed"]


def test_what_was_noticed_is_said(truth: Path, results: Path) -> None:
    path = results / "Good" / "Jog.txt"
    path.write_text("x y w h\n" + path.read_text() + "1,1,1,1\n")
    (results / "Good" / "car-2.txt").rename(results / "Good" / "Car_2.txt")
    (results / "Good" / "Bird1.txt").rename(results / "Good" / "Brid1.txt")
    rules = "rgbt210"  # which cuts what is too long
    found = document(results / "Good", "--groundtruth", truth, "--protocol", rules)
    notes = {each["name"]: each["notes"] for each in found["trackers"][0]["targets"]}
    assert notes["Bird1"] == ["Brid1 taken as a misspelling of Bird1"]
    assert notes["Jog"][0] == "1 lines before the first box passed over"
    assert "cut" in notes["Jog"][1]
    assert notes["car-2"] == []
    words = ["evaluate", results / "Good", "--groundtruth", truth, "--protocol", rules]
    shown = CliRunner().invoke(main, [str(word) for word in words]).stdout
    assert "Good: notes on 2 of 3 targets (all with --json); Bird1: Brid1 taken as a mis" in shown


@pytest.mark.parametrize(
    ("spoil", "name", "message"),
    [
        (lambda folder: (folder / "Jog.txt").unlink(), "Jog", "Jog.txt: no such result"),
        (lambda folder: (folder / "Jog.txt").write_text("1,2,3\n"), "Jog", "line 1: '1,2,3'"),
        (lambda folder: (folder / "Jog.txt").write_bytes(b"\x00\x01"), "Jog", "not text"),
        (lambda folder: (folder / "JOG.txt").write_text("1,2,3,4\n"), None, ""),
    ],
)
def test_a_result_that_is_wrong_costs_its_target(
    truth: Path,
    results: Path,
    spoil: Callable[[Path], object],
    name: str | None,
    message: str,
) -> None:
    spoil(results / "Good")
    words = [results / "Good", "--groundtruth", truth, "--protocol", "otb", "--json"]
    result = evaluate(*words)
    assert result.exit_code == (0 if name is None else 4), result.output
    failed = json.loads(result.stdout)["trackers"][0]["failed"]
    assert [each["name"] for each in failed] == ([] if name is None else [name])
    if name is not None:
        assert message in failed[0]["error"]
        assert message in result.stderr


def test_a_tracker_without_a_single_score_does_not_stop_the_others(
    truth: Path, results: Path
) -> None:
    for path in (results / "Bad").iterdir():
        path.write_text("no boxes\n")
    result = evaluate(results, "--groundtruth", truth, "--protocol", "otb", "--json")
    assert result.exit_code == 4
    found = json.loads(result.stdout)
    assert [each["name"] for each in found["trackers"]] == ["Good"]
    assert found["without_scores"][0]["name"] == "Bad"
    assert "1 of 2 trackers cannot be scored" in result.stderr


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (("{results}", "--groundtruth", "{truth}"), 2, "say which with --protocol"),
        (("{results}", "--protocol", "otb"), 2, "expected a data set, or its true boxes"),
        (("{results}", "{truth}", "--groundtruth", "{truth}", "--protocol", "otb"), 2, "both"),
        (("hold", "--groundtruth", "{truth}", "--protocol", "otb"), 2, "a tracker needs frames"),
        (("{results}", "--groundtruth", "{truth}/none", "--protocol", "otb"), 2, "no such folder"),
        (("{results}/none", "--groundtruth", "{truth}", "--protocol", "otb"), 2, "no such folder"),
        (("{truth}/anno/att", "--groundtruth", "{truth}", "--protocol", "otb"), 3,
         "not one target can be scored"),
        (("{results}", "--groundtruth", "{truth}", "--protocol", "otb", "--name", "x"), 2,
         "results of Bad, Good; expected of one"),
        (("{results}", "--groundtruth", "{truth}", "--protocol", "otb", "--compat", "x"), 2,
         "no compat 'x' of otb"),
        (("{results}", "--groundtruth", "{truth}", "--protocol", "otb", "--format", "x"), 2,
         "no form 'x' of ground truth"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(
    truth: Path, results: Path, args: tuple[str, ...], status: int, message: str
) -> None:
    result = evaluate(*(arg.format(truth=truth, results=results) for arg in args))
    assert (result.exit_code, message in result.stderr) == (status, True), result.output
    assert "Traceback" not in result.stderr


def _expected(shared_data: Path, key: str) -> dict[str, Any]:
    path = shared_data / "eval" / "expected.json"
    if not path.is_file():
        pytest.skip("eval is not in the shared data")
    content: dict[str, Any] = json.loads(path.read_text())[key]
    return content


@pytest.mark.parametrize(
    ("folder", "key", "protocol", "names"),
    [
        ("gtot", "gtot", "gtot", {"PR": "PR", "SR": "SR"}),
        pytest.param(
            "lasher", "lasher_test", "lasher", {"PR": "PR", "NPR": "NPR", "SR": "SR"},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "rgbt234", "rgbt234", "rgbt234", {"MPR": "MPR", "MSR": "MSR"}, marks=pytest.mark.slow
        ),
        ("otb100", "otb100", "otb", {"Suc": "success", "Pre": "precision"}),
    ],
)  # fmt: skip
def test_published_numbers_come_out_of_the_archives(
    folder: str, key: str, protocol: str, names: dict[str, str], shared_data: Path
) -> None:
    expected = _expected(shared_data, key)
    place = shared_data / "eval" / folder
    found = document(place, "--groundtruth", place, "--protocol", protocol)
    trackers = {each["name"]: each for each in found["trackers"]}
    for name, item in expected["items"].items():
        tracker = trackers[name]
        assert tracker["failed"] == []
        values = tracker["summary"]["values"] | tracker["scores"]
        for published, ours in names.items():
            for kind in ("published", "obtained"):
                assert values[ours] == pytest.approx(item[kind][published], abs=expected["tol"])


@pytest.mark.slow
def test_published_numbers_of_vot_come_out_of_its_zips(shared_data: Path) -> None:
    items = [each for each in _expected(shared_data, "vot")["items"] if "tracker" in each]
    place = shared_data / "eval" / "vot"
    protocols = {"baseline": "vot2018", "realtime": "vot2018-realtime"}
    for item in items:
        experiment = item.get("experiment", "baseline")
        results = place / Path(item["files"]).name
        found = document(
            results, "--groundtruth", place / "VOT2018.json", "--protocol", protocols[experiment]
        )
        for name, value in item["obtained"].items():
            tolerance = max(item["tol"], 0.5 if name == "failures" else 0)
            assert found["scores"][name] == pytest.approx(value, abs=tolerance)
