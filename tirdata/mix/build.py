"""Building a mix: cut every sequence by itself, then put the pieces together in one fixed order.

The pieces are made by any number of workers and survive an interruption; the order and the split
depend on names and the seed alone, so the same inputs give the same bytes.
"""

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tirdata import files
from tirdata.config import Config, read_json, to_json
from tirdata.dataset.classes import VID_CLASSES
from tirdata.dataset.duplicates import Portrait, find_duplicates
from tirdata.engine.base import Engine
from tirdata.errors import DataError, PartlyDoneError, TirDataError, UsageError
from tirdata.layouts import LAYOUTS, open_layout
from tirdata.layouts.portrait import portrait, provenance
from tirdata.mix.manifest import Counts, DuplicatePair, MixManifest, SequenceRecord
from tirdata.mix.recipe import Domain, Recipe, Subset
from tirdata.mix.shards import Sample, ShardWriter, members
from tirdata.mix.split import shuffled, split_groups, split_together
from tirdata.mix.tracklets import cut_sequence, refusal
from tirdata.types import Sequence

OURS = re.compile(r"shard-\d{6}\.tar|index\.jsonl|\.part-.*")  # files in train and val
LONGEST_KEY = 64  # bytes; track, number and frame come behind it


@dataclass(frozen=True)
class Job:
    """One sequence to cut; small and picklable."""

    recipe: Recipe
    layout: str
    root: Path
    name: str
    domain: Domain
    key: str
    parts: Path


class Piece(Config):
    """A sample in a part file."""

    sample: Sample
    start: int
    length: int
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]


class Part(Config):
    """What cutting one sequence gave; lies beside its tar members until the mix is whole."""

    record: SequenceRecord
    left_out: dict[str, int]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class MixReport:
    """What ``build_mix`` did."""

    manifest: MixManifest
    fresh: bool  # False: the mix was there already, of the same inputs


def build_mix(
    recipe: Recipe,
    out: Path,
    engine: Engine,
    on_progress: Callable[[int, int], None],
) -> MixReport:
    """Build the mix of ``recipe`` in the folder ``out``; a mix of the same inputs is left as it is.

    Raises:
        UsageError: no dataset, one named twice, or ``out`` holds another mix or something else.
        DataError: a sequence cannot be read, or nothing is left to train on.
        PartlyDoneError: several sequences failed; the message names the first.
        StorageError: the disk is full or read-only.
    """
    parts = out / ".parts" / hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()[:16]
    jobs = plan(recipe, parts)
    old = _old_manifest(out, recipe)
    _check_ours(out)
    if old is not None and _same_inputs(old, jobs):
        return MixReport(old, fresh=False)
    failed: list[TirDataError] = []
    for done, outcome in enumerate(engine.map(cut_part, jobs), 1):
        if outcome.error is not None:
            failed.append(outcome.error)
        on_progress(done, len(jobs))
    if failed:
        if len(jobs) == 1 or len(failed) == 1:
            raise failed[0]
        raise PartlyDoneError(
            f"{len(failed)} of {len(jobs)} sequences failed, the mix is not written; "
            f"first: {failed[0]}"
        )
    manifest = _assemble(recipe, jobs, out)
    shutil.rmtree(out / ".parts", ignore_errors=True)
    return MixReport(manifest, fresh=True)


def plan(recipe: Recipe, parts: Path) -> list[Job]:
    """A job for every sequence of every dataset of the recipe.

    Raises:
        UsageError: there is no dataset, or one is named twice.
    """
    roots: list[tuple[Domain, Path]] = [
        *(("vid", root) for root in recipe.vid),
        *(("tir", root) for root in recipe.tir),
    ]
    if not roots:
        raise UsageError("a mix needs at least one dataset; name it with --vid or --tir")
    twice = [
        str(root) for root, count in Counter(r.resolve() for _, r in roots).items() if count > 1
    ]
    if twice:
        raise UsageError(f"{twice[0]}: named twice; a dataset is either visible or thermal")
    jobs: list[Job] = []
    keys: set[str] = set()
    numbers: Counter[str] = Counter()
    for domain, root in roots:
        layout = open_layout(root)
        for name in layout.names(root):
            key = _key(f"{domain}{numbers[domain]}-{name}", keys)
            jobs.append(Job(recipe, layout.name, root, name, domain, key, parts))
        numbers[domain] += 1
    return jobs


def _key(name: str, taken: set[str]) -> str:
    """``name`` as a part of file names in a tar (at most 100 bytes, no dots), never used before."""
    key = name.replace(".", "_").replace("/", "_")
    if key in taken or len(key.encode()) > LONGEST_KEY:
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        key = f"{key.encode()[: LONGEST_KEY - 13].decode(errors='ignore')}-{digest}"
    taken.add(key)
    return key


def cut_part(job: Job) -> None:
    """Cut one sequence into a part file and its description, unless they are there already.

    Raises:
        DataError: the sequence cannot be read.
        StorageError: the disk is full or read-only.
    """
    sequence = LAYOUTS[job.layout].read_one(job.root, job.name)
    inputs = fingerprint(sequence)
    tar, description = _part_paths(job)
    if description.exists() and _inputs_of(description) == inputs:
        return
    recording, licence = provenance(job.root, job.name)
    pieces: list[Piece] = []
    digest = hashlib.sha256()
    position = 0
    with files.whole(tar) as path, path.open("wb") as file:
        for tracklet in cut_sequence(sequence, job.key, job.domain, recording, job.recipe):
            blocks, offsets = members(tracklet.sample, tracklet.jpegs)
            sizes = tuple(len(jpeg) for jpeg in tracklet.jpegs)
            pieces.append(
                Piece(
                    sample=tracklet.sample,
                    start=position,
                    length=len(blocks),
                    offsets=tuple(offsets),
                    sizes=sizes,
                )
            )
            file.write(blocks)
            digest.update(blocks)
            position += len(blocks)
    record = SequenceRecord(
        name=job.name,
        dataset=str(job.root),
        domain=job.domain,
        subset="",
        recording=recording,
        group=recording,
        licence=licence,
        tracks=len({piece.sample.track for piece in pieces}),
        crops=sum(len(piece.sizes) for piece in pieces),
        inputs_sha256=inputs,
        crops_sha256=digest.hexdigest(),
    )
    reasons = Counter(
        reason for track in sequence.tracks if (reason := refusal(track, job.recipe)) is not None
    )
    part = Part(record=record, left_out=dict(reasons), pieces=tuple(pieces))
    if pieces and job.recipe.duplicates == "together":
        files.write_text(
            _portrait_path(job), to_json(portrait(job.root, job.name, sequence.frames))
        )
    files.write_text(description, to_json(part))


def _inputs_of(description: Path) -> str:
    return read_json(description, Part).record.inputs_sha256


def fingerprint(sequence: Sequence) -> str:
    """SHA-256 of what can change a mix: the tracks, and the sizes of the frames' files.

    Raises:
        DataError: a frame's file is missing.
    """
    digest = hashlib.sha256(str(len(sequence.frames)).encode())
    for path in getattr(sequence.frames, "paths", ()):
        try:
            digest.update(f"{path.stat().st_size},".encode())  # far faster than the bytes
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    for track in sequence.tracks:
        digest.update(f"{track.id}:{track.class_name}".encode())
        for values in (track.boxes, track.generated, track.occluded):
            digest.update(values.tobytes())
    return digest.hexdigest()


def _fingerprint_job(job: Job) -> str:
    return fingerprint(LAYOUTS[job.layout].read_one(job.root, job.name))


def _part_paths(job: Job) -> tuple[Path, Path]:
    return job.parts / f"{job.key}.tar", job.parts / f"{job.key}.json"


def _portrait_path(job: Job) -> Path:
    return job.parts / f"{job.key}.portrait.json"


def _old_manifest(out: Path, recipe: Recipe) -> MixManifest | None:
    path = out / "mix.json"
    if not path.exists():
        return None
    manifest = read_json(path, MixManifest)
    if manifest.recipe != recipe:
        raise UsageError(f"{out}: holds a mix of another recipe; choose another --out or remove it")
    return manifest


def _same_inputs(old: MixManifest, jobs: Iterable[Job]) -> bool:
    known = {(s.dataset, s.name): s.inputs_sha256 for s in old.sequences}
    now = {(str(job.root), job.name): _fingerprint_job(job) for job in jobs}
    return known == now


def _assemble(recipe: Recipe, jobs: list[Job], out: Path) -> MixManifest:
    by_key = {job.key: job for job in jobs}
    parts = {key: read_json(_part_paths(job)[1], Part) for key, job in by_key.items()}
    crops = sum(part.record.crops for part in parts.values())
    if not crops:
        raise DataError("no track of the recipe's classes, length and size in any dataset")
    pairs = _grouped(recipe, by_key, parts)
    held_out = _held_out(recipe, parts.values())
    _remove_old(out)
    writers: dict[Subset, ShardWriter] = {
        "train": ShardWriter(out / "train", recipe.shard_bytes),
        "val": ShardWriter(out / "val", recipe.shard_bytes),
    }
    records = {}
    for key in shuffled(by_key, recipe.seed):
        part = parts[key]
        subset: Subset = "val" if part.record.group in held_out else "train"
        used = subset if part.pieces else ""
        records[key] = part.record.model_copy(update={"subset": used})
        with _part_paths(by_key[key])[0].open("rb") as file:
            for piece in part.pieces:
                blocks = file.read(piece.length)
                writers[subset].add(piece.sample, blocks, list(piece.offsets), list(piece.sizes))
    for writer in writers.values():
        writer.close()
    manifest = _manifest(recipe, [records[job.key] for job in jobs], parts.values(), writers, pairs)
    files.write_text(out / "mix.json", to_json(manifest))
    return manifest


def _check_ours(out: Path) -> None:
    """See that ``train`` and ``val`` hold a mix or nothing: a data set may have folders so named.

    Raises:
        UsageError: there is something else in one of them.
    """
    for path in (path for subset in ("train", "val") for path in (out / subset).glob("*")):
        if not OURS.fullmatch(path.name) or path.is_dir():
            raise UsageError(f"{path}: is not of a mix; choose another --out")


def _remove_old(out: Path) -> None:
    """Take away a mix of earlier inputs, the manifest first: without it there is no mix.

    Raises:
        UsageError: something that is not of a mix came in between.
        StorageError: a file cannot be removed.
    """
    _check_ours(out)
    try:
        (out / "mix.json").unlink(missing_ok=True)
        for subset in ("train", "val"):
            if (out / subset).exists():
                shutil.rmtree(out / subset)
    except OSError as error:
        raise files.storage_error(out, error) from error


def _grouped(
    recipe: Recipe, jobs: dict[str, Job], parts: dict[str, Part]
) -> tuple[DuplicatePair, ...]:
    """Put recordings that show the same into one group; which sequences said so."""
    if recipe.duplicates == "ignore":
        return ()
    keys = [key for key in jobs if parts[key].pieces]
    pairs = find_duplicates([read_json(_portrait_path(jobs[key]), Portrait) for key in keys])
    found = [(keys[pair.first], keys[pair.second], pair.match) for pair in pairs]
    groups = split_together(
        (parts[one].record.recording, parts[two].record.recording) for one, two, _ in found
    )
    for key, part in parts.items():
        group = groups.get(part.record.recording, part.record.recording)
        record = part.record.model_copy(update={"group": group})
        parts[key] = part.model_copy(update={"record": record})
    return tuple(
        DuplicatePair(
            first=str(jobs[one].root / jobs[one].name),
            second=str(jobs[two].root / jobs[two].name),
            kind=match.kind,
            alike=round(match.alike, 3),
        )
        for one, two, match in found
    )


def _held_out(recipe: Recipe, parts: Iterable[Part]) -> set[str]:
    """Groups for validation, chosen per domain; one in both domains stands on one side."""
    groups: dict[str, set[str]] = {}
    for part in parts:
        if part.pieces:
            groups.setdefault(part.record.domain, set()).add(part.record.group)
    chosen = {
        domain: split_groups(names, recipe.val_share, recipe.seed)
        for domain, names in groups.items()
    }
    return set().union(*chosen.values())


def _manifest(
    recipe: Recipe,
    records: list[SequenceRecord],
    parts: Iterable[Part],
    writers: dict[Subset, ShardWriter],
    pairs: tuple[DuplicatePair, ...],
) -> MixManifest:
    class_crops: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    samples: Counter[str] = Counter()
    licences: Counter[str] = Counter()
    side = {(record.dataset, record.name): record.subset for record in records}
    for part in parts:
        left_out.update(part.left_out)
        licences[part.record.licence] += part.record.crops
        samples[side[part.record.dataset, part.record.name]] += len(part.pieces)
        for piece in part.pieces:
            class_crops[piece.sample.class_name] += len(piece.sizes)
    subsets = {}
    for subset, writer in writers.items():
        mine = [record for record in records if record.subset == subset]
        subsets[str(subset)] = Counts(
            samples=samples[subset],
            crops=sum(record.crops for record in mine),
            sequences=len(mine),
            recordings=len({record.recording for record in mine}),
            groups=len({record.group for record in mine}),
            shards=tuple(writer.shards),
        )
    others = sorted(set(class_crops) - set(VID_CLASSES))
    return MixManifest(
        recipe=recipe,
        classes=(*VID_CLASSES, *others),
        class_crops=dict(sorted(class_crops.items())),
        licences={name: count for name, count in sorted(licences.items()) if count},
        subsets=subsets,
        duplicates=pairs,
        left_out=dict(sorted(left_out.items())),
        sequences=tuple(records),
    )
