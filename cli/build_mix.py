"""`tirdata build-mix`: visible and thermal datasets -> a training mix."""

from pathlib import Path
from typing import Any

import click

from cli.console import Console, console_for
from cli.options import (
    config_option,
    dry_run_option,
    engine_option,
    json_option,
    verbosity,
    workers_option,
)


@click.command("build-mix")
@click.option("--vid", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
              help="A visible-light dataset; may be given more than once.")  # fmt: skip
@click.option("--tir", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
              help="A thermal dataset; may be given more than once.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="MIX",
              help="Folder of the mix.")  # fmt: skip
@click.option("--class", "classes", multiple=True, metavar="NAME", help="Keep only this class.")
@click.option("--stride", type=click.IntRange(min=1), help="Every n-th frame of a track.")
@click.option("--val-share", type=click.FloatRange(0, 1, max_open=True),
              help="Share of the recordings that goes to validation.")  # fmt: skip
@click.option(
    "--human-only", is_flag=True, default=None, help="Only boxes that a person confirmed."
)
@click.option(
    "--duplicates",
    type=click.Choice(["together", "ignore"]),
    help="Recordings that show the same: on one side (default), or not looked for.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Decides split and order.")
@config_option
@dry_run_option
@engine_option
@workers_option
@json_option
@verbosity
def build_mix(
    vid: tuple[Path, ...], tir: tuple[Path, ...], out: Path, classes: tuple[str, ...],
    config_path: Path | None, dry_run: bool, engine: str, workers: int, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Example: tirdata build-mix --vid visible --tir thermal --out mix

    Cuts the crops of every track, splits them by recording into train and val, and writes
    WebDataset shards with an index. FILE of --config is a recipe (see `tirdata schema recipe`).
    """
    from tirdata.config import load
    from tirdata.engine import build_engine
    from tirdata.mix import build
    from tirdata.mix.recipe import Recipe

    console = console_for(json=as_json)
    lists = {"vid": vid, "tir": tir, "classes": classes}
    overrides = {**given, **{name: value for name, value in lists.items() if value}}
    recipe = load(config_path, Recipe, overrides)
    if dry_run:
        jobs = build.plan(recipe, out)
        console.say(f"{len(jobs)} sequences would go into {out}")
        console.document({"sequences": [str(job.root / job.name) for job in jobs]})
        return
    with console.progress("cut", None) as progress:
        report = build.build_mix(
            recipe, out, build_engine(engine, workers), lambda done, total: progress.advance()
        )
    _show(console, out, report)


def _show(console: Console, out: Path, report: Any) -> None:
    manifest = report.manifest
    rows = [
        (subset, counts.recordings, counts.sequences, counts.samples, counts.crops)
        for subset, counts in manifest.subsets.items()
    ]
    if not report.fresh:
        console.say(f"{out}: nothing to do, the mix is there and its inputs are the same")
    console.table(f"mix {out}", ("subset", "recordings", "sequences", "samples", "crops"), rows)
    if manifest.duplicates:
        console.say(f"{len(manifest.duplicates)} pairs of duplicates, each kept on one side")
    for reason, count in manifest.left_out.items():
        console.say(f"{count} tracks left out: {reason}")
    console.document(manifest)
