"""Options of the way from raw frames to white-hot 8-bit ones."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class Range(click.ParamType[tuple[float, float]]):
    """``20:40`` as two numbers."""

    name = "range"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        try:
            low, high = (float(part) for part in str(value).split(":"))
        except ValueError:
            self.fail(f"{value!r}; expected LOW:HIGH, such as 280:320", param, ctx)
        return low, high


class Words(click.ParamType[list[str]]):
    """``dead,pattern`` as a list."""

    name = "list"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[str]:
        return [each.strip() for each in str(value).split(",")]


OPTIONS = (
    click.option("--polarity", metavar="white-hot|black-hot",
                 help="Of the recordings; default: measured in each shot."),
    click.option("--palette", metavar="NAME",
                 help="Of false colours; none = store their luma. Default: found in each shot."),
    click.option("--tone", metavar="percentile|plateau|counts|kelvin",
                 help="From counts of more than 8 bits to 8 bits; default percentile."),
    click.option("--tone-range", type=Range(), metavar="LOW:HIGH",
                 help="Ends of the tones counts and kelvin."),
    click.option("--tone-rolling", is_flag=True, default=None,
                 help="Let the tone follow the scene slowly; else one curve a shot."),
    click.option("--hud", metavar="keep|inpaint|black",
                 help="What to do to burnt-in text, logos and reticles; default keep."),
    click.option("--letterbox", metavar="crop|keep",
                 help="What to do to black bars around the picture; default crop."),
    click.option("--repeats", metavar="keep|drop",
                 help="What to do to frames that show the same as the one before; default keep."),
    click.option("--frozen", metavar="keep|drop",
                 help="What to do to frames while the shutter was closed; default keep."),
    click.option("--repair", "repairs", type=Words(), metavar="dead,pattern",
                 help="Repair dead pixels, fixed-pattern noise; default neither."),
    click.option("--lossless", is_flag=True, default=None,
                 help="Store the frames as PNG too, under Lossless/."),
    click.option("--again", is_flag=True, default=None,
                 help="Make the sequences of recordings that are there already anew."),
)  # fmt: skip


def normalise_options(command: Command) -> Command:
    """Each under the name of its setting."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
