"""`tirdata init`: an empty dataset."""

from pathlib import Path

import click

from cli.console import console_for
from cli.options import json_option, verbosity


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--name", help="What people call the dataset; else the folder's name.")
@json_option
@verbosity
def init(folder: Path, name: str | None, as_json: bool) -> None:
    """Example: tirdata init mydata

    Makes an empty dataset with a commented tirdata.toml and a sample sources file.
    """
    from tirdata.dataset.create import create_dataset

    console = console_for(json=as_json)
    written = create_dataset(folder, name)
    for path in written:
        console.say(f"wrote {path}")
    if written:
        console.say(f"next: tirdata fetch CLIP --dataset {folder}")
    else:
        console.say(f"{folder}: is a dataset already, nothing to do")
    console.document({"dataset": folder, "written": written})
