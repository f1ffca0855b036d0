"""`tirdata pretrain-backbone`: a mix of crops -> a backbone to start from."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.console import console_for
from cli.options import PlaceType, config_option, device_option, json_option, verbosity
from cli.training import say_result, shown, training_options

if TYPE_CHECKING:
    from tirdata.remote import Place


@click.command("pretrain-backbone")
@click.option("--mix", required=True, type=PlaceType(), metavar="MIX",
              help="What build-mix made, of crops; visible and thermal.")  # fmt: skip
@click.option("--trunk", metavar="vgg-m|vgg16", help="Of the local net (default), or the global.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/backbone"),
              show_default=True, metavar="RUN",
              help="Folder of the run; goes on if it holds one.")  # fmt: skip
@click.option("--steps", type=int, help="Batches in all; default 4000.")
@click.option("--batch", type=int, help="Crops a step; default 64.")
@click.option("--size", type=int, help="Side of a crop; default 107.")
@click.option("--lr-first", type=float, help="Learning rate at first; default 0.01.")
@click.option("--lr-last", type=float, help="Learning rate at last; default 0.0001.")
@training_options
@config_option
@device_option
@json_option
@verbosity
def pretrain_backbone(
    mix: "Place", cache: Path | None, out: Path, stop_after: int | None,
    config_path: Path | None, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Example: tirdata pretrain-backbone --mix mix --trunk vgg-m --out runs/vgg-m

    Trains a backbone of the dual-attention tracker to name the classes of a mix's crops, for want
    of weights trained on ImageNet. What it writes is named with --weights or --init.
    """
    from tirdata.config import load
    from tracking.training.pretrain import pretrain_backbone as pretrain
    from tracking.training.pretrain_config import PretrainConfig

    console = console_for(json=as_json)
    config = load(config_path, PretrainConfig, given)
    with shown(console, f"pretrain {config.trunk}") as show:
        result = pretrain(mix, out, config, show, stop_after=stop_after, cache=cache)
    if result.accuracy is not None:
        console.say(f"named rightly of the validation side: {result.accuracy:.0%}, mean of classes")
    say_result(console, result)
