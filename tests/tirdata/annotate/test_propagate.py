"""Which frames are tracked from where, and which get no box."""

import tracemalloc

import numpy as np
import pytest

from tests.tirdata.annotate.stand_ins import (
    Numbered,
    ScriptedTracker,
    TemplateTracker,
    absent,
    present,
    straight,
)
from tirdata.annotate.follow import PropagateConfig
from tirdata.annotate.interpolate import interpolate
from tirdata.annotate.propagate import propagate, tracked_frames
from tirdata.annotate.replay import HumanTrack
from tirdata.errors import UsageError
from tirdata.geometry import overlap
from tirdata.types import Box, Boxes, Frame, Sequence

SETTINGS = PropagateConfig(lost_below=0.2, found_above=0.5, bridge_frames=0)
COUNT = 30


def human(*frames: int, boxes: Boxes | None = None) -> HumanTrack:
    source = straight(COUNT) if boxes is None else boxes
    drawn = {frame: Box(*source[frame].tolist()) for frame in frames}
    return HumanTrack(0, "drone", drawn)


def tracker(**changes: object) -> ScriptedTracker:
    return ScriptedTracker(straight(COUNT), **changes)  # type: ignore[arg-type]


def test_tracks_both_ways_to_the_next_human_box_and_one_beyond_to_compare() -> None:
    made = tracker()
    propagate(Numbered(COUNT), human(10, 20), made, SETTINGS)
    onward, back = list(range(11, 21)), list(range(19, 9, -1))
    assert made.seen == [*range(9, -1, -1), *onward, *back, *range(21, COUNT)]
    assert [frame for frame, _ in made.started] == [10, 10, 20, 20]


def test_every_frame_but_the_humans_gets_a_box() -> None:
    layer = propagate(Numbered(COUNT), human(10, 20), tracker(), SETTINGS)
    assert absent(layer.boxes) == [10, 20]
    rest = [frame for frame in range(COUNT) if frame not in (10, 20)]
    assert np.allclose(layer.boxes[rest], straight(COUNT)[rest])
    between = slice(11, 20)
    assert (layer.confidence[between] > 0.9).all()
    assert (layer.confidence[rest] > 0.5).all()


def test_on_frame_is_called_as_often_as_was_said() -> None:
    calls: list[int] = []
    track = human(10, 11, 20)
    track.ends = {25}
    propagate(Numbered(COUNT), track, tracker(), SETTINGS, lambda: calls.append(0))
    assert len(calls) == tracked_frames(track, COUNT)


def test_lost_is_no_box_and_found_again_is_one() -> None:
    made = tracker(scores=dict.fromkeys(range(15, 20), 0.1))
    layer = propagate(Numbered(COUNT), human(0), made, SETTINGS)
    assert absent(layer.boxes) == [0, *range(15, 20)]
    assert layer.confidence[15:20].max() < layer.confidence[20:].min()


def test_nothing_is_tracked_where_a_person_said_it_is_gone() -> None:
    made = tracker()
    track = human(5, 20)
    track.ends, track.absent = {10, 25}, {2}
    layer = propagate(Numbered(COUNT), track, made, SETTINGS)
    with_box = present(layer.boxes)
    assert with_box == [3, 4, *range(6, 10), *range(21, 25)]
    assert set(made.seen) == {3, 4, *range(6, 10), *range(21, 25)}


def test_box_that_leaves_the_frame_is_lost() -> None:
    boxes = straight(COUNT, step=5.0)  # of frames 100 wide: the centre is outside from 19 on
    layer = propagate(Numbered(COUNT), human(0, boxes=boxes), ScriptedTracker(boxes), SETTINGS)
    assert absent(layer.boxes) == [0, *range(19, COUNT)]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_broken_box_of_a_tracker_is_lost(bad: float) -> None:
    boxes = straight(COUNT)
    boxes[12, 2] = bad
    layer = propagate(Numbered(COUNT), human(0), ScriptedTracker(boxes), SETTINGS)
    assert absent(layer.boxes) == [0, 12]
    assert np.nanargmin(layer.confidence) == 12


def test_track_without_a_persons_box_is_refused() -> None:
    with pytest.raises(UsageError, match="no person's box"):
        propagate(Numbered(COUNT), HumanTrack(0, "drone"), tracker(), SETTINGS)


def test_same_boxes_same_layer(made: Sequence) -> None:
    track = human(0, 30, boxes=made.tracks[0].boxes)
    one, other = (propagate(made.frames, track, TemplateTracker(), SETTINGS) for _ in range(2))
    assert np.array_equal(one.boxes, other.boxes, equal_nan=True)
    assert np.array_equal(one.confidence, other.confidence, equal_nan=True)


@pytest.mark.parametrize(("frames", "least"), [((0,), 0.6), ((0, 39), 0.7), ((20,), 0.6)])
def test_made_object_is_followed(made: Sequence, frames: tuple[int, ...], least: float) -> None:
    truth = made.tracks[0].boxes
    layer = propagate(made.frames, human(*frames, boxes=truth), TemplateTracker(), SETTINGS)
    missing = absent(layer.boxes)
    assert missing == sorted(frames)
    overlaps = np.delete(overlap(layer.boxes, truth), frames)
    assert overlaps.mean() > least


def test_memory_does_not_grow_with_the_sequence() -> None:
    def peak(count: int) -> int:
        boxes = np.tile([5.0, 20.0, 10.0, 8.0], (256, 1))
        frames = Repeating(count)
        track = HumanTrack(0, "drone", {0: Box(*boxes[0].tolist())})
        tracemalloc.start()
        propagate(frames, track, ScriptedTracker(boxes), SETTINGS)
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    grown = peak(3000) - peak(1000)
    assert grown < 2000 * 1000  # bytes; a frame has 10,000


class Repeating(Numbered):
    def __getitem__(self, index: int, /) -> Frame:
        return super().__getitem__(index % 200)


def test_spans_lie_between_what_people_said() -> None:
    track = human(5, 6, 20)
    track.ends = {10}
    found = [
        (span.first, span.last, bool(span.before), bool(span.after)) for span in track.spans(25)
    ]
    assert found == [(0, 4, False, True), (7, 9, True, False), (21, 24, True, False)]


def test_straight_lines_between_human_boxes_and_nothing_beyond() -> None:
    layer = interpolate(human(5, 15), COUNT)
    known = present(layer.boxes)
    assert known == list(range(6, 15))
    assert np.allclose(layer.boxes[6:15], straight(COUNT)[6:15])
    assert np.isnan(layer.confidence).all()


def test_no_line_runs_through_an_absence() -> None:
    track = human(5, 15)
    track.ends = {10}
    assert np.isnan(interpolate(track, COUNT).boxes).all()


def test_config_refuses_thresholds_the_wrong_way_round() -> None:
    with pytest.raises(ValueError, match="found_above must not be under lost_below"):
        PropagateConfig(lost_below=0.6, found_above=0.5)
