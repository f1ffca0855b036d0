"""Rows of the ranked table, and tables as HTML."""

from collections.abc import Sequence

import pytest

from tracking.evaluation.benchmark import Benchmark
from tracking.evaluation.confidence import Confidence, Confidences, Difference
from tracking.evaluation.measures import MEASURES
from tracking.evaluation.scores import Failure, Scores, Speed, Subset, Summary, TargetScore
from tracking.report.tables import (
    challenges_html,
    notes_html,
    places,
    ranked_html,
    ranked_rows,
    targets_html,
)
from tracking.report.words import rate_text

HEADLINE = ("success", "precision")


BENCHMARK = Benchmark(title="Made", protocol="one-pass", names={"precision": "PR"})


def ranked(
    scores: Sequence[Scores], headline: Sequence[str] = HEADLINE, found: Confidences | None = None
) -> str:
    return ranked_html(scores, headline, BENCHMARK, found or {})


def _scores(name: str, value: float, **changes: object) -> Scores:
    values = dict.fromkeys(MEASURES, value)
    target = TargetScore(name="a", frames=5, values=values, curves={}, notes=("1 rows too few",))
    fields: dict[str, object] = {
        "name": name,
        "benchmark": "otb",
        "truth_sha256": "0" * 64,
        "results": "results",
        "origin": 1,
        "summary": Summary(targets=1, values=values, curves={}, dropped={"success": ("b",)}),
        "targets": (target,),
        **changes,
    }
    return Scores.model_validate(fields)


def test_rows_are_text_with_three_digits() -> None:
    speed = Speed(frames=11, starts=1, seconds=3.0, start_seconds=2.0)
    failed = (Failure(name="b", error="crashed"),)
    rows = ranked_rows(
        [_scores("x", 0.12345, speed=speed), _scores("y", 0.5, failed=failed)], HEADLINE
    )
    assert rows == [
        ["x", "0.123", "0.123", "1", "10.0"],
        ["y", "0.500", "0.500", "1 of 2", "-"],
    ]


@pytest.mark.parametrize(
    ("rate", "text"), [(3.14159, "3.1"), (99.94, "99.9"), (1234.5, "1234"), (2e11, "-")]
)
def test_rates_have_digits_that_mean_something(rate: float, text: str) -> None:
    assert rate_text(rate) == text


def test_the_best_is_bold_and_incomplete_ones_do_not_count() -> None:
    failed = (Failure(name="b", error="crashed"),)
    html = ranked([_scores("x", 0.4), _scores("y", 0.9, failed=failed)])
    assert html.count("<b>0.400</b>") == 2
    assert "<b>0.900</b>" not in html
    assert "incomplete: not ranked" in html


def test_a_bar_is_as_long_as_its_value() -> None:
    html = targets_html([_scores("x", 0.4), _scores("y", 0.9, targets=())], "success")
    assert "width:40.0%" in html
    assert "<td>-</td>" in html


def test_bars_of_other_numbers_end_at_the_largest() -> None:
    values = dict.fromkeys(MEASURES, 30.0)
    target = TargetScore(name="b", frames=5, values=values, curves={})
    html = targets_html([_scores("x", 15.0), _scores("y", 0, targets=(target,))], "boxes_per_1000")
    assert "width:50.0%" in html
    assert "width:100.0%" in html
    assert "15.0</td>" in html


def test_fewer_are_better_where_they_are_and_ties_share_a_place() -> None:
    scores = [_scores("x", 2.0), _scores("y", 1.0), _scores("z", 1.0), _scores("w", 3.0)]
    assert places(scores, "failures") == {"y": 0, "z": 0, "x": 1}
    html = ranked(scores, ("failures",))
    assert html.count("<b>1.0</b>") == 2
    assert "<u>2.0</u>" in html
    assert "Failures ↓" in html


def test_printed_names_stand_beside_ours() -> None:
    html = ranked([_scores("x", 0.4)])
    assert ">PR<small>Precision</small></th>" in html
    assert ">Success</th>" in html


def test_intervals_and_what_is_not_told_apart_are_shown() -> None:
    apart = Difference(best="x", difference=-0.02, low=-0.05, high=0.01)
    own = Confidence(low=0.31, high=0.42, targets=20, to_best=apart)
    html = ranked([_scores("x", 0.4), _scores("y", 0.38)], found={"y": {"success": own}})
    assert html.count("≈") == 1
    assert "<small>0.310–0.420</small>" in html
    assert "difference to x −0.020 (−0.050 to +0.010), not told apart" in html


def test_challenges_are_rows() -> None:
    subset = Subset(targets=4, values={"success": 0.25})
    summary = Summary(targets=9, values={"success": 0.5}, curves={}, attributes={"<BC>": subset})
    html = challenges_html([_scores("x", 0.4, summary=summary), _scores("y", 0.4)], "success")
    assert "&lt;BC&gt;</th><td>4</td><td>0.250</td><td>-</td>" in html


def test_failures_dropped_targets_and_notes_are_told() -> None:
    failed = (Failure(name="b", error="it <crashed>"),)
    html = notes_html([_scores("x", 0.4, failed=failed)])
    assert "no score: b: it &lt;crashed&gt;" in html
    assert "success curve: b left out, all zero" in html
    assert "a: 1 rows too few" in html
