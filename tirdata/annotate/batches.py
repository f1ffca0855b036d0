"""Tracks of many sequences in one batch, for a tracker to which many objects cost little more."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import repeat
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tirdata.annotate.annotate import (
    Item,
    SequenceState,
    Tracking,
    annotate_sequence,
    check_frames,
    due,
    event_of,
    list_classes,
)
from tirdata.annotate.drafts import adopted
from tirdata.annotate.journal import Journal
from tirdata.annotate.pictures import CardFrames
from tirdata.annotate.propagate import propagate_together, tracked_frames
from tirdata.annotate.replay import HumanTrack
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.engine.base import Engine, Outcome
from tirdata.errors import TirDataError
from tirdata.tracker import ManyTracker
from tirdata.types import Frames

SEQUENCES = 32  # to one batch; most have one object, which is followed two ways at most

Ended: TypeAlias = tuple[SequenceState | None, TirDataError | None]


class _Job(NamedTuple):
    """One track of one sequence."""

    item: Item
    journal: Journal
    frames: Frames
    human: HumanTrack


def annotate_together(
    work_items: Iterable[Item],
    tracking: Tracking,
    engine: Engine,
    on_frame: Callable[[], None] | None = None,
) -> Iterator[Outcome[Item, SequenceState]]:
    """As ``annotate``, with tracks of up to ``SEQUENCES`` sequences in the tracker's batches.

    It comes to the same journals and XML as far as the tracker answers a batch as it answers each
    alone. A sequence with a fault is worked on by itself, so that the others go on.
    """
    chosen = list(work_items)
    bundles = [
        tuple(chosen[first : first + SEQUENCES]) for first in range(0, len(chosen), SEQUENCES)
    ]
    work = partial(_annotate_bundle, tracking=tracking)
    if on_frame is not None:
        work = partial(work, on_frame=on_frame)
    done: dict[Path, list[SequenceId]] = {}
    for outcome in engine.map(work, bundles):
        ended = outcome.result or repeat((None, outcome.error))
        for item, (state, error) in zip(outcome.item, ended, strict=False):
            done.setdefault(item.root, []).append(item.sequence)
            yield Outcome(item, state, error)
    list_classes(done)


def _annotate_bundle(
    work_items: Sequence[Item],
    *,
    tracking: Tracking,
    on_frame: Callable[[], None] = lambda: None,
) -> list[Ended]:
    """Follow what can be followed in batches; then each sequence with what is left of it."""
    ours = tracking
    if tracking.factory is not None:
        ours = replace(tracking, factory=cache(tracking.factory))
    looked = _follow(work_items, ours, on_frame)
    ended: list[Ended] = []
    for item in work_items:
        left = replace(ours, again=ours.again and item not in looked)
        try:
            state = annotate_sequence(item, tracking=left, on_frame=on_frame)
        except TirDataError as error:
            ended.append((None, error))
        else:
            ended.append((replace(state, tracked=state.tracked + looked[item]), None))
    return ended


def _follow(
    work_items: Sequence[Item], tracking: Tracking, on_frame: Callable[[], None]
) -> Counter[Item]:
    """Write what a tracker makes of all tracks into their journals; frames looked at, by item."""
    looked: Counter[Item] = Counter()
    tracker = tracking.factory() if tracking.factory is not None else None
    if not isinstance(tracker, ManyTracker) or tracker.at_once < 2:
        return looked
    jobs = [job for item in work_items for job in _jobs(item, tracking)]
    for first in range(0, len(jobs), tracker.at_once):
        group = jobs[first : first + tracker.at_once]
        pairs = [(job.frames, job.human) for job in group]
        settings = tracking.config.propagate
        try:
            layers = propagate_together(pairs, tracker, settings, on_frame)
            for job, layer in zip(group, layers, strict=True):
                job.journal.append([event_of(job.human, layer, tracking)])
                looked[job.item] += tracked_frames(job.human, len(job.frames))
        except TirDataError:  # whose fault it is turns out when each is worked on by itself
            for job in group:
                looked.pop(job.item, None)
    return looked


def _jobs(item: Item, tracking: Tracking) -> list[_Job]:
    """The tracks of a sequence that are due; none where it has a fault, which is told later."""
    try:
        dataset = Dataset.open(item.root)
        journal = Journal(dataset.journal_path(item.sequence))
        if not journal.read() and (events := adopted(dataset, item.sequence)):
            journal.append(events)
        card = dataset.read_card(item.sequence)
        frames = CardFrames(dataset, item.sequence, card)
        humans = due(dataset, item, tracking)
        for human in humans:
            check_frames(human, card, journal.path)
    except TirDataError:
        return []
    return [_Job(item, journal, frames, human) for human in humans]
