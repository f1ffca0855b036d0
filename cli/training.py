"""What every command that trains takes and says."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.console import Console, console_for

if TYPE_CHECKING:
    from tracking.training.loop import Progress
    from tracking.training.run_folder import TrainResult

Command = TypeVar("Command", bound=Callable[..., Any])


def training_options(command: Command) -> Command:
    """--cache, --precision, --loaders, --seed and --stop-after."""
    options = (
        click.option(
            "--cache", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
            help="Where copies of an address's shards stay; default: read parts.",
        ),
        click.option("--precision", metavar="fp32|bf16", help="Of the convolutions."),
        click.option(
            "--loaders", "workers", type=int, help="Processes that prepare batches; default 0."
        ),
        click.option("--seed", type=int, help="Same seed, same weights on the same machine."),
        click.option(
            "--stop-after", type=click.IntRange(min=1), metavar="STEPS",
            help="Stop after so many steps; the same command goes on from there.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def console_of_rank(*, json: bool) -> Console:
    """The console of a training; of several processes of torchrun only the first one speaks."""
    leads = os.environ.get("RANK", "0") == "0"
    return console_for(json=json and leads, quiet=not leads)


@contextmanager
def shown(console: Console, title: str) -> Iterator[Callable[["Progress"], None]]:
    """What a training calls after each step: the console shows how far it is."""
    with console.progress(title, None) as progress:

        def show(step: "Progress") -> None:
            progress.advance()
            progress.update(f"step {step.step}/{step.steps} loss {step.loss:.4f}")

        yield show


def say_result(console: Console, result: "TrainResult") -> None:
    """What a run came to."""
    if result.resumed_at:
        console.say(f"went on at step {result.resumed_at}")
    if not result.losses:
        console.say(f"nothing to do: {result.steps} steps are done")
    else:
        first, last = result.losses[0], result.losses[-1]
        console.say(f"{result.steps} steps done; loss {first:.3f} -> {last:.3f} in this call")
    console.say(f"weights: {result.weights}")
    if result.losses and os.environ.get("RANK", "0") == "0":
        _draw(result.weights.parent)
    console.document(result)


def _draw(run: Path) -> None:
    """The run's curves beside its log."""
    from tirdata import files
    from tracking.report.learning import draw_learning

    if (run / "log.jsonl").exists():
        drawn = draw_learning(run / "log.jsonl", run / "validation.jsonl")
        files.write_text(run / "curves.svg", drawn)
