"""Whole sequences of other people's data sets, frames and boxes, into a dataset of ours.

Each sequence becomes a recording with one shot. Numbers follow the order of names, not the order in
which workers end; what is done is not done again, what was stopped goes on.
"""

import hashlib
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tirdata import __version__
from tirdata.annotate.annotate import derive
from tirdata.annotate.drafts import open_draft
from tirdata.annotate.import_pair import (
    add_visible,
    check_visible,
    store_visible,
    store_visible_boxes,
)
from tirdata.annotate.importing import Imported, earlier, new_event
from tirdata.annotate.journal import Journal
from tirdata.dataset.card import Card, Source
from tirdata.dataset.classes import wnid
from tirdata.dataset.convert import remove_sequences
from tirdata.dataset.frames import FrameWriter
from tirdata.dataset.lists import write_lists
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.engine.base import Engine
from tirdata.errors import DataError, TirDataError, UsageError
from tirdata.geometry import inside
from tirdata.layouts import LAYOUTS
from tirdata.types import Frames, Track
from tirdata.types import Sequence as TrackedSequence

UNNAMED = "object"  # what layouts without classes call every target
FPS = 25.0  # where neither the data set nor the user says it


@dataclass(frozen=True)
class LayoutFolder:
    """A data set to take in."""

    root: Path
    layout: str
    only: tuple[str, ...] = ()  # names of sequences; none = all
    class_name: str | None = None  # None = as the data set says
    subset: str = "train"
    generated: bool = False  # whether a machine made all the boxes
    fps: float | None = None  # None = as the data set says, else FPS
    zip_file: Path | None = None  # that it was unpacked from, for as long as it is read
    strict: bool = False  # whether one sequence that cannot be read stops everything


class Identity(NamedTuple):
    """A sequence by the bytes of its frames."""

    name: str
    sha256: str
    bytes: int
    fps: float | None = None  # where the data set says it


class Place(NamedTuple):
    """Where a sequence goes; small, for engines to send."""

    name: str
    identity: Identity
    number: int

    @property
    def recording_id(self) -> str:
        """First 16 digits of the hash."""
        return self.identity.sha256[:16]


@dataclass(frozen=True)
class SequenceReport:
    """What became of one sequence."""

    name: str
    sequence: str | None = None
    frames: int = 0
    new: bool = False
    tracks: tuple[Imported, ...] = ()
    error: str | None = None
    left_out: tuple[str, ...] = ()  # tracks of classes that are not known


def import_layout(
    dataset: Dataset,
    folder: LayoutFolder,
    engine: Engine,
    on_sequence: Callable[[str], None] = lambda _: None,
) -> tuple[SequenceReport, ...]:
    """Take in every sequence; one that cannot be read costs itself only, unless that is strict.

    Raises:
        UsageError: a class is not known, or a name in ``only`` is not there.
        BusyError: another process writes to the dataset.
        DataError: strictly, a sequence cannot be read.
        StorageError: the dataset cannot be written.
    """
    names = _names(folder)
    if folder.class_name is not None:
        wnid(folder.class_name, dataset.config.classes)
    reports: dict[str, SequenceReport] = {}
    with dataset.lock():
        found: dict[str, Identity] = {}
        for outcome in engine.map(partial(look_at, dataset.root, folder), names):
            if outcome.error is not None and folder.strict:
                outcome.unwrap()
            if outcome.error is not None:
                reports[outcome.item] = _failed(outcome.item, outcome.error)
                on_sequence(outcome.item)
            else:
                found[outcome.item] = outcome.unwrap()
        places = _places(dataset, folder, [found[name] for name in names if name in found])
        for taken in engine.map(partial(take_in, dataset.root, folder), places):
            name = taken.item.name
            reports[name] = _failed(name, taken.error) if taken.error else taken.unwrap()
            on_sequence(name)
        made = [report.sequence for report in reports.values() if report.sequence]
        write_lists(dataset, [SequenceId.parse(name) for name in made])
    return tuple(reports[name] for name in names)


def identify(folder: LayoutFolder, name: str) -> Identity:
    """Hash a sequence's frames, file after file.

    Raises:
        DataError: the sequence cannot be read.
    """
    sequence = LAYOUTS[folder.layout].read_one(folder.root, name)
    paths: Collection[Path] = sequence.frames.paths  # type: ignore[attr-defined]  # all are files
    digest, size = hashlib.sha256(), 0
    for path in paths:
        data = path.read_bytes()
        digest.update(hashlib.sha256(data).digest())
        size += len(data)
    return Identity(name, digest.hexdigest(), size, getattr(sequence.frames, "fps", None))


def look_at(root: Path, folder: LayoutFolder, name: str) -> Identity:
    """As ``identify``; strictly, also everything that would stop the sequence when it is taken in.

    Raises:
        DataError: the sequence cannot be read, or a box lies outside of it.
        UsageError: the class of a track is not known.
    """
    if folder.strict:
        dataset = Dataset.open(root)
        sequence = LAYOUTS[folder.layout].read_one(folder.root, name)
        for track in sequence.tracks:
            _class(track, folder, name, dataset)
        height, width = sequence.frames[0].shape
        _check_inside(sequence, width, height)
        check_visible(sequence)
        for index in range(len(sequence.frames)):
            _check_shape(name, index, sequence.frames[index].shape, (height, width))
    return identify(folder, name)


def take_in(root: Path, folder: LayoutFolder, place: Place) -> SequenceReport:
    """Store the frames of one sequence, then its boxes, unless they are there.

    Raises:
        DataError: a frame cannot be read, or a box lies outside of it.
        UsageError: the class of a track is not known.
        StorageError: a file cannot be written.
    """
    dataset = Dataset.open(root)
    source = dataset.read_source(place.recording_id)
    try:
        return _take_in(dataset, folder, place, source)
    except (DataError, UsageError):
        if source.status == "fetched":
            remove_sequences(dataset, source)
            shutil.rmtree(dataset.recording_dir(source.recording_id), ignore_errors=True)
        raise


def _take_in(
    dataset: Dataset, folder: LayoutFolder, place: Place, source: Source
) -> SequenceReport:
    sequence = LAYOUTS[folder.layout].read_one(folder.root, place.name)
    number = SequenceId(source.subset, source.number, 0)
    height, width = sequence.frames[0].shape
    classes, left_out = _classes(sequence, folder, dataset)
    _check_inside(sequence, width, height)
    check_visible(sequence)
    new = source.status == "fetched"
    if new:
        remove_sequences(dataset, source)
        hashes = _store(sequence.frames, dataset.frame_dir(number), place.name)
        pair = store_visible(dataset, number, sequence)
        card = _card(source, hashes, (width, height)).model_copy(update={"pair": pair})
        dataset.add_sequence(number, card)
        done = {"status": "done", "width": width, "height": height, "frames": len(hashes),
                "sequences": (number.name,)}  # fmt: skip
        dataset.write_source(source.model_copy(update=done))
    elif add_visible(dataset, number, sequence):
        new = True  # it was taken in when the visible half was not
    tracks = {
        track.id: _import(
            dataset, number, track, classes[track.id], place, generated=folder.generated
        )
        for track in sequence.tracks
        if track.present.any() and track.id in classes
    }
    derive(dataset, number)
    taken = {old: (each.track, each.class_name) for old, each in tracks.items()}
    store_visible_boxes(dataset, number, sequence, taken, generated=folder.generated)
    count = len(sequence.frames)
    return SequenceReport(
        place.name, number.name, count, new, tuple(tracks.values()), left_out=left_out
    )


def _names(folder: LayoutFolder) -> list[str]:
    names = LAYOUTS[folder.layout].names(folder.root)
    unknown = sorted(set(folder.only) - set(names))
    if unknown:
        raise UsageError(
            f"{folder.root}: no sequence {unknown[0]}; there are: {', '.join(names[:20])}"
        )
    return [name for name in names if not folder.only or name in folder.only]


def _places(dataset: Dataset, folder: LayoutFolder, found: Sequence[Identity]) -> list[Place]:
    """A number for each sequence; new ones are written down as recordings without sequences."""
    known = {each: dataset.read_source(each) for each in dataset.recording_ids()}
    following = dataset.next_recording(folder.subset)
    places = []
    for identity in found:
        source = known.get(identity.sha256[:16])
        if source is None:
            source = _source(folder, identity, following)
            dataset.write_source(source)
            known[source.recording_id] = source
            following += 1
        places.append(Place(identity.name, identity, source.number))
    return places


def _source(folder: LayoutFolder, identity: Identity, number: int) -> Source:
    assumed = f"frame times are assumed: {folder.fps or FPS:g} frames a second"
    return Source.model_validate(
        {
            "recording_id": identity.sha256[:16],
            "subset": folder.subset,
            "number": number,
            "status": "fetched",
            "path": str((folder.zip_file or folder.root / identity.name).resolve()),
            "sha256": identity.sha256,
            "bytes": identity.bytes,
            "title": identity.name,
            "fetched": datetime.now(UTC),
            "container": folder.layout,
            "class_hint": folder.class_name,
            "tools": {"tirdata": __version__},
            "fps": folder.fps or identity.fps or FPS,
            "warnings": () if identity.fps and not folder.fps else (assumed,),
        }
    )


def _card(source: Source, hashes: Sequence[str], size: tuple[int, int]) -> Card:
    return Card(
        recording_id=source.recording_id,
        title=source.title,
        licence=source.licence,
        first_frame=0,
        last_frame=len(hashes) - 1,
        frames=len(hashes),
        times_s=tuple(round(index / (source.fps or FPS), 6) for index in range(len(hashes))),
        width=size[0],
        height=size[1],
        warnings=source.warnings,
        frames_sha256=tuple(hashes),
    )


def _store(frames: Frames, folder: Path, name: str) -> list[str]:
    writer = FrameWriter(folder)
    shape = frames[0].shape
    for index in range(len(frames)):
        frame = frames[index]
        _check_shape(name, index, frame.shape, shape)
        writer.write(frame)
    return writer.hashes


def _check_shape(name: str, index: int, shape: tuple[int, ...], first: tuple[int, ...]) -> None:
    if shape != first:
        raise DataError(
            f"{name}: frame {index} is {shape[1]}x{shape[0]}; expected {first[1]}x{first[0]}, "
            "as the first"
        )


def _classes(
    sequence: TrackedSequence, folder: LayoutFolder, dataset: Dataset
) -> tuple[dict[int, str], tuple[str, ...]]:
    """The class of each track by its id; tracks of classes that are not known, in words.

    Raises:
        UsageError: the data set names no class, or none that is known.
    """
    classes: dict[int, str] = {}
    left_out: list[str] = []
    for track in sequence.tracks:
        try:
            classes[track.id] = _class(track, folder, sequence.name, dataset)
        except UsageError as error:
            if track.class_name == UNNAMED:
                raise
            left_out.append(f"{sequence.name}: track {track.id}: {error}")
    if left_out and not classes:
        raise UsageError(left_out[0])
    return classes, tuple(left_out)


def _class(track: Track, folder: LayoutFolder, name: str, dataset: Dataset) -> str:
    class_name = folder.class_name or track.class_name
    if class_name == UNNAMED:
        raise UsageError(f"{name}: the data set does not say what the object is; see --class")
    wnid(class_name, dataset.config.classes)
    return class_name


def _check_inside(sequence: TrackedSequence, width: int, height: int) -> None:
    for track in sequence.tracks:
        bad = track.present & ~inside(track.boxes, width, height)
        if bad.any():
            frame = int(np.flatnonzero(bad)[0])
            shown = ",".join(f"{value:g}" for value in track.boxes[frame])
            raise DataError(
                f"{sequence.name}: frame {frame}: box {shown} (from 0) is outside the "
                f"{width}x{height} frame; expected a part inside"
            )


def _import(
    dataset: Dataset,
    number: SequenceId,
    track: Track,
    class_name: str,
    place: Place,
    *,
    generated: bool,
) -> Imported:
    """Journal one track, unless the same one of the same sequence is there."""
    draft = open_draft(dataset, number)
    digest = _digest(track)
    before = next(earlier(dataset, number, digest), None)
    event = new_event(draft, track.boxes, class_name, (place.name, digest), generated=generated)
    if before is None:
        flags = tuple(int(flag) for flag in track.generated | generated)
        hidden = tuple(np.flatnonzero(track.occluded & track.present).tolist())
        event = event.model_copy(update={"generated": flags, "occluded": hidden})
        draft.write(Journal(dataset.journal_path(number)), [event])
    boxes = int(track.present.sum())
    return Imported(
        sequence=number.name,
        track=event.track if before is None else before.track,
        class_name=class_name,
        boxes=boxes,
        absent=len(track.boxes) - boxes,
        already=before is not None,
    )


def _digest(track: Track) -> str:
    """Of what a track says; its number in the data set keeps two alike apart."""
    digest = hashlib.sha256(str(track.id).encode())
    for array in (track.boxes, track.generated, track.occluded):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _failed(name: str, error: TirDataError) -> SequenceReport:
    return SequenceReport(name, error=str(error))
