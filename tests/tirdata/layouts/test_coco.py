"""COCO-video: read item by item, links between items checked, written and read the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.errors import AnnotationError, DataError
from tirdata.layouts import LAYOUTS, json_stream
from tirdata.layouts.coco_file import read_coco
from tirdata.layouts.faults import Faults
from tirdata.layouts.json_stream import items
from tirdata.types import Sequence, Track

COCO = LAYOUTS["coco"]
Change: TypeAlias = Callable[[dict[str, list[dict[str, Any]]]], None]


def _document(frames: int = 3) -> dict[str, list[dict[str, Any]]]:
    """As mmtracking's converter of ImageNet VID writes it."""
    return {
        "categories": [{"id": 1, "name": "airplane", "encode_name": "n02691156"}],
        "videos": [{"id": 7, "name": "val/one"}],
        "images": [
            {"id": 10 + n, "video_id": 7, "frame_id": n, "file_name": f"val/one/{n:06d}.JPEG",
             "width": 64, "height": 48}
            for n in range(frames)
        ],
        "annotations": [
            {"id": n, "image_id": 10 + n, "video_id": 7, "instance_id": 5, "category_id": 1,
             "bbox": [1.5 + n, 2, 10, 8], "area": 80, "iscrowd": False, "occluded": n == 1,
             "generated": n == 2}
            for n in range(frames)
        ],
    }  # fmt: skip


def _write(folder: Path, document: object, name: str = "vid.json") -> Path:
    path = folder / "annotations" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=1))
    return path


def _pictures(folder: Path, count: int = 3) -> None:
    base = folder / "Data" / "VID" / "val" / "one"
    base.mkdir(parents=True)
    data = cv2.imencode(".jpg", np.full((48, 64), 90, np.uint8))[1].tobytes()
    for number in range(count):
        (base / f"{number:06d}.JPEG").write_bytes(data)


def test_what_mmtracking_writes_is_read(tmp_path: Path) -> None:
    _write(tmp_path, _document())
    _pictures(tmp_path)
    assert COCO.names(tmp_path) == ["val/one"]
    (track,) = COCO.read_one(tmp_path, "val/one").tracks
    assert track.boxes[:, 0].tolist() == [1.5, 2.5, 3.5]
    assert (track.id, track.class_name) == (5, "airplane")
    assert track.occluded.tolist() == [False, True, False]
    assert track.generated.tolist() == [False, False, True]


def test_two_sequences_come_back_with_every_flag(tmp_path: Path) -> None:
    written = []
    for seed, name in enumerate(("a", "b")):
        made = made_sequence(5, size=(64, 48), seed=seed, name=name)
        boxes = made.tracks[0].boxes.copy()
        boxes[2] = np.nan
        first = Track(4, "drone", boxes, np.arange(5) > 2, np.arange(5) == 1)
        second = Track(0, "quadcopter", boxes + 1, np.ones(5, np.bool_), np.zeros(5, np.bool_))
        written.append(Sequence(name, made.frames, (second, first)))
    COCO.write(written, tmp_path)
    for a, b in zip(written, COCO.read(tmp_path), strict=True):
        for one, two in zip(a.tracks, b.tracks, strict=True):
            assert (one.id, one.class_name) == (two.id, two.class_name)
            np.testing.assert_array_equal(one.boxes, two.boxes)  # exact: JSON keeps floats
            for flag in ("generated", "occluded"):
                here = one.present
                np.testing.assert_array_equal(getattr(one, flag)[here], getattr(two, flag)[here])


def test_ids_hold_through_the_file_as_coco_wants_them(tmp_path: Path) -> None:
    made = [made_sequence(3, size=(64, 48), name=name) for name in ("a", "b")]
    COCO.write(made, tmp_path)
    document = json.loads((tmp_path / "annotations" / "instances.json").read_text())
    for kind in ("videos", "images", "annotations"):
        assert [each["id"] for each in document[kind]] == [*range(1, len(document[kind]) + 1)]
    assert {each["instance_id"] for each in document["annotations"]} == {1, 2}
    assert [each["frame_id"] for each in document["images"]] == [0, 1, 2] * 2
    assert document["categories"] == [{"id": 34, "name": "drone", "encode_name": "n03245889"}]


def test_frames_may_be_counted_from_1(tmp_path: Path) -> None:
    document = _document()
    for image in document["images"]:
        image["frame_id"] += 1
    said = read_coco(_write(tmp_path, document), Faults())[0]
    assert (said.frames, said.last) == (3, 2)


def test_every_fifth_frame_is_a_sequence_and_a_hole_is_not(tmp_path: Path) -> None:
    document = _document()
    _pictures(tmp_path)
    for image in document["images"]:
        image["frame_id"] *= 5
    _write(tmp_path, document)
    assert COCO.read_one(tmp_path, "val/one").tracks[0].boxes[:, 0].tolist() == [1.5, 2.5, 3.5]
    document["images"][2]["frame_id"] = 11
    _write(tmp_path, document)
    with pytest.raises(DataError, match=r"frame 10 \(from 0\) is missing, next is 11"):
        COCO.read_one(tmp_path, "val/one")


def _set(kind: str, place: int, **values: object) -> Change:
    def change(document: dict[str, list[dict[str, Any]]]) -> None:
        document[kind][place].update(values)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("annotations", 1, category_id=9), r"annotations[1]: no category 9; there are: 1"),
        (_set("annotations", 1, image_id=99), r"annotations[1]: no image 99"),
        (_set("annotations", 1, bbox=[1, 2, 3]), "annotations[1]: bbox is [1, 2, 3]"),
        (_set("annotations", 1, bbox=[1, 2, "3", 4]), "annotations[1]: bbox"),
        (_set("annotations", 1, bbox=[1, 2, float("nan"), 4]), "annotations[1]: box 1,2,nan,4"),
        (_set("annotations", 1, bbox=[10**400, 2, 3, 4]), "annotations[1]: box inf,2,3,4"),
        (_set("annotations", 1, bbox=[1, 2, 0, 4]), "annotations[1]: box 1,2,0,4 has no size"),
        (_set("annotations", 1, instance_id=None), "annotations[1]: instance_id is 'None'"),
        (_set("annotations", 1, instance_id=-3), "annotations[1]: object -3"),
        (_set("annotations", 1, image_id=10), "annotations[1]: object 5 is twice in frame 0"),
        (_set("images", 2, video_id=8), "image 12: no video 8"),
        (_set("images", 2, frame_id=10**12), "images[2]: frame_id is 1000000000000"),
        (_set("images", 2, width="wide"), "images[2]: width, height"),
        (_set("images", 2, width=32), "images of 2 sizes"),
        (_set("images", 2, frame_id=1), "two images are frame 1"),
        (_set("images", 2, id=11), "two images have the id 11"),
        (_set("videos", 0, name=7), "videos[0]: name is '7'"),
    ],
)
def test_a_bad_item_is_named(tmp_path: Path, change: Change, message: str) -> None:
    document = _document()
    change(document)
    path = _write(tmp_path, document)
    faults = Faults(strict=False)
    for said in read_coco(path, faults):
        said.build(3, faults)
    assert faults.count
    assert any(message in each for each in faults.messages), faults.messages
    assert all(each.startswith(str(path)) for each in faults.messages)
    with pytest.raises(AnnotationError):
        [said.build(3, Faults()) for said in read_coco(path, Faults())]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no '{'"),
        ("[1]", "no '{'"),
        ('{"videos": [', "vid.json:1: not JSON"),
        ('{"videos": [{"id": 1},\n{"id": 2]}', "vid.json:2: not JSON"),
        ('{"videos": []}', "no images, annotations, categories"),
        ('{"videos": []} x', "more behind the end"),
        ('{"exist": [1], "gt_rect": [[1,2,3,4]]}', "no videos"),
        ("{" + "[" * 100_000, "not JSON"),
        ('{"a":' + "[" * 100_000, "without end"),
        ('{"a": ' + "9" * 10_000 + "}", "without end"),
    ],
)
def test_a_file_that_is_no_coco_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "vid.json"
    path.write_text(text)
    with pytest.raises(AnnotationError) as caught:
        read_coco(path, Faults(strict=False))
    assert message in str(caught.value)


def test_a_wrong_item_costs_its_own_video(tmp_path: Path) -> None:
    COCO.write([made_sequence(3, size=(64, 48), name=name) for name in ("a", "b")], tmp_path)
    path = tmp_path / "annotations" / "instances.json"
    document = json.loads(path.read_text())
    document["annotations"][0]["bbox"] = "no"
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"annotations\[0\]: bbox is no"):
        COCO.read_one(tmp_path, "a")
    assert len(COCO.read_one(tmp_path, "b").tracks) == 1
    document["videos"][0]["id"] = "x"
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"videos\[0\]: id is 'x'"):
        COCO.read_one(tmp_path, "b")


def test_crowds_are_counted_and_left_out(tmp_path: Path) -> None:
    document = _document()
    document["annotations"][0]["iscrowd"] = 1
    faults = Faults()
    said = read_coco(_write(tmp_path, document), faults)[0]
    assert said.build(3, faults)[0].present.tolist() == [False, True, True]
    assert "1 crowd regions left out" in faults.notes[0]


def test_a_file_name_that_leads_out_is_refused(tmp_path: Path) -> None:
    document = _document()
    document["images"][0]["file_name"] = "../../secret.jpg"
    _write(tmp_path, document)
    with pytest.raises(DataError, match="leads out"):
        COCO.read_one(tmp_path, "val/one")


def test_a_video_in_two_files_is_named(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        _write(tmp_path, _document(), name)
    with pytest.raises(DataError, match=r"b\.json: video val/one is twice"):
        COCO.names(tmp_path)


@pytest.mark.parametrize("chunk", [1, 2, 7, 64])
def test_the_window_may_end_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK", chunk)
    document = _document() | {"info": {"n": 123}, "year": 2015, "licences": []}
    path = _write(tmp_path, document)
    read: dict[str, Any] = {}
    for key, place, item in items(path):
        if place >= 0:
            read[key].append(item)
        else:
            read[key] = [] if item is None else item
    assert read == document


def test_the_whole_of_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "large.json"
    box = '{"id":1,"image_id":1,"track_id":1,"category_id":1,"bbox":[1,2,3,4],"note":"%s"}'
    with path.open("w") as file:
        file.write('{"videos":[],"images":[],"categories":[],"annotations":[')
        file.write(",".join([box % ("x" * 1000)] * 20_000))
        file.write("]}")
    assert path.stat().st_size > 20e6
    tracemalloc.start()
    assert sum(place >= 0 for _, place, _ in items(path)) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6
