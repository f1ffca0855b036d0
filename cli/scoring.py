"""What `tirdata track` and `tirdata evaluate` share: options, settings, and running."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.console import Console

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
    """--weights, --seed and --set."""
    command = click.option(
        "--set", "settings", multiple=True, metavar="NAME=VALUE",
        help="A setting of the tracker; may be repeated.",
    )(command)  # fmt: skip
    command = click.option(
        "--seed", type=click.IntRange(min=0), metavar="N",
        help="For trackers that draw random numbers: same seed, same result.",
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
    """Run what has no result yet, with progress."""
    from tirdata.engine import build_engine

    left = len(run.left(truths.targets)) if run.out.is_dir() else len(truths.targets)
    workers = min(workers, max(left, 1))  # one target has all cores to itself
    with console.progress(f"track {run.choice.name}", left) as progress:

        def done(name: str) -> None:
            progress.update(name)
            progress.advance()

        report = run.run(truths.targets, build_engine(engine, workers), done, workers)
    if report.ran:
        before = f", {len(report.done_before)} before" if report.done_before else ""
        console.say(f"{counted(len(report.ran), 'target')} tracked{before}: {run.out}")
    elif not report.failed:
        console.say(f"{counted(len(report.done_before), 'target')} tracked before: {run.out}")
    return report


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
