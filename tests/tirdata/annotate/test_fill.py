"""One span at a time comes to the same track, and pictures that changed are not tracked over."""

import itertools
from functools import partial

import numpy as np
import pytest

from tests.tirdata.annotate.stand_ins import COUNT, box_at, truth
from tests.tirdata.annotate.test_annotate import LINES, TEMPLATE, draw, item, track_of
from tirdata.annotate.annotate import Tracking, annotate_sequence, derive, due
from tirdata.annotate.fill import fill, looks
from tirdata.annotate.journal import Journal
from tirdata.annotate.pictures import CardFrames, ChangedFrameError
from tirdata.annotate.replay import replay
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import DataError
from tirdata.geometry import overlap
from tirdata.types import Box


def fill_all(dataset: Dataset, sequence: SequenceId, tracking: Tracking) -> list[int]:
    """Fill every pending span; how many frames each looked at."""
    journal = Journal(dataset.journal_path(sequence))
    frames = CardFrames(dataset, sequence, dataset.read_card(sequence))
    looked: list[int] = []
    for human in replay(journal.read()).values():
        for span in human.pending(COUNT):
            count = itertools.count()
            journal.append([fill(frames, human.id, span, tracking, partial(next, count))])
            looked.append(next(count))
            assert tracking.factory is None or looked[-1] == looks(span)
    derive(dataset, sequence)
    return looked


def test_spans_filled_one_by_one_leave_nothing_to_propagate(
    dataset: Dataset, sequence: SequenceId
) -> None:
    draw(dataset, sequence, 0, 20)
    assert fill_all(dataset, sequence, TEMPLATE) == [2 * 20, COUNT - 21]
    found = track_of(dataset, sequence)
    assert np.flatnonzero(~found.generated).tolist() == [0, 20]
    assert np.nanmean(overlap(found.boxes, truth())) > 0.6
    assert due(dataset, item(dataset, sequence), TEMPLATE) == []
    draw(dataset, sequence, 30)
    assert len(fill_all(dataset, sequence, TEMPLATE)) == 2
    again = track_of(dataset, sequence)
    assert np.array_equal(again.boxes[:20], found.boxes[:20])


def test_lines_are_filled_too(dataset: Dataset, sequence: SequenceId) -> None:
    draw(dataset, sequence, 0, 20)
    annotate_sequence(item(dataset, sequence), tracking=LINES)
    whole = track_of(dataset, sequence)
    Journal(dataset.journal_path(sequence)).undo()
    draw(dataset, sequence, 0, 20)
    fill_all(dataset, sequence, LINES)
    assert np.array_equal(track_of(dataset, sequence).boxes, whole.boxes, equal_nan=True)


def test_picture_that_changed_is_named(dataset: Dataset, sequence: SequenceId) -> None:
    folder = dataset.frame_dir(sequence)
    (folder / "000007.JPEG").write_bytes((folder / "000008.JPEG").read_bytes())
    frames = CardFrames(dataset, sequence, dataset.read_card(sequence))
    assert frames[6].shape == (128, 160)
    with pytest.raises(ChangedFrameError, match=r"000007\.JPEG: is another picture than"):
        frames[7]
    draw(dataset, sequence, 0)
    with pytest.raises(ChangedFrameError):
        annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    (folder / "000009.JPEG").unlink()
    with pytest.raises(DataError, match="no such frame"):
        frames[9]


def test_boxes_of_a_span_are_rounded_as_all_are(dataset: Dataset, sequence: SequenceId) -> None:
    draw(dataset, sequence, 0, 3)
    frames = CardFrames(dataset, sequence, dataset.read_card(sequence))
    span = replay(Journal(dataset.journal_path(sequence)).read())[0].pending(COUNT)[0]
    event = fill(frames, 0, span, TEMPLATE)
    assert (event.first_frame, len(event.boxes)) == (1, 2)
    assert all(isinstance(box, Box) and round(box.x, 2) == box.x for box in event.boxes)
    assert span.before == box_at(0)
