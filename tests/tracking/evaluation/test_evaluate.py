"""Scoring into one folder for all trackers."""

from pathlib import Path

import pytest

from tirdata.config import read_json
from tirdata.engine import build_engine
from tirdata.errors import DataError, TirDataError, UsageError
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.choice import TrackerChoice
from tracking.evaluation.evaluate import (
    EVALUATION,
    Evaluation,
    Results,
    open_evaluation,
    read_scores,
    score_results,
    write_scores,
)
from tracking.evaluation.run import Run
from tracking.evaluation.scores import Failure, Scores
from tracking.evaluation.targets import Data, read_truths

PLAIN = open_benchmark("one-pass")


def _evaluate(data: Data, out: Path, folder: Path, name: str, origin: int | None = None) -> Scores:
    truths = read_truths(data)
    evaluation = open_evaluation(out, data, PLAIN, truths)
    scores = score_results(Results(name, folder, origin), evaluation, truths, ())
    write_scores(out, scores)
    return scores


def _perfect(data: Data, folder: Path) -> Path:
    """Somebody else's folder: the truth, with tabs."""
    folder.mkdir()
    for name, file in {"one": "one", "two#0": "two/groundtruth_rect", "two#3": "two"}.items():
        stem = {
            "one": "groundtruth_rect",
            "two#0": "groundtruth_rect.0",
            "two#3": "groundtruth_rect.3",
        }
        truth = data.root / file.split("/")[0] / f"{stem[name]}.txt"
        (folder / f"{name}.txt").write_text(truth.read_text().replace(",", "\t"))
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "evaluation"


def test_results_of_others_are_scored_without_a_tracker(
    data: Data, out: Path, tmp_path: Path
) -> None:
    scores = _evaluate(data, out, _perfect(data, tmp_path / "theirs"), "theirs")
    assert scores.summary.targets == 3
    assert scores.summary.values["mean_overlap"] == pytest.approx(1)
    assert (scores.speed, scores.machine, scores.failed) == (None, None, ())
    assert read_json(out / "theirs" / "scores.json", Scores) == scores


def test_where_the_first_pixel_is_in_their_files_can_be_said(
    data: Data, out: Path, tmp_path: Path
) -> None:
    folder = _perfect(data, tmp_path / "theirs")
    shifted = _evaluate(data, out, folder, "theirs", origin=0)
    assert 0.5 < shifted.summary.values["mean_overlap"] < 0.99


def test_our_own_run_brings_its_speed_and_machine(data: Data, out: Path) -> None:
    folder = out / "hold" / "results"
    run = Run(TrackerChoice("hold", {}), data, "one-pass", PLAIN.build(), folder)
    run.run(read_truths(data).targets, build_engine("serial", 1), lambda _: None)
    scores = _evaluate(data, out, folder, "hold")
    assert scores.speed is not None
    assert (scores.speed.frames, scores.speed.starts) == (8 + 6 + 4, 3)
    assert scores.machine is not None
    assert scores.settings == {}


def test_trackers_are_ranked_and_incomplete_ones_come_last(
    data: Data, out: Path, tmp_path: Path
) -> None:
    perfect = _perfect(data, tmp_path / "perfect")
    _evaluate(data, out, perfect, "perfect")
    (perfect / "one.txt").write_text("1,1,2,2\n" * 8)
    _evaluate(data, out, perfect, "worse")
    (perfect / "one.txt").unlink()
    incomplete = _evaluate(data, out, perfect, "incomplete")
    assert incomplete.summary.targets == 2
    assert [failure.name for failure in incomplete.failed] == ["one"]
    assert [scores.name for scores in read_scores(out)] == ["perfect", "worse", "incomplete"]


def test_a_bad_result_costs_its_target_and_is_named(data: Data, out: Path, tmp_path: Path) -> None:
    folder = _perfect(data, tmp_path / "theirs")
    (folder / "one.txt").write_text("1,1,2,2\n" * 7)
    (folder / "two#0.txt").write_text("1,1,2\n" * 6)
    scores = _evaluate(data, out, folder, "theirs")
    errors = {failure.name: failure.error for failure in scores.failed}
    assert "7 rows in the result; expected 8" in errors["one"]
    assert "line 1: '1,1,2'" in errors["two#0"]


def test_nothing_to_score_is_an_error(data: Data, out: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "six.txt").write_text("1,1,2,2\n")
    with pytest.raises(DataError, match="none of 1 files is named after a target"):
        _evaluate(data, out, tmp_path / "theirs", "theirs")
    truths = read_truths(data)
    failed = [Failure(name=truth.name, error="it crashed") for truth in truths.targets]
    evaluation = open_evaluation(out, data, PLAIN, truths)
    with pytest.raises(TirDataError, match="mine: failed on every target; it crashed"):
        score_results(Results("mine", tmp_path), evaluation, truths, failed)


def test_the_same_scores_are_not_written_twice(data: Data, out: Path, tmp_path: Path) -> None:
    folder = _perfect(data, tmp_path / "theirs")
    scores = _evaluate(data, out, folder, "theirs")
    assert not write_scores(out, scores)


def test_one_folder_is_one_data_set_and_one_set_of_rules(
    data: Data, out: Path, tmp_path: Path
) -> None:
    truths = read_truths(data)
    open_evaluation(out, data, PLAIN, truths)
    with pytest.raises(UsageError, match="by the rules of one-pass, not of otb"):
        open_evaluation(out, data, open_benchmark("otb"), truths)
    other = Data(tmp_path, "otb")
    with pytest.raises(UsageError, match="is an evaluation on"):
        open_evaluation(out, other, PLAIN, truths)
    assert read_json(out / EVALUATION, Evaluation).targets == ("one", "two#0", "two#3")


def test_an_empty_folder_is_no_evaluation(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"evaluation\.json: no such file"):
        read_scores(tmp_path)
