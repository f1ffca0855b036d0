"""`tirdata stats`: what is in data sets and mixes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.console import Console, console_for
from cli.options import (
    PlaceType,
    Registered,
    config_option,
    engine_option,
    json_option,
    verbosity,
    workers_option,
)

if TYPE_CHECKING:
    from tirdata.remote import Place


@click.command("stats")
@click.argument("data", nargs=-1, required=True, type=PlaceType())
@click.option("--pixels", type=click.IntRange(min=1), metavar="N",
              help="Look at every N-th frame too, for attributes that need pixels.")  # fmt: skip
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Draw it as FILE.png or FILE.svg.")  # fmt: skip
@click.option("--rows", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write a JSON line on each sequence.")  # fmt: skip
@click.option("--format", "layout", type=Registered("tirdata.layouts:LAYOUTS", "format"),
              metavar="NAME", help="How DATA is laid out, where that is not plain.")  # fmt: skip
@config_option
@engine_option
@workers_option
@json_option
@verbosity
def stats(
    data: tuple["Place", ...], pixels: int | None, picture: Path | None, rows: Path | None,
    layout: str | None, config_path: Path | None, engine: str, workers: int, as_json: bool,
) -> None:  # fmt: skip
    """Example: tirdata stats thermal --pixels 10 --picture thermal.png

    Counts what is in data sets of any layout and in mixes: sequences, tracks, classes, sizes,
    speeds, licences, the share drawn by people, and challenge attributes by stated rules.
    """
    from tirdata.config import load
    from tirdata.engine import build_engine
    from tirdata.errors import PartlyDoneError
    from tirdata.statistics.collect import collect, find
    from tirdata.statistics.document import StatsConfig
    from tirdata.statistics.picture import check_ending, write_picture

    console = console_for(json=as_json)
    settings = load(config_path, StatsConfig, {"pixels": pixels})
    if picture is not None:
        check_ending(picture)
    found = find(data, layout)
    with console.progress("stats", sum(len(each.names) for each in found[0])) as progress:
        done = collect(
            found, settings, build_engine(engine, workers), rows=rows, on_sequence=progress.advance
        )
    for each in (*done.data, *((done.together,) if done.together else ())):
        _show_data(console, each)
    for mix in done.mixes:
        _show_mix(console, mix)
    if picture is not None:
        write_picture(done, picture)
        console.say(f"picture: {picture}")
    console.document(done)
    failed = [message for each in done.data for message in each.failed]
    if failed:
        raise PartlyDoneError(f"{len(failed)} sequences could not be read, the first: {failed[0]}")


def _show_data(console: Console, found: Any) -> None:
    human = found.human_boxes / found.boxes if found.boxes else 0.0
    console.say(
        f"{found.data}: {found.layout or 'all'}, {found.sequences} sequences of "
        f"{found.recordings} recordings, {found.frames} frames{_duration(found.duration_s)}, "
        f"{found.tracks} tracks, {found.boxes} boxes, {human:.1%} by a person"
    )
    classes = [(name, each.tracks, each.boxes) for name, each in found.classes.items()]
    console.table("classes", ("class", "tracks", "boxes"), classes)
    sizes = {
        "frames of a sequence": found.lengths, "side of a box, px": found.sides,
        "speed, px a frame": found.speeds, "speed, sides a frame": found.speeds_for_size,
    }  # fmt: skip
    console.table("sizes", ("of", "10 % below", "median", "90 % below"),
                  [(name, _short(each.p10), _short(each.median), _short(each.p90))
                   for name, each in sizes.items()])  # fmt: skip
    console.table("attributes", ("attribute", "sequences", "tracks", "% of tracks", "frames"),
                  [(name, each.sequences, each.tracks,
                    f"{100 * each.tracks / found.tracks:.1f}" if found.tracks else None,
                    each.frames)
                   for name, each in found.attributes.items()])  # fmt: skip
    _show_named(console, found)
    if found.agreement:
        console.table("attributes as the data has them, and by these rules",
                      ("attribute", "both", "rule alone", "data alone", "neither"),
                      [(name, each.both, each.ours, each.theirs, each.neither)
                       for name, each in found.agreement.items()])  # fmt: skip


def _show_named(console: Console, found: Any) -> None:
    named = {
        "subset": found.subsets, "platform": found.platforms, "licence": found.licences,
        "polarity": found.polarities, "palette": found.palettes, "frame size": found.frame_sizes,
    }  # fmt: skip
    rows = [
        (kind, name or "none", count)
        for kind, counts in named.items()
        for name, count in list(counts.items())[:8]
        if set(counts) - {"", "unknown"}
    ]
    console.table("sequences", ("by", "", "sequences"), rows)


def _show_mix(console: Console, mix: Any) -> None:
    rows = [
        (side, mix.samples[side], crops, mix.sequences[side], mix.recordings[side])
        for side, crops in mix.crops.items()
    ]
    console.table(
        f"{mix.mix}: a mix", ("side", "samples", "crops", "sequences", "recordings"), rows
    )
    named = {"domain": mix.domains, "class": mix.classes, "licence": mix.licences,
             "data": mix.datasets}  # fmt: skip
    crops = [(kind, name, n) for kind, counts in named.items() for name, n in counts.items()]
    console.table("crops", ("by", "", "crops"), crops)
    out = [(reason, count) for reason, count in mix.left_out.items()]
    console.table("left out", ("reason", "tracks"), out)


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else f" ({seconds:.0f} s)"


def _short(value: float | None) -> str | None:
    return None if value is None else f"{value:.3g}"
