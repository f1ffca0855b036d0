"""How far a long work has come: a bar on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

PLAIN_INTERVAL_S = 5.0  # between two lines where there is no terminal


class Progress(Protocol):
    """What a command tells while it works."""

    def advance(self, steps: int = 1) -> None:
        """``steps`` more are done."""

    def grow(self, steps: int) -> None:
        """There are ``steps`` more to do than was known."""

    def update(self, text: str) -> None:
        """Say what is being done now."""


class SilentProgress:
    """Says nothing."""

    def advance(self, steps: int = 1) -> None:
        pass

    def grow(self, steps: int) -> None:
        pass

    def update(self, text: str) -> None:
        pass


class PlainProgress:
    """Lines such as ``decode: 120/900, 41.0/s, 19 s left``."""

    def __init__(self, description: str, total: int | None) -> None:
        self._description = description
        self._total = total
        self._text = ""
        self._done = 0
        self._started = self._said = time.monotonic()

    def advance(self, steps: int = 1) -> None:
        self._done += steps
        self._say_now_and_then()

    def grow(self, steps: int) -> None:
        if self._total is not None:
            self._total += steps

    def update(self, text: str) -> None:
        self._text = text
        self._say_now_and_then()

    def line(self, elapsed_s: float) -> str:
        """What is said ``elapsed_s`` after the start."""
        rate = self._done / elapsed_s if elapsed_s > 0 else 0.0
        of = f"/{self._total}" if self._total is not None else ""
        parts = [f"{self._description}: {self._done}{of}", f"{rate:.1f}/s"]
        if self._total is not None and rate > 0:
            parts.append(f"{(self._total - self._done) / rate:.0f} s left")
        return ", ".join([*parts, self._text] if self._text else parts)

    def _say_now_and_then(self) -> None:
        now = time.monotonic()
        if now - self._said >= PLAIN_INTERVAL_S:
            self._said = now
            click.echo(self.line(now - self._started), err=True)


@contextmanager
def progress_bar(description: str, total: int | None) -> Iterator[Progress]:
    """A bar with rate and time left on the terminal behind stderr; gone when the block ends."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    class Bar:
        def __init__(self, bars: Bars, task: TaskID) -> None:
            self._bars, self._task, self._started, self._done = bars, task, time.monotonic(), 0
            self._total = total

        def advance(self, steps: int = 1) -> None:
            self._done += steps
            rate = self._done / max(time.monotonic() - self._started, 1e-9)
            self._bars.update(self._task, advance=steps, rate=f"{rate:.1f}/s")

        def grow(self, steps: int) -> None:
            if self._total is not None:
                self._total += steps
                self._bars.update(self._task, total=self._total)

        def update(self, text: str) -> None:
            self._bars.update(self._task, text=text)

    words = [
        TextColumn(f"{{task.{name}}}", markup=False) for name in ("description", "fields[rate]")
    ]
    text = TextColumn("{task.fields[text]}", markup=False)
    columns = (words[0], BarColumn(), MofNCompleteColumn(), words[1], TimeElapsedColumn(),
               TimeRemainingColumn(), text)  # fmt: skip
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield Bar(bars, bars.add_task(description, total=total, text="", rate=""))
