"""Builds the masks of a data set: sequence by sequence, each whole or not there."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from tirdata.config import read_json, to_json
from tirdata.dataset.tree import SequenceId
from tirdata.engine.base import Engine, Outcome
from tirdata.errors import DataError, PartlyDoneError, UsageError
from tirdata.files import sha256, write_bytes, write_text
from tirdata.layouts import LAYOUTS
from tirdata.masks.manifest import (
    NAME,
    SEQUENCE_NAME,
    MaskFile,
    MasksConfig,
    MasksManifest,
    SequenceMasks,
    SequenceSummary,
)
from tirdata.masks.rectangle import encode, label, mask_of
from tirdata.masks.sample import shares, spread
from tirdata.masks.styles import STYLES, Plane, annotated, boxes_in
from tirdata.types import Flags

CLAIM_NAME = "masks.part"  # lists the files of a call that has not ended, a line each


@dataclass(frozen=True)
class Job:
    """One sequence to make masks of."""

    root: Path
    layout: str
    name: str
    folder: Path
    frames: tuple[int, ...] | None  # None = every annotated one


@dataclass(frozen=True)
class Built:
    """What became of one sequence."""

    masks: SequenceMasks
    fresh: bool  # False = it was there already


@dataclass(frozen=True)
class MasksReport:
    """What ``build_masks`` did."""

    manifest: MasksManifest
    fresh: int  # sequences built by this call


def build_masks(
    root: Path,
    layout: str,
    out: Path,
    settings: MasksConfig,
    engine: Engine,
    on_sequence: Callable[[], None] = lambda: None,
) -> MasksReport:
    """Masks of every sequence below ``root``, and the manifest once all of them are there.

    What an earlier, interrupted call finished is kept when boxes and settings are the same.

    Raises:
        UsageError: no such style, or no frame is annotated.
        PartlyDoneError: some sequences failed; there is no manifest then.
        StorageError: a file cannot be written.
    """
    jobs = plan(root, layout, out, settings)
    outcomes: list[Outcome[Job, Built]] = []
    for outcome in engine.map(partial(build_sequence, settings=settings), jobs):
        outcomes.append(outcome)
        on_sequence()
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if failed:
        (out / NAME).unlink(missing_ok=True)
        if len(failed) == len(outcomes):
            failed[0].unwrap()
        raise PartlyDoneError(
            f"{len(failed)} of {len(outcomes)} sequences failed, the first: {failed[0].error}"
        )
    built = {outcome.item.name: outcome.unwrap() for outcome in outcomes}
    manifest = _manifest(jobs, layout, out, settings, built)
    if not manifest.masks:
        raise UsageError(f"{root}: no frame has a box; annotate or import some first")
    write_text(out / NAME, to_json(manifest))
    return MasksReport(manifest, sum(each.fresh for each in built.values()))


def plan(root: Path, layout: str, out: Path, settings: MasksConfig) -> list[Job]:
    """The sequences with masks, and which of their frames when there is a limit.

    Raises:
        UsageError: no such style.
        DataError: a sequence cannot be read (with a limit, where all are looked at beforehand).
    """
    if settings.style not in STYLES:
        raise UsageError(f"no style {settings.style!r}; there are: {', '.join(STYLES)}")
    names = LAYOUTS[layout].names(root)
    jobs = [Job(root, layout, name, out / _folder(layout, name), None) for name in names]
    if settings.limit is None:
        return jobs
    known = [np.flatnonzero(_wanted(_planes(job, settings), settings)).tolist() for job in jobs]
    random = np.random.default_rng(settings.seed)
    counts = shares([len(frames) for frames in known], settings.limit, random)
    return [
        replace(job, frames=tuple(spread(frames, count, random)))
        for job, frames, count in zip(jobs, known, counts, strict=True)
        if count
    ]


def build_sequence(job: Job, *, settings: MasksConfig) -> Built:
    """The masks of one sequence and its ``masks.json``; nothing to do where that is up to date.

    Raises:
        DataError: the sequence cannot be read, or its halves differ in length.
        StorageError: a file cannot be written.
    """
    planes = _planes(job, settings)
    wanted = _wanted(planes, settings)
    frames = np.flatnonzero(wanted).tolist() if job.frames is None else list(job.frames)
    inputs = _inputs(planes, frames, settings)
    there = _there(job.folder, inputs)
    if there is not None:
        return Built(there, fresh=False)
    names = {_file_name(plane, frame) for plane in planes for frame in frames}
    ours = _claim(job.folder, names)
    files = tuple(mask for plane in planes for mask in _draw(job.folder, plane, frames, settings))
    for name in sorted(ours - names):  # of an earlier call with other settings
        (job.folder / name).unlink(missing_ok=True)
    visible = any(plane.modality == "visible" for plane in planes)
    skipped = int((~wanted).sum())
    masks = SequenceMasks(
        name=job.name, inputs=inputs, visible=visible, skipped=skipped, masks=files
    )
    if files:
        write_text(job.folder / SEQUENCE_NAME, to_json(masks))
    (job.folder / CLAIM_NAME).unlink(missing_ok=True)
    return Built(masks, fresh=True)


def _claim(folder: Path, names: set[str]) -> set[str]:
    """Write down which files are ours before the first is drawn; theirs and those of earlier calls.

    ``--out`` may be a folder with pictures of somebody's: none is written over, none removed.

    Raises:
        UsageError: a file that would be written is there and no call of ours made it.
        DataError: the list of an earlier call cannot be read.
        StorageError: the list cannot be written.
    """
    listing, claim = folder / SEQUENCE_NAME, folder / CLAIM_NAME
    ours = set(claim.read_text(encoding="utf-8").splitlines()) if claim.exists() else set()
    if listing.exists():
        ours |= {mask.file for mask in read_json(listing, SequenceMasks).masks}
    for name in sorted(names - ours):
        if (folder / name).exists():
            raise UsageError(
                f"{folder / name}: is there and was not made by tirdata masks; choose another --out"
            )
    if names | ours:
        write_text(claim, "".join(f"{name}\n" for name in sorted(names | ours)))
    listing.unlink(missing_ok=True)
    return ours


def _file_name(plane: Plane, frame: int) -> str:
    return plane.pattern.format(number=frame + 1)


def _planes(job: Job, settings: MasksConfig) -> tuple[Plane, ...]:
    sequence = LAYOUTS[job.layout].read_one(job.root, job.name)
    planes = STYLES[settings.style](sequence)
    lengths = {len(plane.frames) for plane in planes}
    lengths |= {len(track.boxes) for plane in planes for track in plane.tracks}
    if len(lengths) > 1:
        raise DataError(f"{job.name}: halves or tracks differ in length: {sorted(lengths)} frames")
    if settings.track is None:
        return planes
    return tuple(
        plane._replace(tracks=tuple(each for each in plane.tracks if each.id == settings.track))
        for plane in planes
    )


def _wanted(planes: tuple[Plane, ...], settings: MasksConfig) -> Flags:
    return annotated(planes, human_only=settings.human_only, skip_occluded=settings.skip_occluded)


def _inputs(planes: tuple[Plane, ...], frames: Sequence[int], settings: MasksConfig) -> str:
    digest = hashlib.sha256(settings.model_dump_json().encode())
    digest.update(repr(list(frames)).encode())
    for plane in planes:
        digest.update(f"{plane.modality}{plane.frames[0].shape}".encode())
        for frame in frames:
            digest.update(boxes_in(plane, frame).tobytes())
    return digest.hexdigest()


def _there(folder: Path, inputs: str) -> SequenceMasks | None:
    """What an earlier call built from the same inputs, if it is all there."""
    path = folder / SEQUENCE_NAME
    if not path.is_file():
        return None
    masks = read_json(path, SequenceMasks)
    whole = all((folder / each.file).is_file() for each in masks.masks)
    return masks if masks.inputs == inputs and whole else None


def _draw(
    folder: Path, plane: Plane, frames: Sequence[int], settings: MasksConfig
) -> list[MaskFile]:
    height, width = plane.frames[0].shape
    files = []
    for frame in frames:
        target = label(boxes_in(plane, frame), (width, height), settings.resize)
        data = encode(mask_of(target, settings.polarity))
        name = _file_name(plane, frame)
        write_bytes(folder / name, data)
        files.append(
            MaskFile(
                frame=frame,
                modality="visible" if plane.modality == "visible" else "thermal",
                file=name,
                share=float(target.mean()),
                sha256=hashlib.sha256(data).hexdigest(),
            )
        )
    return files


def _manifest(
    jobs: Sequence[Job],
    layout: str,
    out: Path,
    settings: MasksConfig,
    built: dict[str, Built],
) -> MasksManifest:
    done = [(job, built[job.name].masks) for job in jobs]
    summaries = tuple(
        SequenceSummary(
            name=job.name,
            folder=job.folder.relative_to(out).as_posix(),
            frames=len({each.frame for each in masks.masks}),
            masks=len(masks.masks),
            visible=masks.visible,
            sha256=sha256(job.folder / SEQUENCE_NAME),
        )
        for job, masks in done
        if masks.masks
    )
    return MasksManifest(
        settings=settings,
        layout=layout,
        sequences=summaries,
        frames=sum(each.frames for each in summaries),
        masks=sum(each.masks for each in summaries),
        skipped=sum(masks.skipped for _, masks in done),
        thermal_only=sum(not each.visible for each in summaries),
        largest_share=max((each.share for _, m in done for each in m.masks), default=0.0),
    )


def _folder(layout: str, name: str) -> Path:
    return SequenceId.parse(name).folder if layout == "ilsvrc" else Path(name)
