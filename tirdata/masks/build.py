"""Builds the masks of a data set: sequence by sequence, each whole or not there."""

import hashlib
import logging
import os
from array import array
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
from tirdata.masks.sample import sample
from tirdata.masks.styles import STYLES, Plane, annotated, boxes_in, from_boxes_of
from tirdata.types import Flags
from tirdata.types import Sequence as TrackedSequence

logger = logging.getLogger(__name__)

MOST_TARGET = 0.5  # of the pixels, on average: with more, no polarity can be told from the other
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
    jobs = plan(root, layout, out, settings, engine)
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
    if manifest.mean_share >= MOST_TARGET:
        logger.warning(
            "%s: %.0f %% of the pixels are target; whoever reads them cannot check the polarity",
            out, 100 * manifest.mean_share,
        )  # fmt: skip
    write_text(out / NAME, to_json(manifest))
    return MasksReport(manifest, sum(each.fresh for each in built.values()))


def plan(root: Path, layout: str, out: Path, settings: MasksConfig, engine: Engine) -> list[Job]:
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
    outcomes = engine.map(partial(known_frames, settings=settings), jobs)
    known = {outcome.item.name: outcome.unwrap() for outcome in outcomes}
    random = np.random.default_rng(settings.seed)
    chosen = sample([known[job.name] for job in jobs], settings.limit, random)
    return [
        replace(job, frames=tuple(frames))
        for job, frames in zip(jobs, chosen, strict=True)
        if frames
    ]


def known_frames(job: Job, *, settings: MasksConfig) -> Sequence[int]:
    """The frames of a sequence that may have a mask; four bytes each, to be sent.

    Raises:
        DataError: the sequence cannot be read, or its halves differ in length.
    """
    return array("I", np.flatnonzero(wanted(_planes(job, settings), settings)).tolist())


def build_sequence(job: Job, *, settings: MasksConfig) -> Built:
    """The masks of one sequence and its ``masks.json``; nothing to do where that is up to date.

    Raises:
        DataError: the sequence cannot be read, or its halves differ in length.
        StorageError: a file cannot be written.
    """
    planes = _planes(job, settings)
    counts = wanted(planes, settings)
    frames = np.flatnonzero(counts).tolist() if job.frames is None else list(job.frames)
    inputs = inputs_of(planes, frames, settings, job.root)
    there = _there(job.folder, inputs)
    if there is not None:
        return Built(there, fresh=False)
    names = {_file_name(plane, frame) for plane in planes for frame in frames}
    ours = _claim(job.folder, names)
    files = tuple(mask for plane in planes for mask in _draw(job, plane, frames, settings))
    for name in sorted(ours - names):  # of an earlier call with other settings
        (job.folder / name).unlink(missing_ok=True)
    visible = any(plane.modality == "visible" for plane in planes)
    skipped = int((~counts).sum())
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
    return planes_of(LAYOUTS[job.layout].read_one(job.root, job.name), settings)


def planes_of(sequence: TrackedSequence, settings: MasksConfig) -> tuple[Plane, ...]:
    """The planes that a sequence gets with these settings.

    Raises:
        DataError: its halves or tracks differ in length, or in size where boxes are shared.
    """
    planes = STYLES[settings.style](sequence)
    lengths = {len(plane.frames) for plane in planes}
    lengths |= {len(track.boxes) for plane in planes for track in plane.tracks}
    if len(lengths) > 1:
        found = sorted(lengths)
        raise DataError(f"{sequence.name}: halves or tracks differ in length: {found} frames")
    if settings.track is not None:
        planes = tuple(
            plane._replace(tracks=tuple(each for each in plane.tracks if each.id == settings.track))
            for plane in planes
        )
    try:
        return from_boxes_of(planes, settings.boxes)
    except DataError as error:
        raise DataError(f"{sequence.name}: {error}") from None


def wanted(planes: tuple[Plane, ...], settings: MasksConfig) -> Flags:
    """The frames that may have a mask, (n,)."""
    return annotated(planes, human_only=settings.human_only, skip_occluded=settings.skip_occluded)


def inputs_of(
    planes: tuple[Plane, ...], frames: Sequence[int], settings: MasksConfig, root: Path
) -> str:
    """Hash of all that decides the masks of a sequence."""
    digest = hashlib.sha256(settings.model_dump_json().encode())
    digest.update(repr(list(frames)).encode())
    for plane in planes:
        digest.update(f"{plane.modality}{plane.frames[0].shape}".encode())
        paths = _paths(plane) or ()
        digest.update(repr([_below(paths[frame], root) for frame in frames if paths]).encode())
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


def _paths(plane: Plane) -> Sequence[Path] | None:
    """The files of the frames, where each is one."""
    paths: Sequence[Path] | None = getattr(plane.frames, "paths", None)
    return paths


def _below(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _draw(job: Job, plane: Plane, frames: Sequence[int], settings: MasksConfig) -> list[MaskFile]:
    height, width = plane.frames[0].shape
    paths = _paths(plane)
    files = []
    for frame in frames:
        boxes = boxes_in(plane, frame)
        target = label(boxes, (width, height), settings.resize)
        data = encode(mask_of(target, settings.polarity))
        name = _file_name(plane, frame)
        write_bytes(job.folder / name, data)
        files.append(
            MaskFile(
                frame=frame,
                modality="visible" if plane.modality == "visible" else "thermal",
                file=name,
                image=None if paths is None else _below(paths[frame], job.root),
                boxes=tuple(tuple(box) for box in boxes.tolist()),
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
    share = [each.share for _, masks in done for each in masks.masks]
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
        data=Path(os.path.relpath(jobs[0].root, out)).as_posix() if jobs else "",
        sequences=summaries,
        frames=sum(each.frames for each in summaries),
        masks=sum(each.masks for each in summaries),
        skipped=sum(masks.skipped for _, masks in done),
        mean_share=sum(share) / len(share) if share else 0.0,
        thermal_only=sum(not each.visible for each in summaries),
        largest_share=max(share, default=0.0),
    )


def _folder(layout: str, name: str) -> Path:
    return SequenceId.parse(name).folder if layout == "ilsvrc" else Path(name)
