"""XML files that were changed by hand are named, taken in or given up, never silently lost."""

import re

import numpy as np
import pytest

from tests.tirdata.annotate.stand_ins import COUNT, box_at
from tests.tirdata.annotate.test_annotate import LINES, draw, item, track_of, xml
from tirdata.annotate import edited as module
from tirdata.annotate import journal as journal_module
from tirdata.annotate.annotate import Item, annotate_sequence, derive
from tirdata.annotate.check import journal_faults
from tirdata.annotate.edited import EditedXmlError, take_edited, xml_lock
from tirdata.annotate.events import BoxEvent, EndEvent
from tirdata.annotate.journal import Journal
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.vid_xml import xml_name
from tirdata.errors import AnnotationError, BusyError


@pytest.fixture
def annotated(dataset: Dataset, sequence: SequenceId) -> Dataset:
    draw(dataset, sequence, 0, 30)
    annotate_sequence(item(dataset, sequence), tracking=LINES)
    return dataset


def rewrite(dataset: Dataset, sequence: SequenceId, frame: int, pattern: str, new: str) -> str:
    """Change the XML of one frame as with an editor; the text of before."""
    path = dataset.annotation_dir(sequence) / xml_name(frame)
    before = path.read_text()
    after = re.sub(pattern, new, before, count=1, flags=re.DOTALL)
    assert after != before
    path.write_text(after)
    return before


def moved(dataset: Dataset, sequence: SequenceId, frame: int) -> None:
    rewrite(dataset, sequence, frame, r"<xmin>\d+", "<xmin>3")


def test_edited_file_is_named_and_nothing_is_written(
    annotated: Dataset, sequence: SequenceId
) -> None:
    moved(annotated, sequence, 12)
    before = xml(annotated, sequence)
    draw(annotated, sequence, 20)
    with pytest.raises(EditedXmlError, match=r"000012\.xml: 1 file was changed .*--edited take"):
        derive(annotated, sequence)
    assert xml(annotated, sequence) == before
    assert (
        "--edited"
        in next(journal_faults(annotated, sequence, annotated.read_tracks(sequence, COUNT))).message
    )


def test_edited_boxes_are_taken_as_the_files_say(annotated: Dataset, sequence: SequenceId) -> None:
    moved(annotated, sequence, 12)
    rewrite(annotated, sequence, 13, "<generated>1", "<generated>0")
    rewrite(annotated, sequence, 14, r"\t<object>.*</object>\n", "")
    rewrite(annotated, sequence, 30, "<generated>0", "<generated>1")
    rewrite(annotated, sequence, 0, "<occluded>0", "<occluded>1")
    expected = track_of(annotated, sequence)
    derive(annotated, sequence, xml="take")
    found = track_of(annotated, sequence)
    assert np.array_equal(found.boxes, expected.boxes, equal_nan=True)
    assert np.array_equal(found.generated, expected.generated)
    assert np.array_equal(found.occluded, expected.occluded)
    assert derive(annotated, sequence).files_changed == 0
    Journal(annotated.journal_path(sequence)).undo()
    derive(annotated, sequence)
    assert track_of(annotated, sequence).boxes[12, 0] != 3


def test_box_where_nothing_should_be_counts_as_a_persons(
    annotated: Dataset, sequence: SequenceId
) -> None:
    saved = rewrite(annotated, sequence, 35, "</annotation>", "</annotation>\n")
    box = rewrite(annotated, sequence, 12, "<generated>1", "<generated>1 ")
    Journal(annotated.journal_path(sequence)).append([EndEvent(track=0, frame=33)])
    derive(annotated, sequence)  # spaces are no boxes
    path = annotated.annotation_dir(sequence) / xml_name(35)
    assert path.read_text() == saved
    path.write_text(box.replace("<filename>000012", "<filename>000035"))
    derive(annotated, sequence, xml="take")
    assert np.flatnonzero(~track_of(annotated, sequence).generated).tolist() == [0, 30, 35]


def test_edited_files_are_given_up_when_somebody_says_so(
    annotated: Dataset, sequence: SequenceId
) -> None:
    before = xml(annotated, sequence)
    moved(annotated, sequence, 12)
    annotate_sequence(Item(annotated.root, sequence, xml="replace"), tracking=None)
    assert xml(annotated, sequence) == before


def test_broken_file_is_not_written_over(annotated: Dataset, sequence: SequenceId) -> None:
    rewrite(annotated, sequence, 12, "</annotation>", "")
    with pytest.raises(EditedXmlError, match=r"000012\.xml"):
        derive(annotated, sequence)
    with pytest.raises(AnnotationError, match=r"000012\.xml:\d+: not XML"):
        take_edited(annotated, sequence)


def test_files_of_any_earlier_state_are_ours(annotated: Dataset, sequence: SequenceId) -> None:
    """As after a kill between two files, and between two kills."""
    journal = Journal(annotated.journal_path(sequence))
    folder = annotated.annotation_dir(sequence)
    kept = {}
    for frame in (10, 20, 25):
        kept[frame] = (folder / xml_name(frame)).read_bytes()
        journal.append([BoxEvent(track=0, frame=frame, box=box_at(frame))])
        derive(annotated, sequence)
    (folder / xml_name(20)).write_bytes(kept[20])
    with pytest.raises(EditedXmlError, match=r"000020\.xml"):  # all were known to be newer
        derive(annotated, sequence)
    (folder.parents[4] / "keyframes" / f".{sequence.name}.followed").write_text("2")
    for frame, data in kept.items():
        (folder / xml_name(frame)).write_bytes(data)
    (folder / xml_name(5)).unlink()
    assert derive(annotated, sequence).files_changed == 4


def test_who_writes_the_journal_does_not_wait_for_the_files(
    annotated: Dataset, sequence: SequenceId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "LOCK_WAIT_S", 0.01)
    with xml_lock(annotated, sequence):
        draw(annotated, sequence, 20)
    with Journal(annotated.journal_path(sequence)).locked():
        assert derive(annotated, sequence).files_changed > 0


def test_files_that_another_writes_for_too_long_are_said(
    annotated: Dataset, sequence: SequenceId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "XML_WAIT_S", 0.01)
    with (
        xml_lock(annotated, sequence),
        pytest.raises(BusyError, match=r"this process \(\d+\) is writing these files"),
    ):
        derive(annotated, sequence)
