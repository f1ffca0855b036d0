"""`tirdata masks`: boxes -> binary target masks."""

from pathlib import Path
from typing import Any

import click

from cli.console import Console, console_for
from cli.options import (
    Registered,
    config_option,
    dry_run_option,
    engine_option,
    json_option,
    verbosity,
    workers_option,
)


@click.command("masks")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--style", type=Registered("tirdata.masks.styles:STYLES", "style"), metavar="NAME",
              help="lasot: a mask a frame; gtot: one for each half, in v and i.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
              help="Default: DATA/Masks/STYLE, where DATA is a dataset of ours.")  # fmt: skip
@click.option("--polarity", type=click.Choice(["target-white", "target-black"]),
              help="Which of 255 and 0 the target is; default target-white.")  # fmt: skip
@click.option(
    "--resize", metavar="HxW", help="Height x width, such as 192x256; default the frame's."
)
@click.option("--boxes", type=click.Choice(["own", "visible", "thermal", "union"]),
              help="Of a pair, whose boxes both halves are drawn from; default own.")  # fmt: skip
@click.option("--thermal-substitute", type=click.Choice(["rgb", "gray"]),
              help="What stands for a thermal half that is not there; default rgb.")  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), metavar="N",
              help="At most N frames, as many from every sequence.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), help="Which frames are within the limit.")
@click.option("--track", type=click.IntRange(min=0), metavar="ID", help="Only this track.")
@click.option("--human-only", is_flag=True, default=None, help="Only frames a person confirmed.")
@click.option("--skip-occluded", is_flag=True, default=None, help="No frames marked occluded.")
@click.option("--export-tanet", "tanet", type=click.Path(path_type=Path), metavar="DIR",
              help="Then write them and their frames there, named as TANet has them.")  # fmt: skip
@click.option("--format", "layout", type=Registered("tirdata.layouts:LAYOUTS", "format"),
              metavar="NAME", help="How DATA is laid out, where that is not plain.")  # fmt: skip
@config_option
@dry_run_option
@engine_option
@workers_option
@json_option
@verbosity
def masks(
    data: Path, out: Path | None, layout: str | None, config_path: Path | None, dry_run: bool,
    tanet: Path | None, engine: str, workers: int, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Example: tirdata masks thermal --style lasot

    Writes one lossless 8-bit PNG of 0 and 255 for each frame with a box, and manifest.json last.
    Interrupted, the same command goes on; finished, it does nothing.
    """
    from tirdata.config import load
    from tirdata.engine import build_engine
    from tirdata.errors import UsageError
    from tirdata.layouts import open_layout
    from tirdata.masks.build import build_masks, plan
    from tirdata.masks.manifest import MasksConfig

    console = console_for(json=as_json)
    if config_path is None and given["style"] is None:
        raise UsageError("which style; expected --style lasot or --style gtot")
    settings = load(config_path, MasksConfig, given)
    name = open_layout(data, layout).name
    if out is None and name != "ilsvrc":
        raise UsageError(f"{data}: a data set of others ({name}); expected --out DIR")
    folder = out or data / "Masks" / settings.style
    if dry_run:
        jobs = plan(data, name, folder, settings, build_engine(engine, workers))
        console.say(f"masks of {len(jobs)} sequences would go into {folder}")
        console.document({"sequences": [job.name for job in jobs], "out": folder})
        return
    with console.progress("masks", None) as progress:
        report = build_masks(
            data, name, folder, settings, build_engine(engine, workers), progress.advance
        )
    if tanet is not None:
        from tirdata.masks.loader import MaskedFrames
        from tirdata.masks.tanet import export_tanet

        count = export_tanet(MaskedFrames(folder), tanet)
        console.say(f"{count} frames with masks written to {tanet}")
    _show(console, folder, report)


def _show(console: Console, folder: Path, report: Any) -> None:
    made = report.manifest
    rows = [(each.name, each.frames, each.masks, each.visible) for each in made.sequences]
    console.table(f"masks in {folder}", ("sequence", "frames", "masks", "visible"), rows)
    note = f", {made.thermal_only} sequences thermal only" if made.settings.style == "gtot" else ""
    console.say(f"{made.masks} masks; {made.skipped} frames without a target{note}")
    if not report.fresh:
        console.say("nothing to do: the masks are there and their boxes are the same")
    console.document(made)
