"""The XML of a sequence brought in line with its journal: all files, or those that an edit changes.

What the files said when this process last wrote them is remembered, so that an edit costs the
frames that it changes. Nothing is taken on trust by that: each file that is to be written anew is
compared with what it said, and times, sizes and inodes of all others with those of then. Where
anything differs, every file is looked at, as in a process that knows nothing.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from tirdata.annotate.edited import (
    EditedXml,
    EditedXmlError,
    edited,
    note_followed,
    objects_at,
    xml_lock,
)
from tirdata.annotate.events import Entry
from tirdata.annotate.replay import HumanTrack, to_track
from tirdata.dataset.card import Card
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.vid_text import xml_text
from tirdata.dataset.vid_xml import parse_frame, xml_name
from tirdata.files import write_bytes, write_text
from tirdata.types import Flags, Track

CONFIDENCE_DECIMALS = 4  # in the file, as Dataset.write_tracks has them

Said: TypeAlias = tuple[Sequence[Entry], Mapping[int, HumanTrack]]
Stamp: TypeAlias = tuple[int, int, int]  # time in ns, bytes, inode


class Written(NamedTuple):
    """What became of the files."""

    entries: int  # of the journal, that all files say now
    changed: int  # files


class _Shown(NamedTuple):
    """One track as the files show it."""

    human: HumanTrack
    track: Track
    confidence: str  # JSON


class _Known(NamedTuple):
    """What the files say, and how they looked then."""

    card: Card
    shown: Mapping[int, _Shown]
    stamps: Mapping[str, Stamp]


class XmlFiles:
    """The files of one sequence, for whoever writes them again and again; one thread at a time."""

    def __init__(self, dataset: Dataset, sequence: SequenceId) -> None:
        self._dataset, self._sequence = dataset, sequence
        self._folder = dataset.annotation_dir(sequence)
        self._known: _Known | None = None

    def follow(self, said: Callable[[], Said], card: Card, xml: EditedXml = "refuse") -> Written:
        """Let the files say what ``said`` answers once nobody else can write them.

        Without a single entry there is nothing to follow, and what XML there is stays.

        Raises:
            EditedXmlError: files were changed by hand; none is written.
            BusyError: another process has been writing the XML of this sequence for too long.
            AnnotationError: the journal is broken or does not fit the frames.
            StorageError: a file cannot be written.
        """
        with xml_lock(self._dataset, self._sequence):
            entries, humans = said()
            if not entries:
                return Written(0, 0)
            known, self._known = self._known, None  # until everything is written
            shown = _shown(humans, card.frames, known)
            changed = self._written(known, shown, card) if known is not None else None
            if changed is None:
                tracks = [each.track for each in shown.values()]
                changed = write_all(self._dataset, self._sequence, entries, tracks, xml)
                known = None
            else:
                self._write_confidence(shown)
                note_followed(self._dataset, self._sequence, len(entries))
            frames = None if known is None else self._changes(known, shown, card.frames)
            stamps = self._stamps(known, frames)
            self._known = None if stamps is None else _Known(card, shown, stamps)
        return Written(len(entries), changed)

    def _written(self, known: _Known, shown: Mapping[int, _Shown], card: Card) -> int | None:
        """How many files changed; None = they are not as they were left: look at all."""
        if known.card is not card or self._stamps(known, None) != known.stamps:
            return None
        frames = self._changes(known, shown, card.frames)
        before, after = (self._texts(each, card, frames) for each in (known.shown, shown))
        paths = [self._folder / xml_name(frame) for frame in frames]
        try:
            found = [path.read_bytes() for path in paths]
        except OSError:
            return None
        if found != before:
            return None
        changed = 0
        for path, old, new in zip(paths, before, after, strict=True):
            if old != new:
                parse_frame(new, path)  # against the schema, before anything is written
                write_bytes(path, new)
                changed += 1
        return changed

    def _changes(self, known: _Known, shown: Mapping[int, _Shown], count: int) -> list[int]:
        """Frames of which the tracks may say something else than before."""
        flags = np.zeros(count, np.bool_)
        for number in known.shown.keys() | shown.keys():
            old, new = known.shown.get(number), shown.get(number)
            if old is not new:
                flags |= _differing(old and old.track, new and new.track, count)
        return np.flatnonzero(flags).tolist()

    def _texts(self, shown: Mapping[int, _Shown], card: Card, frames: Sequence[int]) -> list[bytes]:
        tracks = [each.track for each in shown.values()]
        objects = objects_at(self._dataset, self._sequence, card, tracks, frames)
        size, folder = (card.width, card.height), self._sequence.xml_folder
        return [xml_text(folder, frame, size, objects[frame]).encode("ascii") for frame in frames]

    def _stamps(
        self, known: _Known | None, frames: Sequence[int] | None
    ) -> dict[str, Stamp] | None:
        """How the files look: all, or ``frames`` anew and the others as known."""
        try:
            if known is not None and frames is not None:
                names = [xml_name(frame) for frame in frames]
                return {**known.stamps, **{name: _stamp(self._folder / name) for name in names}}
            with os.scandir(self._folder) as files:
                return {each.name: _stamp(each) for each in files}
        except OSError:
            return None

    def _write_confidence(self, shown: Mapping[int, _Shown]) -> None:
        parts = [f'"{number}":{each.confidence}' for number, each in shown.items()]
        text = f'{{"tracks":{{{",".join(parts)}}}}}\n'
        path = self._dataset.confidence_path(self._sequence)
        if parts:
            write_text(path, text)
        else:
            path.unlink(missing_ok=True)


def write_all(
    dataset: Dataset,
    sequence: SequenceId,
    entries: Sequence[Entry],
    tracks: Sequence[Track],
    xml: EditedXml,
) -> int:
    """Compare every file with ``tracks``, which follow from ``entries``; how many changed.

    Raises:
        EditedXmlError: files were changed by hand, and ``xml`` does not say what becomes of them.
        AnnotationError: a track does not fit the frames.
        StorageError: a file cannot be written.
    """

    def refuse(old: Mapping[int, bytes]) -> None:
        if xml == "refuse" and (frames := edited(dataset, sequence, entries, old)):
            raise EditedXmlError(dataset, sequence, frames)

    changed = dataset.write_tracks(sequence, tracks, refuse)
    note_followed(dataset, sequence, len(entries))
    return changed


def _shown(humans: Mapping[int, HumanTrack], count: int, known: _Known | None) -> dict[int, _Shown]:
    """Each track, worked out only where it is another one than before."""
    before = known.shown if known is not None and known.card.frames == count else {}
    shown = {}
    for number, human in humans.items():
        old = before.get(number)
        if old is None or old.human is not human:
            track = to_track(human, count)
            old = _Shown(human, track, _confidence_text(track))
        shown[number] = old
    return shown


def _confidence_text(track: Track) -> str:
    values = [] if track.confidence is None else track.confidence.tolist()
    rounded = [None if value != value else round(value, CONFIDENCE_DECIMALS) for value in values]  # noqa: PLR0124  # NaN
    return json.dumps(rounded, separators=(",", ":"))


def _differing(old: Track | None, new: Track | None, count: int) -> Flags:
    """Frames, (count,), in which one of two states of a track may show something else."""
    there = np.zeros(count, np.bool_)
    for each in (old, new):
        if each is not None:
            there |= each.present
    if old is None or new is None or old.class_name != new.class_name:
        return there
    same = (old.boxes == new.boxes) | (np.isnan(old.boxes) & np.isnan(new.boxes))
    differing: Flags = ~same.all(axis=1)
    differing |= (old.occluded != new.occluded) | (old.generated != new.generated)
    return differing & there


def _stamp(file: Path | os.DirEntry[str]) -> Stamp:
    found = file.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
