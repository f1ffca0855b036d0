"""Boxes of a recording into the sequences that are parts of it."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.annotate.annotate import derive
from tirdata.annotate.check import journal_faults
from tirdata.annotate.events import DeleteTrackEvent, UndoEvent
from tirdata.annotate.importing import (
    BoxesFile,
    ImportReport,
    import_boxes,
    warn_of_boxes_beyond,
)
from tirdata.annotate.journal import Journal
from tirdata.dataset.card import Card, Source
from tirdata.dataset.decisions import Hud, Rectangle, Region
from tirdata.dataset.frames import FrameWriter
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import AnnotationError, UsageError

FRAMES = 12
PARTS = {0: range(5), 1: (6, 7, 9, 10, 11)}  # frame 5 is in no shot, frame 8 was dropped


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """One recording of 12 frames, in two sequences that are cropped by (4, 2)."""
    dataset = Dataset.create(tmp_path / "data")
    made = made_sequence(FRAMES, size=(64, 48))
    digest = hashlib.sha256(b"clip").hexdigest()
    names = []
    for shot, numbers in PARTS.items():
        sequence = SequenceId("train", 3, shot)
        writer = FrameWriter(dataset.frame_dir(sequence))
        for number in numbers:
            writer.write(made.frames[number])
        card = Card(
            recording_id=digest[:16],
            first_frame=numbers[0],
            last_frame=numbers[-1],
            dropped_frames=(8,) if shot else (),
            frames=5,
            times_s=tuple(number / 25 for number in numbers),
            width=64,
            height=48,
            crop=Rectangle(x=4, y=2, width=64, height=48),
            frames_sha256=tuple(writer.hashes),
        )
        dataset.add_sequence(sequence, card)
        names.append(sequence.name)
    dataset.write_source(
        Source(
            recording_id=digest[:16],
            subset="train",
            number=3,
            url="https://example.org/films/clip.mp4",
            title="Clip at dusk",
            sha256=digest,
            bytes=4,
            fetched=datetime(2025, 1, 1, tzinfo=UTC),
            frames=FRAMES,
            sequences=tuple(names),
        )
    )
    return dataset


def _text(folder: Path, rows: list[str]) -> Path:
    path = folder / "clip.txt"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def rows() -> list[str]:
    """A box a frame whose x is its number, 10 more; absent in frame 2."""
    rows = [f"{number + 10},20,8,6.5" for number in range(FRAMES)]
    rows[2] = "nan,nan,nan,nan"
    return rows


def _import(dataset: Dataset, path: Path, **wanted: object) -> ImportReport:
    given: dict[str, object] = {"recording": "clip.mp4", "class_name": "drone", **wanted}
    return import_boxes(dataset, BoxesFile(path, **given))  # type: ignore[arg-type]


def _files(dataset: Dataset) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in dataset.root.rglob("*") if path.is_file()}


def test_rows_go_to_the_frames_they_are_of(
    dataset: Dataset, tmp_path: Path, rows: list[str]
) -> None:
    report = _import(dataset, _text(tmp_path, rows))
    assert [(each.boxes, each.absent) for each in report.tracks] == [(4, 1), (5, 0)]
    for sequence, numbers in zip(dataset.sequence_ids(), PARTS.values(), strict=True):
        (track,) = dataset.read_sequence(sequence).tracks
        assert track.class_name == "drone"
        assert not track.generated[track.present].any()
        expected = [np.nan if number == 2 else number + 10 - 4 for number in numbers]
        np.testing.assert_array_equal(track.boxes[:, 0], expected)
        assert track.boxes[0, 1] == 20 - 2
        assert [*journal_faults(dataset, sequence, dataset.read_sequence(sequence).tracks)] == []


def test_imported_boxes_over_burnt_in_text_are_told_of(
    dataset: Dataset, tmp_path: Path, rows: list[str]
) -> None:
    second = dataset.sequence_ids()[1]
    hud = Hud(regions=(Region(x=0, y=0, width=18, height=40),))  # the box is at 12 to 17
    dataset.add_sequence(second, dataset.read_card(second).model_copy(update={"hud": hud}))
    ((name, over),) = _import(dataset, _text(tmp_path, rows)).burnt_in
    assert (name, over.boxes, over.frames) == (second.name, 4, ((0, 3),))


def test_the_journal_keeps_decimals_source_and_hash(
    dataset: Dataset, tmp_path: Path, rows: list[str]
) -> None:
    path = _text(tmp_path, rows)
    _import(dataset, path, origin=1)
    (entry,) = Journal(dataset.journal_path(dataset.sequence_ids()[0])).read()
    (event,) = entry.events
    assert event.kind == "import"
    assert event.boxes[0] == (10 - 1 - 4, 20 - 1 - 2, 8, 6.5)
    assert event.boxes[2] is None
    assert (event.source, event.generated) == ("clip.txt", 0)
    assert event.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_boxes_of_a_machine_are_marked(dataset: Dataset, tmp_path: Path, rows: list[str]) -> None:
    _import(dataset, _text(tmp_path, rows), generated=True)
    (track,) = dataset.read_sequence(dataset.sequence_ids()[0]).tracks
    assert track.generated[track.present].all()


def test_the_same_file_twice_does_nothing(
    dataset: Dataset, tmp_path: Path, rows: list[str]
) -> None:
    path = _text(tmp_path, rows)
    assert _import(dataset, path).changed
    before = _files(dataset)
    again = _import(dataset, path)
    assert not again.changed
    assert [each.boxes for each in again.tracks] == [4, 5]
    assert _files(dataset) == before


def test_what_was_stopped_half_way_goes_on(
    dataset: Dataset, tmp_path: Path, rows: list[str]
) -> None:
    path = _text(tmp_path, rows)
    _import(dataset, path)
    whole = _files(dataset)
    first, second = dataset.sequence_ids()
    dataset.journal_path(second).unlink()  # the second journal was never written,
    for sequence in (first, second):  # the XML of neither
        dataset.write_tracks(sequence, ())
        dataset.journal_path(sequence).with_name(f".{sequence.name}.followed").unlink()
    report = _import(dataset, path)
    assert [each.already for each in report.tracks] == [True, False]
    journals = {path for path in whole if path.suffix == ".jsonl"}
    after = _files(dataset)
    assert {path: after[path] for path in whole.keys() - journals} == {
        path: whole[path] for path in whole.keys() - journals
    }


def test_the_same_file_with_other_numbers_is_refused_until_taken_back(
    dataset: Dataset, tmp_path: Path, rows: list[str]
) -> None:
    path = _text(tmp_path, rows)
    _import(dataset, path)
    before = _files(dataset)
    with pytest.raises(UsageError, match=r"taken in before as track 0.*--delete-track --track 0"):
        _import(dataset, path, origin=1)
    assert _files(dataset) == before
    for sequence in dataset.sequence_ids():
        Journal(dataset.journal_path(sequence)).append([DeleteTrackEvent(track=0)])
    _import(dataset, path, origin=1)
    (track,) = dataset.read_sequence(dataset.sequence_ids()[0]).tracks
    assert track.boxes[0, 0] == 10 - 1 - 4


def test_an_undone_import_can_be_done_again(
    dataset: Dataset, tmp_path: Path, rows: list[str]
) -> None:
    path = _text(tmp_path, rows)
    _import(dataset, path)
    for sequence in dataset.sequence_ids():
        Journal(dataset.journal_path(sequence)).append([UndoEvent(entries=(1,))])
        derive(dataset, sequence)
        assert dataset.read_sequence(sequence).tracks == ()
    assert _import(dataset, path).changed
    assert len(dataset.read_sequence(dataset.sequence_ids()[0]).tracks) == 1


def test_another_file_is_another_track_or_the_one_that_is_wanted(
    dataset: Dataset, tmp_path: Path, rows: list[str]
) -> None:
    _import(dataset, _text(tmp_path, rows))
    other = _text(tmp_path, [row.replace(",20,", ",21,") for row in rows])
    assert [each.track for each in _import(dataset, other).tracks] == [1, 1]
    third = _text(tmp_path, [row.replace(",20,", ",22,") for row in rows])
    _import(dataset, third, track=0)
    tracks = dataset.read_sequence(dataset.sequence_ids()[0]).tracks
    assert [track.boxes[0, 1] for track in tracks] == [22 - 2, 21 - 2]
    with pytest.raises(UsageError, match="track 0 is a drone, not a bird"):
        _import(dataset, _text(tmp_path, rows[::-1]), track=0, class_name="bird")


@pytest.mark.parametrize(
    "name", ["clip.mp4", "clip", "Clip at dusk", "https://example.org/films/clip.mp4"]
)
def test_a_recording_has_many_names(
    dataset: Dataset, tmp_path: Path, rows: list[str], name: str
) -> None:
    assert _import(dataset, _text(tmp_path, rows), recording=name).changed


def test_a_recording_is_found_by_id(dataset: Dataset, tmp_path: Path, rows: list[str]) -> None:
    (name,) = dataset.recording_ids()
    assert _import(dataset, _text(tmp_path, rows), recording=name).changed


def test_sequences_without_the_object_are_counted(
    dataset: Dataset, tmp_path: Path, rows: list[str]
) -> None:
    report = _import(dataset, _text(tmp_path, rows[:5] + ["nan"] * 7))
    first, second = (sequence.name for sequence in dataset.sequence_ids())
    assert [each.sequence for each in report.tracks] == [first]
    assert report.empty == (second,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[:-1], r"clip\.txt: 11 lines; expected 12, one for each frame of Clip"),
        (lambda rows: [*rows, rows[-1]], r"clip\.txt: 13 lines; expected 12"),
        (lambda rows: [*rows[:9], "1,2,3", *rows[10:]], r"line 10: '1,2,3'; expected 4 numbers"),
        (lambda rows: [*rows[:9], "70,20,8,6", *rows[10:]], r"line 10: box 66,18,8,6 .*outside"),
        (lambda rows: ["nan"] * 12, r"no box in any sequence of clip\.mp4"),
    ],
    ids=["short", "long", "three numbers", "outside", "nothing"],
)
def test_a_bad_file_is_named_and_changes_nothing(
    dataset: Dataset, tmp_path: Path, rows: list[str], change: object, message: str
) -> None:
    assert callable(change)
    before = _files(dataset)
    with pytest.raises(AnnotationError, match=message):
        _import(dataset, _text(tmp_path, change(rows)))
    assert _files(dataset) == before


def test_a_box_outside_in_a_frame_that_is_in_no_sequence_does_not_matter(
    dataset: Dataset, tmp_path: Path, rows: list[str]
) -> None:
    rows[8] = "900,900,3,3"
    assert _import(dataset, _text(tmp_path, rows)).changed


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"recording": "film.mp4"}, r"recording film\.mp4: not in .*it has Clip at dusk"),
        ({"class_name": "dragon"}, "dragon"),
        ({"class_name": None}, r"expected --class NAME"),
    ],
)
def test_what_is_unknown_is_refused(
    dataset: Dataset, tmp_path: Path, rows: list[str], wanted: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        _import(dataset, _text(tmp_path, rows), **wanted)


def test_checking_alone_writes_nothing(dataset: Dataset, tmp_path: Path, rows: list[str]) -> None:
    before = _files(dataset)
    wanted = BoxesFile(_text(tmp_path, rows), "clip", "drone")
    assert import_boxes(dataset, wanted, write=False).changed
    assert _files(dataset) == before


def test_boxes_that_mostly_reach_out_of_the_frame_are_doubted(
    dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    card = dataset.read_card(dataset.sequence_ids()[0])  # 64x48
    corners = np.array([[40.0, 30, 50, 40]] * 3 + [[1.0, 1, 9, 9], [np.nan] * 4])
    warn_of_boxes_beyond("clip.txt", corners, card)
    assert "clip.txt: 3 of 4 boxes reach beyond the 64x48 frame; are they x,y,w,h?" in caplog.text
    caplog.clear()
    entering = np.array([[-0.5, 30, 10, 10]] * 3 + [[60.0, 1, 9, 9], [np.nan] * 4])
    warn_of_boxes_beyond("clip.txt", entering, card)
    assert caplog.text == ""
