"""Tracks as VID2015 XML files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tirdata.dataset import vid_xml
from tirdata.dataset.names import SequenceId
from tirdata.dataset.vid_xml import (
    parse_frame,
    pixel_boxes,
    pixel_corners,
    read_annotations,
    read_frames,
    write_annotations,
    write_empty,
)
from tirdata.errors import AnnotationError, StorageError, UsageError
from tirdata.files import write_bytes
from tirdata.types import Boxes, Track

SEQUENCE = SequenceId("train", 7, 1)
SIZE = (320, 256)

GOLDEN = """\
<annotation>
	<folder>ILSVRC2015_VID_train_0000/ILSVRC2015_train_00007001</folder>
	<filename>000001</filename>
	<source>
		<database>ILSVRC_2015</database>
	</source>
	<size>
		<width>320</width>
		<height>256</height>
	</size>
	<object>
		<trackid>0</trackid>
		<name>n03245889</name>
		<bndbox>
			<xmax>29</xmax>
			<xmin>10</xmin>
			<ymax>35</ymax>
			<ymin>20</ymin>
		</bndbox>
		<occluded>1</occluded>
		<generated>0</generated>
	</object>
</annotation>
"""


def track(boxes: Boxes, number: int = 0, name: str = "drone") -> Track:
    """A track whose second frame is occluded and drawn by a person."""
    second = np.arange(len(boxes)) == 1
    return Track(number, name, boxes, ~second, second)


def rows(*boxes: tuple[float, float, float, float] | None) -> Boxes:
    return np.array([(np.nan,) * 4 if box is None else box for box in boxes], np.float64)


def test_a_file_is_what_the_original_dataset_has(tmp_path: Path) -> None:
    boxes = rows(None, (10, 20, 20, 16), None)
    assert write_annotations(tmp_path, SEQUENCE, SIZE, 3, [track(boxes)]) == 3
    assert (tmp_path / "000001.xml").read_text() == GOLDEN
    empty = (tmp_path / "000000.xml").read_text()
    assert "<object>" not in empty
    assert "<filename>000000</filename>" in empty
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "000000.xml", "000001.xml", "000002.xml",
    ]  # fmt: skip


def test_tracks_come_back_with_gaps_flags_and_names(tmp_path: Path) -> None:
    boxes = rows((0, 0, 320, 256), (1, 2, 3, 4), None, (10.4, 20.6, 7.2, 8.8))
    given = [track(boxes, 3, "person"), track(boxes[::-1].copy(), 0, "n01234567")]
    write_annotations(tmp_path, SEQUENCE, SIZE, 4, given)
    first, second = read_annotations(tmp_path, 4)
    assert (first.id, first.class_name, second.id, second.class_name) == (
        0, "n01234567", 3, "person",
    )  # fmt: skip
    assert np.array_equal(second.boxes, rows((0, 0, 320, 256), (1, 2, 3, 4), None, (10, 21, 8, 8)),
                          equal_nan=True)  # fmt: skip
    assert second.generated.tolist() == [True, False, True, True]
    assert second.occluded.tolist() == [False, True, False, False]
    assert second.confidence is None
    assert np.array_equal(first.boxes[::-1], second.boxes, equal_nan=True)


def test_classes_of_the_dataset_are_written_and_read(tmp_path: Path) -> None:
    extra = {"quadcopter": "n03245889"}
    write_annotations(
        tmp_path, SEQUENCE, SIZE, 1, [track(rows((1, 1, 5, 5)), 0, "quadcopter")], extra
    )
    assert read_annotations(tmp_path, extra=extra)[0].class_name == "quadcopter"
    assert read_annotations(tmp_path)[0].class_name == "drone"


@st.composite
def touching_boxes(draw: st.DrawFn) -> tuple[tuple[int, int], Boxes]:
    """A frame size and boxes of any sizes that touch the frame."""
    width, height = draw(st.integers(2, 4000)), draw(st.integers(2, 4000))
    boxes = []
    for _ in range(draw(st.integers(1, 5))):
        row = []
        for limit in (width, height):
            side = draw(st.floats(0.01, 2.0 * limit))
            start = draw(st.floats(-side + 0.005, limit - 0.005))
            row.append((start, side))
        boxes.append((row[0][0], row[1][0], row[0][1], row[1][1]))
    return (width, height), np.array(boxes)


@given(touching_boxes())
def test_corners_are_always_a_box_inside_the_frame(case: tuple[tuple[int, int], Boxes]) -> None:
    size, boxes = case
    corners = pixel_corners(boxes, size)
    assert (corners[:, :2] >= 0).all()
    assert (corners[:, 2:] < size).all()
    assert (corners[:, 2:] > corners[:, :2]).all()


@given(touching_boxes())
def test_edges_move_at_most_half_a_pixel(case: tuple[tuple[int, int], Boxes]) -> None:
    size, boxes = case
    found = pixel_boxes(boxes, size)
    first, last = np.clip(boxes[:, :2], 0, size), np.clip(boxes[:, :2] + boxes[:, 2:], 0, size)
    whole = last - first >= 2  # a smaller one is widened
    assert (np.abs(found[:, :2] - first)[whole] <= 0.5 + 1e-9).all()
    assert (np.abs(found[:, :2] + found[:, 2:] - last)[whole] <= 0.5 + 1e-9).all()


@given(touching_boxes())
def test_a_box_that_was_read_is_written_as_it_was(case: tuple[tuple[int, int], Boxes]) -> None:
    size, boxes = case
    once = pixel_boxes(boxes, size)
    assert np.array_equal(pixel_boxes(once, size), once)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=touching_boxes())
def test_files_say_what_pixel_boxes_says(
    tmp_path: Path, case: tuple[tuple[int, int], Boxes]
) -> None:
    size, boxes = case
    write_annotations(tmp_path, SEQUENCE, size, len(boxes), [track(boxes)])
    (found,) = read_annotations(tmp_path, len(boxes))
    assert np.array_equal(found.boxes, pixel_boxes(boxes, size))
    assert all(frame.size == size for frame in read_frames(tmp_path))


def test_only_files_that_change_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = rows((1, 1, 9, 9), (2, 2, 9, 9), (3, 3, 9, 9))
    write_annotations(tmp_path, SEQUENCE, SIZE, 3, [track(boxes)])
    written: list[str] = []

    def spy(path: Path, data: bytes) -> None:
        written.append(path.name)
        write_bytes(path, data)

    monkeypatch.setattr(vid_xml, "write_bytes", spy)
    boxes[2, 0] = 3.2  # the same pixels
    assert write_annotations(tmp_path, SEQUENCE, SIZE, 3, [track(boxes)]) == 0
    boxes[2, 0] = 4
    assert write_annotations(tmp_path, SEQUENCE, SIZE, 3, [track(boxes)]) == 1
    assert written == ["000002.xml"]


def test_files_of_frames_that_do_not_exist_are_removed(tmp_path: Path) -> None:
    write_annotations(tmp_path, SEQUENCE, SIZE, 3, [])
    (tmp_path / ".part-killed.xml").touch()
    write_annotations(tmp_path, SEQUENCE, SIZE, 2, [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000.xml", "000001.xml"]


@pytest.mark.parametrize(
    "box",
    [
        (400, 10, 5, 5), (10, 256, 5, 5), (-9, 3, 9, 5), (10, 10, 0, 5), (10, 10, 5, -5),
        (np.inf, 10, 5, 5), (-np.inf, 10, np.inf, 5), (np.nan, 10, 5, 5),
    ],
    ids=str,
)  # fmt: skip
def test_a_box_that_is_none_is_refused_and_nothing_is_written(
    tmp_path: Path, box: tuple[float, float, float, float]
) -> None:
    with pytest.raises(AnnotationError, match=r"00007001, track 0, frame 1: box .* 320x256"):
        write_annotations(tmp_path / "x", SEQUENCE, SIZE, 2, [track(rows(None, box))])
    assert not (tmp_path / "x").exists()


def test_tracks_that_do_not_fit_the_frames_are_refused(tmp_path: Path) -> None:
    boxes = rows((1, 1, 5, 5))
    with pytest.raises(AnnotationError, match="expected 2 rows, one a frame"):
        write_annotations(tmp_path, SEQUENCE, SIZE, 2, [track(boxes)])
    with pytest.raises(AnnotationError, match="two tracks have one id"):
        write_annotations(tmp_path, SEQUENCE, SIZE, 1, [track(boxes), track(boxes)])
    with pytest.raises(AnnotationError, match="track -1; expected an id from 0"):
        write_annotations(tmp_path, SEQUENCE, SIZE, 1, [track(boxes, -1)])
    with pytest.raises(AnnotationError, match="frames are 1x256"):
        write_annotations(tmp_path, SEQUENCE, (1, 256), 1, [])
    with pytest.raises(UsageError, match="class 'dron' is not known; near it: drone"):
        write_annotations(tmp_path, SEQUENCE, SIZE, 1, [track(boxes, 0, "dron")])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises((StorageError, AnnotationError), match="file"):
        write_annotations(tmp_path / "file" / "x", SEQUENCE, SIZE, 1, [])


def swapped(text: str, first: str, second: str) -> str:
    """``text`` with the names of two elements exchanged."""
    return text.replace(first, "?").replace(second, first).replace("?", second)


BROKEN: dict[str, tuple[Callable[[str], str], str]] = {
    "no generated": (
        lambda text: text.replace("<generated>0</generated>", ""),
        "11: object lacks an element at its end",
    ),
    "no occluded": (
        lambda text: text.replace("<occluded>1</occluded>", ""),
        "21: did not expect element generated",
    ),
    "no size": (lambda text: text.replace("size>", "sizes>"), "7: did not expect element sizes"),
    "no filename": (
        lambda text: text.replace("<filename>000001</filename>", ""),
        "4: did not expect element source",
    ),
    "xmin before xmax": (
        lambda text: swapped(text, "xmin>", "xmax>"), "15: did not expect element xmin"
    ),
    "height first": (
        lambda text: swapped(text, "width>", "height>"), "8: did not expect element height"
    ),
    "negative": (lambda text: text.replace(">10<", ">-10<"), "16: xmin is '-10'"),
    "not whole": (lambda text: text.replace(">10<", ">10.5<"), "16: xmin is '10.5'"),
    "not a number": (lambda text: text.replace(">10<", ">ten<"), "16: xmin is 'ten'"),
    "no value": (lambda text: text.replace(">10<", "><"), "16: xmin is ''"),
    "flag 2": (lambda text: text.replace("occluded>1<", "occluded>2<"), "20: occluded is '2'"),
    "no pixels": (lambda text: text.replace(">320<", ">0<"), "8: width is '0'"),
    "class in words": (lambda text: text.replace("n03245889", "drone"), "13: name is 'drone'"),
    "another element": (
        lambda text: text.replace("</object>", "<score>1</score></object>"),
        "22: did not expect element score",
    ),
    "depth": (
        lambda text: text.replace("</size>", "<depth>1</depth></size>"),
        "10: did not expect element depth",
    ),
    "another root": (
        lambda text: text.replace("annotation>", "marks>"),
        "1: expecting element annotation, got marks",
    ),
    "friendly folder": (
        lambda text: text.replace("ILSVRC2015_VID_train_0000/ILSVRC2015_train_00007001", "dusk"),
        "2: folder is 'dusk'",
    ),
    "max below min": (lambda text: text.replace(">10<", ">30<"), "14: box has xmin 30, xmax 29"),
    "cut": (lambda text: text[:200], "9: not XML"),
    "empty": (lambda _: "", "1: not XML"),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_with_its_line(damage: Callable[[str], str], message: str) -> None:
    text = damage(GOLDEN)
    assert text != GOLDEN
    with pytest.raises(AnnotationError) as caught:
        parse_frame(text.encode(), Path("a.xml"))
    assert str(caught.value).startswith(f"a.xml:{message}")
    assert "\n" not in str(caught.value)


def test_entities_are_not_followed() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + GOLDEN.replace(
        "n03245889", "&e;"
    )
    with pytest.raises(AnnotationError):
        parse_frame(bomb.encode(), Path("a.xml"))


def test_white_space_and_comments_do_not_matter() -> None:
    text = (
        GOLDEN.replace("\t", "    ").replace("<xmin>", "<!-- left --><xmin> ").replace("\n", "\r\n")
    )
    assert parse_frame(text.encode(), Path("a.xml")) == parse_frame(GOLDEN.encode(), Path("a.xml"))


def test_files_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    write_annotations(tmp_path, SEQUENCE, SIZE, 2, [track(rows((1, 1, 5, 5), (1, 1, 5, 5)))])
    path = tmp_path / "000001.xml"
    text = path.read_text()
    path.write_text(text.replace("n03245889", "n00007846"))
    with pytest.raises(AnnotationError, match=r"000001\.xml: track 0 is n00007846, but n03245889"):
        read_annotations(tmp_path, 2)
    item = text[text.index("\t<object>") : text.index("</annotation>")]
    path.write_text(text.replace("</annotation>", f"{item}</annotation>"))
    with pytest.raises(AnnotationError, match=r"000001\.xml: track 0 is twice in frame 1"):
        read_annotations(tmp_path, 2)
    path.unlink()
    with pytest.raises(AnnotationError, match=r"000001\.xml: no such file; every frame has an XML"):
        read_annotations(tmp_path, 2)
    with pytest.raises(AnnotationError, match="nowhere: no folder of XML files"):
        read_annotations(tmp_path / "nowhere")


def test_the_schema_in_the_package_is_the_one_under_schemas() -> None:
    package = Path(vid_xml.__file__).with_name("vid2015.rng")
    assert package.read_bytes() == (ROOT / "schemas" / "vid2015.rng").read_bytes()


def test_files_without_an_object_are_the_same_written_at_once(tmp_path: Path) -> None:
    each = SequenceId("train", 0, 0)
    write_annotations(tmp_path / "one", each, (64, 48), 3, ())
    write_empty(tmp_path / "other", each, (64, 48), 3)
    files = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "other")
    ]
    assert files[0] == files[1]
    with pytest.raises(AnnotationError, match="a box needs 2x2 pixels"):
        write_empty(tmp_path / "small", each, (1, 48), 3)
