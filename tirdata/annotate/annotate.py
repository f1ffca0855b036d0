"""The whole of ``tirdata annotate``: journal first, then track, then the XML from the journal."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from tirdata.annotate.burnt_in import BurntIn, burnt_in
from tirdata.annotate.drafts import adopted
from tirdata.annotate.edited import EditedXml, take_edited, xml_lock
from tirdata.annotate.events import PropagatedEvent
from tirdata.annotate.follow import PropagateConfig
from tirdata.annotate.interpolate import interpolate
from tirdata.annotate.journal import LOCK_WAIT_S, Journal
from tirdata.annotate.pairs import shown
from tirdata.annotate.pictures import CardFrames
from tirdata.annotate.propagate import Layer, propagate, propagate_together, tracked_frames
from tirdata.annotate.replay import HumanTrack, replay, to_track
from tirdata.annotate.xml_files import write_all
from tirdata.config import Config
from tirdata.dataset.card import Card
from tirdata.dataset.lists import write_lists
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.engine.base import Engine, Outcome
from tirdata.errors import AnnotationError
from tirdata.tracker import ManyTracker, TrackerFactory
from tirdata.types import Box, Floats, Track

DECIMALS = 2  # of a machine's box in the journal; the XML has whole pixels
INTERPOLATE = "interpolate"  # the one name that is no tracker
BLIND = ("hold",)  # trackers that look at no picture: what they follow is not measured


class AnnotateConfig(Config):
    """The ``--config`` file of ``annotate``."""

    tracker: str = "mmnet"
    """A name in the registry of trackers, or interpolate."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """The tracker's own settings."""
    propagate: PropagateConfig = PropagateConfig()
    """How the tracker's word is taken."""


@dataclass(frozen=True)
class Tracking:
    """With what to propagate; small, and picklable when the factory is."""

    config: AnnotateConfig
    factory: TrackerFactory | None  # None = straight lines between people's boxes
    files: Mapping[str, str] = field(default_factory=dict)  # sha256 of its weights, by file name
    again: bool = False  # also where nothing changed since the last time

    def made(self, human: HumanTrack, count: int) -> bool:
        """All spans were filled before, from the same boxes with the same settings."""
        made = (human.made.get(span) for span in human.spans(count))
        wanted = (self.config.tracker, self.settings)
        return human.propagated is not None and all(
            event is not None and (event.tracker, event.settings) == wanted for event in made
        )

    def confidence(self, sure: Floats) -> tuple[float | None, ...]:
        """As the journal keeps it; None = not measured."""
        blind = self.config.tracker in BLIND
        return tuple(None if blind or np.isnan(value) else round(float(value), 3) for value in sure)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything but the tracker's name, as the journal keeps it."""
        files = {"files": dict(self.files)} if self.files else {}
        return self.config.model_dump(mode="json", exclude={"tracker"}) | files


@dataclass(frozen=True)
class Item:
    """One sequence to work on."""

    root: Path
    sequence: SequenceId
    track: int | None = None  # propagate only this one
    xml: EditedXml = "refuse"  # what becomes of XML files that were changed by hand


@dataclass(frozen=True)
class TrackState:
    """How far a track is."""

    id: int
    class_name: str
    human: int  # frames with a person's box
    generated: int  # frames with a machine's box
    empty: int  # frames without one: lost, absent or never looked at
    confidence: float | None  # mean over the machine's boxes
    stale: bool  # a person said something since it was propagated
    lost: int = 0  # frames in which a tracker had no box, and nobody said that it is gone
    lost_from: int | None = None  # the first of them


@dataclass(frozen=True)
class SequenceState:
    """What became of a sequence."""

    sequence: str
    frames: int
    tracked: int  # frames that a tracker was run on
    files_changed: int  # XML files
    tracks: tuple[TrackState, ...]
    burnt_in: tuple[BurntIn, ...] = ()  # boxes over text and the like


def annotate(
    work_items: Iterable[Item],
    tracking: Tracking | None,
    engine: Engine,
    on_frame: Callable[[], None] | None = None,
) -> Iterator[Outcome[Item, SequenceState]]:
    """Bring every sequence's XML in line with its journal, propagating first with ``tracking``.

    When all outcomes are taken, the dataset's list files are brought up to date.

    ``on_frame`` is called for each tracked frame; only for an engine that works in this process.
    """
    work = partial(annotate_sequence, tracking=tracking)
    if on_frame is not None:
        work = partial(work, on_frame=on_frame)
    done: dict[Path, list[SequenceId]] = {}
    for outcome in engine.map(work, work_items):
        done.setdefault(outcome.item.root, []).append(outcome.item.sequence)
        yield outcome
    list_classes(done)


def list_classes(done: Mapping[Path, Collection[SequenceId]]) -> None:
    """Bring the list files of datasets up to date, which name the classes of each sequence.

    Raises:
        DataError: another process keeps a dataset.
        StorageError: they cannot be written.
    """
    for root, sequences in done.items():
        dataset = Dataset.open(root)
        with dataset.lock(LOCK_WAIT_S):
            write_lists(dataset, sequences)


def annotate_sequence(
    item: Item, *, tracking: Tracking | None, on_frame: Callable[[], None] = lambda: None
) -> SequenceState:
    """As ``annotate``, for one sequence.

    Each track is written to the journal when it is done, and the XML follows from the journal:
    whatever ends the process in between, the same call goes on from there to the same bytes.

    Raises:
        AnnotationError: the journal does not fit the frames.
        StorageError: the journal or an XML file cannot be written.
    """
    dataset = Dataset.open(item.root)
    journal = Journal(dataset.journal_path(item.sequence))
    tracked = 0

    def counted() -> None:
        nonlocal tracked
        tracked += 1
        on_frame()

    if tracking is not None:
        if not journal.read() and (events := adopted(dataset, item.sequence)):
            journal.append(events)
        card = dataset.read_card(item.sequence)
        factory = cache(tracking.factory) if tracking.factory else None  # one tracker for all
        ours = replace(tracking, factory=factory)
        for group in _groups(due(dataset, item, tracking), factory):
            for human in group:
                check_frames(human, card, journal.path)
            layers = _layers(dataset, item.sequence, group, ours, counted)
            for human, layer in zip(group, layers, strict=True):
                journal.append([event_of(human, layer, tracking)])
    return derive(dataset, item.sequence, tracked, item.xml)


def derive(
    dataset: Dataset, sequence: SequenceId, tracked: int = 0, xml: EditedXml = "refuse"
) -> SequenceState:
    """Write the XML that follows from the journal, and only files whose bytes change.

    Without a single entry there is nothing to follow, and what XML there is stays. ``xml`` says
    what becomes of files that were changed by hand.

    Raises:
        EditedXmlError: files were changed by hand; none is written.
        BusyError: another process has been writing the XML of this sequence for too long.
        AnnotationError: the journal is broken or does not fit the frames.
        StorageError: a file cannot be written.
    """
    journal = Journal(dataset.journal_path(sequence))
    card = dataset.read_card(sequence)
    if not journal.read():
        return SequenceState(sequence.name, card.frames, 0, 0, ())
    if xml == "take":
        take_edited(dataset, sequence)
    with xml_lock(dataset, sequence):  # so that of two writers the later one has read both
        entries = journal.read()
        humans = replay(entries)
        tracks = [to_track(human, card.frames) for human in humans.values()]
        changed = write_all(dataset, sequence, entries, tracks, xml)
    states = tuple(_state(track, humans[track.id]) for track in tracks)
    over = burnt_in(card, tracks)
    return SequenceState(sequence.name, card.frames, tracked, changed, states, over)


def due(dataset: Dataset, item: Item, tracking: Tracking) -> list[HumanTrack]:
    """The tracks of a sequence that are still to be propagated.

    Raises:
        AnnotationError: the journal is broken.
    """
    humans = replay(Journal(dataset.journal_path(item.sequence)).read())
    count = dataset.read_card(item.sequence).frames
    return [
        human
        for human in humans.values()
        if item.track in (None, human.id)
        and human.boxes
        and (tracking.again or not tracking.made(human, count))
    ]


def total_frames(work_items: Iterable[Item], tracking: Tracking) -> int:
    """How often ``annotate`` will call ``on_frame``."""
    total = 0
    for item in work_items:
        dataset = Dataset.open(item.root)
        count = dataset.read_card(item.sequence).frames
        total += sum(tracked_frames(human, count) for human in due(dataset, item, tracking))
    return total if tracking.factory is not None else 0


def _groups(humans: list[HumanTrack], factory: TrackerFactory | None) -> Iterator[list[HumanTrack]]:
    """One by one, or as many at once as pay for the tracker."""
    size = 1
    if factory is not None and humans:
        tracker = factory()
        size = tracker.at_once if isinstance(tracker, ManyTracker) else 1
    return (humans[first : first + size] for first in range(0, len(humans), size))


def _layers(
    dataset: Dataset,
    sequence: SequenceId,
    humans: list[HumanTrack],
    tracking: Tracking,
    on_frame: Callable[[], None],
) -> list[Layer]:
    card = dataset.read_card(sequence)
    factory, settings = tracking.factory, tracking.config.propagate
    if factory is None:
        return [interpolate(human, card.frames) for human in humans]
    tracker = factory()
    if isinstance(tracker, ManyTracker) and tracker.at_once > 1:
        frames = CardFrames(dataset, sequence, card)
        ours = [(frames, human) for human in humans]
        return propagate_together(ours, tracker, settings, on_frame)
    layers = []
    for human in humans:
        pictures, follower = shown(dataset, sequence, card, tracker, human.id)
        layers.append(propagate(pictures, human, follower, settings, on_frame))
    return layers


def event_of(human: HumanTrack, layer: Layer, tracking: Tracking) -> PropagatedEvent:
    """What a tracker made of a track, as the journal keeps it."""
    boxes = tuple(
        None if np.isnan(row).any() else Box(*(round(float(side), DECIMALS) for side in row))
        for row in layer.boxes
    )
    return PropagatedEvent(
        track=human.id,
        tracker=tracking.config.tracker,
        settings=tracking.settings,
        state=human.state,
        boxes=boxes,
        confidence=tracking.confidence(layer.confidence),
    )


def check_frames(human: HumanTrack, card: Card, path: Path) -> None:
    """That a track's boxes were drawn on the pictures of the card.

    Raises:
        AnnotationError: one was not; the frame and the journal at ``path`` are named.
    """
    for frame, sha256 in human.hashes.items():
        if frame < card.frames and card.frames_sha256[frame] != sha256:
            raise AnnotationError(
                f"{path}: frame {frame} is another picture than the one its box was drawn on; "
                "fetch the recording with the settings of then, or draw the box again"
            )


def _state(track: Track, human: HumanTrack) -> TrackState:
    present = track.present
    lost = np.flatnonzero(~present & ~human.gone(len(present)))
    if human.propagated is None:
        lost = lost[:0]
    machine = present & track.generated
    sure = track.confidence[machine] if track.confidence is not None else np.array([])
    sure = sure[~np.isnan(sure)]
    return TrackState(
        id=track.id,
        class_name=track.class_name,
        human=int((present & ~track.generated).sum()),
        generated=int(machine.sum()),
        empty=int((~present).sum()),
        confidence=round(float(sure.mean()), 3) if len(sure) else None,
        stale=human.stale(len(present)),
        lost=len(lost),
        lost_from=int(lost[0]) if len(lost) else None,
    )


def items(
    dataset: Dataset,
    names: Iterable[str] = (),
    spoken_of: Iterable[SequenceId] = (),
    track: int | None = None,
    xml: EditedXml = "refuse",
) -> list[Item]:
    """The sequences that were spoken of, or else the named ones, or else all with a journal."""
    chosen = list(spoken_of) or [dataset.find(name) for name in names]
    if not chosen:
        known = dataset.sequence_ids()
        chosen = [each for each in known if dataset.journal_path(each).exists()]
    return [Item(dataset.root, sequence, track, xml) for sequence in chosen]
