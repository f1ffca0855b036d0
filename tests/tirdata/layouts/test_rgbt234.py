"""RGBT234, RGBT210 and LasHeR: told apart by lists and letters, and their real truth."""

import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made_layouts import greys, made_pair, put, put_pictures, touch_pictures
from tirdata.errors import DataError, UsageError
from tirdata.layouts import LAYOUTS, open_layout
from tirdata.layouts.text import read_lines, read_rows

RGBT234, RGBT210, LASHER = (LAYOUTS[name] for name in ("rgbt234", "rgbt210", "lasher"))
BOXES = "7,163,25,86\r\n8,162,25,86\r\n10,162,25,86\r\n"
LETTERS = {
    "rgbt": ("{:05d}v.jpg", "{:05d}i.jpg"),
    "lasher": ("v{:03d}.jpg", "i{:03d}.jpg"),
    "long": ("v{:08d}.jpg", "i{:08d}.jpg"),
    "none": ("{:08d}.jpg", "{:08d}.jpg"),
}


def made(root: Path, letters: str, *lists: str, name: str = "baketballwaliking") -> Path:
    for half, pattern, first in zip(
        ("visible", "infrared"), LETTERS[letters], (41, 38), strict=True
    ):
        names = (pattern.format(first + number) for number in range(3))
        put_pictures(root / name / half, names)
    for each in lists:
        put(root / name / f"{each}.txt", BOXES)
    return root


@pytest.mark.parametrize(
    ("letters", "lists", "layout"),
    [
        ("rgbt", ("visible", "infrared", "init"), "rgbt234"),
        ("rgbt", ("visible", "infrared"), "rgbt234"),
        ("rgbt", ("init",), "rgbt210"),
        ("lasher", ("visible", "infrared", "init"), "lasher"),
        ("lasher", ("infrared", "init"), "lasher"),  # cameraman_1202
        ("long", ("init",), "lasher"),
        ("none", ("visible", "infrared"), "rgbt234"),
    ],
)
def test_lists_and_letters_tell_them_apart(
    letters: str, lists: tuple[str, ...], layout: str, tmp_path: Path
) -> None:
    root = made(tmp_path, letters, *lists)
    assert open_layout(root).name == layout
    assert open_layout(root).names(root) == ["baketballwaliking"]


@pytest.mark.parametrize(
    ("lists", "candidates"),
    [(("visible", "infrared", "init"), "rgbt234 or lasher"), (("init",), "rgbt210 or lasher")],
)
def test_names_without_letters_ask(lists: tuple[str, ...], candidates: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"laid out as {candidates}; say which with --format"):
        open_layout(made(tmp_path, "none", *lists))


def test_halves_pair_by_position(tmp_path: Path) -> None:
    put(made(tmp_path, "rgbt", "visible", "init") / "baketballwaliking" / "infrared.txt",
        BOXES.replace("163", "160"))  # fmt: skip
    sequence = RGBT234.read_one(tmp_path, "baketballwaliking")
    assert sequence.visible is not None
    assert greys(sequence.frames) == greys(sequence.visible) == [0, 1, 2]
    assert sequence.tracks[0].boxes[0].tolist() == [7, 160, 25, 86]
    assert sequence.visible_tracks[0].boxes[0].tolist() == [7, 163, 25, 86]


def test_one_list_is_for_both_halves(tmp_path: Path) -> None:
    sequence = open_layout(made(tmp_path, "rgbt", "init")).read_one(tmp_path, "baketballwaliking")
    assert sequence.visible is not None
    assert sequence.visible_tracks == ()
    assert sequence.tracks[0].boxes[0].tolist() == [7, 163, 25, 86]


def test_lasher_counts_from_one_as_its_toolkit(tmp_path: Path) -> None:
    sequence = LASHER.read_one(made(tmp_path, "lasher", "init", "visible"), "baketballwaliking")
    assert sequence.tracks[0].boxes[0].tolist() == [6, 162, 25, 86]
    assert sequence.visible_tracks == ()  # the lists say the same


def test_lasher_that_is_not_registered_has_boxes_for_each_half(tmp_path: Path) -> None:
    root = made(tmp_path, "lasher", "init", "visible", "infrared")
    put(root / "baketballwaliking" / "infrared.txt", BOXES.replace("163", "150"))
    sequence = LASHER.read_one(root, "baketballwaliking")
    assert sequence.tracks[0].boxes[0, 1] == 149
    assert sequence.visible_tracks[0].boxes[0, 1] == 162


@pytest.mark.parametrize("layout", ["rgbt234", "lasher", "rgbt210"])
def test_faults_are_named(layout: str, tmp_path: Path) -> None:
    letters = "lasher" if layout == "lasher" else "rgbt"
    lists = ["visible", "infrared"] if layout == "rgbt234" else ["init"]
    folder = made(tmp_path, letters, *lists) / "baketballwaliking"
    path = folder / f"{lists[-1]}.txt"
    put(path, BOXES + "1,2,3,4\n")
    with pytest.raises(DataError, match=rf"{path.name}: 4 boxes; expected 3"):
        LAYOUTS[layout].read_one(tmp_path, folder.name)
    put(path, BOXES.replace("25,86", "25", 1))
    with pytest.raises(DataError, match=rf"{path.name}: line 1: '7,163,25'"):
        LAYOUTS[layout].read_one(tmp_path, folder.name)
    put(path, BOXES)
    sorted((folder / "visible").iterdir())[1].unlink()
    with pytest.raises(DataError, match="visible: 2 frames; expected 3"):
        LAYOUTS[layout].read_one(tmp_path, folder.name)
    shutil.rmtree(folder / "infrared")
    assert LAYOUTS[layout].names(tmp_path) == [folder.name]
    with pytest.raises(DataError, match="infrared: no such folder"):
        LAYOUTS[layout].read_one(tmp_path, folder.name)


def test_rgbt210_cannot_say_two_lists(tmp_path: Path) -> None:
    pair = made_pair()
    with pytest.raises(UsageError, match="pair: its halves have boxes of their own; RGBT210"):
        RGBT210.write([pair], tmp_path)
    assert [*tmp_path.iterdir()] == []
    RGBT210.write([replace(pair, visible_tracks=())], tmp_path)
    assert open_layout(tmp_path) is RGBT210


def test_starting_boxes_are_those_of_the_visible_half(tmp_path: Path) -> None:
    for layout in (RGBT234, LASHER):
        layout.write([made_pair()], tmp_path / layout.name)
        folder = tmp_path / layout.name / "pair"
        assert (folder / "init.txt").read_text() == (folder / "visible.txt").read_text()


def test_it_is_written_as_their_readers_sort_and_split_it(tmp_path: Path) -> None:
    """The rules of the readers that trackers carry along, such as TBSI's and ViPT's."""
    places = {"rgbt234": slice(0, -5), "rgbt210": slice(0, -5), "lasher": slice(1, -4)}
    for name, digits in places.items():
        LAYOUTS[name].write([replace(made_pair(12), visible_tracks=())], tmp_path / name)
        folder = tmp_path / name / "pair"
        for half in ("visible", "infrared"):
            names = [path.name for path in (folder / half).iterdir()]
            assert all(each.endswith(".jpg") for each in names)
            assert sorted(names, key=lambda each: int(each[digits])) == sorted(names)
        rows = np.loadtxt(folder / "init.txt", delimiter=",", dtype=np.float64)
        assert rows.shape == (12, 4)


def test_real_truth_of_lasher_has_the_published_counts(shared_data: Path, tmp_path: Path) -> None:
    with tarfile.open(shared_data / "eval" / "lasher" / "gt_and_results.tar.xz") as tar:
        members = [each for each in tar if each.name.split("/")[0] in ("gt", "lashertest.txt")]
        tar.extractall(tmp_path / "tar", members, filter="data")
    names = sorted(path.stem for path in (tmp_path / "tar" / "gt").iterdir())
    assert len(names) == 245
    assert names == sorted(read_lines(tmp_path / "tar" / "lashertest.txt"))
    count, root = 0, tmp_path / "testingset"
    for name in names:
        (root / name).mkdir(parents=True)
        truth = tmp_path / "tar" / "gt" / f"{name}.txt"
        count += len(read_lines(truth))
        truth.rename(root / name / "init.txt")
    assert count == 220_703
    for name in names[::100]:
        length = len(read_lines(root / name / "init.txt"))
        touch_pictures(root / name / "visible", length, "v{:06d}.jpg")
        touch_pictures(root / name / "infrared", length, "i{:06d}.jpg")
        track = open_layout(root).read_one(root, name).tracks[0]
        assert len(track.boxes) == length
    assert LASHER.names(root) == names[::100]


@pytest.mark.slow
def test_real_truth_of_rgbt234_has_the_published_counts(shared_data: Path, tmp_path: Path) -> None:
    with tarfile.open(shared_data / "eval" / "rgbt234" / "groundtruth.tar.xz") as tar:
        tar.extractall(tmp_path, filter="data")
    root = tmp_path / "RGBT234" / "rgbt234_gt"
    for folder in root.iterdir():
        count = len(read_rows(folder / "visible.txt"))
        touch_pictures(folder / "visible", count, "{:05d}v.jpg")
        touch_pictures(folder / "infrared", count, "{:05d}i.jpg")
    assert open_layout(root) is RGBT234
    frames, starts = 0, {"visible": 0, "thermal": 0}
    for sequence in RGBT234.read(root):
        frames += len(sequence.frames)
        first = read_rows(root / sequence.name / "init.txt")[0]
        starts["visible"] += np.array_equal(first, sequence.visible_tracks[0].boxes[0])
        starts["thermal"] += np.array_equal(first, sequence.tracks[0].boxes[0])
        assert sequence.tracks[0].present.all()
    assert len(RGBT234.names(root)) == 234
    assert frames == 116_650
    assert starts["visible"] >= 222
