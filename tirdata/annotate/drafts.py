"""What one journal says and what is to be added to it: every fault is found before a write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tirdata.annotate.events import (
    XML_SOURCE,
    AcceptEvent,
    BoxEvent,
    ClassEvent,
    DeleteBoxEvent,
    DeleteTrackEvent,
    EndEvent,
    Event,
    ImportEvent,
    OccludedEvent,
)
from tirdata.annotate.journal import Journal
from tirdata.annotate.replay import HumanTrack, apply, replay
from tirdata.annotate.rows import Row
from tirdata.dataset.card import Card
from tirdata.dataset.classes import wnid
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import UsageError
from tirdata.geometry import inside
from tirdata.types import Box

EDGE_PIXELS = 0.5  # a box may reach this far over the frame's edge: tools round differently


@dataclass(frozen=True)
class Verb:
    """Something other than a box that a person says of a track."""

    name: str  # one of VERBS
    track: int | None = None  # None = the only one
    frame: int | None = None
    until: int | None = None  # the last frame of occluded, visible and accept
    class_name: str | None = None  # of change-class


@dataclass
class Draft:
    """What a journal says already and what is to be added to it."""

    sequence: SequenceId
    card: Card
    tracks: dict[int, HumanTrack]
    classes: Mapping[str, str]
    adopted: list[Event] = field(default_factory=list)  # what only the XML knew
    changed: list[Event] = field(default_factory=list)

    def add(self, event: Event) -> None:
        apply(self.tracks, event, self.sequence.name)
        self.changed.append(event)

    def write(self, journal: Journal, said: Sequence[Event]) -> None:
        """Journal what was adopted, then what was said: undo takes back the second alone.

        Raises:
            StorageError: it cannot be written.
        """
        for events in (self.adopted, said):
            if events:
                journal.append(events)

    def draw(self, row: Row) -> None:
        """Add a box, unless it is there already.

        Raises:
            UsageError: the frame, box, class or track is not possible.
        """
        self.check_frame(row.frame)
        box = self._inside(Box(row.x, row.y, row.w, row.h))
        number = row.track if row.track is not None else self._choose(row, box)
        known = self.tracks.get(number)
        class_name = self._class(row.class_name, known, number)
        same = known is not None and known.boxes.get(row.frame) == box
        if same and known is not None and (row.frame in known.occluded) == row.occluded:
            return
        self.add(
            BoxEvent(
                track=number,
                frame=row.frame,
                class_name=class_name,
                box=box,
                occluded=row.occluded,
                sha256=self.card.frames_sha256[row.frame],
            )
        )

    def check_frame(self, frame: int) -> None:
        if frame >= self.card.frames:
            raise UsageError(
                f"{self.sequence.name}: no frame {frame}; it has frames 0..{self.card.frames - 1}"
            )

    def accept(self, number: int, frame: int) -> None:
        """Take the machine's box of one frame as the person's, unless it is one already.

        Raises:
            UsageError: there is no machine's box.
        """
        self.check_frame(frame)
        track = self.known(number)
        if frame in track.boxes:
            return
        box = track.shown(frame, self.card.frames)
        if box is None:
            raise UsageError(
                f"{self.sequence.name}: no box of track {number} in frame {frame} to accept"
            )
        sha256 = self.card.frames_sha256[frame]
        self.add(AcceptEvent(track=number, frame=frame, box=box, sha256=sha256))

    def rename(self, number: int, class_name: str) -> None:
        """Say what the object of a track is, unless that is known.

        Raises:
            UsageError: there is no such class.
        """
        wnid(class_name, self.classes)
        if self.known(number).class_name != class_name:
            self.add(ClassEvent(track=number, class_name=class_name))

    def known(self, number: int | None) -> HumanTrack:
        """A track that is there; without a number, the only one."""
        if number is None and len(self.tracks) == 1:
            return next(iter(self.tracks.values()))
        if number is None or number not in self.tracks:
            asked = "which track" if number is None else f"no track {number}"
            there = ", ".join(f"{t.id} ({t.class_name})" for t in self.tracks.values())
            raise UsageError(
                f"{self.sequence.name}: {asked}; it has {there or 'none'}: see --track"
            )
        return self.tracks[number]

    def _inside(self, box: Box) -> Box:
        width, height = self.card.width, self.card.height
        if (
            not inside(np.array([box]), width, height)[0]
            or box.x < -EDGE_PIXELS
            or box.y < -EDGE_PIXELS
            or box.x + box.w > width + EDGE_PIXELS
            or box.y + box.h > height + EDGE_PIXELS
        ):
            shown = ",".join(f"{side:g}" for side in box)
            raise UsageError(
                f"{self.sequence.name}: box {shown} reaches outside the frame; expected "
                f"x,y,w,h in pixels with 0 <= x, x+w <= {width}, 0 <= y, y+h <= {height}"
            )
        return box

    def _choose(self, row: Row, box: Box) -> int:
        """The only track of the class, or a new one."""
        fits = [t for t in self.tracks.values() if row.class_name in (None, t.class_name)]
        if len(fits) > 1:
            numbers = ", ".join(str(track.id) for track in fits)
            raise UsageError(
                f"{self.sequence.name}: the box may be of track {numbers}: see --track"
            )
        if not fits:
            return max(self.tracks, default=-1) + 1
        drawn = fits[0].boxes.get(row.frame)
        if drawn not in (None, box):
            raise UsageError(
                f"{self.sequence.name}: frame {row.frame} has another box of track {fits[0].id}; "
                f"expected --track {fits[0].id} to correct it, or a new number for another object"
            )
        return fits[0].id

    def _class(self, given: str | None, known: HumanTrack | None, number: int) -> str:
        if known is None and given is None:
            raise UsageError(f"{self.sequence.name}: track {number} is new; expected a class")
        if given is None and known is not None:
            return known.class_name
        name = given or ""
        wnid(name, self.classes)
        if known is not None and known.class_name != name:
            raise UsageError(
                f"{self.sequence.name}: track {number} is a {known.class_name}, not a {name}; "
                "expected another --track for another object, or --change-class"
            )
        return name


def open_draft(dataset: Dataset, sequence: SequenceId) -> Draft:
    """The draft of a sequence, with nothing to be added but what only its XML knows."""
    entries = Journal(dataset.journal_path(sequence)).read()
    card = dataset.read_card(sequence)
    draft = Draft(sequence, card, replay(entries), dataset.config.classes)
    if not entries:
        for event in adopted(dataset, sequence):
            apply(draft.tracks, event, sequence.name)
            draft.adopted.append(event)
    return draft


def adopted(dataset: Dataset, sequence: SequenceId) -> list[Event]:
    """What the XML of a sequence without a journal says, as the beginning of its journal.

    The XML is written from the journal, so boxes that only the XML has would be lost.
    """
    events: list[Event] = []
    for track in dataset.read_tracks(sequence, dataset.read_card(sequence).frames):
        boxes = (None if np.isnan(box[0]) else Box(*box.tolist()) for box in track.boxes)
        events.append(
            ImportEvent(
                track=track.id,
                class_name=track.class_name,
                boxes=tuple(boxes),
                generated=tuple(int(flag) for flag in track.generated),
                occluded=tuple(np.flatnonzero(track.occluded).tolist()),
                source=XML_SOURCE + sequence.folder.as_posix(),
            )
        )
    return events


def _frame(draft: Draft, request: Verb) -> int:
    if request.frame is None:
        raise UsageError(f"--{request.name}: at which frame; expected --frame N")
    draft.check_frame(request.frame)
    return request.frame


def _end(draft: Draft, request: Verb) -> None:
    frame, track = _frame(draft, request), draft.known(request.track)
    if frame not in track.ends:
        draft.add(EndEvent(track=track.id, frame=frame))


def _last_frame(draft: Draft, request: Verb) -> int:
    first = _frame(draft, request)
    last = first if request.until is None else request.until
    draft.check_frame(last)
    if last < first:
        raise UsageError(f"--until {last}: before --frame {first}")
    return last


def _accept(draft: Draft, request: Verb) -> None:
    first, last = _frame(draft, request), _last_frame(draft, request)
    track = draft.known(request.track)
    there = [f for f in range(first, last + 1) if track.shown(f, draft.card.frames) is not None]
    for frame in there or [first]:  # the first says what is missing
        draft.accept(track.id, frame)


def _change_class(draft: Draft, request: Verb) -> None:
    if request.class_name is None:
        raise UsageError("--change-class: to what; expected --class NAME")
    draft.rename(draft.known(request.track).id, request.class_name)


def _occluded(draft: Draft, request: Verb) -> None:
    first, track = _frame(draft, request), draft.known(request.track)
    last = _last_frame(draft, request)
    hidden = request.name == "occluded"
    if any((frame in track.occluded) != hidden for frame in range(first, last + 1)):
        draft.add(OccludedEvent(track=track.id, first_frame=first, last_frame=last, value=hidden))


def _delete_box(draft: Draft, request: Verb) -> None:
    frame, track = _frame(draft, request), draft.known(request.track)
    if frame not in {*track.boxes, *track.ends, *track.absent, *track.occluded}:
        said = ", ".join(str(number) for number in sorted(track.boxes))
        raise UsageError(
            f"{draft.sequence.name}: no person's box of track {track.id} in frame {frame}; "
            f"there are some in {said or 'none'}"
        )
    draft.add(DeleteBoxEvent(track=track.id, frame=frame))


def _delete_track(draft: Draft, request: Verb) -> None:
    draft.add(DeleteTrackEvent(track=draft.known(request.track).id))


VERBS = {
    "accept": _accept,
    "change-class": _change_class,
    "end-track": _end,
    "occluded": _occluded,
    "visible": _occluded,
    "delete-box": _delete_box,
    "delete-track": _delete_track,
}
