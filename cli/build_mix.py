"""`tirdata build-mix`: visible and thermal datasets -> a training mix."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.console import Console, console_for
from cli.options import (
    PlaceType,
    config_option,
    dry_run_option,
    engine_option,
    json_option,
    verbosity,
    workers_option,
)

if TYPE_CHECKING:
    from tirdata.remote import Place

SHARE = click.FloatRange(0, 1)


@click.command("build-mix")
@click.option("--vid", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
              help="A visible-light dataset; may be given more than once.")  # fmt: skip
@click.option("--tir", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
              help="A thermal dataset; may be given more than once.")  # fmt: skip
@click.option("--out", required=True, type=PlaceType(), metavar="MIX",
              help="Folder of the mix, or an address such as s3://bucket/mix.")  # fmt: skip
@click.option("--scratch", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Where samples lie until the mix is whole; by default in MIX, or of an "
              "address in ~/.cache/tirdata.")  # fmt: skip
@click.option("--task", type=click.Choice(["matching", "rgbt"]),
              help="matching: crops around one object (default); rgbt: pairs of whole frames "
              "with masks.")  # fmt: skip
@click.option("--class", "classes", multiple=True, metavar="NAME", help="Keep only this class.")
@click.option("--licence", "licences", multiple=True, metavar="NAME",
              help="Keep only what is under this licence, such as cc0 or cc-by.")  # fmt: skip
@click.option("--mixed-licences", type=click.Choice(["list", "refuse"]),
              help="More than one licence: list them (default), or build nothing.")  # fmt: skip
@click.option("--stride", type=click.IntRange(min=1), help="Every n-th frame of a track.")
@click.option("--min-frames", type=click.IntRange(min=2), help="Fewest usable boxes of a track.")
@click.option("--min-side", type=click.FloatRange(0, min_open=True), metavar="PIXELS",
              help="Shortest side of a box.")  # fmt: skip
@click.option("--val-share", type=click.FloatRange(0, 1, max_open=True),
              help="Chance of a recording to go to validation.")  # fmt: skip
@click.option(
    "--human-only", is_flag=True, default=None, help="Only boxes that a person confirmed."
)
@click.option("--min-human-share", type=SHARE, help="Of the boxes of a track, a person's.")
@click.option("--min-confidence", type=SHARE, help="Of boxes that no person confirmed.")
@click.option("--vid-weight", type=click.FloatRange(0), help="How often visible pairs are drawn.")
@click.option("--tir-weight", type=click.FloatRange(0), help="How often thermal ones are.")
@click.option(
    "--duplicates",
    type=click.Choice(["together", "ignore"]),
    help="Recordings that show the same: on one side (default), or not looked for.",
)
@click.option("--frame-size", metavar="HEIGHTxWIDTH", help="rgbt: size of stored frames.")
@click.option("--thermal-substitute", type=click.Choice(["rgb", "gray"]),
              help="rgbt: what stands for the thermal half of --vid.")  # fmt: skip
@click.option("--mask-polarity", type=click.Choice(["target-white", "target-black"]),
              help="rgbt: which of the two is 255.")  # fmt: skip
@click.option("--mask-boxes", type=click.Choice(["visible", "thermal", "union"]),
              help="rgbt: whose boxes masks show.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), help="Decides split and order.")
@click.option("--strict", is_flag=True, help="Build nothing if a sequence cannot be read.")
@config_option
@dry_run_option
@engine_option
@workers_option
@json_option
@verbosity
def build_mix(
    out: "Place", scratch: Path | None, config_path: Path | None, strict: bool, dry_run: bool,
    engine: str, workers: int, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Example: tirdata build-mix --vid visible --tir thermal --out mix

    Cuts the crops of every track, splits them by recording into train and val, and writes
    WebDataset shards with an index. FILE of --config is a recipe (see `tirdata schema recipe`).
    Sequences that cannot be read are left out and listed; the exit status is 4 then.
    """
    from tirdata.config import load
    from tirdata.engine import build_engine
    from tirdata.errors import PartlyDoneError
    from tirdata.mix import build, jobs
    from tirdata.mix.recipe import Recipe

    console = console_for(json=as_json)
    overrides = {name: value for name, value in given.items() if value != ()}
    recipe = load(config_path, Recipe, overrides)
    if dry_run:
        planned = jobs.plan(recipe, build.parts_folder(out, scratch))
        console.say(f"{len(planned)} sequences would go into {out}")
        console.document({"sequences": [job.name for job in planned]})
        return
    with console.progress("cut", None) as progress:
        report = build.build_mix(
            recipe, out, build_engine(engine, workers),
            lambda done, total: progress.advance(), strict=strict, scratch=scratch,
        )  # fmt: skip
    _show(console, out, report)
    failed = report.manifest.failed
    if failed:
        count = len(failed) + len(report.manifest.sequences)
        raise PartlyDoneError(
            f"{len(failed)} of {count} sequences are not in the mix, see failed in "
            f"{out / 'mix.json'}; first: {failed[0].message}"
        )


def _show(console: Console, out: "Place", report: Any) -> None:
    manifest = report.manifest
    rows = [
        (subset, counts.recordings, counts.sequences, counts.samples, counts.crops)
        for subset, counts in manifest.subsets.items()
    ]
    if not report.fresh:
        console.say(f"{out}: nothing to do, the mix is there and its inputs are the same")
    elif report.reused:
        console.say(f"{report.reused} sequences were in the mix already")
    made = "crops" if manifest.recipe.task == "matching" else "pairs"
    console.table(f"mix {out}", ("subset", "recordings", "sequences", "samples", made), rows)
    if manifest.duplicates:
        console.say(f"{len(manifest.duplicates)} pairs of duplicates, each kept on one side")
    if len(manifest.licences) > 1:
        listed = (f"{name or 'unknown'} ({count})" for name, count in manifest.licences.items())
        console.say(f"licences: {', '.join(listed)}")
    for each in manifest.class_collisions:
        console.say(f"classes, {each.kind}: {each.name} <- {', '.join(each.members)}")
    for reason, count in manifest.left_out.items():
        console.say(f"{count} tracks left out: {reason}")
    for reason, count in manifest.left_out_boxes.items():
        console.say(f"{count} boxes left out: {reason}")
    console.document(manifest)
