"""`tirdata train`: a mix -> a trained tracker; a command for each tracker."""

from collections.abc import Sequence

import click

from cli.train_dual_attention import dual_attention
from cli.train_mmnet import mmnet
from cli.train_refiner import refiner


class Trackers(click.Group):
    """A group that says which trackers there are."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands and not args[0].startswith("-"):
            ctx.fail(f"no tracker {args[0]!r} to train; there are: {', '.join(self.commands)}")
        return super().resolve_command(ctx, args)


def _group(commands: Sequence[click.Command]) -> Trackers:
    return Trackers(
        "train",
        commands,
        help="Example: tirdata train mmnet --mix mix\n\n"
        "Trains one of the trackers on a mix. Stop it at any time: the same command goes on.",
    )


train = _group([mmnet, dual_attention, refiner])
