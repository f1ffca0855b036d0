"""From the entries of a journal to what is known of each track, frame by frame."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import NamedTuple, TypeAlias

import numpy as np

from tirdata.annotate.events import (
    AcceptEvent,
    BoxEvent,
    ClassEvent,
    DeleteBoxEvent,
    DeleteTrackEvent,
    EndEvent,
    Entry,
    Event,
    ImportEvent,
    OccludedEvent,
    PropagatedEvent,
    ReviewedEvent,
    UndoEvent,
)
from tirdata.annotate.journal import active
from tirdata.annotate.lost import NOWHERE
from tirdata.annotate.spans import Span, spans_between
from tirdata.errors import AnnotationError
from tirdata.types import Box, Flags, Track

Said: TypeAlias = BoxEvent | AcceptEvent | EndEvent | OccludedEvent | ClassEvent | DeleteBoxEvent


class Guess(NamedTuple):
    """A machine's word on one frame."""

    box: Box | None  # None = lost
    confidence: float | None  # None = never measured


@dataclass
class HumanTrack:
    """What people said of one track, and below it what a machine made of that."""

    id: int
    class_name: str
    boxes: dict[int, Box] = field(default_factory=dict)  # frame -> drawn, accepted, imported
    absent: set[int] = field(default_factory=set)  # frames said, one by one, to be without it
    ends: set[int] = field(default_factory=set)  # gone from here to the next box of a person
    occluded: set[int] = field(default_factory=set)
    machine: dict[int, Guess] = field(default_factory=dict)
    propagated: PropagatedEvent | None = None  # the last one
    made: dict[Span, PropagatedEvent] = field(default_factory=dict)  # which one filled which span
    imported: "HumanTrack | None" = None  # as it was when a machine's boxes came from a file
    hashes: dict[int, str] = field(default_factory=dict)  # frame -> sha256 of what was looked at

    def copy(self) -> "HumanTrack":
        """One that may be changed while this one stays as it is."""
        return replace(
            self,
            boxes=dict(self.boxes),
            absent=set(self.absent),
            ends=set(self.ends),
            occluded=set(self.occluded),
            machine=dict(self.machine),
            made=dict(self.made),
            hashes=dict(self.hashes),
        )

    @property
    def state(self) -> str:
        """Hash of all that a propagation starts from."""
        said = [sorted(self.boxes.items()), sorted(self.absent), sorted(self.ends)]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def spans(self, count: int) -> list[Span]:
        """What can be propagated, of ``count`` frames."""
        return list(spans_between(self.boxes, self.gone(count)))

    def pending(self, count: int) -> list[Span]:
        """Spans whose machine boxes were not made from the human boxes that they have now."""
        spans = [span for span in self.spans(count) if span not in self.made]
        known = set(self.imported.spans(count)) if self.imported is not None else ()
        return [span for span in spans if span not in known]

    def stale(self, count: int) -> bool:
        """A person said something since the machine's boxes were made."""
        return self.propagated is not None and bool(self.pending(count))

    def shown(self, frame: int, count: int) -> Box | None:
        """The box that stands in one frame of ``count``."""
        if frame in self.boxes:
            return self.boxes[frame]
        guess = self.machine.get(frame)
        return None if guess is None or self.gone(count)[frame] else guess.box

    def gone(self, count: int) -> Flags:
        """Frames that a person said are without the object, (count,)."""
        gone = np.zeros(count, dtype=np.bool_)
        gone[sorted(self.absent)] = True
        starts = sorted(self.boxes)
        for end in self.ends:
            following = next((frame for frame in starts if frame > end), count)
            gone[end:following] = True
        return gone


def replay(
    entries: Iterable[Entry], only: Collection[int | None] | None = None
) -> dict[int, HumanTrack]:
    """Tracks by number, as the entries left after every undo say; the same for the same entries.

    ``only`` are the numbers that are asked for; None = all.

    Raises:
        AnnotationError: an entry speaks of a track that no earlier one began.
    """
    tracks: dict[int, HumanTrack] = {}
    for entry in active(entries):
        for event in entry.events:
            if only is None or _number(event) in only:
                apply(tracks, event, f"entry {entry.id}")
    return dict(sorted(tracks.items()))


class Replayed:
    """What a journal says, for whoever asks again and again while it gets longer.

    Only tracks that new entries speak of, or take something back of, are worked out anew; the
    others stay the same objects, and none may be changed by whoever is given them.
    """

    def __init__(self) -> None:
        self._entries: Sequence[Entry] = ()
        self._tracks: dict[int, HumanTrack] = {}

    def of(self, entries: Sequence[Entry]) -> dict[int, HumanTrack]:
        """As ``replay``.

        Raises:
            AnnotationError: an entry speaks of a track that no earlier one began.
        """
        count = len(self._entries)
        if len(entries) < count or (count and entries[count - 1] is not self._entries[-1]):
            self._tracks = replay(entries)  # another file than before
        elif len(entries) > count:
            changed = _touched(entries, count)
            tracks = {key: each for key, each in self._tracks.items() if key not in changed}
            self._tracks = dict(sorted((tracks | replay(entries, changed)).items()))
        self._entries = entries
        return dict(self._tracks)


def _touched(entries: Sequence[Entry], first: int) -> set[int | None]:
    """Tracks that entries from ``first`` on speak of, or what these take back."""
    touched: set[int | None] = set()
    seen: set[int] = set()
    left = {entry.id for entry in entries[first:]}
    while left:
        number = left.pop()
        seen.add(number)
        if 0 < number <= len(entries):
            entry = entries[number - 1]
            touched |= {_number(event) for event in entry.events}
            left |= entry.undone - seen  # an undo of an undo goes on to what that took back
    return touched


def _number(event: Event) -> int | None:
    return None if isinstance(event, UndoEvent | ReviewedEvent) else event.track


def to_track(human: HumanTrack, count: int) -> Track:
    """The track over ``count`` frames: people's boxes as they are, the machine's between them.

    Raises:
        AnnotationError: something was said of a frame that the sequence does not have.
    """
    last = max([*human.boxes, *human.absent, *human.ends, *human.occluded, *human.machine, -1])
    if last >= count:
        raise AnnotationError(
            f"track {human.id}: the journal speaks of frame {last}; the sequence has {count} frames"
        )
    boxes = np.full((count, 4), np.nan)
    confidence = np.full(count, np.nan)
    if human.machine:
        rows, guesses = list(human.machine), list(human.machine.values())
        sides = chain.from_iterable(guess.box or NOWHERE for guess in guesses)
        boxes[rows] = np.fromiter(sides, np.float64, 4 * len(rows)).reshape(-1, 4)
        confidence[rows] = [guess.confidence for guess in guesses]  # None becomes NaN
    gone = human.gone(count)
    boxes[gone], confidence[gone] = np.nan, 1.0
    generated = np.ones(count, dtype=np.bool_)
    for frame, box in human.boxes.items():
        boxes[frame], confidence[frame], generated[frame] = box, 1.0, False
    occluded = np.zeros(count, dtype=np.bool_)
    occluded[sorted(human.occluded)] = True
    occluded &= ~np.isnan(boxes[:, 0])
    return Track(human.id, human.class_name, boxes, generated, occluded, confidence)


def apply(tracks: dict[int, HumanTrack], event: Event, where: str) -> None:
    """Let one event have its effect on ``tracks``; ``where`` names it in a message.

    Raises:
        AnnotationError: it speaks of a track that was not begun.
    """
    if isinstance(event, UndoEvent | ReviewedEvent):  # the undone is not here any more
        return
    class_name = event.class_name if isinstance(event, BoxEvent | ImportEvent) else None
    track = _begun(tracks, event.track, class_name, where)
    match event:
        case DeleteTrackEvent():
            del tracks[event.track]
        case ImportEvent():
            _take_over(track, event)
        case PropagatedEvent():
            _propagate(track, event)
        case _:
            _say(track, event)


def _say(track: HumanTrack, event: Said) -> None:
    """What a person says of one track."""
    match event:
        case BoxEvent():
            _set_box(track, event.frame, event.box, event.sha256)
            (track.occluded.add if event.occluded else track.occluded.discard)(event.frame)
        case AcceptEvent():
            _set_box(track, event.frame, event.box, event.sha256)
        case EndEvent():
            _forget(track, event.frame)
            track.ends.add(event.frame)
        case OccludedEvent():
            span = range(event.first_frame, event.last_frame + 1)
            (track.occluded.update if event.value else track.occluded.difference_update)(span)
        case ClassEvent():
            track.class_name = event.class_name
        case DeleteBoxEvent():
            _forget(track, event.frame)
            if not track.boxes:
                _without_propagation(track)


def reviewed(entries: Iterable[Entry]) -> bool:
    """Whether a person said, last of all, to be done with the sequence."""
    said = [entry for entry in active(entries) if not (entry.by_machine or entry.undone)]
    last = said[-1].events[-1] if said else None
    return isinstance(last, ReviewedEvent) and last.value


def _begun(
    tracks: dict[int, HumanTrack], number: int, class_name: str | None, where: str
) -> HumanTrack:
    track = tracks.get(number)
    if track is None:
        if class_name is None:
            raise AnnotationError(
                f"{where}: track {number} was never begun; expected a box with a class first"
            )
        track = tracks[number] = HumanTrack(number, class_name)
    elif class_name is not None:
        track.class_name = class_name
    return track


def _set_box(track: HumanTrack, frame: int, box: Box, sha256: str | None) -> None:
    _forget(track, frame, occluded=False)
    track.boxes[frame] = box
    if sha256 is not None:
        track.hashes[frame] = sha256


def _forget(track: HumanTrack, frame: int, *, occluded: bool = True) -> None:
    track.boxes.pop(frame, None)
    track.hashes.pop(frame, None)
    track.absent.discard(frame)
    track.ends.discard(frame)
    if occluded:
        track.occluded.discard(frame)


def _propagate(track: HumanTrack, event: PropagatedEvent) -> None:
    first = event.first_frame or 0
    guesses = {
        first + index: Guess(*guess)
        for index, guess in enumerate(zip(event.boxes, event.confidence, strict=True))
    }
    track.propagated = event
    if event.first_frame is None:
        track.machine = guesses
        spans = track.spans(len(guesses)) if event.state == track.state else []
        track.made = dict.fromkeys(spans, event)
        return
    track.machine |= guesses
    last = first + len(event.boxes) - 1
    span = Span(first, last, track.boxes.get(first - 1), track.boxes.get(last + 1))
    track.made = {each: by for each, by in track.made.items() if _apart(each, span)}
    if event.state == span.state:
        track.made[span] = event


def _apart(one: Span, other: Span) -> bool:
    return one.last < other.first or other.last < one.first


def _without_propagation(track: HumanTrack) -> None:
    """A machine's boxes that followed from a person's go with the last of these."""
    if track.propagated is not None:
        track.propagated, track.made = None, {}
        track.machine = dict(track.imported.machine) if track.imported is not None else {}


def _take_over(track: HumanTrack, event: ImportEvent) -> None:
    flags = event.generated if isinstance(event.generated, tuple) else ()
    for index, box in enumerate(event.boxes):
        frame = event.first_frame + index
        if flags[index] if flags else event.generated:
            track.machine[frame] = Guess(box, None)
        elif box is not None:
            _set_box(track, frame, box, None)
        else:
            _forget(track, frame)
            track.absent.add(frame)
    track.occluded.update(event.occluded)
    if any(flags) if flags else event.generated:
        track.imported = replace(
            track,
            boxes=dict(track.boxes),
            absent=set(track.absent),
            ends=set(track.ends),
            machine=dict(track.machine),
            imported=None,
        )
