"""`tirdata import` of a whole data set, and of files with several tracks."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import Console
from cli.scoring import counted

FAULTS_SHOWN = 20

if TYPE_CHECKING:
    from tirdata.annotate.import_layout import SequenceReport
    from tirdata.annotate.importing import Imported


def import_data_set(
    console: Console, root: Path, folder: Path, layout: str | None, *, dry_run: bool,
    engine: str, workers: int, only: tuple[str, ...], class_name: str | None, subset: str,
    generated: bool, fps: float | None, strict: bool, zip_file: Path | None = None, **_: Any,
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
    wanted = LayoutFolder(root, reader.name, only, class_name, subset, generated, fps,
                          zip_file, strict)  # fmt: skip
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
    for track in [track for each in reports for track in each.left_out][:FAULTS_SHOWN]:
        console.say(f"left out: {track}")
    if not any(each.error or each.new or _changed(each) for each in reports):
        console.say("nothing to do: all of it is in the dataset already")
    console.document({"dataset": folder, "layout": reader.name, "sequences": reports})
    _check(reports, folder)


def import_file(
    console: Console, path: Path, folder: Path, kind: str, *, recording: str | None,
    only: tuple[str, ...], class_name: str | None, generated: bool, strict: bool, dry_run: bool,
    one_based: bool, track: int | None, **_: Any,
) -> None:  # fmt: skip
    """Take in the tracks of a file and say what became of each.

    Raises:
        UsageError: an option is for other files.
        PartlyDoneError: some records are wrong and were left out.
    """
    from tirdata.annotate.import_tracks import TracksFile, import_tracks
    from tirdata.dataset.tree import Dataset
    from tirdata.errors import PartlyDoneError, UsageError

    if one_based or track is not None:
        flag = "--one-based" if one_based else "--track"
        raise UsageError(f"{flag}: is for boxes; {path} is {kind}, which says so itself")
    if len(only) > 1 or (only and recording):
        raise UsageError(f"{path}: goes onto one thing; expected --sequence or --recording, once")
    sequence = only[0] if only else None
    wanted = TracksFile(path, kind, sequence, recording, class_name, generated, strict)
    report = import_tracks(Dataset.open(folder), wanted, write=not dry_run)
    tell_tracks(console, report.tracks, dry_run=dry_run)
    for note in report.notes:
        console.say(note)
    if report.empty:
        console.say(f"{counted(len(report.empty), 'sequence')} without an object")
    if not report.changed:
        console.say(f"nothing to do: {path.name} was taken in before")
    for name, over in report.burnt_in:
        console.say(f"{name} {over}")
    for fault in report.faults[:FAULTS_SHOWN]:
        console.say(f"left out: {fault}")
    console.document(
        {
            "dataset": folder,
            "format": kind,
            "tracks": report.tracks,
            "empty": report.empty,
            "notes": report.notes,
            "faults": report.faults,
            "fault_count": report.fault_count,
        }
    )
    if report.fault_count:
        rest = "would be" if dry_run else "is"
        raise PartlyDoneError(
            f"{path}: {counted(report.fault_count, 'record')} left out, the rest {rest} taken in; "
            f"the first: {report.faults[0]}"
        )


def _changed(report: "SequenceReport") -> bool:
    return not all(track.already for track in report.tracks)


def _check(reports: "tuple[SequenceReport, ...]", folder: Path) -> None:
    from tirdata.errors import DataError, PartlyDoneError

    failed = [each for each in reports if each.error]
    left_out = [track for each in reports for track in each.left_out]
    if left_out and not failed:
        raise PartlyDoneError(
            f"{folder}: {counted(len(left_out), 'track')} left out, the rest is taken in; the "
            f"first: {left_out[0]}"
        )
    if failed and len(failed) == len(reports):
        raise DataError(f"{failed[0].error}")
    if failed:
        first = failed[0]
        raise PartlyDoneError(
            f"{folder}: {len(failed)} of {len(reports)} sequences failed; {first.error}"
        )


def tell_tracks(console: Console, tracks: Iterable["Imported"], *, dry_run: bool) -> None:
    """A line for each track that boxes were laid over, or would be."""
    rows = [
        (each.sequence, each.track, each.class_name, each.boxes, each.absent,
         "before" if each.already else "new")
        for each in tracks
    ]  # fmt: skip
    columns = ("sequence", "track", "class", "boxes", "absent", "taken in")
    console.table("would be imported" if dry_run else "imported", columns, rows)
