"""The ways of VOT: polygons, tags of frames, channels, and readers of others."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_layouts import greys, made_pair, put, put_pictures
from tirdata.errors import AnnotationError, DataError, UsageError
from tirdata.layouts import LAYOUTS, open_layout
from tirdata.layouts.regions import read_regions, write_regions
from tirdata.layouts.tracks import drawn
from tirdata.types import Sequence

VOT, GOT10K = LAYOUTS["vot"], LAYOUTS["got10k"]
POLYGON = "10,20,10,5,30,5,30,20"  # as VOT2015 writes an upright box
ROTATED = "20,5,30,15,20,25,10,15"


def made(
    root: Path, *lines: str, frames: str = "color", name: str = "ants1", listed: bool = True
) -> Path:
    folder = root / name
    put_pictures(folder / frames, (f"{number:08d}.jpg" for number in range(1, 1 + len(lines))))
    put(folder / "groundtruth.txt", "".join(f"{line}\n" for line in lines))
    if listed:
        put(root / "list.txt", f"{name}\n")
    return root


def rotated(count: int = 5) -> Sequence:
    """A sequence whose truth is turned by 20 degrees, absent in frame 2."""
    sequence = made_sequence(count, size=(64, 48), name="turned")
    x, y, w, h = sequence.tracks[0].boxes.T
    angle = np.deg2rad(20)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = (
        np.array([[-1, 1], [-1, -1], [1, -1], [1, 1]])[None] * np.stack([w, h], 1)[:, None] / 3
    )
    polygons = corners @ turn.T + np.stack([x + w / 2, y + h / 2], 1)[:, None]
    polygons[2] = np.nan
    polygons = polygons.round(4)
    low, high = polygons.min(axis=1), polygons.max(axis=1)
    return replace(sequence, tracks=(drawn(np.hstack([low, high - low]), polygons=polygons),))


@pytest.mark.parametrize("frames", ["color", ".", "img", "ir"])
def test_frames_lie_in_a_channel_or_in_the_folder(frames: str, tmp_path: Path) -> None:
    root = made(tmp_path, POLYGON, ROTATED, frames=frames)
    sequence = open_layout(root).read_one(root, "ants1")
    assert open_layout(root) is VOT
    assert greys(sequence.frames) == [0, 1]


def test_polygons_are_kept_and_boxes_are_their_bounds(tmp_path: Path) -> None:
    track = VOT.read_one(made(tmp_path, POLYGON, ROTATED), "ants1").tracks[0]
    assert track.boxes.tolist() == [[10, 5, 20, 15], [10, 5, 20, 20]]
    assert track.polygons is not None
    assert track.polygons[1].tolist() == [[20, 5], [30, 15], [20, 25], [10, 15]]


def test_polygons_survive_writing(tmp_path: Path) -> None:
    written = rotated()
    VOT.write([written], tmp_path)
    assert open_layout(tmp_path) is VOT
    read = VOT.read_one(tmp_path, "turned").tracks[0]
    np.testing.assert_array_equal(read.polygons, written.tracks[0].polygons)
    np.testing.assert_allclose(read.boxes, written.tracks[0].boxes)


def test_a_box_that_was_moved_takes_its_corners_along(tmp_path: Path) -> None:
    written = rotated()
    track = written.tracks[0]
    boxes = track.boxes.copy()
    boxes[1] = [5, 6, 7, 8]
    write_regions(tmp_path / "groundtruth.txt", replace(track, boxes=boxes))
    read, polygons = read_regions(tmp_path / "groundtruth.txt")
    assert read[1].tolist() == [5, 6, 7, 8]
    assert polygons is not None
    assert polygons[1].tolist() == [[5, 14], [5, 6], [12, 6], [12, 14]]
    assert track.polygons is not None
    np.testing.assert_array_equal(polygons[0], track.polygons[0])


def test_boxes_and_polygons_may_stand_in_one_file(tmp_path: Path) -> None:
    root = made(tmp_path, "1,2,3,4", ROTATED, "nan", "nan,nan,nan,nan", "1,2,0,4")
    track = VOT.read_one(root, "ants1").tracks[0]
    assert track.boxes[0].tolist() == [1, 2, 3, 4]
    assert track.present.tolist() == [True, True, False, False, False]
    assert track.polygons is not None
    assert np.isnan(track.polygons[2:]).all()


def test_plain_boxes_have_no_polygons(tmp_path: Path) -> None:
    track = VOT.read_one(made(tmp_path, "1.5,2,3,4", "1,2,3,4"), "ants1").tracks[0]
    assert track.polygons is None
    assert track.boxes[0].tolist() == [1.5, 2, 3, 4]


def test_tags_of_frames_are_kept(tmp_path: Path) -> None:
    folder = made(tmp_path, *[POLYGON] * 4) / "ants1"
    put(folder / "camera_motion.tag", "1\n1\n0\n0\n")
    put(folder / "occlusion.label", "0\r\n1\r\n")  # what lacks is 0, as in VOT2018
    put(folder / "practical.value", "0.5\n")
    sequence = VOT.read_one(tmp_path, "ants1")
    assert {name: flags.tolist() for name, flags in sequence.tags.items()} == {
        "camera_motion": [True, True, False, False],
        "occlusion": [False, True, False, False],
    }
    assert sequence.tracks[0].occluded.tolist() == [False, True, False, False]
    VOT.write([sequence], tmp_path / "again")
    again = VOT.read_one(tmp_path / "again", "ants1")
    assert {name: flags.tolist() for name, flags in again.tags.items()} == {
        name: flags.tolist() for name, flags in sequence.tags.items()
    }
    put(folder / "camera_motion.tag", "1\n" * 5)
    with pytest.raises(AnnotationError, match=r"camera_motion.tag: 5 flags; expected 4"):
        VOT.read_one(tmp_path, "ants1")


def test_two_channels_are_a_pair(tmp_path: Path) -> None:
    pair = made_pair()
    with pytest.raises(UsageError, match="pair: its halves have boxes of their own; VOT has one"):
        VOT.write([pair], tmp_path)
    VOT.write([replace(pair, visible_tracks=())], tmp_path)
    assert sorted(path.name for path in (tmp_path / "pair").iterdir() if path.is_dir()) == [
        "color", "ir",
    ]  # fmt: skip
    properties = (tmp_path / "pair" / "sequence").read_text().splitlines()
    assert "channels.ir=ir/%08d.jpg" in properties
    read = open_layout(tmp_path).read_one(tmp_path, "pair")
    assert read.visible is not None
    assert read.visible_tracks == ()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("1,2,3", POLYGON), "line 1: '1,2,3'; expected 4 numbers x,y,w,h or 8 of a polygon"),
        ((POLYGON, "m0,0,5,5,1,2"), r"line 2: .* \(a mask of VOT2020 and later\)"),
        ((POLYGON, "1,2,nan,4"), "line 2: '1,2,nan,4'"),
        ((POLYGON, "1,2,inf,4"), "line 2: '1,2,inf,4'"),
        ((POLYGON, "", POLYGON), "line 2: ''"),
    ],
    ids=["three", "mask", "nan", "inf", "blank"],
)
def test_wrong_regions_are_named(lines: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=message):
        VOT.read_one(made(tmp_path, *lines), "ants1")


def test_truth_and_frames_differ_in_number(tmp_path: Path) -> None:
    root = made(tmp_path, POLYGON, POLYGON)
    put(root / "ants1" / "groundtruth.txt", f"{POLYGON}\n")
    with pytest.raises(DataError, match=r"groundtruth.txt: 1 boxes; expected 2, one for each"):
        VOT.read_one(root, "ants1")
    put(root / "ants1" / "groundtruth.txt", "")
    with pytest.raises(DataError, match=r"groundtruth.txt: empty"):
        VOT.read_one(root, "ants1")


def test_a_list_names_what_there_is_or_should_be(tmp_path: Path) -> None:
    root = made(tmp_path, POLYGON)
    put(root / "list.txt", "ants1\r\nbag\r\n\r\n")
    assert VOT.names(root) == ["ants1", "bag"]
    with pytest.raises(DataError, match="no sequence bag"):
        VOT.read_one(root, "bag")
    put(root / "list.txt", "ants1\nants1\n")
    with pytest.raises(DataError, match="ants1 stands there twice"):
        VOT.names(root)
    (root / "list.txt").unlink()
    assert open_layout(root).names(root) == ["ants1"]


def test_a_workspace_of_the_toolkit_may_be_the_root(tmp_path: Path) -> None:
    made(tmp_path / "sequences", POLYGON)
    put(tmp_path / "config.yaml", "stack: vot2018/shortterm\nsequences: ./sequences\n")
    assert open_layout(tmp_path) is VOT
    assert [sequence.name for sequence in VOT.read(tmp_path)] == ["ants1"]


def test_it_is_told_from_got10k(tmp_path: Path) -> None:
    bare = made(tmp_path / "bare", "1,2,3,4", "1,2,3,4", frames=".")
    with pytest.raises(UsageError, match="laid out as got10k or vot; say which with --format"):
        open_layout(bare)
    put(bare / "ants1" / "camera_motion.label", "0\n0\n")
    assert open_layout(bare) is VOT
    GOT10K.write([made_sequence(3, size=(64, 48))], tmp_path / "got")
    assert open_layout(tmp_path / "got") is GOT10K


@pytest.mark.parametrize("polygons", [True, False])
def test_the_got10k_toolkit_reads_it(polygons: bool, tmp_path: Path) -> None:
    datasets = pytest.importorskip("got10k.datasets.vot", reason="got10k is not installed")
    sequence = rotated()
    if not polygons:
        sequence = replace(sequence, tracks=(replace(sequence.tracks[0], polygons=None),))
    tags = {"camera_motion": np.arange(5) < 2}
    VOT.write([replace(sequence, tags=tags)], tmp_path)
    reader = datasets.VOT(
        str(tmp_path), 2017, anno_type="default", download=False, return_meta=True
    )
    files, rows, meta = reader["turned"]
    assert len(files) == 5
    assert rows.shape == (5, 8 if polygons else 4)
    track = sequence.tracks[0]
    expected = track.boxes if track.polygons is None else track.polygons.reshape(5, 8)
    np.testing.assert_allclose(rows, expected, atol=1e-4)
    assert meta["camera_motion"].tolist() == [1, 1, 0, 0, 0]


def test_real_polygons_survive(shared_data: Path, tmp_path: Path) -> None:
    truth = json.loads((shared_data / "eval" / "vot" / "VOT2018.json").read_text())
    assert len(truth) == 60
    frames = 0
    for sequence in [*truth.values()][::4]:
        rows = np.array(sequence["gt_rect"], np.float64)
        path = put(tmp_path / "in.txt", "".join(f"{','.join(map(str, row))}\n" for row in rows))
        boxes, polygons = read_regions(path)
        write_regions(tmp_path / "out.txt", drawn(boxes, polygons=polygons))
        again, same = read_regions(tmp_path / "out.txt")
        assert same is not None
        np.testing.assert_allclose(same.reshape(-1, 8), rows, atol=1e-4)
        np.testing.assert_allclose(again, boxes, atol=2e-4)
        frames += len(rows)
    assert frames > 4000


def test_real_sequence_with_polygons_and_labels(shared_data: Path) -> None:
    root = shared_data / "research-only" / "vot-tir"
    sequence = VOT.read_one(root, "birds")
    assert len(sequence.frames) == 270
    track = sequence.tracks[0]
    assert track.polygons is not None
    np.testing.assert_allclose(track.boxes[0], [337.6477, 130.8871, 44.2866, 158.9603])
    assert {"camera_motion", "motion_change", "occlusion", "size_change"} <= set(sequence.tags)
    with pytest.raises(UsageError, match="otb or vot"):  # the other sequence there is OTB's
        open_layout(root)


def _with_properties(root: Path, text: str, *folders: str) -> Path:
    for folder in folders:
        put_pictures(root / "car" / folder, ("00000001.jpg", "00000002.jpg"))
    put(root / "car" / "groundtruth.txt", "1,1,5,5\n2,1,5,5\n")
    put(root / "car" / "sequence", text)
    return root


def test_properties_say_rate_and_places(tmp_path: Path) -> None:
    text = "# made\nname=car\nfps=12.5\nwidth=64\nheight=48\nchannels.color=rgb/%08d.jpg\n"
    root = _with_properties(tmp_path, text + "channels.ir=thermal/%08d.jpg\n", "rgb", "thermal")
    read = LAYOUTS["vot"].read_one(root, "car")
    assert read.frames.fps == 12.5  # type: ignore[attr-defined]
    assert read.frames.paths[0].parent.name == "thermal"  # type: ignore[attr-defined]
    assert read.visible is not None
    assert read.visible.paths[0].parent.name == "rgb"  # type: ignore[attr-defined]
    alone = _with_properties(tmp_path / "alone", "channels.color=frames/%08d.jpg\n", "frames")
    assert len(LAYOUTS["vot"].read_one(alone, "car").frames) == 2
    LAYOUTS["vot"].write([read], tmp_path / "again")
    again = LAYOUTS["vot"].read_one(tmp_path / "again", "car")
    assert again.frames.fps == 12.5  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("fps=fast\n", r"sequence: fps=fast; expected a number above 0"),
        ("width=640\nheight=480\n", r"size is \(640, 480\); the frames are 64x48"),
        ("channels.color=../../x/%08d.jpg\n", r"channels.color=.* leads out of the folder"),
        ("fps 25\n", r"line 1: 'fps 25'; expected key=value"),
    ],
)
def test_wrong_properties_are_named(text: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=fault):
        LAYOUTS["vot"].read_one(_with_properties(tmp_path, text, "color"), "car")
