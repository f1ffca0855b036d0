"""MOTChallenge: numbers from 1, classes by number, and what is wrong with a line."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.errors import AnnotationError, DataError
from tirdata.layouts import LAYOUTS
from tirdata.layouts.faults import Faults
from tirdata.layouts.mot import read_mot
from tirdata.types import Sequence, Track

MOT = LAYOUTS["mot"]
GOOD = "1,2,11,21,30,40,1,1,1\n2,2,12.5,21,30,40,1,1,0.3\n"


def _sequence(*tracks: Track, name: str = "one") -> Sequence:
    return Sequence(name, made_sequence(4, size=(64, 48)).frames, tracks)


def _track(number: int, name: str = "person", at: float = 2.0) -> Track:
    boxes = np.array([[at + step, 3.25, 8, 6] for step in range(4)])
    return Track(number, name, boxes, np.zeros(4, np.bool_), np.arange(4) == 2)


def _truth(folder: Path, text: str) -> Path:
    path = folder / "one" / "gt" / "gt.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _pictures(folder: Path, count: int) -> None:
    (folder / "one" / "img1").mkdir(parents=True)
    for number in range(count):
        path = folder / "one" / "img1" / f"{number + 1:06d}.jpg"
        assert cv2.imwrite(str(path), np.full((48, 64), 90, np.uint8))


def test_a_real_line_is_read_from_0(tmp_path: Path) -> None:
    _truth(tmp_path, GOOD)
    _pictures(tmp_path, 2)
    (track,) = MOT.read_one(tmp_path, "one").tracks
    assert track.boxes.tolist() == [[10, 20, 30, 40], [11.5, 20, 30, 40]]
    assert (track.id, track.class_name) == (1, "person")
    assert track.occluded.tolist() == [False, True]


def test_several_tracks_classes_flags_and_absence_come_back(tmp_path: Path) -> None:
    gone = _track(3, "drone", at=20)
    gone.boxes[1:3] = np.nan
    written = _sequence(_track(0), gone, _track(7, "quadcopter", at=30))
    MOT.write([written], tmp_path)
    read = MOT.read_one(tmp_path, "one")
    assert [(t.id, t.class_name) for t in read.tracks] == [
        (0, "person"), (3, "drone"), (7, "quadcopter"),
    ]  # fmt: skip
    for a, b in zip(written.tracks, read.tracks, strict=True):
        np.testing.assert_array_equal(a.boxes, b.boxes)
        np.testing.assert_array_equal(a.occluded & a.present, b.occluded)


def test_mot_classes_keep_their_numbers_and_need_no_list(tmp_path: Path) -> None:
    MOT.write([_sequence(_track(0), _track(1, "car", at=30))], tmp_path)
    lines = (tmp_path / "one" / "gt" / "gt.txt").read_text().splitlines()
    assert {line.split(",")[7] for line in lines} == {"1", "3"}
    assert not (tmp_path / "one" / "gt" / "labels.txt").exists()


def test_a_sequence_without_truth_has_no_tracks(tmp_path: Path) -> None:
    MOT.write([_sequence(_track(0))], tmp_path)
    (tmp_path / "one" / "gt" / "gt.txt").unlink()
    assert MOT.read_one(tmp_path, "one").tracks == ()


def test_what_is_no_object_is_left_out_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _pictures(tmp_path, 2)
    _truth(tmp_path, GOOD + "1,9,1,1,5,5,0,8,1\n2,9,1,1,5,5,0,8,1\n")
    assert len(MOT.read_one(tmp_path, "one").tracks) == 1
    assert "2 boxes of distractor left out" in caplog.text


def test_ten_columns_of_2015_name_no_class(tmp_path: Path) -> None:
    path = _truth(tmp_path, "1,1,1699,383,159,344,1,-1,-1,-1\n")
    (track,) = read_mot(path, Faults())[0].build(1, Faults())
    assert track.class_name == "object"
    assert not track.occluded.any()


def test_a_class_that_nobody_names_is_called_by_its_number(tmp_path: Path) -> None:
    path = _truth(tmp_path, GOOD.replace(",1,1,1\n", ",1,77,1\n").split("\n")[0])
    assert read_mot(path, Faults())[0].build(1, Faults())[0].class_name == "class 77"


def test_objects_that_count_from_0_are_taken_so(tmp_path: Path) -> None:
    path = _truth(tmp_path, GOOD.replace(",2,", ",0,"))
    assert read_mot(path, Faults())[0].build(2, Faults())[0].id == 0


def test_frames_that_count_from_0_are_taken_so_and_told(tmp_path: Path) -> None:
    path = _truth(tmp_path, GOOD.replace("2,2,", "0,2,"))
    faults = Faults()
    (track,) = read_mot(path, faults)[0].build(2, faults)
    assert track.boxes[:, 0].tolist() == [11.5, 10]
    assert faults.notes == [f"{path}: has a frame 0, so its frames are counted from 0"]


@pytest.mark.parametrize("between", [" ", "\t", "; ", " , "])
def test_whatever_separates_the_numbers(tmp_path: Path, between: str) -> None:
    path = _truth(tmp_path, GOOD.replace(",", between).replace("\n", f"{between}\n"))
    (track,) = read_mot(path, Faults())[0].build(2, Faults())
    assert track.boxes.tolist() == [[10, 20, 30, 40], [11.5, 20, 30, 40]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,3", "expected frame,id,x,y,w,h"),
        ("1,2,3,x,5,6,1,1,1", "expected frame,id,x,y,w,h"),
        ("1.5,2,3,4,5,6,1,1,1", "frame 1.5, object 2; expected whole numbers"),
        ("-1,2,3,4,5,6,1,1,1", "frame -1, object 2"),
        ("99999999999,2,3,4,5,6,1,1,1", "expected whole numbers"),
        ("1,-2,3,4,5,6,1,1,1", "object -2"),
        ("1,1e30,3,4,5,6,1,1,1", "object 1e"),
        ("nan,2,3,4,5,6,1,1,1", "frame nan"),
        ("1,2,nan,4,5,6,1,1,1", "not finite"),
        ("1,2,3,4,inf,6,1,1,1", "not finite"),
        ("1,2,3,4,0,6,1,1,1", "no size"),
        ("1,2,3,4,5,6,1,7.5,1", "class 7.5; expected a whole number"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = _truth(tmp_path, f"{GOOD}{line}\n")
    faults = Faults(strict=False)
    said = read_mot(path, faults)[0]
    assert faults.count == 1
    assert faults.messages[0].startswith(f"{path}: line 3: ")
    assert message in faults.messages[0]
    assert len(said.build(2, faults)) == 1  # the rest goes on
    with pytest.raises(AnnotationError, match="line 3"):
        read_mot(path, Faults())


def test_twice_in_a_frame_another_class_and_too_far_are_named(tmp_path: Path) -> None:
    path = _truth(tmp_path, GOOD + "2,2,9,9,9,9,1,1,1\n1,2,9,9,9,9,1,3,1\n7,2,9,9,9,9,1,1,1\n")
    faults = Faults(strict=False)
    (track,) = read_mot(path, faults)[0].build(2, faults)
    assert track.boxes.tolist() == [[10, 20, 30, 40], [11.5, 20, 30, 40]]
    assert [message.split(": ", 2)[1] for message in sorted(faults.messages)] == [
        "line 3", "line 4", "line 5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ("[Sequence]\nseqLength=3\n", "seqLength is 3; expected 2"),
        ("[Sequence]\nseqLength=many\n", "seqLength is 'many'"),
        ("[Sequence]\nimWidth=10\nimHeight=10\n", "the frames are 64x48"),
        ("[Sequence]\nimDir=../../etc\n", "expected a plain name"),
        ("hello", "expected .Sequence."),
    ],
)
def test_a_wrong_seqinfo_is_named(tmp_path: Path, info: str, message: str) -> None:
    _truth(tmp_path, GOOD)
    _pictures(tmp_path, 2)
    (tmp_path / "one" / "seqinfo.ini").write_text(info)
    with pytest.raises(DataError, match=message):
        MOT.read_one(tmp_path, "one")


def test_a_frame_missing_in_the_middle_is_named(tmp_path: Path) -> None:
    _truth(tmp_path, GOOD)
    _pictures(tmp_path, 3)
    (tmp_path / "one" / "img1" / "000002.jpg").unlink()
    with pytest.raises(DataError, match=r"no frame 2, next is 000003\.jpg"):
        MOT.read_one(tmp_path, "one")


def test_line_ends_spaces_and_a_byte_order_mark_do_not_matter(tmp_path: Path) -> None:
    path = _truth(tmp_path, "")
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace(",", ", ").replace("\n", "\r\n").encode())
    assert len(read_mot(path, Faults())[0].build(2, Faults())) == 1


def test_the_frame_rate_is_kept(tmp_path: Path) -> None:
    MOT.write([_sequence(_track(0))], tmp_path)
    path = tmp_path / "one" / "seqinfo.ini"
    path.write_text(path.read_text().replace("frameRate=25", "frameRate=8.5"))
    MOT.write(MOT.read(tmp_path), tmp_path / "again")
    assert "frameRate=8.5\n" in (tmp_path / "again" / "one" / "seqinfo.ini").read_text()
