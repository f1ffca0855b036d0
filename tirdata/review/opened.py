"""One sequence while it is worked on: its state, what people say of it, what a machine adds."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from tirdata.annotate.drafts import Draft, adopted
from tirdata.annotate.edited import EditedXml, EditedXmlError, take_edited
from tirdata.annotate.events import Entry, Event, PropagatedEvent
from tirdata.annotate.journal import Journal, redoable, undoable, version
from tirdata.annotate.pictures import CardFrames
from tirdata.annotate.replay import HumanTrack, Replayed, apply, reviewed
from tirdata.annotate.spans import Span
from tirdata.annotate.xml_files import XmlFiles
from tirdata.dataset.card import Card
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import AnnotationError, ConflictError, TirDataError
from tirdata.review.doubt import KnownDoubts
from tirdata.review.edits import HASH_DIGITS, Draw, EditBody, put
from tirdata.review.forms import Form, TrackText, describe
from tirdata.review.summary import Said

SHOWN_FILES = 20

Tracks = dict[int, HumanTrack]


class SupersededError(AnnotationError):
    """What a machine made is of a span that is not there any more."""


class Opened:
    """A sequence; for several threads at once."""

    def __init__(self, dataset: Dataset, sequence: SequenceId) -> None:
        self.sequence = sequence
        self.lock = threading.RLock()
        self.failed: dict[tuple[int, Span], str] = {}  # until somebody says something
        self.paused = False  # a person stopped the propagation
        self.doubts = KnownDoubts()
        self._dataset = dataset
        self._journal = Journal(dataset.journal_path(sequence))
        self._files = XmlFiles(dataset, sequence)
        self._card: tuple[int, Card] | None = None
        self._frames: tuple[Card, CardFrames] | None = None
        self._adopted: tuple[int, list[Event]] | None = None
        self._replayed = Replayed()
        self._texts: dict[int, tuple[HumanTrack, int, TrackText]] = {}
        self._seen = 0  # entries that listeners were told of
        self._followed = -1  # entries that the XML was derived from
        self._edited: EditedXmlError | None = None
        self._xml_fault: str | None = None
        with self.lock:
            self._seen = len(self._read()[0])

    @property
    def card(self) -> Card:
        """Its card, as it is on the disk now.

        Raises:
            DataError: it is missing or wrong.
        """
        path = self._dataset.card_path(self.sequence)
        changed = path.stat().st_mtime_ns if path.exists() else -1
        if self._card is None or self._card[0] != changed:
            self._card = (changed, self._dataset.read_card(self.sequence))
        return self._card[1]

    @property
    def count(self) -> int:
        """How many frames it has."""
        return self.card.frames

    def frames(self) -> CardFrames:
        """Its frames; the folder is listed once for each card, the pictures are read each time."""
        card, known = self.card, self._frames
        if known is None or known[0] is not card:
            known = self._frames = (card, CardFrames(self._dataset, self.sequence, card))
        return known[1]

    def tracks(self) -> Mapping[int, HumanTrack]:
        """What is known of every track; not to be changed."""
        return self.said().tracks

    def said(self) -> Said:
        """All entries, and what is known of every track; not to be changed."""
        with self.lock:
            return Said(*self._read(), self.doubts)

    def state(self, only: Collection[int] | None = None) -> Form:
        """All there is to know, or all but the other tracks.

        Raises:
            DataError: card, journal or XML are broken.
        """
        with self.lock:
            entries, tracks = self._read()
            card = self.card
            forms = [
                self._text(human, card.frames)
                for human in tracks.values()
                if only is None or human.id in only
            ]
            return {
                "sequence": self.sequence.name,
                "title": card.title,
                "frames": card.frames,
                "width": card.width,
                "height": card.height,
                "times_s": list(card.times_s),
                "hashes": [each[:HASH_DIGITS] for each in card.frames_sha256],
                "tracks": forms,
                "xml": self.xml(len(entries)),
                "problems": self._problems(tracks, card),
                **_head(entries),
            }

    def head(self) -> Form:
        """Version and length of the journal."""
        with self.lock:
            entries = self._read()[0]
            return {"version": version(entries), "entries": len(entries)}

    def xml(self, entries: int | None = None) -> Form:
        """How the XML files stand to the journal."""
        with self.lock:
            if self._edited is not None:
                files = list(self._edited.files[:SHOWN_FILES])
                return {"state": "edited", "files": files, "message": str(self._edited)}
            count = len(self._read()[0]) if entries is None else entries
            state = "current" if self._followed == count else "behind"
            return {"state": state, "files": [], "message": self._xml_fault}

    def edit(self, body: EditBody) -> Form:
        """Write what a person says, as one entry.

        Raises:
            UsageError: it is not possible.
            ConflictError: somebody said something since the version that it is meant for.
            ChangedFrameError: a picture is not the one that was looked at.
            StorageError: it cannot be written; nothing was.
        """

        def act(entries: Sequence[Entry], tracks: Tracks) -> None:
            draft = Draft(self.sequence, self.card, tracks, self._dataset.config.classes)
            for edit in body.edits:
                if isinstance(edit, Draw):
                    self._check_picture(edit.frame)
                put(draft, edit, reviewed=reviewed(entries))
            if draft.changed:
                self._append(draft.changed, entries)

        return self._say(body.version, act)

    def undo(self, expected: str, *, redo: bool = False) -> Form:
        """Take back the last thing that a person did, or bring it back.

        Raises:
            UsageError: there is nothing to undo or redo.
            ConflictError: somebody said something since.
        """
        step = self._journal.redo if redo else self._journal.undo
        return self._say(expected, lambda *_: step(expected))

    def settle_xml(self, expected: str, *, take: bool) -> Form:
        """Take the boxes of XML files that were edited by hand, or write these files anew.

        Raises:
            AnnotationError: a file that is to be taken is not XML.
            ConflictError: somebody said something since.
        """

        def act(entries: Sequence[Entry], _: Tracks) -> None:
            if take and entries:
                take_edited(self._dataset, self.sequence, expected)

        answer = self._say(expected, act)
        self.follow(replace=True)
        return answer

    def pending(self, *, every: bool = True) -> list[tuple[int, Span]]:
        """Spans to be propagated: of every track, or of those that a tracker was at before."""
        with self.lock:
            count = self.count
            return [
                (human.id, span)
                for human in self._read()[1].values()
                if every or human.propagated is not None
                for span in human.pending(count)
                if (human.id, span) not in self.failed
            ]

    def store(self, event: PropagatedEvent, span: Span) -> None:
        """Add what a machine made of a span.

        Raises:
            SupersededError: the span is not there any more; nothing is written.
            StorageError: it cannot be written.
        """
        with self.lock:
            count = self.count

            def decide(entries: tuple[Entry, ...]) -> tuple[Event, ...]:
                human = self._known(entries).get(event.track)
                if human is None or span not in human.pending(count):
                    raise SupersededError(f"{self.sequence.name}: {span} was changed")
                return (event,)

            before = len(self._journal.read())
            told = before == self._seen  # else listeners have still to hear of another process
            if not before:
                self._append([], ())  # what only the XML knows comes first
            self._journal.append_if(decide)
            if told:
                self._seen = len(self._journal.read())

    def follow(self, *, replace: bool = False) -> int:
        """Bring the XML in line with the journal; how many files changed.

        Whatever stands in the way is in ``xml()`` afterwards.
        """
        entries, changed, edited, fault = 0, 0, None, None
        try:
            how: EditedXml = "replace" if replace else "refuse"
            entries, changed = self._files.follow(self._journalled, self.card, how)
        except EditedXmlError as error:
            edited, fault = error, str(error)
        except TirDataError as error:
            fault = str(error)
        with self.lock:
            self._edited, self._xml_fault = edited, fault
            self._followed = -1 if fault else entries
        return changed

    def _journalled(self) -> tuple[Sequence[Entry], Tracks]:
        with self.lock:
            entries = self._journal.read()
            return entries, self._replayed.of(entries) if entries else {}

    def outside(self) -> bool:
        """Whether another process wrote the journal since somebody was told; asked once only."""
        with self.lock:
            entries = len(self._journal.read())
            told, self._seen = self._seen, entries
            return entries != told

    def _say(self, expected: str, act: Callable[[Sequence[Entry], Tracks], Any]) -> Form:
        with self.lock:
            entries, before = self._read()
            found = version(entries)
            if found != expected:
                raise ConflictError(
                    f"{self.sequence.name}: something was said since; look at it again"
                )
            act(entries, {number: human.copy() for number, human in before.items()})
            entries, after = self._read()
            self._seen = len(entries)
            if version(entries) != found:
                self.failed.clear()
                self.paused = False
            count = self.count
            changed = [human for human in after.values() if human != before.get(human.id)]
            return {
                "tracks": [self._text(human, count) for human in changed],
                "removed": sorted(before.keys() - after.keys()),
                "added": [number for number in after if number not in before],
                **_head(entries),
            }

    def _append(self, events: Sequence[Event], entries: Sequence[Entry]) -> None:
        expected = version(entries)
        if not entries and (known := self._from_xml()):
            self._journal.append(known, expected)
            expected = version(self._journal.read())
        if events:
            self._journal.append(events, expected)

    def _read(self) -> tuple[tuple[Entry, ...], Tracks]:
        entries = self._journal.read()
        return entries, self._known(entries)

    def _text(self, human: HumanTrack, count: int) -> TrackText:
        known = self._texts.get(human.id)
        if known is None or known[0] is not human or known[1] != count:
            known = self._texts[human.id] = (human, count, TrackText.of(human, count))
        return known[2]

    def _known(self, entries: Sequence[Entry]) -> Tracks:
        if entries:
            return self._replayed.of(entries)
        tracks: Tracks = {}
        for event in self._from_xml():
            apply(tracks, event, self.sequence.name)
        return tracks

    def _from_xml(self) -> list[Event]:
        """What the XML of a sequence without a journal says."""
        folder = self._dataset.annotation_dir(self.sequence)
        changed = folder.stat().st_mtime_ns if folder.exists() else -1
        if self._adopted is None or self._adopted[0] != changed:
            self._adopted = (changed, adopted(self._dataset, self.sequence))
        return self._adopted[1]

    def _check_picture(self, frame: int) -> None:
        if frame < self.count:
            self.frames().data(frame)

    def _problems(self, tracks: Tracks, card: Card) -> list[str]:
        alone = [
            f"track {human.id} has no person's box; draw or accept one, or delete the track"
            for human in tracks.values()
            if not human.boxes
        ]
        other = [
            f"track {human.id}: frame {frame} is another picture than the one that its box was "
            "drawn on; draw it again"
            for human in tracks.values()
            for frame, sha256 in human.hashes.items()
            if frame < card.frames and card.frames_sha256[frame] != sha256
        ]
        failed = [f"track {number}: {text}" for (number, _), text in self.failed.items()]
        return alone + other + failed


def _head(entries: Sequence[Entry]) -> Form:
    redo = redoable(entries)
    again = [entry for entry in entries if redo is not None and entry.id in redo.undone]
    return {
        "version": version(entries),
        "entries": len(entries),
        "undo": describe(undoable(entries)),
        "redo": describe(again),
        "reviewed": reviewed(entries),
    }
