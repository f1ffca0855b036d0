"""`tirdata fetch`: links, video files or a sources file -> white-hot 8-bit sequences."""

import os
from pathlib import Path
from typing import Any, get_args

import click

from cli.console import Console, console_for
from cli.deciding import tell_decided
from cli.normalising import normalise_options
from cli.options import (
    config_option,
    dry_run_option,
    engine_option,
    json_option,
    verbosity,
    workers_option,
)


@click.command("fetch")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--dataset", "folder", required=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Made where there is nothing yet.")  # fmt: skip
@click.option("--subset", metavar="train|val", help="Side of the split; default train.")
@click.option("--class", "class_name", metavar="NAME", help="What is to be followed.")
@click.option("--title", help="What people call it; for a single source.")
@click.option("--licence", metavar="LIST", help="Take only these: cc0,cc-by,…")
@click.option("--min-frames", type=int, metavar="N", help="Leave out shorter shots; default 10.")
@click.option("--keep/--no-keep", default=None, help="Keep the original bytes; default yes.")
@click.option("--retries", type=int, metavar="N", help="New tries of a link; default 5.")
@click.option("--rate-limit", type=int, metavar="BYTES", help="Per second, of each download.")
@click.option("--total-rate-limit", type=int, metavar="BYTES",
              help="Per second, of all downloads.")  # fmt: skip
@click.option("--per-host", type=int, metavar="N", help="Downloads from one host at once.")
@click.option("--playlist-items", metavar="LIST", help="Of playlists, only these: 1-5,8.")
@click.option("--cookies", type=click.Path(path_type=Path), metavar="FILE",
              help="Cookies that are sent, in Netscape's format.")  # fmt: skip
@click.option("--cookies-from-browser", metavar="BROWSER", help="Whose cookies are sent.")
@normalise_options
@config_option
@dry_run_option
@engine_option
@workers_option
@json_option
@verbosity
def fetch(
    sources: tuple[str, ...], folder: Path, licence: str | None, config_path: Path | None,
    dry_run: bool, engine: str, workers: int, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Example: tirdata fetch clip.mp4 https://example.org/flight.mp4 --dataset mydata

    Makes white-hot 8-bit sequences of recordings: local files, plain links, pages that yt-dlp
    knows, and all that a sources file (TOML or CSV) names. Cuts are found; each shot is a
    sequence with an empty XML for every frame. Run it again to go on where it was stopped.
    """
    from tirdata.config import load
    from tirdata.dataset.create import open_or_create
    from tirdata.dataset.ingest import ingest, plan
    from tirdata.dataset.settings import IngestConfig
    from tirdata.engine import build_engine
    from tirdata.fetch.sources import read_sources

    console = console_for(json=as_json)
    licences = None if licence is None else [each.strip() for each in licence.split(",")]
    settings = load(config_path, IngestConfig, {**given, "licences": licences})
    wanted = read_sources(sources)
    if "threads" not in settings.model_fields_set:  # cores that no other recording has
        at_once = min(workers, len(wanted))
        threads = max(1, (os.cpu_count() or 1) // at_once)
        settings = settings.model_copy(update={"threads": threads})
    dataset = open_or_create(folder, write=not dry_run)
    if dry_run:
        report = plan(wanted, dataset, settings)
    else:
        with console.progress("fetch", len(wanted)) as progress:

            def show(ended: int, text: str) -> None:
                progress.update(text)
                if ended < 0:
                    progress.grow(-ended)
                else:
                    progress.advance(ended)

            report = ingest(wanted, dataset, settings, build_engine(engine, workers), show)
    _tell(console, folder, report)
    report.check()


def _tell(console: Console, folder: Path, report: Any) -> None:
    from tirdata.dataset.ingest import Status

    rows = [
        (_short(item.source), item.status, len(item.sequences), item.frames, item.recording_id)
        for item in report.items
    ]  # fmt: skip
    console.table("fetched", ("source", "status", "sequences", "frames", "recording"), rows)
    for item in report.items:
        alone = len(report.items) == 1 and item.status == "failed"  # the command ends with it
        if item.message is not None and not alone:
            click.echo(f"{item.status}: {item.message}", err=True)
        for warning in item.warnings if item.status == "done" else ():
            click.echo(f"warning: {_short(item.source)}: {warning}", err=True)
    tell_decided(console, [each for item in report.items for each in item.decided])
    if all(item.status == "present" for item in report.items):
        console.say("nothing to do: all of it is in the dataset already")
    counts = {status: report.count(status) for status in get_args(Status)}
    console.document({"dataset": folder, "counts": counts, "items": report.items})


def _short(source: str) -> str:
    return source.rsplit("/", 1)[-1]
