"""Tables for papers, pages and spreadsheets."""

import csv
import io

import pytest

from tirdata.errors import UsageError
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.confidence import Confidence
from tracking.evaluation.evaluate import Evaluation
from tracking.evaluation.scores import Failure, Scores, Subset, Summary, TargetScore
from tracking.report.text_tables import BYS, FORMS, table_of, table_text

OTHERS = {"normalised_precision_at_0.2": 0.5, "mean_overlap": 0.5}


def evaluation(rules: str = "lasher") -> Evaluation:
    return Evaluation(
        data="data", layout="lasher", benchmark=open_benchmark(rules), targets=("a_1", "b"),
        frames=20, truth_sha256="0" * 64,
    )  # fmt: skip


def scores(name: str, success: float, precision: float, failed: bool = False) -> Scores:
    values = {"success": success, "precision": precision, **OTHERS}
    subset = Subset(targets=2, values=values)
    targets = [TargetScore(name=each, frames=10, values=values, curves={}) for each in ("a_1", "b")]
    summary = Summary(targets=2, values=values, curves={}, attributes={"out of view": subset})
    return Scores(
        name=name, benchmark="lasher", truth_sha256="0" * 64, results="x", origin=1,
        summary=summary, targets=tuple(targets),
        failed=(Failure(name="b", error="crashed"),) if failed else (),
    )  # fmt: skip


THREE = [scores("A_1 & co", 0.6, 0.41), scores("B", 0.5, 0.7), scores("C", 0.4, 0.5004)]


def test_latex_is_booktabs_with_names_escaped_and_best_and_second_marked() -> None:
    text = table_text(table_of(evaluation(), THREE, measures=("SR", "PR")), "latex")
    assert text.count(r"\toprule") == text.count(r"\midrule") == text.count(r"\bottomrule") == 1
    assert r"\begin{tabular}{lrr}" in text
    assert r"Tracker & SR & PR \\" in text
    assert r"A\_1 \& co & \textbf{0.600} & 0.410 \\" in text
    assert r"B & \underline{0.500} & \textbf{0.700} \\" in text
    assert r"C & 0.400 & \underline{0.500} \\" in text
    assert "2 sequences (protocol one-pass, rules of lasher)" in text


def test_columns_are_those_that_the_authors_print() -> None:
    heads = [head for head, _ in table_of(evaluation(), THREE).heads]
    assert heads == ["SR", "PR", "NPR"]
    assert [head for head, _ in table_of(evaluation("one-pass"), THREE).heads] == [
        "Success", "Precision", "Norm. precision (0.2)", "Mean IoU",
    ]  # fmt: skip


def test_arrows_say_where_less_is_better() -> None:
    values = {
        "expected_average_overlap": 0.3, "accuracy": 0.5, "failures_per_100": 0.4, "failures": 9.0,
    }  # fmt: skip
    few, many = (
        Scores(
            name=name, benchmark="vot2018", truth_sha256="0" * 64, results="x", origin=0,
            summary=Summary(targets=2, values=values | {"failures": count}, curves={}), targets=(),
        )
        for name, count in (("few", 3.0), ("many", 9.0))
    )  # fmt: skip
    table = table_of(evaluation("vot2018"), [few, many], measures=("EAO", "failures"))
    latex, markdown = table_text(table, "latex"), table_text(table, "markdown")
    assert r"EAO $\uparrow$ & failures $\downarrow$" in latex
    assert r"\textbf{3.0}" in latex
    assert "failures ↓" in markdown
    assert "EAO |" in markdown


def test_ties_by_the_digits_that_are_shown_share_a_place() -> None:
    close = [scores("a", 0.50001, 0.3), scores("b", 0.50002, 0.2), scores("c", 0.4, 0.1)]
    text = table_text(table_of(evaluation(), close, measures=("SR",)), "markdown")
    assert text.count("**0.500**") == 2
    assert "<u>0.400</u>" in text


def test_incomplete_trackers_have_no_place() -> None:
    text = table_text(
        table_of(evaluation(), [*THREE, scores("D", 0.9, 0.9, failed=True)]), "markdown"
    )
    assert "| D (2 targets) | 0.900 | 0.900 |" in text


def test_markdown_escapes_names() -> None:
    text = table_text(table_of(evaluation(), [scores("a|b_*", 0.5, 0.5)]), "markdown")
    assert r"| a\|b\_\* |" in text


def test_csv_has_six_digits_and_intervals() -> None:
    own = Confidence(low=0.55, high=0.65, targets=20)
    table = table_of(evaluation(), THREE, measures=("SR",), found={"A_1 & co": {"success": own}})
    rows = [*csv.reader(io.StringIO(table_text(table, "csv")))]
    assert rows[0] == ["tracker", "SR", "SR low", "SR high"]
    assert rows[1] == ["A_1 & co", "0.600000", "0.550000", "0.650000"]
    assert rows[2] == ["B", "0.500000", "", ""]


@pytest.mark.parametrize(
    ("by", "names"), [("target", ["a_1", "b"]), ("attribute", ["out of view"])]
)
def test_by_target_and_by_attribute_trackers_are_columns(by: str, names: list[str]) -> None:
    table = table_of(evaluation(), THREE, by=by, measures=("PR",))  # type: ignore[arg-type]
    assert [head for head, _ in table.heads] == ["A_1 & co", "B", "C"]
    assert [name for name, _ in table.rows] == names
    text = table_text(table, "latex")
    assert r"& 0.410 & \textbf{0.700} & \underline{0.500}" in text
    assert f"PR of each {by}" in text


def test_what_one_tracker_lacks_is_a_dash() -> None:
    part = scores("part", 0.9, 0.9).model_copy(update={"targets": ()})
    text = table_text(table_of(evaluation(), [*THREE, part], by="target"), "csv")
    assert text.splitlines()[1] == "a_1,0.600000,0.500000,0.400000,"
    assert " & -- " in table_text(table_of(evaluation(), [*THREE, part], by="target"), "latex")


def test_one_tracker_is_neither_best_nor_second() -> None:
    for form in FORMS:
        text = table_text(table_of(evaluation(), THREE[:1]), form)
        assert "textbf" not in text
        assert "**" not in text


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(UsageError, match="no measure 'XX' here; there are: PR, NPR, SR"):
        table_of(evaluation(), THREE, measures=("XX",))
    with pytest.raises(UsageError, match="a table by target has one measure; 2 are given"):
        table_of(evaluation(), THREE, by="target", measures=("SR", "PR"))
    bare = THREE[0].model_copy(update={"summary": Summary(targets=2, values={}, curves={})})
    with pytest.raises(UsageError, match="no attributes in these scores"):
        table_of(evaluation(), [bare], by="attribute")
    assert BYS == ("tracker", "target", "attribute")
