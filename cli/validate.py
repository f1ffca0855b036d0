"""`tirdata validate`: every fault of a dataset, by name."""

from pathlib import Path

import click

from cli.console import console_for
from cli.options import engine_option, json_option, verbosity, workers_option


@click.command("validate")
@click.argument("folder", metavar="DATASET", type=click.Path(path_type=Path))
@click.option(
    "--frames/--no-frames", default=True, help="Decode every frame and mask, or only list them."
)
@click.option("--hashes", is_flag=True, help="Compare frames and recordings with their hashes too.")
@click.option("--write-lists", is_flag=True, help="First write the list files anew.")
@engine_option
@workers_option
@json_option
@verbosity
def validate(
    folder: Path, frames: bool, hashes: bool, write_lists: bool, engine: str, workers: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Example: tirdata validate mydata

    Checks every file of a dataset: cards, journals, XML files, frames, masks, lists, each against
    its schema and against each other. Names every fault; ends with status 3 if there is one.
    """
    from tirdata.annotate.check import journal_faults
    from tirdata.dataset import lists
    from tirdata.dataset.tree import Dataset
    from tirdata.dataset.validate import validate as each_fault
    from tirdata.engine import build_engine
    from tirdata.errors import DataError
    from tirdata.masks.check import MasksCheck, style_faults

    console = console_for(json=as_json)
    dataset = Dataset.open(folder)
    if write_lists:
        with dataset.lock():
            console.say(f"{lists.write_lists(dataset)} list files written")
    count = len(list(folder.glob("sequences/*.json")))
    with console.progress("validate", count) as progress:
        found = each_fault(
            folder, frames=frames, hashes=hashes,
            checks=(journal_faults, MasksCheck(pixels=frames)),
            engine=build_engine(engine, workers), on_sequence=progress.advance,
        )  # fmt: skip
        faults = sorted([*found, *style_faults(dataset)])
    for fault in faults:
        click.echo(f"{fault.path}: {fault.message}", err=as_json)  # even when quiet
    console.document(
        {
            "dataset": folder,
            "sequences": count,
            "faults": [{"path": fault.path, "message": fault.message} for fault in faults],
        }
    )
    if faults:
        raise DataError(f"{folder}: {len(faults)} faults in {count} sequences; each is named above")
    console.say(f"{folder}: {count} sequences, no fault")
