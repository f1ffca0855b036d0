"""A data set in another layout: all of it, or nothing, under its own name.

Everything is written into a folder beside and moved when it is whole; what was stopped goes on.
"""

import fcntl
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from tirdata import __version__
from tirdata.config import read_json, to_json
from tirdata.dataset.names import SequenceId
from tirdata.dataset.tree import CONFIG_NAME, Dataset
from tirdata.engine.base import Engine
from tirdata.errors import DataError, TirDataError, UsageError
from tirdata.files import storage_error, write_text
from tirdata.layouts import LAYOUTS, open_layout
from tirdata.layouts.export_manifest import (
    NAME,
    ExportConfig,
    ExportedSequence,
    ExportManifest,
    LeftOut,
)
from tirdata.layouts.exporting import ExportTask, prepare, survey
from tirdata.layouts.losses import FACTS
from tirdata.layouts.placing import FramesJob, Placed, jobs_of, place_frames
from tirdata.types import Sequence as TrackedSequence

CLAIM = "export.part.json"  # in the folder of an export that has not ended
NEVER_STRICT = ("confidence",)  # no format has it


@dataclass(frozen=True)
class ExportReport:
    """What ``export`` did."""

    manifest: ExportManifest
    changed: bool  # False = the folder held it already


@dataclass(frozen=True)
class Plan:
    """What is to be written, all of it looked at."""

    task: ExportTask
    sequences: tuple[ExportedSequence, ...]
    left_out: tuple[LeftOut, ...]
    inputs: str

    @property
    def lost(self) -> dict[str, int]:
        """What cannot be said, over all sequences."""
        total: Counter[str] = Counter()
        for each in self.sequences:
            total.update(each.lost)
        return {fact: total[fact] for fact in FACTS if total[fact]}


def plan_export(
    root: Path,
    layout: str | None,
    settings: ExportConfig,
    engine: Engine,
    on_sequence: Callable[[], None] = lambda: None,
) -> Plan:
    """Look at every sequence that is asked for; nothing is written.

    Raises:
        UsageError: no such format, sequence or class, or strictly, something cannot be said.
        DataError: no sequence can be read, or strictly, one cannot.
    """
    if settings.format not in LAYOUTS:
        raise UsageError(f"no format {settings.format!r}; there are: {', '.join(LAYOUTS)}")
    reader = open_layout(root, layout)
    task = ExportTask(root, reader.name, settings)
    names = _chosen(root, reader.name, settings)
    found: dict[str, ExportedSequence | None] = {}
    errors: dict[str, TirDataError] = {}
    for outcome in engine.map(partial(survey, task=task), names):
        if outcome.error is None:
            found[outcome.item] = outcome.unwrap()
        else:
            errors[outcome.item] = outcome.error
        on_sequence()
    if errors and (settings.strict or len(errors) == len(names)):
        raise errors[min(errors)]
    sequences = tuple(each for name in names if (each := found.get(name)) is not None)
    left_out = tuple(
        LeftOut(name=name, why=str(errors.get(name, "no track to export")), failed=name in errors)
        for name in names
        if found.get(name) is None
    )
    if not sequences:
        what = " of these classes" if settings.classes else ""
        raise UsageError(f"{root}: no track{what} in {len(names)} sequences; nothing to export")
    said = [settings.model_dump(mode="json"), reader.name, [s.content for s in sequences]]
    said += [[s.name for s in sequences], [each.name for each in left_out]]
    _check_names(sequences)
    plan = Plan(task, sequences, left_out, hashlib.sha256(json.dumps(said).encode()).hexdigest())
    _check_strict(plan)
    return plan


def export(
    plan: Plan, out: Path, engine: Engine, on_sequence: Callable[[], None] = lambda: None
) -> ExportReport:
    """Write what was planned as the folder ``out``, which is there whole or not at all.

    An export of ours that lies there is replaced when it says something else; anything else is not.

    Raises:
        UsageError: there is something at ``out`` that is not ours alone, or no link can be made.
        DataError: another process exports to the same place, or a frame cannot be read.
        StorageError: a file cannot be written.
    """
    _check_apart(plan.task.root, out)
    before = _there(out)
    if before is not None and before.inputs == plan.inputs:
        return ExportReport(before, changed=False)
    part = out.resolve().parent / f".{out.resolve().name}.part"
    with _claimed(part, plan.inputs), TemporaryFile("w+", encoding="utf-8") as spool:
        _write_annotations(plan, part, spool)
        placed = _place(spool, engine, on_sequence)
        manifest = _manifest(plan, part, placed)
        write_text(part / NAME, to_json(manifest))
        _there(out)  # nobody put anything there meanwhile
        _move(part, out)
    return ExportReport(manifest, changed=True)


def _chosen(root: Path, layout: str, settings: ExportConfig) -> list[str]:
    """Names of the sequences that are asked for.

    Raises:
        UsageError: there is none of that name, or no subset.
    """
    names = LAYOUTS[layout].names(root)
    wanted = set(names)
    if settings.sequences:
        ours = Dataset.open(root) if (root / CONFIG_NAME).is_file() else None
        wanted = {ours.find(each).name if ours else each for each in settings.sequences}
        unknown = sorted(wanted - set(names))
        if unknown:
            raise UsageError(
                f"{root}: no sequence {unknown[0]}; there are: {', '.join(names[:20])}"
            )
    chosen = [name for name in names if name in wanted]
    if settings.subset is None:
        return chosen
    if layout != "ilsvrc":
        raise UsageError(f"{root}: {layout} has no subsets; leave out --subset")
    return [name for name in chosen if SequenceId.parse(name).subset == settings.subset]


def _check_names(sequences: Sequence[ExportedSequence]) -> None:
    seen: dict[str, str] = {}
    for each in sequences:
        other = seen.setdefault(each.written, each.name)
        if other != each.name:
            raise UsageError(f"{each.name}: would be {each.written}, as {other} is; export them "
                             "apart (--sequence)")  # fmt: skip


def _check_strict(plan: Plan) -> None:
    lost = {fact: count for fact, count in plan.lost.items() if fact not in NEVER_STRICT}
    if plan.task.settings.strict and lost:
        said = "; ".join(f"{count} {FACTS[fact]}" for fact, count in lost.items())
        raise UsageError(
            f"{plan.task.settings.format} cannot say everything: {said}; choose another format, or "
            "leave out --strict"
        )


def _check_apart(root: Path, out: Path) -> None:
    here, there = root.resolve(), out.resolve()
    if here == there or there in here.parents or (here in there.parents):
        raise UsageError(f"{out}: lies in {root} or holds it; choose a folder apart")


def _there(out: Path) -> ExportManifest | None:
    """The manifest of the export that lies at ``out``; None where there is nothing.

    Raises:
        UsageError: there is something else, or more.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not (out / NAME).is_file():
        raise UsageError(f"{out}: is there and is no export of ours; choose another --out")
    try:
        manifest = read_json(out / NAME, ExportManifest)
    except DataError as error:
        raise UsageError(f"{error}; choose another --out") from None
    files = _files(out)
    if files != manifest.files:
        raise UsageError(
            f"{out}: holds {files} files beside {NAME}; expected {manifest.files}: "
            "something was added or removed since; choose another --out, or remove it"
        )
    return manifest


def _files(folder: Path) -> int:
    apart = (NAME, CLAIM)
    return sum(path.is_file() and path.name not in apart for path in folder.rglob("*"))


@contextmanager
def _claimed(part: Path, inputs: str) -> Iterator[None]:
    """The folder to write into, ours alone; kept where the same was begun before."""
    claim = part / CLAIM
    if part.exists() and not (claim.is_file() or (part / NAME).is_file()):
        raise UsageError(f"{part}: is there and is not ours; remove it")
    text = json.dumps({"inputs": inputs})
    if part.exists() and (not claim.is_file() or claim.read_text(encoding="utf-8") != text):
        if claim.is_file():
            with _locked(part):
                shutil.rmtree(part)
        else:  # whole, and stopped just before it was moved
            shutil.rmtree(part)
    if not part.exists():
        write_text(claim, text)
    with _locked(part):
        for path in [*part.rglob(".part-*")]:  # of a writer that was killed
            path.unlink()
        yield


@contextmanager
def _locked(part: Path) -> Iterator[None]:
    with (part / CLAIM).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(f"{part}: another process exports there; wait for it to end") from None
        yield


def _write_annotations(plan: Plan, part: Path, spool: IO[str]) -> None:
    """All files but the frames; what is to be done for those goes to ``spool``, a job a line."""
    settings = plan.task.settings

    def sequences() -> Iterator[TrackedSequence]:
        for each in plan.sequences:
            ready = prepare(each.name, plan.task)
            if ready is None:
                raise DataError(f"{each.name}: changed while it was exported; export once more")
            yield ready.sequence
            # The layout asks for the next: it has said where the frames of this one go.
            for job in jobs_of(each.name, ready.halves, settings.frames):
                spool.write(job.line() + "\n")

    LAYOUTS[settings.format].write(sequences(), part)


def _place(
    spool: IO[str], engine: Engine, on_sequence: Callable[[], None]
) -> dict[str, list[Placed]]:
    placed: dict[str, list[Placed]] = {}
    spool.seek(0)
    for outcome in engine.map(place_frames, map(FramesJob.parse, spool)):
        placed.setdefault(outcome.item.name, []).append(outcome.unwrap())
        on_sequence()
    return placed


def _manifest(plan: Plan, part: Path, placed: dict[str, list[Placed]]) -> ExportManifest:
    sequences = []
    for each in plan.sequences:
        halves = sorted(placed.get(each.name, []), key=lambda half: half.sha256 or "")
        hashes = [half.sha256 for half in halves if half.sha256 is not None]
        sequences.append(
            each.model_copy(
                update={
                    "frames_sha256": _joined(hashes) if hashes else None,
                    "encoded": sum(half.encoded for half in halves),
                }
            )
        )
    return ExportManifest(
        tirdata=__version__,
        source=plan.task.root.resolve().name,
        layout=plan.task.layout,
        settings=plan.task.settings,
        inputs=plan.inputs,
        sequences=tuple(sequences),
        left_out=plan.left_out,
        lost=plan.lost,
        files=_files(part),
        bytes=sum(half.bytes for halves in placed.values() for half in halves),
    )


def _joined(hashes: Sequence[str]) -> str:
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _move(part: Path, out: Path) -> None:
    """``part`` becomes ``out``; an export of ours that lies there goes when that is done."""
    old = part.with_name(f"{part.name}.old")
    try:
        shutil.rmtree(old, ignore_errors=True)
        (part / CLAIM).unlink()
        if out.exists():
            out.replace(old)
        part.replace(out)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise storage_error(out, error) from error
