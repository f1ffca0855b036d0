"""Propagation over pairs: what a tracker of both halves is shown, forward, back and in the page."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.made_layouts import made_pair
from tests.tirdata.annotate.stand_ins import TemplateTracker
from tests.tirdata.review.client import at_rest, serving
from tirdata.annotate.annotate import AnnotateConfig, Item, Tracking, annotate_sequence
from tirdata.annotate.events import BoxEvent, DeleteTrackEvent
from tirdata.annotate.import_layout import LayoutFolder, import_layout
from tirdata.annotate.journal import Journal
from tirdata.annotate.pairs import on_visible, shown
from tirdata.annotate.pictures import ChangedFrameError
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.engine import build_engine
from tirdata.errors import DataError
from tirdata.layouts import LAYOUTS
from tirdata.tracker import Prediction
from tirdata.types import Box, FramePair, Sequence

COUNT = 6
PAIR = made_pair(COUNT)


@dataclass(repr=False)
class Watcher(TemplateTracker):
    """A tracker of pairs that keeps what it was shown."""

    started: list[tuple[Box, Box | None]] = field(default_factory=list)
    shown: list[FramePair] = field(default_factory=list)

    def init_pair(self, pair: FramePair, box: Box, visible_box: Box | None = None) -> None:
        self.started.append((box, visible_box))
        self.shown.append(pair)
        self.init(pair.thermal, box)

    def track_pair(self, pair: FramePair) -> Prediction:
        self.shown.append(pair)
        return self.track(pair.thermal)


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def tracking(watcher: Watcher) -> Tracking:
    return Tracking(AnnotateConfig(tracker="watcher"), lambda: watcher)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """A pair whose boxes a machine made, on both halves."""
    LAYOUTS["rgbt234"].write([PAIR], tmp_path / "theirs")
    made = Dataset.create(tmp_path / "ours")
    folder = LayoutFolder(tmp_path / "theirs", "rgbt234", class_name="drone", generated=True)
    assert [each.error for each in import_layout(made, folder, build_engine("serial", 1))] == [None]
    return made


@pytest.fixture
def sequence(dataset: Dataset) -> SequenceId:
    return dataset.sequence_ids()[0]


def true_box(frame: int) -> Box:
    return Box(*PAIR.tracks[0].boxes[frame].tolist())


def draw(dataset: Dataset, sequence: SequenceId, *frames: int, track: int = 0) -> None:
    Journal(dataset.journal_path(sequence)).append(
        BoxEvent(track=track, frame=frame, class_name="drone", box=true_box(frame))
        for frame in frames
    )


def read(dataset: Dataset, sequence: SequenceId) -> Sequence:
    return dataset.read_sequence(sequence)


def test_both_ways_each_thermal_frame_comes_with_the_visible_one_beside_it(
    dataset: Dataset, sequence: SequenceId, tracking: Tracking, watcher: Watcher
) -> None:
    draw(dataset, sequence, 1, 4)
    annotate_sequence(Item(dataset.root, sequence), tracking=tracking)
    ours = read(dataset, sequence)
    assert ours.visible is not None
    numbers = [1, 0, 1, 2, 3, 4, 4, 3, 2, 1, 4, 5]
    for number, pair in zip(numbers, watcher.shown, strict=True):
        np.testing.assert_array_equal(pair.thermal, ours.frames[number])
        np.testing.assert_allclose(pair.visible.mean(axis=2), ours.visible[number], atol=2)
    seen = ours.visible_tracks[0].boxes
    starts = [1, 1, 4, 4]
    assert [box for box, _ in watcher.started] == [true_box(frame) for frame in starts]
    assert [each for _, each in watcher.started] == [Box(*seen[frame]) for frame in starts]


def test_an_object_that_was_never_labelled_on_the_visible_half(
    dataset: Dataset, sequence: SequenceId, tracking: Tracking, watcher: Watcher
) -> None:
    draw(dataset, sequence, 0, track=7)
    annotate_sequence(Item(dataset.root, sequence, 7), tracking=tracking)
    assert watcher.started == [(true_box(0), None)]
    assert len(watcher.shown) == COUNT


def test_where_the_visible_box_is_missing_the_nearest_frame_with_both_tells() -> None:
    nothing = [np.nan] * 4
    thermal = np.array([[10.0, 10, 8, 4], [12, 12, 8, 4], [90, 90, 8, 4]])
    visible = np.array([[25.0, 30, 16, 12], nothing, nothing])
    assert on_visible(0, Box(0, 0, 1, 1), thermal, visible) == Box(25, 30, 16, 12)
    assert on_visible(1, Box(12, 13, 8, 4), thermal, visible) == Box(29, 39, 16, 12)
    assert on_visible(2, Box(12, 13, 8, 4), thermal, np.array([nothing] * 3)) is None


def test_a_tracker_of_one_half_sees_the_thermal_one(dataset: Dataset, sequence: SequenceId) -> None:
    tracker = TemplateTracker()
    frames, found = shown(dataset, sequence, dataset.read_card(sequence), tracker, 0)
    assert found is tracker
    np.testing.assert_array_equal(frames[2], read(dataset, sequence).frames[2])


def test_a_visible_half_that_is_shorter_or_another_picture_is_named(
    dataset: Dataset, sequence: SequenceId, tracking: Tracking
) -> None:
    draw(dataset, sequence, 0)
    item = Item(dataset.root, sequence)
    path = dataset.visible_dir(sequence) / "000003.JPEG"
    whole = path.read_bytes()
    path.write_bytes((dataset.visible_dir(sequence) / "000002.JPEG").read_bytes())
    with pytest.raises(ChangedFrameError, match=r"000003\.JPEG: is another picture"):
        annotate_sequence(item, tracking=tracking)
    path.unlink()
    with pytest.raises(DataError, match=r"Visible.*000003\.JPEG"):
        annotate_sequence(item, tracking=tracking)
    path.write_bytes(whole)
    assert annotate_sequence(item, tracking=tracking).tracked == COUNT - 1


def test_the_page_propagates_over_pairs_too(
    dataset: Dataset, sequence: SequenceId, tracking: Tracking, watcher: Watcher
) -> None:
    Journal(dataset.journal_path(sequence)).append([DeleteTrackEvent(track=0)])
    with serving(dataset, tracking) as client:
        state = client.sequence(sequence.name)
        edit = {"do": "draw", "track": None, "frame": 2, "hash": state["hashes"][2],
                "box": list(true_box(2)), "class": "drone"}  # fmt: skip
        assert client.say(sequence.name, edit).status == 200
        at_rest(client)
        assert not any(each["pending"] for each in client.sequence(sequence.name)["tracks"])
    assert len(watcher.shown) == COUNT + 1
    assert watcher.shown[0].visible.ndim == 3
