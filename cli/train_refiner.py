"""`tirdata train refiner`: a mix of crops -> weights of the head that makes boxes tighter."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.console import console_for
from cli.options import PlaceType, config_option, device_option, json_option, verbosity
from cli.training import say_result, shown, training_options

if TYPE_CHECKING:
    from tirdata.remote import Place


@click.command(
    "refiner", short_help="A mix of crops -> weights of the head that makes boxes tighter."
)
@click.option("--mix", required=True, type=PlaceType(), metavar="MIX",
              help="What build-mix made, of crops; visible and thermal.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/refiner"),
              show_default=True, metavar="RUN",
              help="Folder of the run; goes on if it holds one.")  # fmt: skip
@click.option("--steps", type=int, help="Batches in all; default 400.")
@click.option("--batch", type=int, help="Pairs a step; default 64.")
@click.option("--lr-first", type=float, help="Learning rate at first; default 0.003.")
@click.option("--lr-last", type=float, help="Learning rate at last; default 0.00005.")
@training_options
@config_option
@device_option
@json_option
@verbosity
def refiner(
    mix: "Place", cache: Path | None, out: Path, stop_after: int | None,
    config_path: Path | None, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Example: tirdata train refiner --mix mix --out runs/refiner

    Trains the small head that makes a tracker's boxes tighter: from a crop at a box that fits, what
    a second box is off by. Minutes on a processor. Its weights are for the tracker `refined`.
    """
    from tirdata.config import load
    from tracking.training.box_refiner import train_refiner
    from tracking.training.box_refiner_config import RefinerConfig

    console = console_for(json=as_json)
    config = load(config_path, RefinerConfig, given)
    with shown(console, "train refiner") as show:
        result = train_refiner(mix, out, config, show, stop_after=stop_after, cache=cache)
    if result.overlap_before is not None:
        console.say(
            f"validation side, boxes that are off: mean IoU {result.overlap_before:.3f}, "
            f"corrected {result.overlap_after:.3f}"
        )
    say_result(console, result)
