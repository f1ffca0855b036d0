"""`tirdata export`: the work and what is said of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import Console
from cli.scoring import counted

if TYPE_CHECKING:
    from tirdata.layouts.export import Plan

SHOWN = 20


def run_export(
    console: Console, data: Path, *, layout: str, out: Path, only: tuple[str, ...],
    subset: str | None, classes: tuple[str, ...], split_gaps: bool, no_frames: bool, link: bool,
    strict: bool, source: str | None, dry_run: bool, engine: str, workers: int, **_: Any,
) -> None:  # fmt: skip
    """Export and say what became of it.

    Raises:
        UsageError: options contradict each other.
        PartlyDoneError: some sequences cannot be read or written and were left out.
    """
    from tirdata.config import check
    from tirdata.engine import build_engine
    from tirdata.errors import UsageError
    from tirdata.layouts.export import export, plan_export
    from tirdata.layouts.export_manifest import ExportConfig

    if no_frames and link:
        raise UsageError("--no-frames and --link: expected one of them")
    frames = "none" if no_frames else "link" if link else "copy"
    values = {"format": layout, "sequences": only, "subset": subset, "classes": classes,
              "split_gaps": split_gaps, "frames": frames, "strict": strict}  # fmt: skip
    settings = check(values, ExportConfig, where="export")
    worker = build_engine(engine, workers)
    with console.progress("look", None) as progress:
        plan = plan_export(data, source, settings, worker, progress.advance)
    _tell(console, plan)
    if dry_run:
        console.say(f"{_what(plan)} would go to {out} as {layout}")
        console.document({"out": out, "sequences": plan.sequences, "left_out": plan.left_out,
                          "lost": plan.lost})  # fmt: skip
    else:
        with console.progress("export", len(plan.sequences)) as progress:
            report = export(plan, out, worker, progress.advance)
        done = "exported to" if report.changed else "nothing to do: all of it lies in"
        console.say(f"{_what(plan)} {done} {out} as {layout}")
        console.document(report.manifest)
    _check(plan, out)


def _what(plan: "Plan") -> str:
    frames = sum(each.frames for each in plan.sequences)
    tracks = sum(each.tracks for each in plan.sequences)
    sequences = counted(len(plan.sequences), "sequence")
    return f"{sequences}, {counted(frames, 'frame')}, {counted(tracks, 'track')}"


def _tell(console: Console, plan: "Plan") -> None:
    """What is not said, split, numbered anew or left out."""
    from tirdata.layouts.losses import FACTS

    name = plan.task.settings.format
    for fact, count in plan.lost.items():
        console.say(f"not said in {name}: {count} {FACTS[fact]}")
    split = sum(each.split for each in plan.sequences)
    single = sum(each.single for each in plan.sequences)
    renumbered = [each.name for each in plan.sequences if each.renumbered]
    if split:
        console.say(f"{counted(split, 'track')} more, split at gaps")
    if single:
        console.say(f"{counted(single, 'run')} of a single frame: some readers leave them out")
    if renumbered:
        console.say(f"ids of tracks changed in {counted(len(renumbered), 'sequence')}: they were "
                    "above what readers of VID have room for")  # fmt: skip
    for each in plan.left_out[:SHOWN]:
        console.say(f"left out: {each.why if each.failed else f'{each.name}: {each.why}'}")
    if len(plan.left_out) > SHOWN:
        console.say(f"… and {len(plan.left_out) - SHOWN} more")


def _check(plan: "Plan", out: Path) -> None:
    from tirdata.errors import PartlyDoneError

    failed = [each for each in plan.left_out if each.failed]
    if failed:
        of = len(plan.sequences) + len(plan.left_out)
        raise PartlyDoneError(f"{out}: {len(failed)} of {of} sequences failed; {failed[0].why}")
