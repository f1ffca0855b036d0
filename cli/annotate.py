"""`tirdata annotate`: a person's boxes in, VID2015 XML for every frame out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cli.annotate_looks import look
from cli.annotating import in_batches, said, show, tracking_of
from cli.console import console_for
from cli.options import (
    config_option,
    device_option,
    dry_run_option,
    engine_option,
    json_option,
    set_option,
    verbosity,
    workers_option,
)


def _verb(name: str, text: str) -> Callable[[Any], Any]:
    return click.option(f"--{name}", "verbs", flag_value=name, multiple=True, help=text)


@click.command("annotate")
@click.argument("dataset", type=click.Path(path_type=Path))
@click.argument("sequences", nargs=-1, metavar="[SEQUENCE]...")
@click.option("--box", metavar="X,Y,W,H", help="A box in pixels, from the top-left corner at 0,0.")
@click.option("--frame", type=click.IntRange(min=0), metavar="N", help="Its frame, from 0.")
@click.option("--class", "class_name", metavar="NAME", help="What the object is.")
@click.option("--track", type=click.IntRange(min=0), metavar="ID",
              help="Which object; not needed while there is one of its class.")  # fmt: skip
@click.option("--boxes", "boxes_file", type=click.Path(path_type=Path), metavar="FILE",
              help="CSV or JSON: sequence, frame, track, class, x, y, w, h, occluded.")  # fmt: skip
@_verb("accept", "The box of --frame, or of --frame to --until, is right as it is.")
@_verb("change-class", "The track is a --class after all.")
@_verb("occluded", "The box, or --frame to --until, is partly hidden.")
@_verb("visible", "--frame to --until is not hidden after all.")
@_verb("end-track", "Gone from --frame on, until the next box.")
@_verb("delete-box", "Take back what was said of --frame.")
@_verb("delete-track", "Take back the whole track.")
@_verb("undo", "Take back the last thing said of a sequence.")
@_verb("redo", "Bring back what was taken back last.")
@click.option("--until", type=click.IntRange(min=0), metavar="N", help="Last frame.")
@click.option("--suggest", type=click.IntRange(min=1), is_flag=False, flag_value=5, metavar="[N]",
              help="Only say where a person's box would help most.")  # fmt: skip
@click.option("--candidates", type=click.IntRange(min=1), is_flag=False, flag_value=5,
              metavar="[N]", help="Only say what may be an object in --frame.")  # fmt: skip
@click.option("--propagate", is_flag=True, help="Follow every object between and beyond its boxes.")
@click.option("--tracker", metavar="NAME",
              help="Of the registry, or interpolate; mmnet by default.")  # fmt: skip
@click.option("--weights", type=click.Path(path_type=Path), metavar="FILE", help="The tracker's.")
@set_option
@click.option("--refine/--no-refine", default=None,
              help="Make the tracker's boxes tighter by a learned head.")  # fmt: skip
@click.option("--until-doubtful", type=click.FloatRange(0, 1), is_flag=False, flag_value=0.5,
              metavar="[P]", help="End boxes where the tracker is less sure (0.5).")  # fmt: skip
@click.option("--fallback", type=click.Choice(["none", "lines", "hold"]),
              help="Boxes where the tracker lost the object: none, or a guess.")  # fmt: skip
@click.option("--edited", type=click.Choice(["take", "replace"]),
              help="XML files changed by hand: take their boxes, or write them anew.")  # fmt: skip
@click.option("--again", is_flag=True, help="Propagate also where nothing changed.")
@config_option
@dry_run_option
@engine_option
@workers_option
@device_option
@json_option
@verbosity
def annotate(
    dataset: Path, sequences: tuple[str, ...], propagate: bool, track: int | None,
    dry_run: bool, engine: str, workers: int, as_json: bool, edited: Any, **given: Any,
) -> None:  # fmt: skip
    """Example: tirdata annotate data --box 203,117,29,16 --frame 0 --class drone --propagate

    Writes what a person says into the journal of a sequence, follows the objects with a tracker if
    asked to, and writes the XML of every frame from the journal. A person's box is never changed:
    in the XML it has generated = 0, and everything else has 1. Without boxes and verbs, the
    SEQUENCEs, or all that have a journal, are propagated or written anew.
    """
    from tirdata.annotate import annotate as library
    from tirdata.dataset.tree import Dataset
    from tirdata.engine import build_engine
    from tirdata.engine.serial import SerialEngine

    console = console_for(json=as_json)
    data = Dataset.open(dataset)
    if given["suggest"] or given["candidates"]:
        look(console, data, sequences, track=track, propagate=propagate, edited=edited, **given)
        return
    tracking = tracking_of(**given) if propagate else None
    edits = said(data, sequences, track, dry_run=dry_run, **given)
    if dry_run:
        for sequence, events in edits.items():
            console.say(f"{sequence.name}: edits that would be written: {events}")
    items = library.items(data, sequences, edits, track, edited or "refuse")
    frames = library.total_frames(items, tracking) if tracking else 0
    if dry_run:
        console.say(f"frames that would be tracked, without those of new boxes: {frames}")
        console.document({"edits": {i.name: n for i, n in edits.items()}, "frames": frames})
        return
    run: Any = library.annotate
    if tracking is not None and len(items) > 1 and in_batches(tracking, given["device"]):
        from tirdata.annotate.batches import annotate_together as run
    runner = build_engine(engine, min(workers, max(len(items), 1)))
    here = isinstance(runner, SerialEngine)
    with console.progress("annotate", frames if here else len(items)) as progress:
        outcomes = []
        on_frame = progress.advance if here else None
        for outcome in run(items, tracking, runner, on_frame):
            outcomes.append(outcome)
            progress.advance(0 if here else 1)
    show(console, edits, outcomes)
