"""The rules of one-pass evaluation, each shown to change the numbers the way it says."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike

from tirdata.config import check
from tirdata.errors import DataError
from tirdata.types import Boxes
from tracking.evaluation.protocols.one_pass import OnePass, OnePassConfig
from tracking.evaluation.results import Trajectory
from tracking.evaluation.scores import Summary, TargetScore
from tracking.evaluation.targets import Truth

NAN = np.full(4, np.nan)
BOX = np.array([10.0, 10, 20, 20])


def _truth(*rows: ArrayLike) -> Truth:
    return Truth("made", "made", 0, np.array(rows, np.float64))


def _score(truth: Truth, rows: Sequence[ArrayLike], **rules: str | int) -> TargetScore:
    protocol = OnePass(check(rules, OnePassConfig, where="test"))
    return protocol.score(truth, [Trajectory(np.array(rows, np.float64))])


def _hits(score: TargetScore) -> tuple[float, float]:
    """Frames with any overlap, frames within 20 px."""
    return (
        round(score.curves["success"][0] * score.frames),
        round(score.values["precision"] * score.frames),
    )


def test_a_perfect_answer_has_the_perfect_score() -> None:
    score = _score(_truth(BOX, BOX + 1), [BOX, BOX + 1])
    assert score.values["success"] == pytest.approx(20 / 21)
    assert score.values["precision"] == 1
    assert score.values["mean_overlap"] == 1


def test_half_overlap_is_counted_by_hand() -> None:
    half = np.array([10.0, 10, 20, 10])  # IoU 0.5, centre 5 px off, a quarter of the height
    score = _score(_truth(BOX, BOX), [BOX, half])
    assert score.values["mean_overlap"] == 0.75
    assert score.values["success"] == pytest.approx((10 / 21 + 20 / 21) / 2)  # 0 .. 0.45 are below
    assert score.curves["precision"][4:6] == (0.5, 1.0)
    assert score.values["normalised_precision_at_0.2"] == 0.5
    assert score.curves["normalised_precision"][25] == 1.0


@pytest.mark.parametrize(
    ("rule", "frames", "overlap"),
    [("ground-truth", 2, 0.5), ("as-given", 2, 0.0), ("not-counted", 1, 0.0)],
)
def test_first_frame(rule: str, frames: int, overlap: float) -> None:
    score = _score(_truth(BOX, BOX), [BOX + 100, BOX + 100], first_frame=rule)
    assert (score.frames, score.values["mean_overlap"]) == (frames, overlap)


@pytest.mark.parametrize(
    ("rule", "bad", "hits"),
    [
        ("keep", NAN, (2, 2)),
        ("keep", [10, 10, 0, 20], (2, 3)),  # overlaps nothing; its centre may still be right
        ("repeat-all-nan", NAN, (3, 3)),
        ("repeat-all-nan", [10, 10, 0, 20], (3, 3)),
        ("repeat-all-nan", [np.nan, np.nan, 20, -1], (3, 3)),
        ("repeat-all-nan", [10, np.nan, 20, 20], (2, 2)),
        ("repeat-any-nan", [10, np.nan, 20, 20], (3, 3)),
    ],
)
def test_invalid_predictions(rule: str, bad: ArrayLike, hits: tuple[int, int]) -> None:
    score = _score(_truth(BOX, BOX, BOX), [BOX, bad, BOX], invalid_prediction=rule)
    assert _hits(score) == hits


def test_repeating_goes_back_to_the_last_valid_box_and_says_so() -> None:
    rows = [BOX, BOX + 2, NAN, NAN]
    score = _score(
        _truth(BOX, BOX + 2, BOX + 2, BOX + 2), rows, invalid_prediction="repeat-all-nan"
    )
    assert score.values["mean_overlap"] == 1
    assert score.notes == ("2 invalid boxes replaced by the ones before them",)


def test_an_invalid_prediction_is_not_repeated_where_the_object_is_absent() -> None:
    score = _score(_truth(BOX, NAN, BOX), [BOX, NAN, BOX], invalid_prediction="repeat-all-nan")
    assert score.notes == ()


@pytest.mark.parametrize(
    ("rules", "hits"),
    [
        ({"invalid_truth": "none"}, (2, 2)),
        ({"invalid_truth": "not-positive", "origin": 0, "invalid_error": "hit"}, (1, 2)),
        ({"invalid_truth": "not-positive", "origin": 0, "invalid_error": "miss"}, (1, 1)),
        ({"invalid_truth": "not-positive", "origin": 1, "invalid_error": "hit"}, (2, 2)),
    ],
    ids=["none", "hit", "miss", "1-based the border is 1"],
)
def test_true_boxes_at_the_border(rules: dict[str, str | int], hits: tuple[int, int]) -> None:
    border = np.array([0.0, 30, 20, 20])
    assert _hits(_score(_truth(BOX, border), [BOX, border], **rules)) == hits


@pytest.mark.parametrize(
    ("rules", "frames", "hits"),
    [
        ({"absent_truth": "skip"}, 2, (2, 2)),
        ({"absent_truth": "miss"}, 3, (2, 2)),
        ({"absent_truth": "invalid", "invalid_error": "hit"}, 3, (2, 3)),
        ({"absent_truth": "invalid", "invalid_error": "miss"}, 3, (2, 2)),
    ],
)
def test_absent_objects(rules: dict[str, str | int], frames: int, hits: tuple[int, int]) -> None:
    score = _score(_truth(BOX, NAN, BOX), [BOX, BOX, BOX], **rules)
    assert score.frames == frames
    assert _hits(score) == hits


@pytest.mark.parametrize(("rule", "hits"), [("miss", 2), ("repeat-last", 3)])
def test_short_results(rule: str, hits: int) -> None:
    score = _score(
        _truth(BOX, BOX, BOX), [BOX, BOX], short_result=rule, invalid_prediction="repeat-all-nan"
    )
    assert score.frames == 3
    assert _hits(score)[0] == hits
    assert "1 rows too few" in score.notes[0]


def test_long_results() -> None:
    score = _score(_truth(BOX, BOX), [BOX, BOX, NAN], long_result="cut")
    assert _hits(score) == (2, 2)
    assert score.notes == ("1 rows too many, cut",)


@pytest.mark.parametrize("rows", [[BOX], [BOX] * 3], ids=["short", "long"])
def test_results_of_another_length_are_refused_by_default(rows: list[Boxes]) -> None:
    with pytest.raises(DataError, match=rf"made: {len(rows)} rows in the result; expected 2"):
        _score(_truth(BOX, BOX), rows)


def test_a_late_start_takes_rows_from_the_start_or_from_frame_0() -> None:
    truth = _truth(NAN, NAN, BOX, BOX + 5)
    whole = _score(truth, [NAN, NAN, BOX, BOX + 5])
    rest = _score(truth, [BOX, BOX + 5])
    assert whole == rest
    assert (whole.frames, whole.values["mean_overlap"]) == (2, 1.0)
    with pytest.raises(DataError, match="3 rows"):
        _score(truth, [BOX, BOX, BOX], short_result="miss")


def _summary_of(rule: str) -> Summary:
    rules = {"zero_curve": rule, "first_frame": "as-given"}
    protocol = OnePass(check(rules, OnePassConfig, where="test"))
    far = np.array([[900.0, 900, 20, 20]])
    lost = protocol.score(Truth("lost", "lost", 0, BOX[None]), [Trajectory(far)])
    good = protocol.score(Truth("good", "good", 0, BOX[None]), [Trajectory(BOX[None])])
    return protocol.summarise([lost, good])


def test_curves_that_are_zero_are_dropped_only_where_the_rules_say() -> None:
    counted, dropped = _summary_of("count"), _summary_of("drop")
    assert counted.values["success"] == pytest.approx(10 / 21)
    assert dropped.values["success"] == pytest.approx(20 / 21)
    assert dropped.dropped["success"] == ("lost",)
    assert counted.dropped == {}
    assert counted.targets == dropped.targets == 2


def test_the_headline_names_which_normalised_precision() -> None:
    mean = OnePass(OnePassConfig(normalised_precision="mean")).headline
    point = OnePass(OnePassConfig(normalised_precision="at-0.2")).headline
    assert mean[2] == "normalised_precision_mean"
    assert point[2] == "normalised_precision_at_0.2"
