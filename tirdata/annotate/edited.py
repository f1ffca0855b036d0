"""XML files that somebody changed by hand: noticed before they would be written over.

A file of ours holds what the journal gave when the files last followed it, or at some time since
(a kill may have left some newer than others). One that holds anything else came from elsewhere,
and what it says is in no journal.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from tirdata.annotate.events import (
    XML_SOURCE,
    DeleteBoxEvent,
    Entry,
    Event,
    ImportEvent,
    OccludedEvent,
)
from tirdata.annotate.journal import Journal
from tirdata.annotate.lock import holder, take
from tirdata.annotate.replay import HumanTrack, Replayed, replay, to_track
from tirdata.dataset.card import Card
from tirdata.dataset.classes import class_name
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.vid_xml import XmlObject, objects_by_frame, parse_frame, xml_name
from tirdata.errors import AnnotationError, BusyError, UsageError
from tirdata.files import storage_error, write_text
from tirdata.types import Box, Track

EditedXml: TypeAlias = Literal["refuse", "take", "replace"]
Objects: TypeAlias = tuple[XmlObject, ...]

XML_WAIT_S = 120.0  # tens of thousands of files take their time


class EditedXmlError(AnnotationError):
    """Files that were changed by hand stand where the journal's boxes would be written."""

    def __init__(self, dataset: Dataset, sequence: SequenceId, frames: Sequence[int]) -> None:
        folder = dataset.annotation_dir(sequence)
        self.files = tuple(xml_name(frame) for frame in frames)
        count = "1 file was" if len(frames) == 1 else f"{len(frames)} files were"
        super().__init__(
            f"{folder / self.files[0]}: {count} changed by something else than tirdata since the "
            "journal was last followed; --edited take brings the boxes into the journal, --edited "
            f"replace gives them up: tirdata annotate {dataset.root} {sequence.name} --edited …"
        )


def edited(
    dataset: Dataset, sequence: SequenceId, entries: Sequence[Entry], old: Mapping[int, bytes]
) -> list[int]:
    """The frames of ``old`` (file contents) that say what ``entries`` never said, sorted."""
    card = dataset.read_card(sequence)
    left = {frame: _objects(data) for frame, data in old.items()}
    oldest = min(followed(dataset, sequence), len(entries))  # 0 = any state will do
    replayed = Replayed()
    for count in range(oldest, len(entries) + 1):
        if not left:
            break
        try:
            tracks = [to_track(h, card.frames) for h in replayed.of(entries[:count]).values()]
            wanted = objects_at(dataset, sequence, card, tracks, sorted(left))
        except (AnnotationError, UsageError):  # it was mended by a later entry
            continue
        left = {frame: found for frame, found in left.items() if found != wanted[frame]}
    return sorted(left)


def objects_at(
    dataset: Dataset,
    sequence: SequenceId,
    card: Card,
    tracks: Sequence[Track],
    frames: Sequence[int],
) -> dict[int, Objects]:
    """What the XML of each of ``frames`` has to say.

    Raises:
        AnnotationError: a box lies outside of its frame.
        UsageError: a class has no WNID.
    """
    rows = np.array(frames, np.int64)
    parts = [
        replace(
            track,
            boxes=track.boxes[rows],
            generated=track.generated[rows],
            occluded=track.occluded[rows],
            confidence=None,
        )
        for track in tracks
    ]
    size = (card.width, card.height)
    found = objects_by_frame(sequence.name, size, len(rows), parts, dataset.config.classes)
    return {frame: tuple(each) for frame, each in zip(frames, found, strict=True)}


def note_followed(dataset: Dataset, sequence: SequenceId, entries: int) -> None:
    """Remember that all XML files say what the first ``entries`` of the journal give.

    Raises:
        StorageError: it cannot be written.
    """
    path = _followed_path(dataset, sequence)
    text = f"{entries}\n"
    if not path.exists() or path.read_text(encoding="ascii") != text:
        write_text(path, text)


def _followed_path(dataset: Dataset, sequence: SequenceId) -> Path:
    return dataset.journal_path(sequence).with_name(f".{sequence.name}.followed")


def followed(dataset: Dataset, sequence: SequenceId, default: int = 0) -> int:
    """How many entries of the journal the XML files were known to follow, all of them."""
    try:
        return int(_followed_path(dataset, sequence).read_bytes())
    except (OSError, ValueError):  # never noted
        return default


@contextmanager
def xml_lock(dataset: Dataset, sequence: SequenceId) -> Iterator[None]:
    """Keep others from writing the XML of a sequence; its journal can be written all the while.

    Raises:
        StorageError: the lock file cannot be written.
        BusyError: another process has held it for too long.
    """
    path = dataset.journal_path(sequence).with_name(f".{sequence.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise storage_error(path, error) from error
    with file:
        if not take(file, XML_WAIT_S):
            raise BusyError(
                f"{dataset.annotation_dir(sequence)}: {holder(file)} is writing these files; try "
                "again when it has ended, or stop it"
            )
        yield


def take_edited(dataset: Dataset, sequence: SequenceId, expected: str | None = None) -> bool:
    """Bring what files that were changed by hand say into the journal; False = nothing to bring.

    ``expected`` is the version of the journal that this is meant for.

    Raises:
        AnnotationError: a file is not VID2015 XML; it is named.
        ConflictError: a person said something since ``expected``.
    """
    journal = Journal(dataset.journal_path(sequence))
    if not taken(dataset, sequence, journal.read()):
        return False
    journal.append_if(lambda entries: tuple(taken(dataset, sequence, entries)), expected)
    return True


def taken(dataset: Dataset, sequence: SequenceId, entries: Sequence[Entry]) -> list[Event]:
    """What the files that were changed by hand say and the journal does not, as events.

    Raises:
        AnnotationError: a file is not VID2015 XML; it is named.
    """
    card = dataset.read_card(sequence)
    humans = replay(entries)
    wanted = _wanted(dataset, sequence, card, entries)
    old = _others(dataset, sequence, card, wanted)
    events: list[Event] = []
    for frame in edited(dataset, sequence, entries, old):
        path = dataset.annotation_dir(sequence) / xml_name(frame)
        found = {item.track: item for item in parse_frame(old[frame], path).objects}
        known = {item.track: item for item in wanted[frame]}
        for number in sorted(found.keys() | known.keys()):
            if found.get(number) != known.get(number):
                human = humans.get(number, HumanTrack(number, ""))
                events += _said(dataset, sequence, frame, found.get(number), human)
    return events


def _others(
    dataset: Dataset, sequence: SequenceId, card: Card, wanted: Sequence[Objects]
) -> dict[int, bytes]:
    """The files that say something else than ``wanted``, by frame."""
    found: dict[int, bytes] = {}
    for frame in range(card.frames):
        try:
            data = (dataset.annotation_dir(sequence) / xml_name(frame)).read_bytes()
        except FileNotFoundError:
            continue
        if _objects(data) != wanted[frame]:
            found[frame] = data
    return found


def _said(
    dataset: Dataset, sequence: SequenceId, frame: int, item: XmlObject | None, human: HumanTrack
) -> Iterator[Event]:
    generated = item is not None and item.generated
    if generated and human.gone(frame + 1)[frame]:
        generated = False  # else the box would lie below a person's word that nothing is there
    if generated and frame in human.boxes:
        yield DeleteBoxEvent(track=human.id, frame=frame)
    wnids = dataset.config.classes
    yield ImportEvent(
        track=human.id,
        class_name=human.class_name if item is None else class_name(item.wnid, wnids),
        first_frame=frame,
        boxes=(None if item is None else _box(item),),
        generated=1 if generated else 0,
        occluded=(frame,) if item is not None and item.occluded else (),
        source=f"{XML_SOURCE}{sequence.folder.as_posix()}/{xml_name(frame)}",
    )
    if item is not None and not item.occluded and frame in human.occluded:
        yield OccludedEvent(track=human.id, first_frame=frame, last_frame=frame, value=False)


def _box(item: XmlObject) -> Box:
    return Box(item.xmin, item.ymin, item.xmax - item.xmin + 1, item.ymax - item.ymin + 1)


def _wanted(
    dataset: Dataset, sequence: SequenceId, card: Card, entries: Sequence[Entry]
) -> list[Objects]:
    tracks = [to_track(human, card.frames) for human in replay(entries).values()]
    return list(objects_at(dataset, sequence, card, tracks, range(card.frames)).values())


def _objects(data: bytes) -> Objects | None:
    """In the order that we write; None = not an XML of ours at all."""
    try:
        return tuple(sorted(parse_frame(data, Path()).objects))
    except AnnotationError:
        return None
