"""Bars of challenges."""

from tracking.evaluation.scores import Scores, Subset, Summary
from tracking.report.bars import bars_html, challenges_of


def scores(name: str, **attributes: float) -> Scores:
    subsets = {
        key: Subset(targets=3, values={"success": value, "failures": value})
        for key, value in attributes.items()
    }
    summary = Summary(targets=9, values={"success": 0.5}, curves={}, attributes=subsets)
    return Scores(
        name=name, benchmark="otb", truth_sha256="0" * 64, results="x", origin=0,
        summary=summary, targets=(),
    )  # fmt: skip


def test_a_panel_a_challenge_and_a_bar_a_tracker_that_has_it() -> None:
    made = [scores("<a>", BC=0.25, OV=0.5), scores("b", BC=0.125)]
    html = bars_html(made, "success")
    assert challenges_of(made) == ["BC", "OV"]
    assert html.count('<section class="panel">') == 2
    assert html.count("<li ") == 3
    assert "width:25.0%" in html
    assert "width:12.5%" in html
    assert "&lt;a&gt;" in html
    assert "3 targets" in html


def test_numbers_that_are_no_shares_fill_up_to_the_largest() -> None:
    html = bars_html([scores("a", BC=20, OV=40)], "failures")
    assert "width:50.0%" in html
    assert "width:100.0%" in html
    assert ">20.0</b>" in html


def test_without_challenges_there_is_nothing() -> None:
    assert bars_html([scores("a")], "success") == ""


def test_of_many_trackers_the_first_have_bars() -> None:
    assert bars_html([scores(f"t{n}", BC=0.5) for n in range(30)], "success").count("<li ") == 8
