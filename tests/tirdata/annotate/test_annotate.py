"""From journal to XML: propagated, undone, killed and gone on with."""

import hashlib
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.made_dataset import made_dataset
from tests.tirdata.annotate.stand_ins import (
    COUNT,
    TemplateTracker,
    absent,
    bare_dataset,
    box_at,
    present,
    truth,
)
from tirdata.annotate import annotate as module
from tirdata.annotate.annotate import (
    AnnotateConfig,
    Item,
    Tracking,
    annotate,
    annotate_sequence,
    derive,
    items,
    total_frames,
)
from tirdata.annotate.check import journal_faults
from tirdata.annotate.events import (
    BoxEvent,
    EndEvent,
)
from tirdata.annotate.follow import PropagateConfig
from tirdata.annotate.journal import Journal
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.validate import validate
from tirdata.engine import build_engine
from tirdata.errors import AnnotationError
from tirdata.geometry import overlap
from tirdata.tracker import Prediction
from tirdata.types import Box, Frame, Track

TEMPLATE = Tracking(
    AnnotateConfig(tracker="template", propagate=PropagateConfig(lost_below=0.3, found_above=0.5)),
    TemplateTracker,
)
LINES = Tracking(AnnotateConfig(tracker="interpolate"), None)


def draw(dataset: Dataset, sequence: SequenceId, *frames: int, track: int = 0) -> None:
    Journal(dataset.journal_path(sequence)).append(
        BoxEvent(track=track, frame=frame, class_name="drone", box=box_at(frame))
        for frame in frames
    )


def xml(dataset: Dataset, sequence: SequenceId) -> str:
    """Hash of all XML files and the confidence."""
    digest = hashlib.sha256()
    for path in sorted(dataset.annotation_dir(sequence).iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    digest.update(dataset.confidence_path(sequence).read_bytes())
    return digest.hexdigest()


def track_of(dataset: Dataset, sequence: SequenceId, number: int = 0) -> Track:
    return {track.id: track for track in dataset.read_tracks(sequence, COUNT)}[number]


def item(dataset: Dataset, sequence: SequenceId) -> Item:
    return Item(dataset.root, sequence)


def test_one_box_becomes_a_box_in_every_frame(dataset: Dataset, sequence: SequenceId) -> None:
    draw(dataset, sequence, 0)
    state = annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    track = track_of(dataset, sequence)
    assert track.generated.tolist() == [False] + [True] * (COUNT - 1)
    assert np.nanmean(overlap(track.boxes, truth())) > 0.6
    assert (state.tracks[0].human, state.tracks[0].generated) == (1, COUNT - 1)
    assert state.tracked == COUNT - 1
    assert not list(journal_faults(dataset, sequence, dataset.read_tracks(sequence, COUNT)))


def test_persons_boxes_stand_rounded_in_the_xml(dataset: Dataset, sequence: SequenceId) -> None:
    Journal(dataset.journal_path(sequence)).append(
        [BoxEvent(track=0, frame=7, class_name="drone", box=Box(10.4, 20.6, 12.2, 8.0))]
    )
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    assert track_of(dataset, sequence).boxes[7].tolist() == [10, 21, 13, 8]


def test_same_call_again_does_nothing(dataset: Dataset, sequence: SequenceId) -> None:
    draw(dataset, sequence, 0, 30)
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    before = xml(dataset, sequence), dataset.journal_path(sequence).read_bytes()
    state = annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    assert (state.tracked, state.files_changed) == (0, 0)
    assert (xml(dataset, sequence), dataset.journal_path(sequence).read_bytes()) == before


def test_again_tracks_again_to_the_same_bytes(dataset: Dataset, sequence: SequenceId) -> None:
    draw(dataset, sequence, 0, 30)
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    before = xml(dataset, sequence)
    again = Tracking(TEMPLATE.config, TEMPLATE.factory, again=True)
    state = annotate_sequence(item(dataset, sequence), tracking=again)
    assert (state.tracked > 0, state.files_changed) == (True, 0)
    assert xml(dataset, sequence) == before


def test_journal_alone_gives_the_same_xml(dataset: Dataset, sequence: SequenceId) -> None:
    draw(dataset, sequence, 0, 30)
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    before = xml(dataset, sequence)
    for path in dataset.annotation_dir(sequence).iterdir():
        path.unlink()
    dataset.confidence_path(sequence).unlink()
    derive(dataset, sequence)
    assert xml(dataset, sequence) == before


def test_propagating_anew_changes_machine_boxes_only(
    dataset: Dataset, sequence: SequenceId
) -> None:
    draw(dataset, sequence, 0, 30)
    annotate_sequence(item(dataset, sequence), tracking=LINES)
    before = track_of(dataset, sequence)
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    after = track_of(dataset, sequence)
    assert np.array_equal(before.boxes[[0, 30]], after.boxes[[0, 30]])
    assert not np.array_equal(before.boxes[1:30], after.boxes[1:30])
    assert np.flatnonzero(~after.generated).tolist() == [0, 30]


def test_box_drawn_later_stands_at_once_and_the_rest_is_called_stale(
    dataset: Dataset, sequence: SequenceId
) -> None:
    draw(dataset, sequence, 0)
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    draw(dataset, sequence, 20)
    (state,) = derive(dataset, sequence).tracks
    assert (state.human, state.generated, state.stale) == (2, COUNT - 2, True)
    (state,) = annotate_sequence(item(dataset, sequence), tracking=TEMPLATE).tracks
    assert not state.stale


def test_undo_brings_back_the_xml_of_before(dataset: Dataset, sequence: SequenceId) -> None:
    journal = Journal(dataset.journal_path(sequence))
    draw(dataset, sequence, 0)
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    first = xml(dataset, sequence)
    draw(dataset, sequence, 30)
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    second = xml(dataset, sequence)
    assert first != second
    journal.undo()
    derive(dataset, sequence)
    assert xml(dataset, sequence) == first
    journal.redo()
    derive(dataset, sequence)
    assert xml(dataset, sequence) == second


class Killed(BaseException):
    """What a test raises to end the work where a signal would."""


def dying(frames: int) -> TemplateTracker:
    class Dying(TemplateTracker):
        left = frames

        def track(self, frame: Frame) -> Prediction:
            self.left -= 1
            if self.left < 0:
                raise Killed
            return super().track(frame)

    return Dying()


@pytest.mark.parametrize("frames", [0, 20, COUNT - 1, COUNT + 5])
def test_killed_in_the_middle_goes_on_to_the_same_bytes(tmp_path: Path, frames: int) -> None:
    sequence = SequenceId("train", 0, 0)
    whole, cut = bare_dataset(tmp_path / "whole"), bare_dataset(tmp_path / "cut")
    for dataset in (whole, cut):
        draw(dataset, sequence, 0, track=0)
        draw(dataset, sequence, 39, track=1)
    annotate_sequence(item(whole, sequence), tracking=TEMPLATE)
    with pytest.raises(Killed):
        annotate_sequence(
            item(cut, sequence), tracking=Tracking(TEMPLATE.config, partial(dying, frames))
        )
    state = annotate_sequence(item(cut, sequence), tracking=TEMPLATE)
    assert xml(cut, sequence) == xml(whole, sequence)
    done = frames // (COUNT - 1)
    assert state.tracked == (2 - done) * (COUNT - 1)  # finished tracks are not done twice


def test_killed_between_journal_and_xml_is_mended_by_the_next_call(
    dataset: Dataset, sequence: SequenceId, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(dataset, sequence, 0)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, "derive", killed)
        with pytest.raises(Killed):
            annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    assert not track_ids(dataset, sequence)
    state = annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    assert (state.tracked, state.files_changed) == (0, COUNT)


def track_ids(dataset: Dataset, sequence: SequenceId) -> list[int]:
    return [track.id for track in dataset.read_tracks(sequence, COUNT)]


def test_xml_without_a_journal_stays(tmp_path: Path) -> None:
    sequence = SequenceId("train", 0, 0)
    dataset = made_dataset(tmp_path / "made", [sequence])
    before = xml(dataset, sequence)
    assert items(dataset) == []
    derive(dataset, sequence)
    assert xml(dataset, sequence) == before
    assert not dataset.journal_path(sequence).exists()


def test_xml_without_a_journal_can_be_propagated(tmp_path: Path) -> None:
    sequence = SequenceId("train", 0, 0)
    dataset = made_dataset(tmp_path / "made", [sequence])
    before = dataset.read_tracks(sequence, 6)[0]
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    after = dataset.read_tracks(sequence, 6)[0]
    assert np.array_equal(after.generated, before.generated)
    assert np.array_equal(after.boxes[0], before.boxes[0])


def test_end_leaves_no_box_from_there_on(dataset: Dataset, sequence: SequenceId) -> None:
    draw(dataset, sequence, 0)
    Journal(dataset.journal_path(sequence)).append([EndEvent(track=0, frame=25)])
    annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    assert present(track_of(dataset, sequence).boxes) == list(range(25))


def test_interpolation_leaves_the_ends_alone(dataset: Dataset, sequence: SequenceId) -> None:
    draw(dataset, sequence, 5, 15)
    state = annotate_sequence(item(dataset, sequence), tracking=LINES)
    assert present(track_of(dataset, sequence).boxes) == list(range(5, 16))
    assert state.tracked == 0
    assert state.tracks[0].confidence is None


def test_only_the_asked_track_is_propagated(dataset: Dataset, sequence: SequenceId) -> None:
    draw(dataset, sequence, 0, track=0)
    draw(dataset, sequence, 0, track=1)
    state = annotate_sequence(Item(dataset.root, sequence, track=1), tracking=TEMPLATE)
    assert [track.generated for track in state.tracks] == [0, COUNT - 1]


def test_frame_that_changed_since_is_noticed(dataset: Dataset, sequence: SequenceId) -> None:
    Journal(dataset.journal_path(sequence)).append(
        [BoxEvent(track=0, frame=4, class_name="drone", box=box_at(4), sha256="0" * 64)]
    )
    with pytest.raises(AnnotationError, match=r"jsonl: frame 4 is another picture"):
        annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)


def test_workers_give_the_same_bytes_as_one(tmp_path: Path) -> None:
    one, two = (bare_dataset(tmp_path / name, sequences=2) for name in ("one", "two"))
    for dataset in (one, two):
        for sequence in dataset.sequence_ids():
            draw(dataset, sequence, 0)
    for dataset, workers in ((one, 1), (two, 2)):
        work = items(dataset)
        assert total_frames(work, TEMPLATE) == 2 * (COUNT - 1)
        for outcome in annotate(work, TEMPLATE, build_engine("local", workers)):
            outcome.unwrap()
    for sequence in one.sequence_ids():
        assert xml(one, sequence) == xml(two, sequence)


def test_lists_name_the_class_that_was_drawn(dataset: Dataset, sequence: SequenceId) -> None:
    Journal(dataset.journal_path(sequence)).append(
        [BoxEvent(track=0, frame=0, class_name="bird", box=box_at(0))]
    )
    list(annotate(items(dataset), LINES, build_engine("serial", 1)))
    assert not list(validate(dataset.root))
    lists = {path.name: path.read_text() for path in dataset.root.glob("ImageSets/VID/*.txt")}
    assert [name for name, text in lists.items() if sequence.name in text] == ["train_5.txt"]


KILLED = """
import sys, time
from functools import partial
from pathlib import Path
from tests.tirdata.annotate.stand_ins import TemplateTracker
from tests.tirdata.annotate.test_annotate import TEMPLATE, item
from tirdata.annotate.annotate import Tracking, annotate_sequence
from tirdata.dataset.tree import Dataset

class Slow(TemplateTracker):
    def track(self, frame):
        time.sleep(0.02)
        print(flush=True)
        return super().track(frame)

dataset = Dataset.open(Path(sys.argv[1]))
slow = Tracking(TEMPLATE.config, Slow)
annotate_sequence(item(dataset, dataset.sequence_ids()[0]), tracking=slow)
"""


def test_sigkill_loses_nothing_that_a_person_said(dataset: Dataset, sequence: SequenceId) -> None:
    draw(dataset, sequence, 0, 39)
    said = dataset.journal_path(sequence).read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(dataset.root)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    with process, process.stdout as tracked:
        for _ in range(10):
            tracked.readline()
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert dataset.journal_path(sequence).read_bytes() == said
    state = annotate_sequence(item(dataset, sequence), tracking=TEMPLATE)
    assert (state.tracks[0].human, state.tracks[0].generated) == (2, COUNT - 2)


def test_absent_frames_have_no_object_but_an_xml(dataset: Dataset, sequence: SequenceId) -> None:
    draw(dataset, sequence, 0)
    annotate_sequence(item(dataset, sequence), tracking=LINES)
    assert absent(track_of(dataset, sequence).boxes) == list(range(1, COUNT))
    assert len(list(dataset.annotation_dir(sequence).glob("*.xml"))) == COUNT
