"""`tirdata track`: a tracker over a data set, as raw results."""

from pathlib import Path
from typing import Any

import click

from cli.console import console_for
from cli.options import (
    Registered,
    config_option,
    device_option,
    dry_run_option,
    engine_option,
    json_option,
    verbosity,
    workers_option,
)
from cli.scoring import (
    check_whole,
    data_options,
    open_data,
    plain_failures,
    run_targets,
    say_left_out,
    settings_of,
    tracker_options,
)


@click.command("track")
@click.argument("tracker")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="RESULTS",
              help="Folder of the results; goes on if it holds some of the same run.")  # fmt: skip
@click.option("--protocol", default="one-pass", show_default=True, metavar="NAME",
              help="How the tracker is started and restarted.")  # fmt: skip
@click.option("--form", type=Registered("tracking.evaluation.run_files:FORMS", "form"),
              metavar="NAME", show_default="as suits the protocol",
              help="Names of the result files: otb, lasher, gtot, got10k or vot.")  # fmt: skip
@data_options
@tracker_options
@config_option
@dry_run_option
@engine_option
@workers_option
@device_option
@json_option
@verbosity
def track(
    tracker: str, data: Path, out: Path, protocol: str, only: tuple[str, ...],
    settings: tuple[str, ...], engine: str, workers: int, dry_run: bool, as_json: bool,
    config_path: Path | None, layout: str | None, repetitions: int | None, form: str | None,
    **placed: Any,
) -> None:  # fmt: skip
    """Example: tirdata track mmnet DATASET --out results/mmnet

    Runs a tracker over every annotated object and writes its raw results. A text file for each,
    a line x,y,w,h for each frame, and the seconds each frame took. Stop it at any time: the same
    command goes on from there.
    """
    from tirdata.config import load
    from tracking.evaluation.benchmark import open_benchmark
    from tracking.evaluation.choice import choose_tracker
    from tracking.evaluation.run import Run, TrackConfig, read_speed
    from tracking.evaluation.targets import read_truths

    console = console_for(json=as_json)
    wanted = {"settings": settings_of(settings), "sequences": only or None}
    config = load(config_path, TrackConfig, wanted)
    choice = choose_tracker(tracker, config.settings, **placed)
    benchmark = open_benchmark(protocol)
    rules = benchmark.build()
    run = Run(
        choice, open_data(data, layout), benchmark.benchmark.protocol, rules, out, repetitions, form
    )
    truths = read_truths(
        run.data, only=config.sequences, machine_boxes=rules.machine_boxes, sizes=rules.sizes
    )
    say_left_out(console, truths)
    if dry_run:
        left = run.left(truths.targets)
        console.say(f"{len(left)} of {len(truths.targets)} targets would be tracked into {out}")
        console.document({"targets": [truth.name for truth in left], "results": out})
        return
    report = run_targets(run, truths, console, engine, workers)
    failed = (*truths.failed, *report.failed)
    whole = (*report.ran, *report.done_before)
    speed = read_speed(out, whole) if whole else None
    if speed is not None:
        console.say(
            f"{speed.fps_without_start:.1f} frames/s; {speed.fps:.1f} with the time of starting"
        )
    console.document(
        {"results": out, "tracked": report.ran, "tracked_before": report.done_before,
         "failed": plain_failures(failed), "without_truth": truths.without, "speed": speed}
    )  # fmt: skip
    check_whole(failed, len(whole) + len(failed), out)
