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
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--protocol", "--benchmark", "protocol", metavar="NAME|FILE",
              help="Whose rules: one-pass, otb, lsotb, lasher and so on, or a file.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), default=Path("evaluation"),
              show_default=True, metavar="DIR",
              help="Folder of the evaluation; several trackers are compared there.")  # fmt: skip
@click.option("--name", metavar="NAME", help="What to call it in tables.")
@click.option("--origin", type=click.IntRange(0, 1),
              help="Number of the first pixel in RESULTS; as DATA has it by default.")  # fmt: skip
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
    data: Path, out: Path, layout: str | None, settings: tuple[str, ...], only: tuple[str, ...],
    protocol: str | None, config_path: Path | None, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Example: tirdata evaluate mmnet DATASET --protocol one-pass --out evaluation

    Scores a tracker, or a folder of raw results, against the boxes that people drew. Results of
    others are a text file a sequence with x y w h a line. Several trackers evaluated into one
    folder are ranked on one page, report.html. The same command again does only what is left.
    """
    from cli.evaluating import Request, evaluate_one
    from cli.scoring import open_data, settings_of
    from tirdata.config import load
    from tracking.evaluation.benchmark import open_benchmark
    from tracking.evaluation.run import EvaluateConfig
    from tracking.evaluation.targets import read_truths

    console = console_for(json=as_json)
    wanted = {
        "settings": settings_of(settings), "sequences": only or None, "protocol": protocol
    }  # fmt: skip
    config = load(config_path, EvaluateConfig, wanted)
    rules = open_benchmark(config.protocol)
    protocol_of = rules.build()
    found = open_data(data, layout)
    truths = read_truths(
        found,
        only=config.sequences,
        machine_boxes=protocol_of.machine_boxes,
        sizes=protocol_of.sizes,
    )
    evaluate_one(Request(found, truths, rules, config.settings, out), console, **given)
