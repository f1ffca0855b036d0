"""The ways of OTB that are its own."""

from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_layouts import put, put_pictures
from tirdata.errors import DataError, UsageError
from tirdata.layouts import LAYOUTS, open_layout
from tirdata.layouts.pictures import list_pictures, write_pictures
from tirdata.types import Sequence, Track

OTB = LAYOUTS["otb"]


def _folder(root: Path, name: str, frames: int, truth: str, file: str = "") -> Path:
    write_pictures([np.zeros((8, 8), np.uint8)] * frames, root / name / "img", "{:04d}.jpg")
    (root / name / (file or "groundtruth_rect.txt")).write_text(truth)
    return root / name


def test_boxes_count_from_one(tmp_path: Path) -> None:
    _folder(tmp_path, "Boy", 2, "1,1,4,4\n2\t3\t4\t5\n")
    boxes = OTB.read_one(tmp_path, "Boy").tracks[0].boxes
    np.testing.assert_array_equal(boxes, [[0, 0, 4, 4], [1, 2, 4, 5]])


def test_several_targets_are_tracks_with_the_numbers_of_their_files(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "Jogging", 2, "1,1,4,4\n" * 2, "groundtruth_rect.1.txt")
    (folder / "groundtruth_rect.2.txt").write_text("3,3,4,4\n" * 2)
    (folder / "groundtruth_rect.txt").write_text("")  # Human4 has one that is empty
    assert [track.id for track in OTB.read_one(tmp_path, "Jogging").tracks] == [1, 2]


def test_two_tracks_are_two_files(tmp_path: Path) -> None:
    made = made_sequence(3, name="pair")
    track = made.tracks[0]
    second = Track(4, "bird", track.boxes + 1, track.generated, track.occluded)
    OTB.write([Sequence("pair", made.frames, (track, second))], tmp_path)
    assert [each.id for each in OTB.read_one(tmp_path, "pair").tracks] == [0, 4]


def test_david_begins_at_frame_300(tmp_path: Path) -> None:
    _folder(tmp_path, "David", 775, "1,1,4,4\n" * 471)
    frames = OTB.read_one(tmp_path, "David").frames
    assert len(frames) == 471
    assert frames.paths[0].name == "0300.jpg"  # type: ignore[attr-defined]


def test_boxes_and_frames_must_be_as_many(tmp_path: Path) -> None:
    _folder(tmp_path, "Boy", 3, "1,1,4,4\n" * 2)
    with pytest.raises(DataError, match=r"groundtruth_rect.txt: 2 boxes; expected 3, one for each"):
        OTB.read_one(tmp_path, "Boy")


def test_one_sequence_may_be_the_root(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "Boy", 2, "1,1,4,4\n" * 2)
    assert open_layout(folder).names(folder) == ["Boy"]
    assert len(OTB.read_one(folder, "Boy").frames) == 2


def test_a_sequence_without_track_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no track"):
        OTB.write([Sequence("none", made_sequence(2).frames, ())], tmp_path)


def test_frames_go_by_number_not_by_letter(tmp_path: Path) -> None:
    for name in ("img_10.png", "img_2.png", "img_1.PNG", ".hidden.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in list_pictures(tmp_path)] == [
        "img_1.PNG",
        "img_2.png",
        "img_10.png",
    ]


def test_real_sequences_are_read(shared_data: Path) -> None:
    root = shared_data / "research-only" / "otb"
    sequence = next(open_layout(root).read(root))
    assert (sequence.name, len(sequence.frames)) == ("Crossing", 120)
    np.testing.assert_array_equal(sequence.tracks[0].boxes[0], [204, 150, 17, 50])
    assert sequence.frames[119].shape == (240, 360)


def test_a_sequence_whose_only_truth_is_empty_is_named(tmp_path: Path) -> None:
    put_pictures(tmp_path / "Dog" / "img", ("0001.jpg", "0002.jpg"))
    put(tmp_path / "Dog" / "groundtruth_rect.txt", "")
    put_pictures(tmp_path / "Cat" / "img", ("0001.jpg", "0002.jpg"))
    put(tmp_path / "Cat" / "groundtruth_rect.txt", "1,1,5,5\n2,1,5,5\n")
    assert LAYOUTS["otb"].names(tmp_path) == ["Cat", "Dog"]
    with pytest.raises(DataError, match=r"Dog/groundtruth_rect.txt: empty; expected a line x,y,w"):
        LAYOUTS["otb"].read_one(tmp_path, "Dog")
