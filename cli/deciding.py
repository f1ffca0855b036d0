"""Saying what fetch decided about the sequences that it made."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cli.console import Console

if TYPE_CHECKING:
    from tirdata.dataset.summary import Decided

MOST_ROWS = 40  # of the table; of more sequences only what is out of the ordinary is told
MOST_NAMES = 6

COLUMNS = ("sequence", "frames", "polarity", "palette", "tone", "burnt in", "repeated", "frozen")


def tell_decided(console: Console, sequences: Sequence["Decided"]) -> None:
    """A table of what was decided, warnings each once, and whose polarity is to be looked at."""
    if not sequences:
        return
    if len(sequences) <= MOST_ROWS:
        rows = [
            (each.sequence, each.frames, each.polarity, each.palette, each.tone, each.burnt_in,
             each.repeated, each.frozen)
            for each in sequences
        ]  # fmt: skip
        console.table("decided", COLUMNS, rows)
    warned: dict[str, list[str]] = defaultdict(list)
    for each in sequences:
        for warning in each.warnings:
            warned[warning].append(each.sequence)
    for warning, names in warned.items():
        click.echo(f"warning: {_listed(names)}: {warning}", err=True)
    review = [each.sequence for each in sequences if each.review]
    if review:
        console.say(
            f"polarity not sure, taken as white-hot, in {len(review)} of {len(sequences)} "
            f"sequences ({_listed(review)}): look at them; where it is wrong, fetch the recording "
            f"with --polarity black-hot --again"
        )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
