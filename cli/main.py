"""The command `tirdata`: imports a command when it is used, turns errors into a line and a status.

To add a command, write `cli/<name>.py` and list it in `COMMANDS`.
"""

import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import ENOSPC
from types import FrameType
from typing import Any, NoReturn

import click

from cli.console import set_verbosity, verbosity
from tirdata import __version__
from tirdata.errors import StoppedError, TirDataError

COMMANDS: dict[str, str] = {  # in the order in which data goes through them
    "init": "cli.init:init",
    "fetch": "cli.fetch:fetch",
    "annotate": "cli.annotate:annotate",
    "review": "cli.review:review",
    "import": "cli.import_:import_",
    "export": "cli.export:export",
    "duplicates": "cli.duplicates:duplicates",
    "masks": "cli.masks:masks",
    "build-mix": "cli.build_mix:build_mix",
    "weights": "cli.weights:weights",
    "pretrain-backbone": "cli.pretrain_backbone:pretrain_backbone",
    "train": "cli.train:train",
    "track": "cli.track:track",
    "evaluate": "cli.evaluate:evaluate",
    "report": "cli.report:report",
    "stats": "cli.stats:stats",
    "validate": "cli.validate:validate",
    "doctor": "cli.doctor:doctor",
    "schema": "cli.schema:schema",
}


class Commands(click.Group):
    """A group that imports a command when it is used and ends with our exit statuses."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}; there are: {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, _summary(self.get_command(ctx, name))) for name in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> None:
        try:
            super().invoke(ctx)  # what a command returns is no exit status
        except KeyboardInterrupt:
            raise StoppedError("stopped; what is done is kept") from None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run a command and exit; never returns, never shows a traceback without -vv."""
        set_verbosity(0)
        extra["standalone_mode"] = False
        try:
            with _stop_on_sigterm():
                status = self._status(args, prog_name, complete_var, extra)
        finally:
            set_verbosity(0)  # whoever calls us from Python keeps its log records
        sys.exit(status)

    def _status(
        self,
        args: Sequence[str] | None,
        prog_name: str | None,
        complete_var: str | None,
        extra: dict[str, Any],
    ) -> int:
        try:
            return super().main(args, prog_name, complete_var, **extra) or 0
        except click.ClickException as error:
            return _misused(error)
        except TirDataError as error:
            return _report(error, str(error), error.exit_code)
        except click.Abort as error:
            return _report(error, "stopped", StoppedError.exit_code)
        except BrokenPipeError:  # whoever read our output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except Exception as error:
            what = f"{type(error).__name__}: {error}; this is a fault in tirdata, -vv shows where"
            if isinstance(error, OSError) and error.errno == ENOSPC:  # of stdout, say
                what = f"{error.strerror}; make room: what is done is kept"
            return _report(error, what, 1)


@contextmanager
def _stop_on_sigterm() -> Iterator[None]:
    """SIGTERM stops the work as Ctrl-C does, while the block lasts."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _report(error: BaseException, message: str, status: int) -> int:
    if verbosity() >= 2:
        traceback.print_exception(error)
    click.echo(f"error: {' '.join(message.splitlines())}", err=True)
    return status


def _misused(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # a group alone: what there is
        click.echo(error.format_message(), err=True)
        return error.exit_code
    return _report(error, _usage(error), error.exit_code)


def _usage(error: click.ClickException) -> str:
    message = error.format_message()
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{message.rstrip('.')}; see '{error.ctx.command_path} --help'"
    return message


def _summary(command: click.Command | None) -> str:
    """The first paragraph of the help that is not the example."""
    text = (command.help or "") if command else ""
    paragraphs = [" ".join(part.split()) for part in text.replace("\b", "").split("\n\n")]
    prose = [part for part in paragraphs if part and not part.startswith("Example")]
    return prose[0].split(". ")[0].rstrip(".") if prose else ""


@click.command(
    cls=Commands, name="tirdata", context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="tirdata", message="%(prog)s %(version)s")
def main() -> None:
    """Example: tirdata fetch clip.mp4 --dataset DATASET

    Turns thermal-infrared video into annotated sequences in VID2015 form, and trains and scores
    trackers on them.

    Exit status: 0 done, 1 failure, 2 usage, 3 invalid data, 4 partly done, 5 something outside is
    missing, 130 interrupted.
    """
