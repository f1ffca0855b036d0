"""Putting the samples of all sequences together in one order, beside the mix that is there."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import overload

from tirdata.config import read_json
from tirdata.dataset.classes import VID_CLASSES
from tirdata.dataset.duplicates import Portrait, find_duplicates
from tirdata.engine.base import Engine
from tirdata.errors import DataError
from tirdata.mix.collisions import class_collisions
from tirdata.mix.jobs import Job
from tirdata.mix.manifest import Counts, DuplicatePair, Failure, MixManifest, SequenceRecord
from tirdata.mix.part import Part
from tirdata.mix.publish import NEXT, SUBSETS
from tirdata.mix.recipe import Recipe, Subset
from tirdata.mix.reuse import Stored, stored_samples
from tirdata.mix.shards import ShardWriter
from tirdata.mix.split import shuffled, split_groups, split_together
from tirdata.remote import Place

Records = dict[str, SequenceRecord]  # by key


def assemble(
    recipe: Recipe,
    jobs: Sequence[Job],
    records: Records,
    failed: Sequence[Failure],
    out: Place,
    engine: Engine,
) -> MixManifest:
    """Write the mix of the sequences that have a record, in the place of an earlier one.

    Raises:
        DataError: an earlier mix was changed meanwhile.
        StorageError: the disk is full or read-only.
    """
    by_key = {job.key: job for job in jobs}
    records, pairs = _grouped(recipe, by_key, records, engine)
    held_out = _held_out(recipe, records.values())
    sides: Records = {}
    with ExitStack() as open_files:
        writers = {
            subset: open_files.enter_context(ShardWriter(out / NEXT / subset, recipe.shard_bytes))
            for subset in SUBSETS
        }
        for key in shuffled(records, recipe.seed):
            record = records[key]
            subset: Subset = "val" if record.group in held_out else "train"
            sides[key] = record.model_copy(update={"subset": subset if record.samples else ""})
            for stored in _samples(by_key[key]) if record.samples else ():
                writers[subset].append(*stored)
        for writer in writers.values():
            writer.close()
    shards = {subset: tuple(writer.shards) for subset, writer in writers.items()}
    ordered = [sides[job.key] for job in jobs if job.key in sides]
    return _manifest(recipe, ordered, shards, pairs, failed)


def _samples(job: Job) -> Iterator[Stored]:
    """The samples of a sequence, cut now or found in the earlier mix."""
    if job.known is not None and job.known.span is not None and not job.tar_path.exists():
        yield from stored_samples(job.known.span)
        return
    part = read_json(job.description_path, Part)
    with job.tar_path.open("rb") as file:
        for piece in part.pieces:
            blocks = file.read(piece.length)
            yield Stored(piece.sample, blocks, list(piece.offsets), list(piece.sizes))


class _Portraits(Sequence[Portrait]):
    """What sequences look like, each read from its file when it is asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> Portrait: ...

    @overload
    def __getitem__(self, index: slice) -> list[Portrait]: ...

    def __getitem__(self, index: int | slice) -> Portrait | list[Portrait]:
        if isinstance(index, slice):
            return [_portrait(path) for path in self._paths[index]]
        return _portrait(self._paths[index])


@lru_cache(64)
def _portrait(path: Path) -> Portrait:
    return read_json(path, Portrait)


def _grouped(
    recipe: Recipe, jobs: Mapping[str, Job], records: Records, engine: Engine
) -> tuple[Records, tuple[DuplicatePair, ...]]:
    """Put recordings that show the same into one group; which sequences said so."""
    if recipe.duplicates == "ignore":
        return records, ()
    keys = [key for key in jobs if key in records and records[key].samples]
    pairs = find_duplicates(_Portraits([jobs[key].portrait_path for key in keys]), engine)
    found = [(keys[pair.first], keys[pair.second], pair.match) for pair in pairs]
    groups = split_together(
        (records[one].recording, records[two].recording) for one, two, _ in found
    )
    grouped = {
        key: record.model_copy(update={"group": groups.get(record.recording, record.recording)})
        for key, record in records.items()
    }
    return grouped, tuple(
        DuplicatePair(
            first=jobs[one].name,
            second=jobs[two].name,
            kind=match.kind,
            alike=round(match.alike, 3),
        )
        for one, two, match in found
    )


def _held_out(recipe: Recipe, records: Iterable[SequenceRecord]) -> set[str]:
    """Groups for validation, chosen per domain; one in both domains stands on one side."""
    groups: dict[str, dict[str, set[str]]] = {}
    members: dict[str, set[str]] = {}
    for record in records:
        if record.samples:
            recordings = members.setdefault(record.group, set())
            recordings.add(record.recording)
            groups.setdefault(record.domain, {})[record.group] = recordings
    chosen = [split_groups(each, recipe.val_share, recipe.seed) for each in groups.values()]
    return set[str]().union(*chosen)


def _manifest(
    recipe: Recipe,
    records: Sequence[SequenceRecord],
    shards: Mapping[Subset, tuple[str, ...]],
    pairs: tuple[DuplicatePair, ...],
    failed: Sequence[Failure],
) -> MixManifest:
    class_crops, left_out, boxes, licences = (Counter[str]() for _ in range(4))
    for record in records:
        left_out.update(record.left_out)
        boxes.update(record.left_out_boxes)
        licences[record.licence] += record.crops
        for name, count in record.classes.items():
            class_crops[recipe.class_map.get(name, name)] += count
    others = sorted(set(class_crops) - set(VID_CLASSES))
    return MixManifest(
        recipe=recipe,
        classes=(*VID_CLASSES, *others),
        class_crops=dict(sorted(class_crops.items())),
        class_collisions=class_collisions(recipe, records),
        licences={name: count for name, count in sorted(licences.items()) if count},
        subsets={subset: _counts(subset, records, shards[subset]) for subset in SUBSETS},
        duplicates=pairs,
        left_out=dict(sorted(left_out.items())),
        left_out_boxes=dict(sorted(boxes.items())),
        sequences=tuple(records),
        failed=tuple(failed),
    )


def _counts(subset: Subset, records: Iterable[SequenceRecord], shards: tuple[str, ...]) -> Counts:
    mine = [record for record in records if record.subset == subset]
    return Counts(
        samples=sum(record.samples for record in mine),
        crops=sum(record.crops for record in mine),
        sequences=len(mine),
        recordings=len({record.recording for record in mine}),
        groups=len({record.group for record in mine}),
        shards=shards,
    )


def check_any(records: Iterable[SequenceRecord]) -> None:
    """See that there is something to train on.

    Raises:
        DataError: there is not.
    """
    left_out: Counter[str] = Counter()
    for record in records:
        if record.samples:
            return
        left_out.update(record.left_out)
    why = "; ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
    raise DataError(
        "no track of the recipe's classes, length and size in any dataset"
        + (f"; left out: {why}" if why else "")
    )
