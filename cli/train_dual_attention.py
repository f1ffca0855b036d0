"""`tirdata train dual-attention`: a mix of pairs -> weights of a stage of the second paper."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.options import (
    PlaceType,
    Registered,
    config_option,
    device_option,
    json_option,
    verbosity,
)
from cli.training import console_of_rank, say_result, shown, training_options

if TYPE_CHECKING:
    from tirdata.remote import Place


@click.command(
    "dual-attention",
    short_help="A mix of pairs -> weights of a stage of the dual-attention tracker.",
)
@click.option("--stage", required=True, metavar="NAME",
              type=Registered("tracking.training.stages:STAGES", "stage"),
              help="global (sees the frame) or local (sees samples).")  # fmt: skip
@click.option("--mix", required=True, type=PlaceType(), metavar="MIX",
              help="What build-mix --task rgbt, or masks, made.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="RUN",
              help="Default runs/dual-attention-STAGE; goes on if it holds a run.")  # fmt: skip
@click.option("--init", type=click.Path(path_type=Path), metavar="WEIGHTS",
              help="Start from these: VGG-16 or the stage's own; for local, VGG-M.")  # fmt: skip
@click.option("--random-init", is_flag=True, default=None, help="Start from random weights.")
@click.option("--mask-polarity", type=click.Choice(["target-white", "target-black"]),
              help="global: refuse masks of the other polarity; default: take either.")  # fmt: skip
@click.option("--train-label", type=click.Choice(["target", "background"]),
              help="global: what is 1 in the map; default target.")  # fmt: skip
@click.option(
    "--frozen-blocks", type=int, metavar="N", help="global: first blocks of VGG-16 to keep."
)
@click.option("--views", type=int, metavar="N",
              help="global, all blocks frozen: encode N views of a pair, once each.")  # fmt: skip
@click.option("--decoder-width", type=int, metavar="N",
              help="global: channels of the decoder's last layers; default 64.")  # fmt: skip
@click.option("--frozen/--no-frozen", default=None,
              help="local: keep the convolutions; fc4 and fc5 alone learn.")  # fmt: skip
@click.option("--negative", type=float, metavar="SHARE",
              help="global: of pairs with another recording's target; default 0.")  # fmt: skip
@click.option(
    "--augment/--no-augment",
    default=None,
    help="What suits the stage: polarity, missing halves and more.",
)
@click.option("--epochs", type=int, help="Default 50.")
@click.option("--pairs-per-epoch", type=int, help="global; default: every pair once.")
@click.option(
    "--batch", type=int, help="global: pairs a step, of all processes together; default 20."
)
@click.option("--lr", type=float, help="Learning rate; default 5e-5, for local 1e-4.")
@click.option("--input-size", metavar="HxW", help="global: height x width; default 192x256.")
@training_options
@config_option
@device_option
@json_option
@verbosity
def dual_attention(
    stage: str, mix: "Place", cache: Path | None, out: Path | None, augment: bool | None,
    stop_after: int | None, config_path: Path | None, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Example: tirdata train dual-attention --stage global --mix pairs --init vgg16.st

    Trains one of the two networks: global says where in the whole frame the target is, local how
    much a box looks like it. Writes a log line a step, a checkpoint now and then, and the weights
    as safetensors at the end. On several GPUs: torchrun --nproc-per-node N -m cli train
    dual-attention and so on.
    """
    from tirdata.config import load
    from tracking.training.stages import STAGES

    console = console_of_rank(json=as_json)
    entry = STAGES[stage]()
    overrides = dict(given)
    if augment is not None:
        overrides["augment"] = (entry.augment if augment else type(entry.augment)()).model_dump()
    config = load(config_path, entry.config, overrides)
    folder = out or Path(f"runs/dual-attention-{stage}")
    with shown(console, f"train {stage}") as show:
        result = entry.train(mix, folder, config, show, stop_after=stop_after, cache=cache)
    say_result(console, result)
