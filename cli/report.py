"""`tirdata report`: the page of an evaluation, and its tables for papers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.console import Console, console_for
from cli.options import json_option, verbosity

if TYPE_CHECKING:
    from tracking.evaluation.evaluate import Evaluation
    from tracking.evaluation.scores import Scores

_FORMS = ("latex", "markdown", "csv")
_BYS = ("tracker", "target", "attribute")


@click.command("report")
@click.argument("evaluation", type=click.Path(path_type=Path))
@click.option("--table", "form", type=click.Choice(_FORMS),
              help="A table in this form in the place of the page.")  # fmt: skip
@click.option("--by", type=click.Choice(_BYS), default="tracker", show_default=True,
              help="What the table has a row of.")  # fmt: skip
@click.option("--measure", "measures", multiple=True, metavar="NAME",
              show_default="those that the benchmark's authors print",
              help="A column of the table: printed name or ours; may be repeated.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              show_default="the page into EVALUATION, a table to stdout",
              help="Where to write it.")  # fmt: skip
@json_option
@verbosity
def report(
    evaluation: Path, form: str | None, by: str, measures: tuple[str, ...], out: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Example: tirdata report evaluation --table latex --out table.tex

    Writes the page of an evaluation again: tables, curves and pictures in one HTML file, or one of
    its tables. The folder is what evaluate was given with --out; for pictures the data set has to
    be where it was. With --json the scores and how sure they are.
    """
    from cli.certainty import certainty
    from tracking.report.page import read_evaluation, write_report

    console = console_for(json=as_json)
    if form is not None:
        _write_table(console, evaluation, form, out, by=by, measures=measures)
        return
    _check_page_alone(by, measures)
    found, scores = read_evaluation(evaluation)
    path = write_report(evaluation, out)
    console.say(f"report: {path}")
    console.document(
        {
            "report": path,
            "trackers": [each.name for each in scores],
            "scores": _numbers(found, scores),
            "confidence": certainty(found.benchmark, scores),
        }
        if as_json
        else {}
    )


def _check_page_alone(by: str, measures: tuple[str, ...]) -> None:
    from tirdata.errors import UsageError

    if by != "tracker" or measures:
        raise UsageError("--by and --measure are of a table; say its form with --table")


def _numbers(evaluation: "Evaluation", scores: "list[Scores]") -> dict[str, dict[str, float]]:
    from tracking.evaluation.evaluate import published_scores

    return {each.name: published_scores(evaluation.benchmark, each) for each in scores}


def _write_table(
    console: Console, folder: Path, form: str, out: Path | None, **wanted: Any
) -> None:
    from tirdata.files import write_text
    from tracking.evaluation.confidence import confidences
    from tracking.report.page import read_evaluation
    from tracking.report.text_tables import table_of, table_text

    evaluation, scores = read_evaluation(folder)
    ranked = form == "csv" and wanted["by"] == "tracker"
    found = confidences(evaluation.benchmark.build(), scores) if ranked else None
    text = table_text(table_of(evaluation, scores, found=found, **wanted), form)  # type: ignore[arg-type]
    if out is not None:
        write_text(out, text)
        console.say(f"table: {out}")
    elif not console.json:
        console.say(text.rstrip("\n"))
    console.document({"table": out, "form": form, "text": text})
