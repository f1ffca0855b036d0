"""Journals against XML files."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.made_dataset import add_made
from tirdata.annotate.annotate import derive
from tirdata.annotate.check import journal_faults
from tirdata.annotate.events import BoxEvent, DeleteTrackEvent
from tirdata.annotate.journal import Journal
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.types import Box, Track

SEQUENCE = SequenceId("train", 0, 0)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """A sequence with a journal of two boxes of track 0 and one of track 1, and their XML files."""
    dataset = Dataset.create(tmp_path / "data")
    add_made(dataset, SEQUENCE, 4)
    Journal(dataset.journal_path(SEQUENCE)).append(
        [
            BoxEvent(track=0, frame=1, class_name="drone", box=Box(1.5, 2.5, 9.5, 9.2)),
            BoxEvent(track=0, frame=3, box=Box(-3, 40, 12, 12), occluded=True),
            BoxEvent(track=1, frame=0, class_name="bird", box=Box(30, 30, 0.5, 0.5)),
        ]
    )
    derive(dataset, SEQUENCE, xml="replace")
    return dataset


def messages(dataset: Dataset, tracks: tuple[Track, ...] | None = None) -> list[str]:
    tracks = tracks if tracks is not None else dataset.read_sequence(SEQUENCE).tracks
    return [fault.message for fault in journal_faults(dataset, SEQUENCE, tracks)]


def test_xml_that_was_derived_from_the_journal_has_no_fault(dataset: Dataset) -> None:
    assert messages(dataset) == []


def test_each_kind_of_difference_is_found(dataset: Dataset) -> None:
    first, second = dataset.read_sequence(SEQUENCE).tracks
    moved = first.boxes.copy()
    moved[3, 0] += 1
    more = first.boxes.copy()
    more[2] = more[1]
    advice = "; run tirdata annotate to write them anew, with --edited if they were changed by hand"
    assert messages(dataset, (replace(first, boxes=moved), second)) == [
        f"track 0: 1 XML files say otherwise, the first of frame 3{advice}"
    ]
    assert "frame 2" in messages(dataset, (replace(first, boxes=more), second))[0]
    assert "frame 1" in messages(dataset, (replace(first, generated=~first.generated), second))[0]
    assert "frame 1" in messages(dataset, (replace(first, occluded=~first.occluded), second))[0]
    assert messages(dataset, (first,)) == [f"track 1: is in no XML file{advice}"]
    assert messages(dataset, (first, second, replace(second, id=2))) == [
        f"track 2: is in the XML files, but not in the journal{advice}"
    ]
    assert messages(dataset, (first, replace(second, class_name="bus"))) == [
        f"track 1: is bus in the XML files{advice}"
    ]


def test_a_deleted_track_is_not_missed(dataset: Dataset) -> None:
    Journal(dataset.journal_path(SEQUENCE)).append([DeleteTrackEvent(track=1)])
    assert len(messages(dataset)) == 1
    derive(dataset, SEQUENCE)
    assert messages(dataset) == []


def test_without_a_journal_any_tracks_are_right(dataset: Dataset) -> None:
    tracks = dataset.read_sequence(SEQUENCE).tracks
    dataset.journal_path(SEQUENCE).unlink()
    assert messages(dataset, tracks) == []


def test_a_broken_journal_is_named_by_line_even_without_xml(dataset: Dataset) -> None:
    with dataset.journal_path(SEQUENCE).open("a") as file:
        file.write("{}\n")
    (fault,) = journal_faults(dataset, SEQUENCE, None)
    assert fault.path == dataset.journal_path(SEQUENCE)
    assert fault.message.startswith("line 2: ")


def test_a_box_beyond_the_last_frame_is_named(dataset: Dataset) -> None:
    Journal(dataset.journal_path(SEQUENCE)).append(
        [BoxEvent(track=0, frame=9, box=Box(1, 1, 5, 5))]
    )
    assert "speaks of frame 9; the sequence has 4 frames" in messages(dataset)[0]


def test_a_class_that_nobody_knows_is_named(dataset: Dataset) -> None:
    Journal(dataset.journal_path(SEQUENCE)).append(
        [BoxEvent(track=2, frame=0, class_name="dron", box=Box(1, 1, 5, 5))]
    )
    assert "class 'dron' is not known; near it: drone" in messages(dataset)[0]
