"""What every command that trains says."""

import os
from typing import TYPE_CHECKING

from cli.console import Console, console_for

if TYPE_CHECKING:
    from tracking.training.run_folder import TrainResult


def console_of_rank(*, json: bool) -> Console:
    """The console of a training; of several processes of torchrun only the first one speaks."""
    leads = os.environ.get("RANK", "0") == "0"
    return console_for(json=json and leads, quiet=not leads)


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
    console.document(result)
