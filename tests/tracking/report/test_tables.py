"""Rows of the ranked table, and tables as HTML."""

import pytest

from tracking.evaluation.measures import MEASURES
from tracking.evaluation.scores import Failure, Scores, Speed, Summary, TargetScore
from tracking.report.tables import notes_html, ranked_html, ranked_rows, rate_text, targets_html

HEADLINE = ("success", "precision")


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


@pytest.mark.parametrize(("rate", "text"), [(3.14159, "3.1"), (99.94, "99.9"), (1234.5, "1234")])
def test_rates_have_digits_that_mean_something(rate: float, text: str) -> None:
    assert rate_text(rate) == text


def test_the_best_is_bold_and_incomplete_ones_do_not_count() -> None:
    failed = (Failure(name="b", error="crashed"),)
    html = ranked_html([_scores("x", 0.4), _scores("y", 0.9, failed=failed)], HEADLINE)
    assert html.count("<b>0.400</b>") == 2
    assert "<b>0.900</b>" not in html
    assert "incomplete: not ranked" in html


def test_a_bar_is_as_long_as_its_value() -> None:
    html = targets_html([_scores("x", 0.4), _scores("y", 0.9, targets=())], "success")
    assert "width:40.0%" in html
    assert "<td>-</td>" in html


def test_failures_dropped_targets_and_notes_are_told() -> None:
    failed = (Failure(name="b", error="it <crashed>"),)
    html = notes_html([_scores("x", 0.4, failed=failed)])
    assert "no score: b: it &lt;crashed&gt;" in html
    assert "success curve: b left out, all zero" in html
    assert "a: 1 rows too few" in html
