"""`tirdata import`: boxes and data sets of others -> a dataset."""

from pathlib import Path
from typing import Any

import click

from cli.console import Console, console_for
from cli.options import dry_run_option, engine_option, json_option, verbosity, workers_option

BOXES = "boxes"


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--dataset", "folder", required=True, metavar="DIR",
              type=click.Path(path_type=Path),
              help="Where it goes; made where there is nothing, but not for boxes.")  # fmt: skip
@click.option("--format", "layout", metavar="NAME",
              help="Of a file: boxes, cvat, coco, mot; of a folder: see docs; else by its look.",
)  # fmt: skip
@click.option("--recording", metavar="NAME",
              help="File: of which recording, by id, title or file name.")  # fmt: skip
@click.option("--class", "class_name", metavar="NAME", help="What the object is.")
@click.option("--one-based", is_flag=True, help="Boxes: the first pixel is (1, 1), as in MATLAB.")
@click.option("--track", type=click.IntRange(min=0), metavar="ID",
              help="Boxes: lay them over this track; default a new one.")  # fmt: skip
@click.option("--generated", is_flag=True, help="A machine made them; default: people did.")
@click.option("--subset", type=click.Choice(["train", "val"]), default="train", show_default=True,
              help="Data set: side of the split.")  # fmt: skip
@click.option("--fps", type=click.FloatRange(min=0, min_open=True),
              help="Data set: frames a second; default as it says, else 25.")  # fmt: skip
@click.option("--sequence", "only", multiple=True, metavar="NAME",
              help="File: of which one. Data set: only this one; may be repeated.")  # fmt: skip
@click.option("--strict", is_flag=True,
              help="Write nothing where anything is wrong; else that is left out.")  # fmt: skip
@dry_run_option
@engine_option
@workers_option
@json_option
@verbosity
def import_(source: Path, folder: Path, layout: str | None, as_json: bool, **given: Any) -> None:
    """Example: tirdata import clip.txt --dataset DIR --recording clip.mp4 --class drone

    Takes in boxes that others drew, as a person's. A text file has a line x,y,w,h for each frame
    of a recording that was fetched, or nan where the object is absent; a CVAT XML, a COCO-video
    JSON or a gt.txt of MOT has tracks of a sequence (--sequence) or recording that is there; a
    data set brings its frames along; either may be in a zip, as CVAT exports it. What was taken in
    before is not taken in twice.
    """
    from tirdata.errors import UsageError

    if not source.exists():
        raise UsageError(f"{source}: no such file or folder")
    console = console_for(json=as_json)
    from tirdata.layouts.zip_folder import is_zip_file, unpacked_data

    if is_zip_file(source):
        with unpacked_data(source) as inside:
            _take_in(console, inside, folder, layout, zip_file=source, **given)
    else:
        _take_in(console, source, folder, layout, **given)


def _take_in(
    console: Console, source: Path, folder: Path, layout: str | None, **given: Any
) -> None:
    kind = _kind(source, layout)
    if kind == BOXES:
        _boxes(console, source, folder, **given)
    elif kind is not None:
        from cli.importing import import_file

        import_file(console, source, folder, kind, **given)
    else:
        from cli.importing import import_data_set

        import_data_set(console, source, folder, layout, **given)


def _kind(source: Path, layout: str | None) -> str | None:
    """What a file is; none = a data set."""
    from tirdata.errors import UsageError
    from tirdata.layouts.annotation_files import ANNOTATION_FILES, kind_of

    if layout == BOXES:
        return BOXES
    if not source.is_file():
        return None
    if layout is None:
        return kind_of(source)
    if layout not in ANNOTATION_FILES:
        known = ", ".join((BOXES, *ANNOTATION_FILES))
        raise UsageError(f"{source}: a file is never {layout}; expected a folder, or {known}")
    return layout


def _boxes(
    console: Console, path: Path, folder: Path, *, recording: str | None, one_based: bool,
    class_name: str | None, track: int | None, generated: bool, dry_run: bool, **_: Any,
) -> None:  # fmt: skip
    from cli.importing import tell_tracks
    from cli.scoring import counted
    from tirdata.annotate.importing import BoxesFile, import_boxes
    from tirdata.dataset.tree import Dataset
    from tirdata.errors import UsageError

    if recording is None:
        raise UsageError(f"{path}: of which recording; expected --recording ID, title or file name")
    wanted = BoxesFile(path, recording, class_name, int(one_based), generated, track)
    report = import_boxes(Dataset.open(folder), wanted, write=not dry_run)
    tell_tracks(console, report.tracks, dry_run=dry_run)
    if report.empty:
        console.say(f"{counted(len(report.empty), 'sequence')} without the object")
    if not report.changed:
        console.say(f"nothing to do: {path.name} was taken in before")
    for sequence, over in report.burnt_in:
        console.say(f"{sequence} {over}")
    console.document(
        {
            "dataset": folder,
            "tracks": report.tracks,
            "empty": report.empty,
            "burnt_in": [
                {"sequence": sequence, "over": over} for sequence, over in report.burnt_in
            ],
        }
    )
