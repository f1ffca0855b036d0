"""Whatever is annotated, a format gives back all that it is said to keep; the rest it counts."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.made import made_sequence
from tirdata.layouts import LAYOUTS
from tirdata.types import Sequence, Track

COUNT, SIZE = 6, (64, 48)
NAME = "ILSVRC2015_train_00000000"
FRAMES = made_sequence(COUNT, size=SIZE).frames
CLASSES = ("bird", "drone", "person")
SEVERAL = ("cvat", "coco", "mot")  # tracks in one sequence, with their classes
GENERATED = ("cvat", "coco")
OCCLUDED = ("cvat", "coco", "mot", "got10k")


@st.composite
def tracks(drawn: st.DrawFn, most: int) -> tuple[Track, ...]:
    """Boxes of two decimals inside the frame, some absent, some a machine's, some hidden."""
    found = []
    for number in range(drawn(st.integers(1, most))):
        rows = []
        for _ in range(COUNT):
            w, h = (drawn(st.integers(200, 3000)) for _ in range(2))
            x, y = (
                drawn(st.integers(0, 100 * side - own))
                for side, own in zip(SIZE, (w, h), strict=True)
            )
            rows.append([x, y, w, h])
        boxes = np.array(rows) / 100
        present = np.array(drawn(st.lists(st.booleans(), min_size=COUNT, max_size=COUNT)))
        present[drawn(st.integers(0, COUNT - 1))] = True
        boxes[~present] = np.nan
        flags = [
            np.array(drawn(st.lists(st.booleans(), min_size=COUNT, max_size=COUNT)))
            for _ in range(2)
        ]
        name = drawn(st.sampled_from(CLASSES))
        found.append(Track(number, name, boxes, flags[0] | ~present, flags[1] & present))
    return tuple(found)


def there_and_back(kind: str, given_tracks: tuple[Track, ...]) -> tuple[Track, ...]:
    layout = LAYOUTS[kind]
    with tempfile.TemporaryDirectory() as folder:
        layout.write([Sequence(NAME, FRAMES, given_tracks)], Path(folder))
        (name, *_) = layout.names(Path(folder))
        return layout.read_one(Path(folder), name).tracks


def check(kind: str, given_tracks: tuple[Track, ...]) -> None:
    read = there_and_back(kind, given_tracks)
    assert len(read) == len(given_tracks)
    for ours, theirs in zip(given_tracks, read, strict=True):
        assert theirs.present.tolist() == ours.present.tolist()
        np.testing.assert_allclose(theirs.boxes, ours.boxes, atol=1e-6)
        if kind in SEVERAL:
            assert theirs.class_name == ours.class_name
        if kind in GENERATED:
            there = ours.present
            assert theirs.generated[there].tolist() == ours.generated[there].tolist()
        if kind in OCCLUDED:
            assert theirs.occluded.tolist() == ours.occluded.tolist()


@pytest.mark.parametrize("kind", SEVERAL)
@settings(max_examples=25, deadline=None)
@given(given_tracks=tracks(most=3))
def test_formats_of_several_tracks(kind: str, given_tracks: tuple[Track, ...]) -> None:
    check(kind, given_tracks)


@pytest.mark.parametrize("kind", ["otb", "got10k"])
@settings(max_examples=25, deadline=None)
@given(given_tracks=tracks(most=1))
def test_text_files_of_one_target(kind: str, given_tracks: tuple[Track, ...]) -> None:
    check(kind, given_tracks)
