"""Files of several tracks without frames (CVAT, COCO-video, MOT) onto sequences that are there.

What a file says of frames is brought onto a sequence, or onto a recording and from there onto its
sequences. Records that are wrong are left out and named, or stop everything where that is asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tirdata.annotate.annotate import derive
from tirdata.annotate.burnt_in import BurntIn
from tirdata.annotate.drafts import Draft, open_draft
from tirdata.annotate.events import ImportEvent
from tirdata.annotate.importing import (
    Imported,
    ImportReport,
    check_length,
    earlier,
    find_recording,
    names_of,
    warn_of_boxes_beyond,
)
from tirdata.annotate.journal import LOCK_WAIT_S, Journal
from tirdata.dataset.card import Card, Source
from tirdata.dataset.classes import wnid
from tirdata.dataset.lists import write_lists
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import AnnotationError, UsageError
from tirdata.files import sha256
from tirdata.geometry import inside
from tirdata.layouts.annotation_files import ANNOTATION_FILES
from tirdata.layouts.faults import Faults
from tirdata.layouts.objects import Annotations
from tirdata.types import Box, Track

UNNAMED = "object"  # what files without classes call every target


@dataclass(frozen=True)
class TracksFile:
    """A file of several tracks, and where it goes."""

    path: Path
    kind: str  # a name in ANNOTATION_FILES
    sequence: str | None = None  # its name or eight digits
    recording: str | None = None  # its id, title, file name or link; none of both = as it says
    class_name: str | None = None  # None = as the file says
    generated: bool = False  # whether a machine made all the boxes
    strict: bool = False  # whether one wrong record stops everything


class _Target(NamedTuple):
    """What one list of annotations goes onto."""

    said: Annotations
    name: str  # for people
    frames: int
    size: tuple[int, int] | None
    parts: tuple[SequenceId, ...]
    recording: bool  # whether frames and pixels are the recording's


@dataclass(frozen=True)
class _Part:
    """What one sequence gets."""

    draft: Draft
    events: tuple[ImportEvent, ...]
    already: bool


def import_tracks(dataset: Dataset, wanted: TracksFile, *, write: bool = True) -> ImportReport:
    """Take the tracks of a file into sequences of ``dataset``.

    Without ``write`` everything is checked and nothing is changed.

    Raises:
        UsageError: it is not plain which sequence is meant, or the file was taken in otherwise.
        AnnotationError: the file is wrong as a whole, or is not as long or as large as the
            sequence, or a record is wrong and the file is to be taken in strictly.
        StorageError: a journal or an XML file cannot be written.
    """
    faults = Faults(strict=wanted.strict)
    said = ANNOTATION_FILES[wanted.kind](wanted.path, faults)
    targets = _targets(dataset, wanted, said, faults)
    digest = sha256(wanted.path)
    parts: list[_Part] = []
    empty: list[str] = []
    for target in targets:
        tracks = [*_tracks(dataset, wanted, target, faults)]
        for sequence in target.parts:
            card = dataset.read_card(sequence)
            mine = [_cut(track, card, recording=target.recording) for track in tracks]
            mine = [_within(track, card, wanted.path, faults) for track in mine]
            mine = [track for track in mine if track.present.any()]
            if mine:
                parts.append(_part(dataset, sequence, mine, (wanted.path, digest)))
            else:
                empty.append(sequence.name)
    if not parts:
        first = f": {faults.messages[0]}" if faults.messages else ""
        raise AnnotationError(f"{wanted.path}: no box for any sequence of the dataset{first}")
    over = _write(dataset, parts) if write else []
    return ImportReport(
        tuple(each for part in parts for each in _said(part)),
        tuple(empty),
        tuple(over),
        tuple(faults.messages),
        faults.count,
        tuple(faults.notes),
    )


def _targets(
    dataset: Dataset, wanted: TracksFile, said: Sequence[Annotations], faults: Faults
) -> list[_Target]:
    if wanted.sequence is not None or wanted.recording is not None:
        one = _only(wanted, said)
        if wanted.sequence is not None:
            targets = [_onto_sequence(dataset, one, dataset.find(wanted.sequence))]
        else:
            targets = [_onto_recording(one, find_recording(dataset, wanted.recording or ""))]
    else:
        targets = [*_by_name(dataset, wanted, said, faults)]
    for target in targets:
        _check_fits(dataset, wanted.path, target)
    return targets


def _only(wanted: TracksFile, said: Sequence[Annotations]) -> Annotations:
    """The list that is meant where one sequence or recording is named."""
    named = [each for each in said if each.name in (wanted.sequence, wanted.recording)]
    if len(said) == 1 or len(named) == 1:
        return said[0] if len(said) == 1 else named[0]
    names = ", ".join(each.name for each in said[:20]) or "none"
    raise UsageError(
        f"{wanted.path}: has {len(said)} videos ({names}); expected one, or leave out --sequence "
        "and --recording to go by their names"
    )


def _by_name(
    dataset: Dataset, wanted: TracksFile, said: Sequence[Annotations], faults: Faults
) -> Iterator[_Target]:
    """Each list onto the sequence or recording that is called as it is."""
    sequences = {each.name: each for each in dataset.sequence_ids()}
    sources = [dataset.read_source(each) for each in dataset.recording_ids()]
    for each in said:
        called = {name for name in (each.name, each.source) if name}
        known = [sequences[name] for name in called if name in sequences]
        recorded = [source for source in sources if called & names_of(source)]
        if len(known) == 1:
            yield _onto_sequence(dataset, each, known[0])
        elif len(recorded) == 1:
            yield _onto_recording(each, recorded[0])
        else:
            found = f"{wanted.path}: no sequence or recording {each.name or '(no name)'}"
            if len(said) == 1:
                raise UsageError(f"{found}; expected --sequence NAME or --recording NAME")
            faults.add(f"{found} in {dataset.root}")


def _onto_sequence(dataset: Dataset, said: Annotations, sequence: SequenceId) -> _Target:
    card = dataset.read_card(sequence)
    size = (card.width, card.height)
    return _Target(said, sequence.name, card.frames, size, (sequence,), recording=False)


def _onto_recording(said: Annotations, source: Source) -> _Target:
    size = None if source.width is None or source.height is None else (source.width, source.height)
    parts = tuple(map(SequenceId.parse, source.sequences))
    name = source.title or source.recording_id
    return _Target(said, name, source.frames or 0, size, parts, recording=True)


def _check_fits(dataset: Dataset, path: Path, target: _Target) -> None:
    said = target.said
    if None not in (said.size, target.size) and said.size != target.size:
        raise AnnotationError(
            f"{path}: made on frames of {said.size}; those of {target.name} are {target.size}; "
            "expected the same"
        )
    end = said.first + ((said.frames or said.last + 1) - 1) * said.step + 1
    of_all = said.frames is not None and said.first == 0 and said.step == 1
    if of_all and target.recording and target.parts:
        card = dataset.read_card(target.parts[0])
        check_length(path, end, dataset.read_source(card.recording_id), "frames")
    elif end > target.frames or (of_all and end != target.frames):
        longer = "longer" if end > target.frames else "shorter"
        raise AnnotationError(
            f"{path}: speaks of {end} frames; {target.name} has {target.frames}: it is {longer}; "
            "expected one that was made on the same frames"
        )


def _tracks(
    dataset: Dataset, wanted: TracksFile, target: _Target, faults: Faults
) -> Iterator[Track]:
    """The file's tracks over all frames of the target, of classes that are known."""
    said = target.said
    count = said.frames or max(0, (target.frames - said.first - 1) // said.step + 1)
    for track in said.build(count, faults):
        class_name = wanted.class_name or track.class_name
        if class_name == UNNAMED:
            raise UsageError(f"{wanted.path}: does not say what the objects are; see --class")
        try:
            wnid(class_name, dataset.config.classes)
        except UsageError as error:
            if wanted.class_name is not None:
                raise
            faults.add(f"{wanted.path}: track {track.id}: {error}")
            continue
        generated = track.generated | wanted.generated
        named = replace(track, class_name=class_name, generated=generated)
        yield _spread(named, said, target.frames)


def _spread(track: Track, said: Annotations, frames: int) -> Track:
    """The track over all frames of the target; nothing is said of those the file leaves out."""
    numbers = said.first + np.arange(len(track.boxes)) * said.step
    numbers = numbers[numbers < frames]
    boxes = np.full((frames, 4), np.nan)
    generated, occluded = np.ones(frames, np.bool_), np.zeros(frames, np.bool_)
    boxes[numbers] = track.boxes[: len(numbers)]
    generated[numbers] = track.generated[: len(numbers)]
    occluded[numbers] = track.occluded[: len(numbers)]
    return replace(track, boxes=boxes, generated=generated, occluded=occluded)


def _cut(track: Track, card: Card, *, recording: bool) -> Track:
    """The part of a recording's track that is in one sequence, in its pixels."""
    if not recording:
        return track
    numbers = np.array(card.recording_frames)
    boxes = track.boxes[numbers].copy()
    if card.crop is not None:
        boxes[:, :2] -= (card.crop.x, card.crop.y)
    return replace(
        track, boxes=boxes, generated=track.generated[numbers], occluded=track.occluded[numbers]
    )


def _within(track: Track, card: Card, path: Path, faults: Faults) -> Track:
    """Without boxes outside of the frame; nothing is said of their frames then."""
    bad = track.present & ~inside(track.boxes, card.width, card.height)
    for frame in np.flatnonzero(bad).tolist():
        shown = ",".join(f"{value:g}" for value in track.boxes[frame])
        faults.add(
            f"{path}: track {track.id}, frame {card.recording_frames[frame]}: box {shown} (from 0) "
            f"is outside the {card.width}x{card.height} frame; expected a part inside"
        )
    boxes = np.where(bad[:, None], np.nan, track.boxes)
    warn_of_boxes_beyond(f"{path}: track {track.id}", boxes, card)
    return replace(track, boxes=boxes, generated=track.generated | bad)


def _part(
    dataset: Dataset, sequence: SequenceId, tracks: Sequence[Track], source: tuple[Path, str]
) -> _Part:
    path, digest = source
    draft = open_draft(dataset, sequence)
    new = [_event(track, path.name, digest) for track in tracks]
    before = [event for event in earlier(dataset, sequence, digest) if event.track in draft.tracks]
    if before:
        if [_content(event) for event in before] == [_content(event) for event in new]:
            return _Part(draft, tuple(before), already=True)
        numbers = ", ".join(str(event.track) for event in before)
        raise UsageError(
            f"{sequence.name}: {path.name} was taken in before as track {numbers}, with other "
            f"numbers or classes; take that back first: tirdata annotate {dataset.root} "
            f"{sequence.name} --delete-track --track {before[0].track}"
        )
    events = []
    for event in new:
        number = max(draft.tracks, default=-1) + 1
        events.append(event.model_copy(update={"track": number}))
        draft.add(events[-1])
    return _Part(draft, tuple(events), already=False)


def _content(event: ImportEvent) -> ImportEvent:
    return event.model_copy(update={"track": 0})


def _event(track: Track, name: str, digest: str) -> ImportEvent:
    hidden = np.flatnonzero(track.occluded & track.present)
    return ImportEvent(
        track=track.id,
        class_name=track.class_name,
        boxes=tuple(None if np.isnan(row[0]) else Box(*row.tolist()) for row in track.boxes),
        generated=tuple(int(flag) for flag in track.generated),
        occluded=tuple(hidden.tolist()),
        source=name,
        sha256=digest,
    )


def _write(dataset: Dataset, parts: Sequence[_Part]) -> list[tuple[str, BurntIn]]:
    """Journals first, then XML; also of what was there, in case that was stopped half-way."""
    found: list[tuple[str, BurntIn]] = []
    for part in parts:
        sequence = part.draft.sequence
        if not part.already:
            part.draft.write(Journal(dataset.journal_path(sequence)), part.draft.changed)
        new = {event.track for event in part.events}
        state = derive(dataset, sequence)
        found += [(sequence.name, over) for over in state.burnt_in if over.track in new]
    with dataset.lock(LOCK_WAIT_S):
        write_lists(dataset, [part.draft.sequence for part in parts])
    return found


def _said(part: _Part) -> Iterator[Imported]:
    for event in part.events:
        boxes = sum(box is not None for box in event.boxes)
        yield Imported(
            part.draft.sequence.name, event.track, event.class_name, boxes,
            len(event.boxes) - boxes, part.already,
        )  # fmt: skip
