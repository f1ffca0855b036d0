"""What counts as a target, and what is left out with a word."""

from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.errors import DataError, UsageError
from tirdata.types import Sequence, Track
from tracking.evaluation.targets import Data, read_truths, truths_of


def test_a_sequence_with_several_tracks_is_several_targets(data: Data) -> None:
    truths = read_truths(data)
    assert [truth.name for truth in truths.targets] == ["one", "two#0", "two#3"]
    assert [truth.start for truth in truths.targets] == [0, 0, 2]
    assert [truth.stop for truth in truths.targets] == [8, 6, 6]


def test_targets_can_be_chosen_by_sequence_or_by_track(data: Data) -> None:
    names = [truth.name for truth in read_truths(data, only=["two"]).targets]
    assert names == ["two#0", "two#3"]
    assert [truth.name for truth in read_truths(data, only=["two#3"]).targets] == ["two#3"]


@pytest.mark.parametrize(
    ("name", "message"), [("six", "no sequence six; there are: one, two"), ("two#9", "two#9")]
)
def test_an_unknown_choice_is_refused(data: Data, name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_truths(data, only=[name])


def test_boxes_of_a_machine_are_no_truth_unless_wanted() -> None:
    made = made_sequence(4)
    generated = np.array([False, True, True, False])
    track = Track(0, "bird", made.tracks[0].boxes, generated, np.zeros(4, np.bool_))
    sequence = Sequence("half", made.frames, (track,))
    (people,) = truths_of(sequence, machine_boxes=False)
    (all_,) = truths_of(sequence, machine_boxes=True)
    assert np.isnan(people.boxes[:, 0]).tolist() == [False, True, True, False]
    assert not np.isnan(all_.boxes).any()


def test_the_one_box_that_was_propagated_from_is_nothing_to_score_on() -> None:
    made = made_sequence(4)
    generated = np.array([False, True, True, True])
    track = Track(0, "bird", made.tracks[0].boxes, generated, np.zeros(4, np.bool_))
    assert [*truths_of(Sequence("one", made.frames, (track,)), machine_boxes=False)] == []


def test_a_sequence_that_cannot_be_read_costs_itself_only(data: Data) -> None:
    (data.root / "one" / "groundtruth_rect.txt").write_text("1,2\n")
    truths = read_truths(data)
    assert [truth.sequence for truth in truths.targets] == ["two", "two"]
    assert [failure.name for failure in truths.failed] == ["one"]
    assert "line 1" in truths.failed[0].error


def test_sequences_without_truth_are_counted(data: Data) -> None:
    (data.root / "one" / "groundtruth_rect.txt").write_text("nan\n" * 8)
    assert read_truths(data).without == ("one",)


def test_a_data_set_without_any_truth_is_an_error(data: Data) -> None:
    for path in data.root.rglob("groundtruth*.txt"):
        path.write_text("nan\n" * (8 if path.parent.name == "one" else 6))
    with pytest.raises(DataError, match=r"none of 2 sequences can be scored; .* a person drew"):
        read_truths(data)


def test_the_hash_changes_with_a_box(data: Data, tmp_path: Path) -> None:
    before = read_truths(data).sha256
    path = data.root / "one" / "groundtruth_rect.txt"
    path.write_text("9,9,9,9\n" + "".join(path.read_text().splitlines(keepends=True)[1:]))
    assert read_truths(data).sha256 != before
