"""`tirdata import` of a whole data set."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import Console
from cli.scoring import counted

if TYPE_CHECKING:
    from tirdata.annotate.import_layout import SequenceReport


def import_data_set(
    console: Console, root: Path, folder: Path, layout: str | None, *, dry_run: bool,
    engine: str, workers: int, only: tuple[str, ...], class_name: str | None, subset: str,
    generated: bool, fps: float, **_: Any,
) -> None:  # fmt: skip
    """Take in every sequence and say what became of each.

    Raises:
        PartlyDoneError: some cannot be taken in.
    """
    from tirdata.annotate.import_layout import LayoutFolder, import_layout
    from tirdata.dataset.create import open_or_create
    from tirdata.engine import build_engine
    from tirdata.layouts import open_layout

    reader = open_layout(root, layout)
    wanted = LayoutFolder(root, reader.name, only, class_name, subset, generated, fps)
    names = [name for name in reader.names(root) if not only or name in only]
    if dry_run:
        console.say(f"{counted(len(names), 'sequence')} ({reader.name}) would be taken in")
        console.document({"dataset": folder, "layout": reader.name, "sequences": names})
        return
    dataset = open_or_create(folder)
    with console.progress("import", 2 * len(names)) as progress:

        def done(name: str) -> None:
            progress.update(name)
            progress.advance()

        reports = import_layout(dataset, wanted, build_engine(engine, workers), done)
    rows = [
        (each.name, each.sequence, each.frames, len(each.tracks),
         sum(track.boxes for track in each.tracks))
        for each in reports
    ]  # fmt: skip
    console.table("imported", ("name", "sequence", "frames", "tracks", "boxes"), rows)
    if not any(each.error or each.new or _changed(each) for each in reports):
        console.say("nothing to do: all of it is in the dataset already")
    console.document({"dataset": folder, "layout": reader.name, "sequences": reports})
    _check(reports, folder)


def _changed(report: "SequenceReport") -> bool:
    return not all(track.already for track in report.tracks)


def _check(reports: "tuple[SequenceReport, ...]", folder: Path) -> None:
    from tirdata.errors import DataError, PartlyDoneError

    failed = [each for each in reports if each.error]
    if failed and len(failed) == len(reports):
        raise DataError(f"{failed[0].error}")
    if failed:
        first = failed[0]
        raise PartlyDoneError(
            f"{folder}: {len(failed)} of {len(reports)} sequences failed; {first.error}"
        )
