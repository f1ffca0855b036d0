"""What each kind of event does to what is known of a track."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from tirdata.annotate.replay import HumanTrack, Replayed, replay, reviewed, to_track
from tirdata.errors import AnnotationError
from tirdata.types import Box

A, B = Box(1, 2, 10, 8), Box(5, 6, 12, 9)
FIRST = BoxEvent(track=0, frame=2, class_name="bird", box=A)


def entries(*events: Event) -> list[Entry]:
    return [
        Entry(id=number, time="2026-01-01", author="anna", events=(event,))
        for number, event in enumerate(events, start=1)
    ]


def track(*events: Event) -> HumanTrack:
    return replay(entries(*events))[0]


def machine(*boxes: Box | None, state: str = "") -> PropagatedEvent:
    sure = tuple(None if box is None else 0.5 for box in boxes)
    return PropagatedEvent(track=0, tracker="made", state=state, boxes=boxes, confidence=sure)


def test_last_box_of_a_frame_stands() -> None:
    human = track(FIRST, BoxEvent(track=0, frame=2, box=B))
    assert human.boxes == {2: B}
    assert human.class_name == "bird"


def test_end_lasts_until_the_next_box() -> None:
    human = track(FIRST, EndEvent(track=0, frame=4), BoxEvent(track=0, frame=7, box=B))
    assert np.flatnonzero(human.gone(10)).tolist() == [4, 5, 6]


def test_end_before_the_first_box_and_after_the_last() -> None:
    human = track(FIRST, EndEvent(track=0, frame=0), EndEvent(track=0, frame=8))
    assert np.flatnonzero(human.gone(10)).tolist() == [0, 1, 8, 9]


def test_end_takes_the_place_of_a_box_and_the_other_way_round() -> None:
    assert track(FIRST, EndEvent(track=0, frame=2)).boxes == {}
    assert track(FIRST, EndEvent(track=0, frame=2), FIRST).ends == set()


def test_delete_box_leaves_the_track_and_delete_track_takes_it_all() -> None:
    second = BoxEvent(track=0, frame=5, box=B)
    assert track(FIRST, second, DeleteBoxEvent(track=0, frame=5)).boxes == {2: A}
    assert replay(entries(FIRST, second, DeleteTrackEvent(track=0))) == {}


def test_undone_entries_have_no_effect() -> None:
    done = entries(FIRST, DeleteTrackEvent(track=0), UndoEvent(entries=(2,)))
    assert replay(done)[0].boxes == {2: A}


def test_occlusion_is_said_and_taken_back_by_frame() -> None:
    human = track(
        FIRST,
        OccludedEvent(track=0, first_frame=2, last_frame=6),
        OccludedEvent(track=0, first_frame=4, last_frame=5, value=False),
    )
    assert human.occluded == {2, 3, 6}


def test_imported_boxes_of_people_and_machines_are_told_apart() -> None:
    human = track(
        ImportEvent(
            track=0,
            class_name="bird",
            first_frame=1,
            boxes=(A, None, B, None),
            generated=(0, 0, 1, 1),
            source="a.txt",
        )
    )
    result = to_track(human, 6)
    assert result.generated.tolist() == [True, False, True, True, True, True]
    assert result.present.tolist() == [False, True, False, True, False, False]
    assert human.absent == {2}


def test_machine_lies_under_people() -> None:
    result = to_track(track(FIRST, machine(B, B, B, B, B), EndEvent(track=0, frame=3)), 5)
    assert np.array_equal(result.boxes[2], A)
    assert result.generated.tolist() == [True, True, False, True, True]
    assert result.present.tolist() == [True, True, True, False, False]
    assert result.confidence is not None
    assert result.confidence.tolist() == [0.5, 0.5, 1, 1, 1]


def test_accepted_box_is_a_persons() -> None:
    human = track(FIRST, machine(B, B), AcceptEvent(track=0, frame=1, box=B))
    result = to_track(human, 5)
    assert result.generated.tolist() == [True, False, False, True, True]
    assert np.array_equal(result.boxes[1], B)


def test_track_is_stale_when_a_person_spoke_after_the_machine() -> None:
    made = machine(B, B, None, B, B, state=track(FIRST).state)
    assert not track(FIRST, made).stale(5)
    assert track(FIRST, made, EndEvent(track=0, frame=4)).stale(5)
    assert not track(FIRST, made, OccludedEvent(track=0, first_frame=0, last_frame=1)).stale(5)


def test_only_spans_whose_ends_changed_are_pending() -> None:
    made = machine(B, B, None, B, B, B, state=track(FIRST).state)
    second = BoxEvent(track=0, frame=4, box=B)
    assert [(s.first, s.last) for s in track(FIRST).pending(6)] == [(0, 1), (3, 5)]
    assert track(FIRST, made).pending(6) == []
    assert [(s.first, s.last) for s in track(FIRST, made, second).pending(6)] == [(3, 3), (5, 5)]
    assert track(FIRST, made, second, DeleteBoxEvent(track=0, frame=4)).pending(6) == []


def test_span_that_was_filled_alone_is_done_and_the_others_keep_their_boxes() -> None:
    made = machine(B, B, None, B, B, B, state=track(FIRST).state)
    second = BoxEvent(track=0, frame=4, box=B)
    (span, after) = track(FIRST, second).pending(6)[1:]
    part = machine(A, state=span.state).model_copy(update={"first_frame": 3})
    human = track(FIRST, made, second, part)
    assert human.pending(6) == [after]
    assert [human.machine[frame].box for frame in range(6)] == [B, B, None, A, B, B]
    late = track(FIRST, made, second, BoxEvent(track=0, frame=2, box=B), part)
    assert (span.first, span.last) in {(s.first, s.last) for s in late.pending(6)}


def test_boxes_of_a_machine_from_a_file_wait_for_no_propagation() -> None:
    boxes = ImportEvent(
        track=0, class_name="bird", boxes=(A, B, B, None), generated=(0, 1, 1, 1), source="a.txt"
    )
    assert track(boxes).pending(4) == []
    human = track(boxes, BoxEvent(track=0, frame=2, box=A))
    assert [(s.first, s.last) for s in human.pending(4)] == [(1, 1), (3, 3)]


def test_propagated_boxes_go_with_the_last_box_of_a_person() -> None:
    made = machine(B, B, None, B, state=track(FIRST).state)
    human = track(FIRST, made, DeleteBoxEvent(track=0, frame=2))
    assert not to_track(human, 4).present.any()
    assert (human.pending(4), human.stale(4)) == ([], False)


def test_class_changes_and_undo_brings_it_back() -> None:
    change = ClassEvent(track=0, class_name="drone")
    assert track(FIRST, change).class_name == "drone"
    assert track(FIRST, change, UndoEvent(entries=(2,))).class_name == "bird"


def test_reviewed_holds_until_something_else_is_said() -> None:
    done = ReviewedEvent()
    assert reviewed(entries(FIRST, done))
    assert reviewed(entries(FIRST, done, machine(B)))
    assert not reviewed(entries(FIRST, done, EndEvent(track=0, frame=4)))
    assert reviewed(entries(FIRST, done, EndEvent(track=0, frame=4), UndoEvent(entries=(3,))))
    assert not reviewed(entries(FIRST, done, ReviewedEvent(value=False)))
    assert not reviewed([])


def test_unknown_track_names_the_entry() -> None:
    with pytest.raises(AnnotationError, match="entry 2: track 1 was never begun"):
        replay(entries(FIRST, EndEvent(track=1, frame=4)))


def test_frame_beyond_the_sequence_is_said() -> None:
    with pytest.raises(AnnotationError, match="speaks of frame 2; the sequence has 2"):
        to_track(track(FIRST), 2)


TRACKS = st.integers(0, 2)
FRAMES = st.integers(0, 9)
SAID: st.SearchStrategy[Event] = st.one_of(
    st.builds(BoxEvent, track=TRACKS, frame=FRAMES, class_name=st.just("bird"), box=st.just(A)),
    st.builds(BoxEvent, track=TRACKS, frame=FRAMES, class_name=st.just("drone"), box=st.just(B)),
    st.builds(ReviewedEvent),
)
LATER: st.SearchStrategy[Event] = st.one_of(
    SAID,
    st.builds(EndEvent, track=TRACKS, frame=FRAMES),
    st.builds(DeleteBoxEvent, track=TRACKS, frame=FRAMES),
    st.builds(DeleteTrackEvent, track=TRACKS),
    st.builds(lambda track: machine(*[A] * 10).model_copy(update={"track": track}), TRACKS),
    st.builds(UndoEvent, entries=st.tuples(st.integers(1, 12))),
)


@given(st.lists(st.tuples(LATER, st.booleans()), max_size=14))
def test_what_is_kept_is_what_a_whole_replay_gives(changes: list[tuple[Event, bool]]) -> None:
    kept = Replayed()
    begun = [FIRST.model_copy(update={"track": number}) for number in range(3)]
    everything = entries(*begun, *(event for event, _ in changes))
    asked = [True] * 3 + [looked for _, looked in changes]
    for count, looked in enumerate(asked, start=1):
        said = tuple(everything[:count])
        if not looked:
            continue
        try:
            expected = replay(said)
        except AnnotationError:  # a track was deleted, and spoken of again
            with pytest.raises(AnnotationError):
                kept.of(said)
            return
        assert list(kept.of(said).items()) == list(expected.items())


def test_tracks_that_nobody_spoke_of_stay_the_same_objects() -> None:
    said = entries(FIRST, FIRST.model_copy(update={"track": 1}), EndEvent(track=1, frame=4))
    kept = Replayed()
    before = kept.of(said[:2])
    after = kept.of(said)
    assert after[0] is before[0]
    assert after[1] is not before[1]
    assert not before[1].ends
    other = kept.of(entries(FIRST))  # another journal, if not a longer one
    assert list(other) == [0]


def test_a_copy_is_changed_alone() -> None:
    human = track(FIRST, machine(A, B))
    other = human.copy()
    assert other == human
    other.boxes[5] = B
    other.machine.clear()
    assert sorted(human.boxes) == [2]
    assert len(human.machine) == 2
