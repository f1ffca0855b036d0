"""Every option that more than one command has, declared once."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.console import set_verbosity

if TYPE_CHECKING:
    from tirdata.remote import Place

Command = TypeVar("Command", bound=Callable[..., Any])

_RAY_ADDRESS = "cli.options.ray_address"


class Registered(click.ParamType[str]):
    """A name in a dict of the library, which is imported only when a value is given.

    ``Registered("tirdata.engine:ENGINES", "engine")`` refuses other names and lists the known ones.
    """

    def __init__(self, where: str, name: str) -> None:
        self.name = name
        self._where = where

    def names(self) -> list[str]:
        """The names that the dict has now."""
        module, registry = self._where.split(":")
        return list(getattr(importlib.import_module(module), registry))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.names():
            self.fail(f"no {self.name} {value!r}; there are: {', '.join(self.names())}", param, ctx)
        return str(value)


class PlaceType(click.ParamType["Place"]):
    """A folder of this machine, or an address such as s3://bucket/mix."""

    name = "place"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Place":
        from tirdata.remote import RemotePath, place

        return value if isinstance(value, Path | RemotePath) else place(value)


def verbosity(command: Command) -> Command:
    """-v, -vv and -q; they set up logging and reach the command through `console_for`."""

    def louder(ctx: click.Context, param: click.Parameter, count: int) -> None:
        if count:
            set_verbosity(count)

    def quieter(ctx: click.Context, param: click.Parameter, quiet: bool) -> None:
        if quiet:
            set_verbosity(-1)

    command = click.option(
        "-v", "--verbose", count=True, expose_value=False, callback=louder,
        help="Say more; -vv everything, with the traceback of an error.",
    )(command)  # fmt: skip
    return click.option(
        "-q", "--quiet", is_flag=True, expose_value=False, callback=quieter,
        help="Say only what went wrong.",
    )(command)  # fmt: skip


def seed_option(command: Command) -> Command:
    """--seed: ``seed``."""
    return click.option(
        "--seed", type=click.IntRange(min=0), default=0, show_default=True,
        help="Same seed, same result.",
    )(command)  # fmt: skip


def workers_option(command: Command) -> Command:
    """--workers: ``workers``."""
    return click.option(
        "--workers", type=click.IntRange(min=1), default=lambda: os.cpu_count() or 1,
        show_default="one per core", metavar="N", help="How many items are worked on at once.",
    )(command)  # fmt: skip


def engine_option(command: Command) -> Command:
    """--engine and --ray-address: ``engine``, a name as `build_engine` takes it."""

    def with_address(ctx: click.Context, param: click.Parameter, name: str) -> str:
        address = ctx.meta.get(_RAY_ADDRESS)
        if address is None:
            return name
        if name != "ray":
            message = f"is for --engine ray; here it is {name}"
            raise click.BadParameter(message, ctx, param_hint="--ray-address")
        return f"{name}:{address}"

    def keep(ctx: click.Context, param: click.Parameter, address: str | None) -> None:
        ctx.meta[_RAY_ADDRESS] = address

    command = click.option(
        "--ray-address", metavar="ADDRESS", expose_value=False, is_eager=True, callback=keep,
        help="Of a running Ray cluster (HOST:PORT, or auto); without, Ray is started here.",
    )(command)  # fmt: skip
    return click.option(
        "--engine", type=Registered("tirdata.engine:ENGINES", "engine"), default="local",
        show_default=True, metavar="NAME", callback=with_address,
        help="Where items are worked on: local, serial or ray.",
    )(command)  # fmt: skip


json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON document on stdout, words on stderr."
)
set_option = click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE",
    help="A setting of the tracker; may be repeated.",
)  # fmt: skip
config_option = click.option(
    "--config", "config_path", metavar="FILE", default=None,
    type=click.Path(dir_okay=False, path_type=Path),
    help="TOML file with settings; flags win.",
)  # fmt: skip
dry_run_option = click.option(
    "--dry-run", "dry_run", is_flag=True, help="Say what would be done and do nothing."
)
device_option = click.option(
    "--device", default=None, show_default="auto", metavar="cpu|cuda[:N]|auto",
    help="Where networks run; auto takes a GPU if there is one.",
)  # fmt: skip
