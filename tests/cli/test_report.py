"""The command `report`."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.made import made_sequence
from tirdata.layouts import LAYOUTS


def tirdata(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="tirdata")


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sets of results, one exact and one beside it, scored on true boxes alone."""
    root = tmp_path_factory.mktemp("report")
    made = [made_sequence(6, size=(64, 48), seed=seed, name=f"s{seed}") for seed in range(3)]
    LAYOUTS["otb"].write(made, root / "data")
    for name, shift in (("exact", 0), ("beside", 4)):
        (root / "results" / name).mkdir(parents=True)
        for each in made:
            boxes = each.tracks[0].boxes + np.array([1 + shift, 1, 0, 0])
            lines = "".join(",".join(f"{value:.4f}" for value in box) + "\n" for box in boxes)
            (root / "results" / name / f"{each.name}.txt").write_text(lines)
    out = root / "evaluation"
    result = tirdata(
        "evaluate", root / "results", "--groundtruth", root / "data", "--protocol", "otb",
        "--out", out, "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (root / "evaluate.json").write_text(result.stdout)
    return out


def test_the_page_goes_into_the_evaluation_or_where_it_is_asked(
    evaluated: Path, tmp_path: Path
) -> None:
    assert tirdata("report", evaluated).exit_code == 0
    result = tirdata("report", evaluated, "--out", tmp_path / "page.html")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "page.html").read_text() == (evaluated / "report.html").read_text()


def test_json_has_scores_and_how_sure_they_are(evaluated: Path) -> None:
    document = json.loads(tirdata("report", evaluated, "--json").stdout)
    assert document["trackers"] == ["exact", "beside"]
    assert document["scores"]["exact"]["Pre"] == 1
    sure = document["confidence"]
    assert (sure["level"], sure["resamples"], sure["seed"], sure["over"]) == (
        0.95, 10000, 0, "targets",
    )  # fmt: skip
    first, second = sure["trackers"]["exact"]["Suc"], sure["trackers"]["beside"]["Suc"]
    assert "to_best" not in first
    assert first["says_little"]
    assert second["low"] <= document["scores"]["beside"]["Suc"] <= second["high"]
    assert second["to_best"]["best"] == "exact"
    assert second["to_best"]["difference"] < 0
    assert second["to_best"]["told_apart"]


def test_evaluate_says_the_same(evaluated: Path) -> None:
    before = json.loads((evaluated.parent / "evaluate.json").read_text())
    after = json.loads(tirdata("report", evaluated, "--json").stdout)
    assert before["confidence"] == after["confidence"]


STARTS = {
    "latex": "% \\usepackage{booktabs}",
    "markdown": "OTB100, 3",
    "csv": "tracker,Suc",
}


@pytest.mark.parametrize(("form", "start"), STARTS.items())
def test_tables_go_to_stdout_or_a_file(
    evaluated: Path, tmp_path: Path, form: str, start: str
) -> None:
    shown = tirdata("report", evaluated, "--table", form)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith(start)
    written = tirdata("report", evaluated, "--table", form, "--out", tmp_path / "table")
    assert f"table: {tmp_path / 'table'}" in written.stdout
    assert (tmp_path / "table").read_text().strip() == shown.stdout.strip()


def test_a_table_by_target_of_one_measure(evaluated: Path) -> None:
    result = tirdata("report", evaluated, "--table", "csv", "--by", "target", "--measure", "Pre")
    assert result.stdout.splitlines()[:2] == ["target,exact,beside", "s0,1.000000,1.000000"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--by", "target"), "--by and --measure are of a table"),
        (("--table", "csv", "--measure", "EAO"), "no measure 'EAO' here; there are: Suc, Pre"),
        (("--table", "latex", "--by", "attribute"), "no attributes in these scores"),
    ],
)
def test_bad_usage_is_said(evaluated: Path, words: tuple[str, ...], message: str) -> None:
    result = tirdata("report", evaluated, *words)
    assert result.exit_code == 2
    assert message in result.stderr
