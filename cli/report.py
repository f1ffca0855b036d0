"""`tirdata report`: the page of an evaluation."""

from pathlib import Path

import click

from cli.console import console_for
from cli.options import json_option, verbosity


@click.command("report")
@click.argument("evaluation", type=click.Path(path_type=Path))
@json_option
@verbosity
def report(evaluation: Path, as_json: bool) -> None:
    """Example: tirdata report evaluation

    Writes the page of an evaluation again: tables, curves and pictures in one HTML file. The
    folder is what evaluate was given with --out; the data set has to be where it was.
    """
    from tracking.evaluation.evaluate import read_scores
    from tracking.report.page import write_report

    console = console_for(json=as_json)
    path = write_report(evaluation)
    console.say(f"report: {path}")
    console.document(
        {"report": path, "trackers": [scores.name for scores in read_scores(evaluation)]}
    )
