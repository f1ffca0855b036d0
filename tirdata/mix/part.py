"""One sequence of a mix: its samples cut into a part file, or found whole in an earlier mix."""

import hashlib
from collections import Counter
from dataclasses import dataclass

from tirdata import files
from tirdata.config import Config, read_json, to_json
from tirdata.dataset.duplicates import Portrait
from tirdata.fetch.licence import licence_name
from tirdata.layouts.portrait import provenance
from tirdata.mix.choose import FEW, refused_boxes
from tirdata.mix.inputs import inputs_of, portrait_of, read, stamp
from tirdata.mix.jobs import Job
from tirdata.mix.manifest import SequenceRecord
from tirdata.mix.reuse import is_whole
from tirdata.mix.shards import tar_members
from tirdata.mix.tasks import TASKS
from tirdata.mix.tracklets import size_of
from tirdata.types import Sequence


class Piece(Config):
    """A sample in a part file."""

    sample: str
    """The sample as JSON."""
    length: int
    """Bytes of its tar members; those of the next follow."""
    offsets: tuple[int, ...]
    """First byte of each file in them."""
    sizes: tuple[int, ...]
    """Bytes of each file."""


class Part(Config):
    """What cutting one sequence gave; lies beside its tar members until the mix is whole."""

    record: SequenceRecord
    stamp: str | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Ready:
    """A sequence that can go into the mix."""

    record: SequenceRecord | None  # None: as in the earlier mix
    stamp: str | None


@dataclass(frozen=True)
class Look:
    """Whether a sequence is as the earlier mix knows it."""

    same: bool
    stamp: str | None


def look(job: Job) -> Look:
    """See whether the inputs of a known sequence are the same; only by its files if that is enough.

    Raises:
        DataError: the sequence cannot be read.
    """
    now = stamp(job)
    if job.known is None:
        return Look(same=False, stamp=now)
    if now is not None and now == job.known.stamp:
        return Look(same=True, stamp=now)
    sequence = read(job)
    return Look(_inputs(job, sequence)[0] == job.known.inputs_sha256, now)


def prepare(job: Job) -> Ready:
    """Cut one sequence, unless it is cut already or an earlier mix has its samples.

    Raises:
        DataError: the sequence cannot be read.
        StorageError: the disk is full or read-only.
    """
    if job.known is not None and (job.known.span is None or is_whole(job.known.span)):
        job.tar_path.unlink(missing_ok=True)  # of a call that was stopped, of other inputs
        if job.known.span is not None and job.recipe.duplicates == "together":
            files.write_text(job.portrait_path, to_json(portrait_of(job)))
        return Ready(None, job.known.stamp)
    now = stamp(job)  # before anything is read: what changes meanwhile is seen the next time
    if job.description_path.exists():
        part = read_json(job.description_path, Part)
        if now is not None and part.stamp == now:
            return Ready(part.record, now)
    return Ready(_cut(job, now), now)


def _inputs(job: Job, sequence: Sequence) -> tuple[str, Portrait | None]:
    """Hash of all that can change the samples and their side, and the portrait if it is wanted."""
    recording, licence = provenance(job.root, job.sequence)
    used = set[int]()
    if _refusal(job, sequence, licence) is None:
        for track in sequence.tracks:
            used.update(TASKS[job.recipe.task].wanted(sequence, track, job.recipe)[1])
    shown = None
    if used and job.recipe.duplicates == "together":
        shown = portrait_of(job, sequence.frames)
    whole = hashlib.sha256(f"{recording}\n{licence}\n".encode())
    whole.update(inputs_of(sequence, sorted(used), shown).encode())
    return whole.hexdigest(), shown


def _refusal(job: Job, sequence: Sequence, licence: str) -> str | None:
    """Why nothing of a sequence is wanted; None if some may be."""
    wanted = {licence_name(each) for each in job.recipe.licences}
    if wanted and not (licence and licence_name(licence) in wanted):
        return "licence not wanted"
    return TASKS[job.recipe.task].refusal(sequence, job.domain)


def _cut(job: Job, stamp_: str | None) -> SequenceRecord:
    sequence = read(job)
    inputs, shown = _inputs(job, sequence)
    recording, licence = provenance(job.root, job.sequence)
    refused = _refusal(job, sequence, licence)
    cut = TASKS[job.recipe.task].cut
    pieces: list[Piece] = []
    classes: Counter[str] = Counter()
    names = {track.id: track.class_name for track in sequence.tracks}
    tracks: set[int] = set()
    digest = hashlib.sha256()
    with files.whole(job.tar_path) as path, path.open("wb") as file:
        for made in (
            cut(sequence, job.key, job.domain, recording, job.recipe) if refused is None else ()
        ):
            blocks, offsets = tar_members(made.sample, made.files)
            sizes = tuple(len(data) for _, data in made.files)
            text = made.sample.model_dump_json()
            pieces.append(
                Piece(sample=text, length=len(blocks), offsets=tuple(offsets), sizes=sizes)
            )
            file.write(blocks)
            digest.update(blocks)
            tracks.add(made.sample.track)
            classes[names[made.sample.track]] += len(made.sample.frames)
    left_out, boxes = _left_out(job, sequence, refused)
    record = SequenceRecord(
        name=job.sequence, dataset=str(job.root), domain=job.domain, subset="",
        recording=recording, group=recording, licence=licence, tracks=len(tracks),
        crops=sum(classes.values()), samples=len(pieces), classes=dict(sorted(classes.items())),
        left_out=dict(sorted(left_out.items())), left_out_boxes=dict(sorted(boxes.items())),
        inputs_sha256=inputs, crops_sha256=digest.hexdigest(),
    )  # fmt: skip
    if shown is not None:
        files.write_text(job.portrait_path, to_json(shown))
    part = Part(record=record, stamp=stamp_, pieces=tuple(pieces))
    files.write_text(job.description_path, part.model_dump_json())
    return record


def _left_out(
    job: Job, sequence: Sequence, refused: str | None
) -> tuple[Counter[str], Counter[str]]:
    """Tracks that are left out, by reason, and boxes of the tracks that might have been used."""
    tracks, boxes = Counter[str](), Counter[str]()
    for track in sequence.tracks:
        reason = refused or TASKS[job.recipe.task].wanted(sequence, track, job.recipe)[0]
        if reason is not None:
            tracks[reason] += 1
        if reason in (None, FEW):
            boxes += refused_boxes(track, job.recipe, size_of(sequence.frames))
    return tracks, boxes
