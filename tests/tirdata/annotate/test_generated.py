"""`generated` is exact: 0 in the XML for a person's boxes and for no other, whatever was done."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.made_dataset import made_dataset
from tirdata.annotate.annotate import derive
from tirdata.annotate.events import (
    AcceptEvent,
    BoxEvent,
    ClassEvent,
    DeleteBoxEvent,
    EndEvent,
    Event,
    ImportEvent,
    OccludedEvent,
    PropagatedEvent,
    ReviewedEvent,
)
from tirdata.annotate.journal import Journal
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.types import Box

FRAMES = st.integers(0, 7)
FLAGS: st.SearchStrategy[Literal[0, 1]] = st.sampled_from((0, 1))
SIDES = st.floats(0.01, 40, allow_nan=False)
BOXES = st.builds(Box, st.floats(-5, 59), st.floats(-5, 43), SIDES, SIDES).filter(
    lambda box: box.x + box.w > 0.01 and box.y + box.h > 0.01
)


@st.composite
def edits(drawn: st.DrawFn) -> list[Event]:
    """What people and machines may do to one track, in any order."""
    frame = drawn(FRAMES)
    boxes = drawn(st.lists(st.none() | BOXES, min_size=8, max_size=8))
    flags = drawn(st.lists(FLAGS, min_size=8, max_size=8))
    one_of_each: list[Event] = [
        BoxEvent(track=0, frame=frame, class_name="bird", box=drawn(BOXES)),
        AcceptEvent(track=0, frame=frame, box=drawn(BOXES)),
        EndEvent(track=0, frame=frame),
        DeleteBoxEvent(track=0, frame=frame),
        OccludedEvent(track=0, first_frame=0, last_frame=frame),
        ImportEvent(
            track=0,
            class_name="bird",
            boxes=tuple(boxes),
            generated=tuple(flags),
            source="a.txt",
        ),
        PropagatedEvent(
            track=0,
            tracker="made",
            state="",
            boxes=tuple(boxes),
            confidence=(0.5,) * 8,
        ),
        PropagatedEvent(
            track=0,
            tracker="made",
            state="",
            first_frame=frame,
            boxes=tuple(boxes[frame:]),
            confidence=(0.5,) * (8 - frame),
        ),
        ClassEvent(track=0, class_name="drone"),
        ReviewedEvent(),
    ]
    return [drawn(st.sampled_from(one_of_each))]


def said_by_people(events: list[Event]) -> set[int]:
    """Frames whose last word is a person's box, by the plainest reading of the events."""
    human: set[int] = set()
    for event in events:
        if isinstance(event, BoxEvent | AcceptEvent):
            human.add(event.frame)
        elif isinstance(event, EndEvent | DeleteBoxEvent):
            human.discard(event.frame)
        elif isinstance(event, ImportEvent) and isinstance(event.generated, tuple):
            for frame, (box, flag) in enumerate(zip(event.boxes, event.generated, strict=True)):
                if flag == 0:
                    (human.discard if box is None else human.add)(frame)
    return human


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return made_dataset(tmp_path_factory.mktemp("small") / "data", [SequenceId("val", 0, 0)], 8)


@settings(max_examples=60, deadline=None)
@given(st.lists(edits(), max_size=12), st.sets(st.integers(0, 3)))
def test_boxes_not_generated_are_those_of_people(
    small: Dataset, changes: list[list[Event]], undos: set[int]
) -> None:
    sequence = SequenceId("val", 0, 0)
    journal = Journal(small.journal_path(sequence))
    journal.path.unlink(missing_ok=True)
    first = BoxEvent(track=0, frame=0, class_name="bird", box=Box(1, 1, 9, 9))
    kept: list[list[Event]] = []
    everything: list[list[Event]] = [[first], *changes]
    for events in everything:
        journal.append(events)
        kept.append(events)
    for _ in undos:
        if sum(not machine(events) for events in kept) > 1:
            journal.undo()
            last = max(index for index, events in enumerate(kept) if not machine(events))
            kept = kept[:last]
    derive(small, sequence, xml="replace")  # of the example before
    found = {
        frame
        for track in small.read_tracks(sequence, 8)
        for frame in np.flatnonzero(~track.generated & track.present).tolist()
    }
    assert found == said_by_people([event for events in kept for event in events])


def machine(events: list[Event]) -> bool:
    return all(isinstance(event, PropagatedEvent) for event in events)
