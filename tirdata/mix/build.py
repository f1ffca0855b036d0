"""Building a mix: cut every sequence by itself, then put the pieces together in one fixed order.

The pieces are made by any number of workers and survive an interruption; the order and the split
depend on names and the seed alone, so the same inputs give the same bytes. What a mix in the same
folder has already is taken from there.
"""

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tirdata.engine.base import Engine
from tirdata.errors import PartlyDoneError, StorageError, TirDataError, UsageError
from tirdata.mix.assemble import Records, assemble, check_any
from tirdata.mix.jobs import Job, plan
from tirdata.mix.manifest import Failure, MixManifest, SequenceRecord
from tirdata.mix.part import Ready, look, prepare
from tirdata.mix.publish import SUBSETS, finish, publish
from tirdata.mix.recipe import Recipe
from tirdata.mix.reuse import Earlier, open_earlier
from tirdata.remote import Place, RemotePath, cache_folder

OURS = re.compile(r"shard-\d{6}\.tar|index\.jsonl|\.part-.*")  # files in train and val
PARTS = ".parts"  # what is cut and not yet in the mix, in the folder of the mix

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class MixReport:
    """What ``build_mix`` did."""

    manifest: MixManifest
    fresh: bool  # False: the mix was there already, of the same inputs
    reused: int = 0  # sequences whose samples an earlier mix had


def build_mix(
    recipe: Recipe,
    out: Place,
    engine: Engine,
    on_progress: Progress,
    *,
    strict: bool = False,
    scratch: Path | None = None,
) -> MixReport:
    """Build the mix of ``recipe`` in the folder ``out``; a mix of the same inputs is left as it is.

    Sequences that cannot be read are left out and listed in the manifest; with ``strict`` there is
    no mix then. What is cut lies in ``scratch`` until the mix is whole, by default in ``out``, or
    for an address in the user's folder of copies; workers on other machines have to see it too.

    Raises:
        UsageError: no dataset, one named twice, mixed licences that the recipe refuses, or ``out``
            holds another mix or something else.
        DataError: no sequence can be read, or nothing is left to train on.
        PartlyDoneError: several sequences failed, and ``strict``; the message names the first.
        StorageError: the disk is full or read-only.
    """
    parts_of_all = parts_folder(out, scratch)
    parts = parts_of_all / hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()[:16]
    jobs = plan(recipe, parts)
    _check_ours(out)
    finish(out)
    earlier = open_earlier(out, recipe)
    same = _unchanged(jobs, earlier, engine) if earlier is not None else {}
    if earlier is not None and not earlier.manifest.failed and _is_all(earlier, recipe, jobs, same):
        shutil.rmtree(parts_of_all, ignore_errors=True)
        return MixReport(earlier.manifest, fresh=False)
    jobs = [same.get(job.key, job) for job in jobs]
    ready, errors = _prepare(jobs, engine, on_progress)
    failed = [_failure(job, errors[job.key]) for job in jobs if job.key in errors]
    ours = next((each for each in errors.values() if isinstance(each, StorageError)), None)
    if ours is not None:  # no fault of the sequence
        raise ours
    if errors and (strict or not ready):
        raise _failed(errors, len(jobs))
    records = _records(jobs, ready, earlier)
    check_any(records.values())
    _check_licences(recipe, records.values())
    if earlier is not None and _is_as_before(earlier, recipe, records, failed):
        shutil.rmtree(parts_of_all, ignore_errors=True)
        return MixReport(earlier.manifest, fresh=False)
    manifest = assemble(recipe, jobs, records, failed, out, engine)
    stamps = {key: each.stamp for key, each in ready.items() if each.stamp is not None}
    publish(manifest, stamps, out)
    shutil.rmtree(parts_of_all, ignore_errors=True)
    return MixReport(
        manifest, fresh=True, reused=sum(each.record is None for each in ready.values())
    )


def parts_folder(out: Place, scratch: Path | None) -> Path:
    """Where what is cut for a mix lies until it is whole."""
    if isinstance(out, Path) and scratch is None:
        return out / PARTS
    name = hashlib.sha256(str(out.resolve() if isinstance(out, Path) else out).encode())
    return (scratch or cache_folder()) / f"parts-{name.hexdigest()[:16]}"


def _unchanged(jobs: Sequence[Job], earlier: Earlier, engine: Engine) -> dict[str, Job]:
    """Jobs, by key, whose inputs are those of the earlier mix, with what it knows of them."""
    spans = earlier.spans()
    known = [replace(job, known=earlier.known(job, spans)) for job in jobs]
    same: dict[str, Job] = {}
    for outcome in engine.map(look, [job for job in known if job.known is not None]):
        job = outcome.item
        if outcome.result is not None and outcome.result.same and job.known is not None:
            same[job.key] = replace(job, known=replace(job.known, stamp=outcome.result.stamp))
    return same


def _is_all(earlier: Earlier, recipe: Recipe, jobs: Sequence[Job], same: dict[str, Job]) -> bool:
    """Whether the earlier mix is of just these sequences, each as it was, and is all there."""
    shards = (
        earlier.out / subset / name
        for subset, counts in earlier.manifest.subsets.items()
        for name in counts.shards
    )
    return (
        len(same) == len(jobs) == len(earlier.manifest.sequences)
        and earlier.manifest.recipe == recipe
        and all(path.is_file() for path in shards)
    )


def _is_as_before(
    earlier: Earlier, recipe: Recipe, records: Records, failed: Sequence[Failure]
) -> bool:
    """As ``_is_all``, of a mix of which some sequences failed, as they did again."""
    before = {each: record.crops_sha256 for each, record in earlier.records.items()}
    now = {(each.dataset, each.name): each.crops_sha256 for each in records.values()}
    inputs = {each.inputs_sha256 for each in records.values()}
    return (
        bool(failed)
        and earlier.manifest.recipe == recipe
        and earlier.manifest.failed == tuple(failed)
        and before == now
        and inputs == {each.inputs_sha256 for each in earlier.manifest.sequences}
    )


def _prepare(
    jobs: Sequence[Job], engine: Engine, on_progress: Progress
) -> tuple[dict[str, Ready], dict[str, TirDataError]]:
    """What every sequence gives, by key, and what went wrong."""
    ready: dict[str, Ready] = {}
    errors: dict[str, TirDataError] = {}
    for done, outcome in enumerate(engine.map(prepare, jobs), 1):
        if outcome.error is not None:
            errors[outcome.item.key] = outcome.error
        else:
            ready[outcome.item.key] = outcome.unwrap()
        on_progress(done, len(jobs))
    return ready, errors


def _records(
    jobs: Sequence[Job], ready: dict[str, Ready], earlier: Earlier | None
) -> dict[str, SequenceRecord]:
    """The record of every sequence that was not lost, by key, before the split."""
    records: dict[str, SequenceRecord] = {}
    for job in jobs:
        if job.key not in ready:
            continue
        record = ready[job.key].record
        if record is None and earlier is not None:
            record = earlier.record(job)
        if record is not None:
            group = {"subset": "", "group": record.recording}
            records[job.key] = record.model_copy(update=group)
    return records


def _failure(job: Job, error: TirDataError) -> Failure:
    return Failure(name=job.sequence, dataset=str(job.root), message=str(error))


def _failed(errors: dict[str, TirDataError], count: int) -> TirDataError:
    first = next(iter(errors.values()))
    if len(errors) == 1:
        return first
    return PartlyDoneError(
        f"{len(errors)} of {count} sequences failed, the mix is not written; first: {first}"
    )


def _check_licences(recipe: Recipe, records: Iterable[SequenceRecord]) -> None:
    """See that all is under one licence, where the recipe asks for that.

    Raises:
        UsageError: it is not.
    """
    crops: Counter[str] = Counter()
    for record in records:
        crops[record.licence or "unknown"] += record.crops
    found = +crops
    if recipe.mixed_licences == "refuse" and len(found) > 1:
        listed = ", ".join(f"{name} ({count} crops)" for name, count in sorted(found.items()))
        raise UsageError(f"{len(found)} licences: {listed}; choose some with --licence")


def _check_ours(out: Place) -> None:
    """See that ``train`` and ``val`` hold a mix or nothing: a data set may have folders so named.

    Raises:
        UsageError: there is something else in one of them.
    """
    for folder in (out / subset for subset in SUBSETS):
        if isinstance(folder, RemotePath):
            strange = [name for name in folder.names() if not OURS.fullmatch(name)]
        else:
            strange = [
                path.name
                for path in folder.glob("*")
                if not OURS.fullmatch(path.name) or path.is_dir()
            ]
        if strange:
            raise UsageError(f"{folder / strange[0]}: is not of a mix; choose another --out")
