"""Boxes that others drew, as text, into the journals of a recording's sequences.

The rows are frames of the recording; its sequences are parts of it. Everything is checked before
anything is written, and the same file is not taken in twice.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tirdata.annotate.annotate import derive
from tirdata.annotate.burnt_in import BurntIn
from tirdata.annotate.drafts import Draft, open_draft
from tirdata.annotate.events import ImportEvent
from tirdata.annotate.journal import LOCK_WAIT_S, Journal, active
from tirdata.dataset.card import Card, Source
from tirdata.dataset.classes import wnid
from tirdata.dataset.lists import write_lists
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import AnnotationError, UsageError
from tirdata.files import sha256
from tirdata.geometry import inside
from tirdata.layouts.text import read_boxes
from tirdata.types import Box, Boxes

_FAR = 0.1  # of a box's side beyond the frame

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BoxesFile:
    """A text file with a line x,y,w,h for each frame of a recording."""

    path: Path
    recording: str  # its id, title, file name or link
    class_name: str | None = None  # None = what the recording was fetched as
    origin: int = 0  # number of the first pixel
    generated: bool = False  # whether a machine made the boxes
    track: int | None = None  # None = a new one


@dataclass(frozen=True)
class Imported:
    """What became of one track of one sequence."""

    sequence: str
    track: int
    class_name: str
    boxes: int
    absent: int  # frames said to be without the object
    already: bool  # it was there before


@dataclass(frozen=True)
class ImportReport:
    """What became of a file or a data set."""

    tracks: tuple[Imported, ...]
    empty: tuple[str, ...] = ()  # sequences without a single box
    burnt_in: tuple[tuple[str, BurntIn], ...] = ()  # boxes over text and the like, by sequence
    faults: tuple[str, ...] = ()  # records that are wrong and were left out, the first of them
    fault_count: int = 0
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was new."""
        return not all(track.already for track in self.tracks)


@dataclass(frozen=True)
class _Part:
    """What one sequence gets."""

    draft: Draft
    event: ImportEvent
    already: bool


def import_boxes(dataset: Dataset, wanted: BoxesFile, *, write: bool = True) -> ImportReport:
    """Take the boxes of ``wanted`` into the sequences of its recording.

    Without ``write`` everything is checked and nothing is changed.

    Raises:
        UsageError: no such recording or class, or the file was taken in with other numbers.
        AnnotationError: the file is wrong, is not as long as the recording, or has a box outside.
        StorageError: a journal or an XML file cannot be written.
    """
    boxes = read_boxes(wanted.path, origin=wanted.origin)
    source = find_recording(dataset, wanted.recording)
    class_name = wanted.class_name or source.class_hint
    if class_name is None:
        raise UsageError(f"{wanted.path}: what is the object; expected --class NAME")
    wnid(class_name, dataset.config.classes)
    check_length(wanted.path, len(boxes), source)
    parts: list[_Part] = []
    empty: list[str] = []
    for sequence in map(SequenceId.parse, source.sequences):
        rows = rows_of(dataset.read_card(sequence), boxes, wanted.path)
        if np.isnan(rows).all():
            empty.append(sequence.name)
            continue
        parts.append(_part(dataset, sequence, rows, wanted, class_name))
    if not parts:
        raise AnnotationError(f"{wanted.path}: no box in any sequence of {wanted.recording}")
    over = _write(dataset, parts) if write else []
    return ImportReport(tuple(_said(part) for part in parts), tuple(empty), tuple(over))


def find_recording(dataset: Dataset, name: str) -> Source:
    """The recording with this id, title, file name or link.

    Raises:
        UsageError: there is none, or there are several.
    """
    sources = [dataset.read_source(each) for each in dataset.recording_ids()]
    found = [source for source in sources if name in names_of(source)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(source.recording_id for source in found)
        raise UsageError(f"recording {name}: may be any of {ids}; give one of these")
    known = [source.title or source.recording_id for source in sources]
    shown = ", ".join(known[:20]) + (" …" if len(known) > 20 else "")
    raise UsageError(f"recording {name}: not in {dataset.root}; it has {shown or 'none'}")


def rows_of(card: Card, boxes: Boxes, path: Path) -> Boxes:
    """The rows of a recording's boxes that are frames of one sequence, in its pixels.

    Raises:
        AnnotationError: a box does not touch the frame; its line in ``path`` is named.
    """
    numbers = np.array(card.recording_frames)
    rows: Boxes = boxes[numbers].copy()
    if card.crop is not None:
        rows[:, :2] -= (card.crop.x, card.crop.y)
    bad = ~inside(rows, card.width, card.height) & ~np.isnan(rows).all(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        shown = ",".join(f"{value:g}" for value in rows[row])
        raise AnnotationError(
            f"{path}: line {numbers[row] + 1}: box {shown} (from 0) is outside the frame; "
            f"expected x < {card.width}, y < {card.height} and a part inside"
        )
    warn_of_boxes_beyond(str(path), rows, card)
    return rows


def warn_of_boxes_beyond(where: str, boxes: Boxes, card: Card) -> None:
    """Warn if most boxes reach far out of the frame: then they are mostly x1,y1,x2,y2."""
    ends, sides = boxes[:, :2] + boxes[:, 2:], boxes[:, 2:]
    outside = np.maximum(-boxes[:, :2], ends - (card.width, card.height))
    far = int((outside > _FAR * sides).any(axis=1).sum())
    count = int((~np.isnan(boxes[:, 0])).sum())
    if 2 * far > count:
        _log.warning(
            "%s: %d of %d boxes reach beyond the %dx%d frame; are they x,y,w,h?",
            where, far, count, card.width, card.height,
        )  # fmt: skip


def new_event(
    draft: Draft, rows: Boxes, class_name: str, source: tuple[str, str], *, generated: bool
) -> ImportEvent:
    """The event that brings ``rows`` in as a new track; ``source`` is a name and a SHA-256."""
    return ImportEvent(
        track=max(draft.tracks, default=-1) + 1,
        class_name=class_name,
        boxes=tuple(None if np.isnan(row[0]) else Box(*row.tolist()) for row in rows),
        generated=1 if generated else 0,
        source=source[0],
        sha256=source[1],
    )


def earlier(dataset: Dataset, sequence: SequenceId, digest: str) -> Iterator[ImportEvent]:
    """Imports of a file with this SHA-256 that nobody took back."""
    for entry in active(Journal(dataset.journal_path(sequence)).read()):
        for event in entry.events:
            if isinstance(event, ImportEvent) and event.sha256 == digest:
                yield event


def _part(
    dataset: Dataset, sequence: SequenceId, rows: Boxes, wanted: BoxesFile, class_name: str
) -> _Part:
    draft = open_draft(dataset, sequence)
    digest = sha256(wanted.path)
    name = (wanted.path.name, digest)
    event = new_event(draft, rows, class_name, name, generated=wanted.generated)
    if wanted.track is not None:
        event = event.model_copy(update={"track": wanted.track})
    for before in earlier(dataset, sequence, digest):
        if before.track not in draft.tracks or wanted.track not in (None, before.track):
            continue  # the track was deleted since, or another one is wanted
        if event.model_copy(update={"track": before.track}) == before:
            return _Part(draft, before, already=True)
        raise UsageError(
            f"{sequence.name}: {wanted.path.name} was taken in before as track {before.track}, "
            "with other numbers or another class; take that back first: tirdata annotate "
            f"{dataset.root} {sequence.name} --delete-track --track {before.track}"
        )
    known = draft.tracks.get(event.track)
    if known is not None and known.class_name != class_name:
        raise UsageError(
            f"{sequence.name}: track {event.track} is a {known.class_name}, not a {class_name}; "
            "expected another --track for another object"
        )
    draft.add(event)
    return _Part(draft, event, already=False)


def _write(dataset: Dataset, parts: Sequence[_Part]) -> list[tuple[str, BurntIn]]:
    """Journals first, then XML; also of what was there, in case that was stopped half-way.

    Gives the new boxes that lie over something burnt in.
    """
    found: list[tuple[str, BurntIn]] = []
    for part in parts:
        sequence = part.draft.sequence
        if not part.already:
            part.draft.write(Journal(dataset.journal_path(sequence)), part.draft.changed)
        state = derive(dataset, sequence)
        new = part.event.track
        found += [(sequence.name, over) for over in state.burnt_in if over.track == new]
    with dataset.lock(LOCK_WAIT_S):
        write_lists(dataset, [part.draft.sequence for part in parts])
    return found


def _said(part: _Part) -> Imported:
    boxes = sum(box is not None for box in part.event.boxes)
    return Imported(
        sequence=part.draft.sequence.name,
        track=part.event.track,
        class_name=part.event.class_name,
        boxes=boxes,
        absent=len(part.event.boxes) - boxes,
        already=part.already,
    )


def names_of(source: Source) -> set[str]:
    """Everything that a recording may be called by."""
    names = {source.recording_id, source.title, source.file, source.url, source.path}
    files = [Path(name) for name in (source.path, source.file, source.url) if name]
    return {name for name in names if name} | {
        name for file in files for name in (file.name, file.stem)
    }


def check_length(path: Path, rows: int, source: Source, of: str = "lines") -> None:
    """See that there is a row for each frame of the recording.

    Raises:
        AnnotationError: there are more or fewer; more are fine where only a part was fetched.
    """
    frames = source.frames or 0
    whole = source.status == "done" and source.clip_end_s is None
    if rows == frames or (rows > frames and not whole):
        return
    what = "" if whole else "at least "
    raise AnnotationError(
        f"{path}: {rows} {of}; expected {what}{frames}, one for each frame of "
        f"{source.title or source.recording_id}"
    )
