"""What people ask for is checked whole before a journal is written."""

import json
from pathlib import Path

import pytest

from tests.made_dataset import made_dataset
from tests.tirdata.annotate.stand_ins import bare_dataset
from tirdata.annotate.drafts import Verb
from tirdata.annotate.events import BoxEvent
from tirdata.annotate.journal import Journal
from tirdata.annotate.replay import HumanTrack, replay
from tirdata.annotate.requests import Request, plan, undo, write
from tirdata.annotate.rows import Row, read_boxes
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import DataError, UsageError
from tirdata.types import Box

DRONE = Row(frame=3, class_name="drone", x=10, y=20, w=12, h=8)


def ask(dataset: Dataset, *rows: Row, **more: object) -> list[BoxEvent]:
    """The events planned for the only sequence, after writing them."""
    drafts = plan(dataset, Request(boxes=rows, **more))  # type: ignore[arg-type]
    write(dataset, drafts, "anna")
    return [event for draft in drafts for event in draft.changed]  # type: ignore[misc]


def tracks(dataset: Dataset, sequence: SequenceId) -> dict[int, HumanTrack]:
    return replay(Journal(dataset.journal_path(sequence)).read())


def test_box_is_journalled_with_the_hash_of_its_frame(
    dataset: Dataset, sequence: SequenceId
) -> None:
    (event,) = ask(dataset, DRONE)
    assert event.box == Box(10, 20, 12, 8)
    assert event.sha256 == dataset.read_card(sequence).frames_sha256[3]
    assert tracks(dataset, sequence)[0].boxes == {3: Box(10, 20, 12, 8)}


def test_plan_writes_nothing(dataset: Dataset, sequence: SequenceId) -> None:
    assert plan(dataset, Request(boxes=(DRONE,)))
    assert not dataset.journal_path(sequence).exists()


def test_same_box_again_is_nothing_new(dataset: Dataset) -> None:
    ask(dataset, DRONE)
    assert ask(dataset, DRONE) == []
    assert len(ask(dataset, DRONE.model_copy(update={"occluded": True}))) == 1


def test_second_box_joins_the_only_track_and_needs_no_class(dataset: Dataset) -> None:
    ask(dataset, DRONE)
    (event,) = ask(dataset, DRONE.model_copy(update={"frame": 5, "class_name": None}))
    assert (event.track, event.class_name) == (0, "drone")


def test_another_class_or_number_is_another_track(dataset: Dataset) -> None:
    ask(dataset, DRONE)
    (bird,) = ask(dataset, DRONE.model_copy(update={"class_name": "bird"}))
    (fifth,) = ask(dataset, DRONE.model_copy(update={"track": 5}))
    assert (bird.track, fifth.track) == (1, 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frame": 40}, r"no frame 40; it has frames 0\.\.39"),
        ({"x": 150}, r"box 150,20,12,8 reaches outside the frame; .* x\+w <= 160"),
        ({"x": 500}, "reaches outside"),
        ({"y": -3}, "reaches outside"),
        ({"x": -0.4, "w": 0.3}, "reaches outside"),
        ({"class_name": "dron"}, "drone"),
        ({"class_name": None}, "track 0 is new; expected a class"),
        ({"sequence": "12345678"}, "12345678"),
    ],
)
def test_impossible_box_is_refused(
    dataset: Dataset, sequence: SequenceId, change: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        ask(dataset, DRONE.model_copy(update=change))
    assert not dataset.journal_path(sequence).exists()


@pytest.mark.parametrize("bad", [{"w": 0}, {"h": -1}, {"x": float("nan")}, {"frame": -1}, {"z": 1}])
def test_impossible_numbers_are_no_row(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        Row.model_validate({**DRONE.model_dump(), **bad})


def test_class_of_a_track_does_not_change(dataset: Dataset) -> None:
    ask(dataset, DRONE)
    with pytest.raises(UsageError, match="track 0 is a drone, not a bird"):
        ask(dataset, DRONE.model_copy(update={"track": 0, "class_name": "bird"}))


def test_box_of_a_person_is_not_replaced_unless_the_track_is_named(dataset: Dataset) -> None:
    ask(dataset, DRONE)
    moved = DRONE.model_copy(update={"x": 60})
    with pytest.raises(UsageError, match="frame 3 has another box of track 0; expected --track 0"):
        ask(dataset, moved)
    assert len(ask(dataset, moved.model_copy(update={"track": 0}))) == 1


def test_several_tracks_of_the_class_need_a_number(dataset: Dataset) -> None:
    ask(dataset, DRONE)
    ask(dataset, DRONE.model_copy(update={"track": 1}))
    with pytest.raises(UsageError, match="may be of track 0, 1"):
        ask(dataset, DRONE.model_copy(update={"frame": 9}))


def test_verbs(dataset: Dataset, sequence: SequenceId) -> None:
    ask(dataset, DRONE)
    ask(dataset, verb=Verb("end-track", frame=20))
    ask(dataset, verb=Verb("occluded", frame=4, until=6))
    ask(dataset, verb=Verb("visible", frame=5))
    track = tracks(dataset, sequence)[0]
    assert (track.ends, track.occluded) == ({20}, {4, 6})
    assert ask(dataset, verb=Verb("end-track", frame=20)) == []
    ask(dataset, verb=Verb("delete-box", frame=3))
    assert tracks(dataset, sequence)[0].boxes == {}
    ask(dataset, verb=Verb("delete-track"))
    assert tracks(dataset, sequence) == {}


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        (Verb("end-track"), "at which frame"),
        (Verb("end-track", frame=99), "no frame 99"),
        (Verb("end-track", frame=5, track=7), r"no track 7; it has 0 \(drone\)"),
        (Verb("delete-box", frame=5), "no person's box of track 0 in frame 5"),
        (Verb("occluded", frame=5, until=4), "before"),
    ],
)
def test_impossible_verb_is_refused(dataset: Dataset, verb: Verb, message: str) -> None:
    ask(dataset, DRONE)
    with pytest.raises(UsageError, match=message):
        ask(dataset, verb=verb)


def test_sequence_has_to_be_named_where_there_are_several(tmp_path: Path) -> None:
    dataset = bare_dataset(tmp_path / "two", sequences=2, count=4)
    with pytest.raises(UsageError, match="which of 2 sequences"):
        ask(dataset, DRONE)
    assert len(ask(dataset, DRONE, sequences=("00001000",))) == 1


def csv(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(("sequence,frame,track,class,x,y,w,h,occluded", *rows)) + "\n")
    return path


def test_boxes_of_several_sequences_come_from_one_file(tmp_path: Path) -> None:
    dataset = bare_dataset(tmp_path / "two", sequences=2)
    path = csv(
        tmp_path / "boxes.csv",
        "00000000,3,0,drone,10,20,12,8,1",
        "ILSVRC2015_train_00001000, 4,,bird,1.5,2,3,4,",
        "00000000,9,0,,11,20,12,8,",
    )
    first, second = plan(dataset, Request(boxes_file=path))
    assert [event.frame for event in first.changed if isinstance(event, BoxEvent)] == [3, 9]
    assert len(second.changed) == 1


def test_csv_as_spreadsheets_write_it_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "boxes.csv"
    heading = "\ufeffframe ; class;x;y;w;h\r\n"
    path.write_text(f"{heading}0; drone ;10;20;12;8\r\n\r\n7;;1,5;2;3;4\r\n", encoding="utf-8")
    rows = read_boxes(path)
    where, first = next(rows)
    assert where.endswith("row 2")
    assert (first.frame, first.class_name, first.x) == (0, "drone", 10)
    with pytest.raises(DataError, match=r"boxes\.csv: row 4: x: .*number"):
        next(rows)


def test_json_file_says_the_same_as_csv(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps([{"frame": 3, "class": "drone", "x": 10, "y": 20, "w": 12, "h": 8}]))
    assert [row for _, row in read_boxes(path)] == [DRONE]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",3,0,drone,10,20,nan,8,", "row 3: w: .*finite"),
        (",3,0,drone,10,20,0,8,", "row 3: w: .*greater than 0"),
        (",3,0,drone,10,20,x,8,", "row 3: w: .*number"),
        (",3,0,drone,10,20,12,,", "row 3: h: Field required"),
        (",3,0,drone,10,20,12,8,,7", "row 3: more values"),
        (",99,0,drone,10,20,12,8,", "row 3: .*no frame 99"),
        (",3,0,drone,150,20,12,8,", "row 3: .*outside the frame"),
        (",3,1,dron,10,20,12,8,", "row 3: .*drone"),
        ("00009000,3,0,drone,10,20,12,8,", "row 3: .*00009000"),
    ],
)
def test_bad_row_is_named_and_nothing_is_written(
    dataset: Dataset, sequence: SequenceId, tmp_path: Path, row: str, message: str
) -> None:
    path = csv(tmp_path / "boxes.csv", ",0,0,drone,10,20,12,8,", row)
    with pytest.raises(DataError, match=rf"boxes\.csv: {message}"):
        ask(dataset, boxes_file=path)
    assert not dataset.journal_path(sequence).exists()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("boxes.csv", "frame,x,y\n1,2,3\n", "no column h, w"),
        ("boxes.csv", "", "no column"),
        ("boxes.json", "{", "not JSON"),
        ("boxes.json", '{"frame": 1}', "not a list"),
    ],
)
def test_file_that_is_no_list_of_boxes(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message):
        list(read_boxes(tmp_path / name))


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: cannot be read"):
        list(read_boxes(tmp_path / "none.csv"))


def test_boxes_that_only_the_xml_has_are_taken_over_first(tmp_path: Path) -> None:
    sequence = SequenceId("train", 0, 0)
    dataset = made_dataset(tmp_path / "made", [sequence])
    before = dataset.read_tracks(sequence, 6)[0]
    ask(dataset, Row(frame=2, class_name="bird", x=1, y=1, w=9, h=9))
    known = tracks(dataset, sequence)
    assert sorted(known) == [0, 1]
    assert list(known[0].boxes) == [0]
    assert known[0].machine[3].box == Box(*before.boxes[3].tolist())
    assert len(Journal(dataset.journal_path(sequence)).read()) == 2  # undo leaves the first


def test_undo_is_of_the_named_sequence(tmp_path: Path) -> None:
    dataset = bare_dataset(tmp_path / "two", sequences=2, count=4)
    first, second = dataset.sequence_ids()
    for sequence in (first, second):
        ask(dataset, DRONE, sequences=(sequence.name,))
    assert undo(dataset, Request(sequences=(second.name,))) == second
    assert (len(tracks(dataset, first)), len(tracks(dataset, second))) == (1, 0)
    undo(dataset, Request(sequences=(second.name,)), redo=True)
    assert len(tracks(dataset, second)) == 1
    with pytest.raises(UsageError, match="which of 2 sequences"):
        undo(dataset, Request())
