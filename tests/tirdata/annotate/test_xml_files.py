"""The XML after an edit: only files that say something else are written, and none is trusted."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.tirdata.annotate.stand_ins import COUNT, box_at
from tests.tirdata.annotate.test_annotate import LINES, draw, item, xml
from tests.tirdata.annotate.test_edited import moved, rewrite
from tirdata.annotate import xml_files as module
from tirdata.annotate.annotate import annotate_sequence, derive
from tirdata.annotate.edited import EditedXmlError, followed
from tirdata.annotate.events import (
    ClassEvent,
    DeleteTrackEvent,
    EndEvent,
    Event,
    ImportEvent,
    OccludedEvent,
    PropagatedEvent,
)
from tirdata.annotate.journal import Journal
from tirdata.annotate.replay import Replayed
from tirdata.annotate.xml_files import Said, Written, XmlFiles
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.vid_xml import xml_name
from tirdata.errors import StorageError
from tirdata.files import write_bytes
from tirdata.types import Box

Follow = Callable[[], Written]


@pytest.fixture
def annotated(dataset: Dataset, sequence: SequenceId) -> Dataset:
    draw(dataset, sequence, 0, 30)
    draw(dataset, sequence, 5, 20, track=1)
    annotate_sequence(item(dataset, sequence), tracking=LINES)
    return dataset


@pytest.fixture
def follow(annotated: Dataset, sequence: SequenceId) -> Follow:
    """As an open page does it, once all files were looked at."""
    files, journal = XmlFiles(annotated, sequence), Journal(annotated.journal_path(sequence))
    replayed, card = Replayed(), annotated.read_card(sequence)

    def said() -> Said:
        entries = journal.read()
        return entries, replayed.of(entries)

    assert files.follow(said, card).changed == 0
    return lambda: files.follow(said, card)


def texts(dataset: Dataset, sequence: SequenceId) -> tuple[object, bytes]:
    return xml(dataset, sequence), dataset.confidence_path(sequence).read_bytes()


def say(dataset: Dataset, sequence: SequenceId, *events: Event) -> None:
    Journal(dataset.journal_path(sequence)).append(events)


EDITS: dict[str, Event] = {
    "end": EndEvent(track=0, frame=25),
    "occluded": OccludedEvent(track=1, first_frame=7, last_frame=9),
    "class": ClassEvent(track=1, class_name="bird"),
    "delete": DeleteTrackEvent(track=0),
    "import": ImportEvent(
        track=7, class_name="bird", boxes=(Box(3, 4, 5, 6), None, Box(4, 4, 5, 6)), source="x"
    ),
    "propagated": PropagatedEvent(
        track=0, tracker="made", state="", first_frame=1,
        boxes=(Box(3.25, 4, 5, 6), None), confidence=(0.12345, None),
    ),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_files_are_those_of_a_process_that_looks_at_all(
    annotated: Dataset, sequence: SequenceId, follow: Follow, edit: str
) -> None:
    say(annotated, sequence, EDITS[edit])
    written = follow()
    assert written.changed > 0
    assert followed(annotated, sequence) == written.entries
    found = texts(annotated, sequence)
    assert derive(annotated, sequence).files_changed == 0
    assert texts(annotated, sequence) == found
    Journal(annotated.journal_path(sequence)).undo()
    assert follow().changed >= written.changed  # more where the machine's word was undone with it
    assert derive(annotated, sequence).files_changed == 0


def test_edit_opens_no_other_file(
    annotated: Dataset, sequence: SequenceId, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched: list[str] = []

    def write(path: Path, data: bytes) -> None:
        touched.append(path.name)
        write_bytes(path, data)

    monkeypatch.setattr(module, "write_bytes", write)
    monkeypatch.setattr(module, "write_all", lambda *_: pytest.fail("all files were looked at"))
    say(annotated, sequence, OccludedEvent(track=1, first_frame=7, last_frame=9))
    assert follow().changed == 3
    assert touched == [xml_name(frame) for frame in (7, 8, 9)]
    say(annotated, sequence, OccludedEvent(track=1, first_frame=7, last_frame=9))
    assert follow().changed == 0


@pytest.mark.parametrize("frame", [8, 25])  # of the edit, and another one
def test_file_that_somebody_else_changed_is_never_written_over(
    annotated: Dataset, sequence: SequenceId, follow: Follow, frame: int
) -> None:
    moved(annotated, sequence, frame)
    before = xml(annotated, sequence)
    say(annotated, sequence, OccludedEvent(track=1, first_frame=7, last_frame=9))
    for _ in range(2):
        with pytest.raises(EditedXmlError, match=xml_name(frame)):
            follow()
        assert xml(annotated, sequence) == before
    derive(annotated, sequence, xml="take")
    assert follow().changed == 0


def test_file_that_changed_under_the_same_stamp_is_never_written_over(
    annotated: Dataset, sequence: SequenceId, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that was written between our writing and our looking at its time."""
    monkeypatch.setattr(module, "_stamp", lambda _: (0, 0, 0))
    say(annotated, sequence, OccludedEvent(track=1, first_frame=9, last_frame=9))
    follow()
    moved(annotated, sequence, 8)
    say(annotated, sequence, OccludedEvent(track=1, first_frame=7, last_frame=8))
    with pytest.raises(EditedXmlError, match=xml_name(8)):
        follow()


def test_files_that_are_gone_or_too_many_are_put_right(
    annotated: Dataset, sequence: SequenceId, follow: Follow
) -> None:
    folder = annotated.annotation_dir(sequence)
    before = xml(annotated, sequence)
    (folder / xml_name(11)).unlink()
    (folder / xml_name(COUNT)).write_text("of a frame that is not there")
    assert follow().changed == 1
    assert xml(annotated, sequence) == before


def test_another_process_may_write_in_between(
    annotated: Dataset, sequence: SequenceId, follow: Follow
) -> None:
    draw(annotated, sequence, 10)
    derive(annotated, sequence)
    say(annotated, sequence, OccludedEvent(track=1, first_frame=7, last_frame=9))
    assert follow().changed == 3
    draw(annotated, sequence, 25)
    rewrite(annotated, sequence, 3, "</annotation>", "</annotation>\n")  # says the same
    assert follow().changed == 2
    assert derive(annotated, sequence).files_changed == 0


def test_stop_in_the_middle_is_gone_on_with(
    annotated: Dataset, sequence: SequenceId, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(annotated, sequence, OccludedEvent(track=1, first_frame=7, last_frame=9))

    def full(path: Path, data: bytes) -> None:
        if path.name == xml_name(8):
            raise StorageError("no space left")
        write_bytes(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_bytes", full)
        with pytest.raises(StorageError, match="no space"):
            follow()
    assert follow().changed == 2
    assert derive(annotated, sequence).files_changed == 0


def test_sequence_without_a_journal_stays_as_it_is(dataset: Dataset, sequence: SequenceId) -> None:
    path = dataset.annotation_dir(sequence) / xml_name(3)
    path.write_text("anything")
    files = XmlFiles(dataset, sequence)
    assert files.follow(lambda: ((), {}), dataset.read_card(sequence)) == Written(0, 0)
    assert path.read_text() == "anything"


def test_last_track_that_goes_takes_its_confidence_along(
    annotated: Dataset, sequence: SequenceId, follow: Follow
) -> None:
    assert annotated.confidence_path(sequence).exists()
    say(annotated, sequence, DeleteTrackEvent(track=0), DeleteTrackEvent(track=1))
    assert follow().changed > 0
    assert not annotated.confidence_path(sequence).exists()
    draw(annotated, sequence, 2)
    assert follow().changed == 1
    (track,) = annotated.read_tracks(sequence, COUNT)
    assert np.flatnonzero(track.present).tolist() == [2]
    assert track.boxes[2, 0] == pytest.approx(box_at(2).x, abs=0.5)
