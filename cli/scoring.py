"""What `tirdata track` and `tirdata evaluate` share: options, settings, and running."""

import os
import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.console import Console
from cli.options import set_option
from cli.progress import Progress

if TYPE_CHECKING:
    from tracking.evaluation.run import Run, RunReport
    from tracking.evaluation.scores import Failure
    from tracking.evaluation.targets import Data, Truths

Command = TypeVar("Command", bound=Callable[..., Any])


def data_options(command: Command) -> Command:
    """--format and --sequence."""
    command = click.option(
        "--sequence", "only", multiple=True, metavar="NAME",
        help="Only this sequence, or this target of it (NAME#TRACK); may be repeated.",
    )(command)  # fmt: skip
    return click.option(
        "--format", "layout", metavar="LAYOUT",
        help="How DATA is laid out, where that cannot be seen: otb, lasot, gtot and so on.",
    )(command)  # fmt: skip


def tracker_options(command: Command) -> Command:
    """--weights, --random-init, --seed, --repetitions and --set."""
    command = set_option(command)
    command = click.option(
        "--repetitions", type=click.IntRange(min=1, max=999), metavar="N",
        show_default="as the protocol has it",
        help="How often to run each target, each time with the next seed; three alike are enough.",
    )(command)  # fmt: skip
    command = click.option(
        "--seed", type=click.IntRange(min=0), metavar="N",
        help="For trackers that draw random numbers: same seed, same result.",
    )(command)  # fmt: skip
    command = click.option(
        "--random-init", is_flag=True,
        help="Without weights go on with random ones: for tests and speed only.",
    )(command)  # fmt: skip
    return click.option(
        "--weights", type=click.Path(path_type=Path), metavar="FILE", help="The tracker's."
    )(command)


def open_data(root: Path, layout: str | None) -> "Data":
    """The data set and how it is laid out.

    Raises:
        UsageError: no such folder, or its layout is in doubt.
    """
    from tirdata.layouts import open_layout
    from tracking.evaluation.targets import Data

    return Data(root, open_layout(root, layout).name)


def settings_of(words: Sequence[str]) -> dict[str, Any]:
    """``["rate=0.1", "precision=bf16"]`` as values; what is not TOML is text.

    Raises:
        UsageError: a word has no ``=``.
    """
    from tirdata.errors import UsageError

    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set {word}: expected NAME=VALUE")
        try:
            found[name.strip()] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            found[name.strip()] = text.strip()
    return found


def run_targets(
    run: "Run", truths: "Truths", console: Console, engine: str, workers: int
) -> "RunReport":
    """Run what has no result yet, with progress in frames.

    Also a single worker is a process of its own: a tracker that takes it down costs one target.
    """
    from tirdata.engine import build_engine
    from tirdata.engine.pool import PoolEngine

    left = run.left(truths.targets) if run.out.is_dir() else truths.targets
    # As many threads as cores for each target, however many targets are left: same numbers.
    of_all = min(workers, max(len(truths.targets), 1))
    now = min(workers, max(len(left), 1))
    frames = {truth.name: (truth.stop - truth.start) * run.most for truth in left}
    with (
        console.progress(f"track {run.choice.name}, frames", sum(frames.values())) as progress,
        Frames(run.out, progress, frames) as watch,
        threads((os.cpu_count() or 1) // of_all),
    ):
        maps = PoolEngine(now) if engine == "local" else build_engine(engine, now)
        report = run.run(truths.targets, maps, watch.done, now)
    if report.ran:
        before = f", {len(report.done_before)} before" if report.done_before else ""
        console.say(f"{counted(len(report.ran), 'target')} tracked{before}: {run.out}")
    elif not report.failed:
        console.say(f"{counted(len(report.done_before), 'target')} tracked before: {run.out}")
    return report


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let the libraries of worker processes have ``count`` threads, unless the user said so."""
    from tirdata.engine.worker import THREAD_COUNTS

    new = [name for name in THREAD_COUNTS if name not in os.environ]
    os.environ.update(dict.fromkeys(new, str(max(count, 1))))
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


class Frames:
    """Progress in frames, told by the signs of life that workers leave in the run's folder."""

    def __init__(self, out: Path, progress: Progress, frames: Mapping[str, int]) -> None:
        self._out, self._progress, self._frames = out, progress, frames
        self._seen: dict[str, int] = {}
        self._finished: list[str] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Frames":
        self._progress.update(self._of())
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._ended.set()
        self._thread.join()

    def done(self, name: str) -> None:
        """The target is done, or failed: all its frames count."""
        with self._lock:
            self._finished.append(name)
            self._advance(name, self._frames.get(name, 0))

    def _watch(self) -> None:
        from tracking.evaluation.runner import PULSE_S, read_pulses

        while not self._ended.wait(2 * PULSE_S):
            pulses = read_pulses(self._out)
            with self._lock:
                for name, frames in pulses.items():
                    if name not in self._finished:
                        self._advance(name, min(frames, self._frames.get(name, 0)))

    def _of(self) -> str:
        return f"{len(self._finished)} of {counted(len(self._frames), 'target')} done"

    def _advance(self, name: str, frames: int) -> None:
        more = frames - self._seen.get(name, 0)
        if more > 0:
            self._seen[name] = frames
            self._progress.advance(more)
            self._progress.update(f"{self._of()}, {name}")


def say_left_out(console: Console, truths: "Truths") -> None:
    """Count what cannot be scored."""
    if truths.without:
        console.say(f"{counted(len(truths.without), 'sequence')} without ground truth left out")


def check_whole(failed: Sequence["Failure"], of: int, where: Path) -> None:
    """End with status 4 if anything failed.

    Raises:
        PartlyDoneError: something did; the first is named.
    """
    from tirdata.errors import PartlyDoneError

    if failed:
        first = failed[0]
        said = first.error if first.name in first.error else f"{first.name}: {first.error}"
        raise PartlyDoneError(f"{where}: {len(failed)} of {of} targets failed; {said}")


def counted(number: int, noun: str) -> str:
    """``1 target`` or ``2 targets``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def plain_failures(failed: Sequence["Failure"]) -> list[Mapping[str, str]]:
    """For JSON."""
    return [{"name": each.name, "error": each.error} for each in failed]
