"""`tirdata export`: a dataset -> a data set in somebody else's layout."""

from pathlib import Path
from typing import Any

import click

from cli.console import console_for
from cli.options import (
    Registered,
    dry_run_option,
    engine_option,
    json_option,
    verbosity,
    workers_option,
)


@click.command("export")
@click.argument("data", metavar="DATASET", type=click.Path(path_type=Path))
@click.option("--format", "layout", required=True, metavar="NAME",
              type=Registered("tirdata.layouts:LAYOUTS", "format"),
              help="What is written: mot, coco, cvat, got10k, otb, ilsvrc, …")  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Where it goes: a new folder, or an export that is replaced.")  # fmt: skip
@click.option("--sequence", "only", multiple=True, metavar="NAME",
              help="Only this sequence; may be repeated.")  # fmt: skip
@click.option("--subset", type=click.Choice(["train", "val"]), help="Only this side of the split.")
@click.option("--class", "classes", multiple=True, metavar="NAME",
              help="Only tracks of this class; may be repeated.")  # fmt: skip
@click.option("--split-gaps", is_flag=True,
              help="A track that comes back after an absence is another track.")  # fmt: skip
@click.option("--no-frames", is_flag=True, help="Annotations alone.")
@click.option("--link", is_flag=True,
              help="Hard links in place of copies; on the same disk.")  # fmt: skip
@click.option("--strict", is_flag=True,
              help="Write nothing where the format cannot say everything.")  # fmt: skip
@click.option("--from", "source", metavar="NAME",
              type=Registered("tirdata.layouts:LAYOUTS", "format"),
              help="How DATASET is laid out, where that is not plain.")  # fmt: skip
@dry_run_option
@engine_option
@workers_option
@json_option
@verbosity
def export(data: Path, as_json: bool, **given: Any) -> None:
    """Example: tirdata export thermal --format coco --out thermal-coco

    Writes the sequences of a dataset (or of any data set that can be read) in another layout, with
    export.json: what was written, from what, and what that layout cannot say, counted. The folder
    is there whole or not at all; stopped, the same command goes on; finished, it does nothing.
    """
    from cli.exporting import run_export

    run_export(console_for(json=as_json), data, **given)
