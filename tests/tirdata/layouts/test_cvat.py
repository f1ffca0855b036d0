"""CVAT for video 1.1: keyframes, straight lines, absence, and files that want to do harm."""

from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.errors import AnnotationError, DataError
from tirdata.layouts import LAYOUTS
from tirdata.layouts.cvat_file import read_cvat
from tirdata.layouts.faults import Faults
from tirdata.types import Sequence, Track

CVAT = LAYOUTS["cvat"]
HEAD = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <id>12</id>
      <name>dusk</name>
      <size>{size}</size>
      <mode>interpolation</mode>
      <start_frame>{first}</start_frame>
      <stop_frame>99</stop_frame>
      <frame_filter>{step}</frame_filter>
      <labels>
        <label>
          <name>drone</name>
          <attributes>
            <attribute><name>size</name><mutable>True</mutable></attribute>
          </attributes>
        </label>
      </labels>
      <original_size>
        <width>64</width>
        <height>48</height>
      </original_size>
      <source>clip.mp4</source>
    </task>
    <dumped>2024-01-01 10:00:00.000000+00:00</dumped>
  </meta>
"""


def _box(frame: int, x: float, *, key: int = 1, outside: int = 0, hidden: int = 0) -> str:
    return (
        f'    <box frame="{frame}" keyframe="{key}" outside="{outside}" occluded="{hidden}" '
        f'xtl="{x}" ytl="10.5" xbr="{x + 8}" ybr="16.5" z_order="0">\n'
        '      <attribute name="size">small</attribute>\n    </box>\n'
    )


def _file(
    folder: Path,
    *boxes: str,
    size: int = 10,
    first: int = 0,
    step: str = "",
    source: str = "manual",
) -> Path:
    path = folder / "annotations.xml"
    track = f'  <track id="4" label="drone" source="{source}">\n{"".join(boxes)}  </track>\n'
    head = HEAD.format(size=size, first=first, step=step)
    path.write_text(f"{head}{track}</annotations>\n")
    return path


def _one(path: Path, count: int = 10) -> Track:
    faults = Faults()
    (said,) = read_cvat(path, faults)
    (track,) = said.build(count, faults)
    return track


def test_lines_are_drawn_between_keyframes_and_held_to_the_end(tmp_path: Path) -> None:
    track = _one(_file(tmp_path, _box(2, 10), _box(6, 18, hidden=1)))
    assert track.boxes[2:, 0].tolist() == [10, 12, 14, 16, 18, 18, 18, 18]
    assert track.boxes[4].tolist() == [14, 10.5, 8, 6]
    assert np.flatnonzero(~track.present).tolist() == [0, 1]
    assert np.flatnonzero(track.present & ~track.generated).tolist() == [2, 6]
    assert np.flatnonzero(track.occluded).tolist() == [6, 7, 8, 9]


def test_outside_is_absent_until_the_next_box(tmp_path: Path) -> None:
    boxes = _box(0, 10), _box(3, 10, outside=1), _box(6, 20), _box(8, 20, outside=1)
    track = _one(_file(tmp_path, *boxes))
    assert np.flatnonzero(track.present).tolist() == [0, 1, 2, 6, 7]
    assert not track.generated[~track.present].any()  # a person said that it is gone


def test_listed_boxes_between_keyframes_are_a_machines_and_are_taken(tmp_path: Path) -> None:
    track = _one(_file(tmp_path, _box(0, 10), _box(1, 15, key=0), _box(2, 12)), 3)
    assert track.boxes[:, 0].tolist() == [10, 15, 12]
    assert track.generated.tolist() == [False, True, False]


@pytest.mark.parametrize(("source", "machine"), [("auto", True), ("semi-auto", True),
                                                 ("manual", False), ("file", False)])  # fmt: skip
def test_keyframes_of_an_automatic_track_are_no_persons(
    tmp_path: Path, source: str, machine: bool
) -> None:
    track = _one(_file(tmp_path, _box(0, 10), _box(1, 15), source=source), 2)
    assert track.generated.tolist() == [machine, machine]


def test_the_head_of_the_file_is_read(tmp_path: Path) -> None:
    path = _file(tmp_path, _box(20, 10), _box(30, 20), size=3, first=20, step="step=5")
    said = read_cvat(path, Faults())[0]
    assert (said.name, said.source, said.frames, said.size) == ("dusk", "clip.mp4", 3, (64, 48))
    assert (said.first, said.step) == (20, 5)
    assert _one(path, 3).boxes[:, 0].tolist() == [10, 15, 20]


def test_tracks_come_back_with_every_flag(tmp_path: Path) -> None:
    made = made_sequence(8, size=(64, 48), name='a <b> & "c"')
    boxes = made.tracks[0].boxes.round(2)
    boxes[[0, 3, 4]] = np.nan
    mixed = Track(2, "drone", boxes, np.arange(8) % 3 > 0, np.arange(8) == 5)
    machine = Track(5, "bird & bat", boxes + 1, np.ones(8, np.bool_), np.zeros(8, np.bool_))
    CVAT.write([Sequence(made.name, made.frames, (mixed, machine))], tmp_path)
    read = CVAT.read_one(tmp_path, made.name)
    for a, b in zip((mixed, machine), read.tracks, strict=True):
        assert (a.id, a.class_name) == (b.id, b.class_name)
        np.testing.assert_allclose(a.boxes, b.boxes, atol=1e-6)
        np.testing.assert_array_equal(a.generated[a.present], b.generated[a.present])
        np.testing.assert_array_equal(a.occluded & a.present, b.occluded)


def test_an_xml_without_frames_says_how_to_import_it(tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    _file(tmp_path / "task", _box(0, 10))
    with pytest.raises(DataError, match=r"expected the frames, or import .*--sequence"):
        CVAT.read_one(tmp_path, "task")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<size>4<", "<size>5<", "size is 5; expected 4"),
        ("<width>64<", "<width>32<", r"original_size is \(32, 48\); the frames are 64x48"),
    ],
)
def test_frames_that_are_not_those_of_the_xml_are_named(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    CVAT.write([made_sequence(4, size=(64, 48), name="a")], tmp_path)
    path = tmp_path / "a" / "annotations.xml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError, match=message):
        CVAT.read_one(tmp_path, "a")


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (_box(3, 10).replace('frame="3"', 'frame="x"'), "frame 'x' is none of the task's"),
        (_box(10, 10), "frame '10' is none of the task's"),
        (_box(3, 10).replace('frame="3"', f'frame="{"9" * 50}"'), "is none of the task's"),
        (_box(3, 10).replace('xtl="10"', 'xtl="nan"'), "not finite"),
        (_box(3, 10).replace('xtl="10"', 'xtl="1e9"'), "far from any frame"),
        (_box(3, 10).replace('xtl="10" ', ""), "not finite"),
        (_box(3, 10).replace('xbr="18"', 'xbr="10"'), "has no size"),
        (_box(3, 10).replace("z_order", 'rotation="30" z_order'), "rotated"),
        (_box(0, 20), "two boxes in frame 0"),
    ],
)
def test_a_bad_box_is_named_with_its_line(tmp_path: Path, box: str, message: str) -> None:
    path = _file(tmp_path, _box(0, 10), _box(1, 10), box)
    faults = Faults(strict=False)
    (track,) = read_cvat(path, faults)[0].build(10, faults)
    assert track.boxes[:2, 0].tolist() == [10, 10]
    assert faults.count == 1
    assert message in faults.messages[0]
    assert faults.messages[0].startswith(f"{path}:3")
    with pytest.raises(AnnotationError):
        read_cvat(path, strict := Faults())[0].build(10, strict)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not XML"),
        ("<annotations><track", "not XML"),
        ("<annotations></annotation>", r"xml:1: not XML"),
        ("<annotation/>", "expected <annotations>"),
        ("<annotations><image id='0'/></annotations>", "not for images"),
        ("<annotations><meta><project><tasks><task/><task/></tasks></project></meta></annotations>",
         "2 tasks; expected one"),
        ("<annotations><meta><task><size>x</size></task></meta></annotations>", "size is 'x'"),
        ("<annotations><meta><task><size>999999999</size></task></meta></annotations>",
         "at most 10000000"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_cvats_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "annotations.xml"
    path.write_text(text)
    with pytest.raises(AnnotationError, match=message):
        read_cvat(path, Faults(strict=False))


def test_entities_are_refused_and_never_expanded(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE annotations [<!ENTITY a "xxxxxxxxxx">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
    ) + "]><annotations><track id='0' label='&m;'/></annotations>"  # fmt: skip
    path = tmp_path / "annotations.xml"
    path.write_text(bomb)
    with pytest.raises(AnnotationError, match="DOCTYPE"):
        read_cvat(path, Faults())
    outside = "<!DOCTYPE annotations SYSTEM 'file:///etc/passwd'><annotations/>"
    path.write_text(outside)
    with pytest.raises(AnnotationError, match="DOCTYPE"):
        read_cvat(path, Faults())


def test_shapes_that_are_no_boxes_are_counted(tmp_path: Path) -> None:
    path = _file(tmp_path, _box(0, 10))
    polygon = '<polygon frame="0" keyframe="1" outside="0" points="1,2;3,4;5,6"/>'
    path.write_text(path.read_text().replace("  </track>", f"{polygon}\n  </track>"))
    faults = Faults()
    read_cvat(path, faults)
    assert faults.notes == [f"{path}: 1 shapes <polygon> left out: only boxes are read"]
