"""`tirdata train mmnet`: a mix of crops -> weights of MMNet."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.options import PlaceType, config_option, device_option, json_option, verbosity
from cli.training import console_of_rank, say_result, training_options

if TYPE_CHECKING:
    from tirdata.remote import Place


@click.command("mmnet", short_help="A mix of crops -> weights of MMNet.")
@click.option("--mix", required=True, type=PlaceType(), metavar="MIX",
              help="What build-mix made: a folder, or an address (s3://bucket/mix).")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/mmnet"),
              show_default=True, metavar="RUN",
              help="Folder of the run; goes on if it holds one.")  # fmt: skip
@click.option("--strategy", metavar="NAME",
              help="only-vid, only-tir, re-train, fine-tune or mix-train (default).")  # fmt: skip
@click.option("--init", type=click.Path(path_type=Path), metavar="WEIGHTS",
              help="Start from these weights; re-train and fine-tune need them.")  # fmt: skip
@click.option("--branches", metavar="LIST", help="Of dis,cls,fin,hc,pc; default dis,cls,hc,pc.")
@click.option("--augment/--no-augment", default=None, help="Shift, scale, contrast, blur, noise.")
@click.option("--epochs", type=int, help="Default: the strategy's own.")
@click.option("--pairs-per-epoch", type=int, help="Default 47880.")
@click.option("--batch", type=int, help="Pairs a step; default 8.")
@click.option("--lr-first", type=float, help="Learning rate of the first epoch.")
@click.option("--lr-last", type=float, help="Learning rate of the last epoch.")
@click.option("--validate-on", type=click.Path(path_type=Path), metavar="DATASET",
              help="Follow its objects now and then: overlaps go to validation.jsonl.")  # fmt: skip
@click.option("--validate-every", type=click.IntRange(min=1), metavar="STEPS",
              help="Steps between these looks; default 1000.")  # fmt: skip
@click.option("--tensorboard/--no-tensorboard", default=None,
              help="Curves for TensorBoard in RUN/tensorboard.")  # fmt: skip
@click.option("--keep-crops/--no-keep-crops", default=None,
              help="All crops lie on the device from the start.")  # fmt: skip
@training_options
@config_option
@device_option
@json_option
@verbosity
def mmnet(
    mix: "Place", cache: Path | None, out: Path, branches: str | None,
    augment: bool | None,
    stop_after: int | None, config_path: Path | None, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Example: tirdata train mmnet --mix mix --strategy mix-train --out runs/first

    Trains MMNet with one of the paper's five strategies. Writes a log line a step, a checkpoint
    now and then, and the weights as safetensors at the end. Stop it at any time: the same command
    goes on from the last checkpoint. On several GPUs: torchrun --nproc-per-node N -m cli train …;
    --batch is of all processes together.
    """
    from tirdata.config import load
    from tracking.training.config import STANDARD_AUGMENT, Augment, TrainConfig
    from tracking.training.mmnet import train_mmnet

    console = console_of_rank(json=as_json)
    overrides = {**given, "branches": branches.split(",") if branches else None}
    if augment is not None:
        overrides["augment"] = (STANDARD_AUGMENT if augment else Augment()).model_dump()
    config = load(config_path, TrainConfig, overrides)
    with console.progress("train mmnet", None) as progress:

        def show(step: Any) -> None:
            parts = " ".join(f"{name} {value:.3f}" for name, value in step.parts.items())
            progress.advance()
            progress.update(f"step {step.step}/{step.steps} loss {step.loss:.3f} ({parts})")

        result = train_mmnet(mix, out, config, show, stop_after=stop_after, cache=cache)
    say_result(console, result)
