"""What a command says: to people, to programs, and while it works."""

import json
import logging
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any, Literal

import click

from cli.progress import PlainProgress, Progress, SilentProgress, progress_bar

LOGGERS = ("tirdata", "tracking", "cli")
_WIDEST = 72  # characters of a cell
LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}


class _Echo(logging.Handler):
    """Log records as plain lines on whatever stderr is when they come."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"{record.levelname.lower()}: {self.format(record)}", err=True)


_ECHO = _Echo()


def set_verbosity(level: int) -> None:
    """-1 quiet (errors), 0 warnings, 1 what is being done, 2 everything, with tracebacks."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(LEVELS[max(-1, min(level, 2))])
        if _ECHO not in logger.handlers:
            logger.addHandler(_ECHO)


def verbosity() -> int:
    """The level that was set."""
    now = logging.getLogger(LOGGERS[0]).level
    return next((level for level, value in LEVELS.items() if value == now), 0)


class Console:
    """Human words on stdout, or on stderr where stdout is for a JSON document."""

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet

    def say(self, text: str) -> None:
        """A line for people; left out when quiet."""
        if not self.quiet:
            click.echo(text, err=self.json)

    def document(self, value: object) -> None:
        """``value`` (Config, dataclass, path, array and plain values) as JSON, with --json only."""
        if self.json:
            text = json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False)
            click.echo(text.encode(errors="backslashreplace").decode())  # names may be any bytes

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table: drawn on a terminal, aligned text elsewhere."""
        if self.quiet:
            return
        cells = [[_cell(value) for value in row] for row in rows]
        stream = sys.stderr if self.json else sys.stdout
        if stream.isatty():
            _draw_table(title, columns, cells, to_stderr=self.json)
        else:
            self.say("\n".join(_aligned(title, columns, cells)))

    @contextmanager
    def progress(self, description: str, total: int | None) -> Iterator[Progress]:
        """A bar on a terminal, a plain line every few seconds elsewhere; on stderr."""
        if self.quiet:
            yield SilentProgress()
        elif sys.stderr.isatty():
            with progress_bar(description, total) as bar:
                yield bar
        else:
            yield PlainProgress(description, total)


def console_for(*, json: bool = False, quiet: bool = False) -> Console:
    """The console of a command; -q counts as quiet."""
    return Console(json=json, quiet=quiet or verbosity() < 0)


def _plain(value: object) -> Any:
    """``value`` in what JSON has; NaN and infinity become null."""
    if hasattr(value, "model_dump"):  # a Config
        value = value.model_dump()
    elif is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    elif hasattr(value, "tolist"):  # an array or a number of numpy
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (str, int, type(None))) else str(value)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else _one_line(str(value))


def _one_line(text: str) -> str:
    """Without what would break a table: names of files may hold line ends and go on for long."""
    plain = "".join(each if each.isprintable() else "?" for each in text)
    if len(plain) <= _WIDEST:
        return plain
    return f"{plain[: _WIDEST // 2]}…{plain[-_WIDEST // 2 + 1 :]}"


def _numeric(cells: Sequence[Sequence[str]], column: int) -> bool:
    return all(
        row[column].replace(".", "").lstrip("-").isdigit() or row[column] == "-" for row in cells
    )


def _aligned(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    rows = [list(columns), *cells]
    widths = [max(len(row[column]) for row in rows) for column in range(len(columns))]
    right = [bool(cells) and _numeric(cells, column) for column in range(len(columns))]
    lines = [
        "  ".join(
            text.rjust(width) if flush else text.ljust(width)
            for text, width, flush in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]
    return [title, *lines]


def _draw_table(
    title: str, columns: Sequence[str], cells: Sequence[Sequence[str]], *, to_stderr: bool
) -> None:
    from rich.console import Console as Terminal
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column, name in enumerate(columns):
        justify: Literal["left", "right"] = "left"
        if cells and _numeric(cells, column):
            justify = "right"
        # Folded where it is narrow: the end of a sequence's name is what tells it from others.
        table.add_column(name, justify=justify, overflow="fold", no_wrap=False)
    for row in cells:
        table.add_row(*(Text(text) for text in row))
    Terminal(stderr=to_stderr).print(table)
