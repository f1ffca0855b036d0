"""The ways of GTOT: corners, halves that pair by position, names that differ, its real truth."""

import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made_layouts import greys, made_pair, put, put_pictures, touch_pictures
from tirdata.errors import AnnotationError, DataError, UsageError
from tirdata.layouts import LAYOUTS, open_layout
from tirdata.layouts.text import read_rows

GTOT, BOXES = LAYOUTS["gtot"], LAYOUTS["gtot-boxes"]
# Names of frames in six of its sequences, visible and thermal.
NAMES = {
    "letters": ("0000{}v.png", "0000{}i.png"),
    "underscore": ("{}.png", "{}_i.png"),
    "vs": ("{}.png", "{}_vs.png"),
    "inf": ("{}.png", "{}_inf.png"),
    "same": ("{}.png", "{}.png"),
    "bmp": ("img_{}.bmp", "img_{}.bmp"),
}
FAR = "40 30 50 40\n41 30 51 40\n42 30 52 40\n"  # as sizes far beyond 64x48


def made(root: Path, visible: str = FAR, thermal: str = FAR, names: str = "letters") -> Path:
    put(root / "car" / "groundTruth_v.txt", visible)
    put(root / "car" / "groundTruth_i.txt", thermal)
    for half, name in zip("vi", NAMES[names], strict=True):
        put_pictures(root / "car" / half, (name.format(number) for number in (9, 10, 11)))
    return root


@pytest.mark.parametrize("names", NAMES)
def test_frames_pair_by_position_whatever_their_names(names: str, tmp_path: Path) -> None:
    sequence = open_layout(made(tmp_path, names=names)).read_one(tmp_path, "car")
    assert sequence.visible is not None
    assert greys(sequence.frames) == greys(sequence.visible) == [0, 1, 2]


def test_numbers_need_not_start_alike(tmp_path: Path) -> None:
    made(tmp_path)
    for number, new in ((9, 1), (10, 2), (11, 3)):
        half = tmp_path / "car" / "i"
        (half / f"0000{number}i.png").rename(half / f"0000{new}i.png")
    assert greys(GTOT.read_one(tmp_path, "car").frames) == [0, 1, 2]


def test_corners_become_boxes(tmp_path: Path) -> None:
    sequence = open_layout(made(tmp_path, thermal=FAR.replace("50 40", "55 44"))).read_one(
        tmp_path, "car"
    )
    assert sequence.tracks[0].boxes[0].tolist() == [40, 30, 15, 14]
    assert sequence.visible_tracks[0].boxes[0].tolist() == [40, 30, 10, 10]


@pytest.mark.parametrize(
    "text",
    [FAR.replace("\n", "\r\n"), FAR.replace(" ", "\t"), FAR.replace(" ", ","), "\ufeff" + FAR,
     FAR + "\n\n \n"],
    ids=["crlf", "tabs", "commas", "bom", "empty-lines"],
)  # fmt: skip
def test_lines_may_be_of_any_kind(text: str, tmp_path: Path) -> None:
    sequence = open_layout(made(tmp_path, text, text)).read_one(tmp_path, "car")
    assert sequence.tracks[0].boxes[2].tolist() == [42, 30, 10, 10]


@pytest.mark.parametrize("absent", ["0 0 0 0", "nan nan nan nan", "NaN", "5 5 5 5"])
def test_absent_objects_have_no_box(absent: str, tmp_path: Path) -> None:
    text = f"40 30 50 40\n{absent}\n42 30 52 40\n"
    sequence = open_layout(made(tmp_path, text, text)).read_one(tmp_path, "car")
    assert sequence.tracks[0].present.tolist() == [True, False, True]


def test_sizes_are_a_layout_of_their_own(tmp_path: Path) -> None:
    root = made(tmp_path, "40 30 10 12\n" * 3, "41 30 10 12\n" * 3)
    assert open_layout(root) is BOXES
    sequence = BOXES.read_one(root, "car")
    assert sequence.visible_tracks[0].boxes[0].tolist() == [40, 30, 10, 12]
    assert sequence.tracks[0].boxes[0].tolist() == [41, 30, 10, 12]
    with pytest.raises(AnnotationError, match=r"line 1: 41 30 10 12; .*--format gtot-boxes"):
        GTOT.read_one(root, "car")
    with pytest.raises(AnnotationError, match=r"do not fit .*--format gtot$"):
        BOXES.read_one(made(tmp_path / "corners"), "car")


def test_what_may_be_either_asks(tmp_path: Path) -> None:
    root = made(tmp_path, "4 3 10 12\n" * 3, "4 3 10 12\n" * 3)
    with pytest.raises(UsageError, match="gtot or gtot-boxes; say which with --format"):
        open_layout(root)
    assert GTOT.read_one(root, "car").tracks[0].boxes[0].tolist() == [4, 3, 6, 9]
    assert BOXES.read_one(root, "car").tracks[0].boxes[0].tolist() == [4, 3, 10, 12]
    put(root / "car" / "init.txt", "4\t3\t6\t9\r\n")
    assert open_layout(root) is GTOT
    put(root / "car" / "init.txt", "4\t3\t10\t12\r\n")
    assert open_layout(root) is BOXES


def test_one_sequence_decides_for_those_in_doubt(tmp_path: Path) -> None:
    made(tmp_path, "4 3 10 12\n" * 3, "4 3 10 12\n" * 3)
    (tmp_path / "car").rename(tmp_path / "bike")
    assert open_layout(made(tmp_path)) is GTOT
    assert GTOT.names(tmp_path) == ["bike", "car"]


def test_sequences_that_disagree_ask(tmp_path: Path) -> None:
    made(tmp_path, "40 30 10 12\n" * 3, "41 30 10 12\n" * 3)
    (tmp_path / "car").rename(tmp_path / "bike")
    with pytest.raises(UsageError, match="gtot or gtot-boxes"):
        open_layout(made(tmp_path))


def test_one_wrong_line_does_not_turn_corners_into_sizes(tmp_path: Path) -> None:
    root = made(tmp_path, FAR, FAR.replace("41 30 51 40", "41 30 31 40"))
    with pytest.raises(AnnotationError, match=r"groundTruth_i.txt: line 2: 41 30 31 40"):
        GTOT.read_one(root, "car")
    with pytest.raises(AnnotationError):
        BOXES.read_one(root, "car")


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("groundTruth_i.txt", FAR + "1 2 3 4\n", r"groundTruth_i.txt: 4 boxes; expected 3"),
        ("groundTruth_v.txt", "40 30 50 40\n", r"groundTruth_v.txt: 1 boxes; expected 3"),
        ("groundTruth_v.txt", "", "groundTruth_v.txt: empty"),
        ("groundTruth_v.txt", "40 30 50\n" * 3, r"line 1: '40 30 50'; expected 4 numbers"),
        ("groundTruth_v.txt", "40 30 \n\n50 40\n", "line 1"),
    ],
    ids=["longer", "shorter", "empty", "three", "torn"],
)
def test_wrong_truth_is_named(file: str, text: str, message: str, tmp_path: Path) -> None:
    put(made(tmp_path) / "car" / file, text)
    with pytest.raises(DataError, match=message):
        GTOT.read_one(tmp_path, "car")


def test_halves_of_two_lengths_are_named(tmp_path: Path) -> None:
    put_pictures(made(tmp_path) / "car" / "v", ["00012v.png"])
    with pytest.raises(DataError, match=r"groundTruth_v.txt: 3 boxes; expected 4"):
        GTOT.read_one(tmp_path, "car")
    put(tmp_path / "car" / "groundTruth_v.txt", FAR + "42 30 52 40\n")
    with pytest.raises(DataError, match=r"v: 4 frames; expected 3, as many as in .*car/i"):
        GTOT.read_one(tmp_path, "car")


def test_a_frame_missing_from_one_half_is_named(tmp_path: Path) -> None:
    folder = made(tmp_path) / "car"
    (folder / "i" / "000010i.png").unlink()
    put(folder / "groundTruth_i.txt", "40 30 50 40\n42 30 52 40\n")
    with pytest.raises(DataError, match=r"pair by position; there is no frame 10 before 000011i"):
        GTOT.read_one(tmp_path, "car")


def test_a_part_of_a_pair_is_named_and_not_passed_over(tmp_path: Path) -> None:
    root = made(tmp_path)
    put(root / "half" / "groundTruth_v.txt", FAR)
    put(root / "half" / "groundTruth_i.txt", FAR)
    put_pictures(root / "half" / "v", ["1.png"])
    put(root / "less" / "groundTruth_i.txt", "40 30 50 40\n")
    put_pictures(root / "less" / "i", ["1.png"])
    assert open_layout(root).names(root) == ["car", "half", "less"]
    with pytest.raises(DataError, match=r"groundTruth_v.txt: no such file"):
        GTOT.read_one(root, "less")
    with pytest.raises(DataError, match="half/i: no such folder"):
        GTOT.read_one(root, "half")


def test_links_in_a_circle_do_no_harm(tmp_path: Path) -> None:
    root = made(tmp_path)
    (root / "circle").symlink_to(root)
    (root / "self").symlink_to(root / "self")
    assert open_layout(root).names(root) == ["car"]
    truth = root / "car" / "groundTruth_i.txt"
    truth.unlink()
    truth.symlink_to(truth)
    with pytest.raises(AnnotationError, match=r"groundTruth_i.txt: cannot be read \(Too many"):
        GTOT.read_one(root, "car")


def test_the_case_of_file_names_does_not_matter(tmp_path: Path) -> None:
    root = made(tmp_path)
    (root / "car" / "groundTruth_v.txt").rename(root / "car" / "groundtruth_v.txt")
    assert len(open_layout(root).read_one(root, "car").frames) == 3


def test_it_is_written_as_readers_of_gtot_want_it(tmp_path: Path) -> None:
    GTOT.write([made_pair(name="car")], tmp_path)
    folder = tmp_path / "car"
    assert sorted(path.name for path in (folder / "v").iterdir())[0] == "00001v.png"
    assert sorted(path.name for path in (folder / "i").iterdir())[0] == "00001i.png"
    rows = np.loadtxt(folder / "groundTruth_v.txt", delimiter=" ")  # as they read it
    assert (rows[:, 2:] > rows[:, :2]).all()
    start = read_rows(folder / "init.txt")
    np.testing.assert_allclose(start[:, 2:], rows[:, 2:] - rows[:, :2], atol=2e-4)
    assert b"\t" in (folder / "init.txt").read_bytes()


def test_several_objects_are_folders_of_their_own(tmp_path: Path) -> None:
    pair = made_pair(name="car")
    second = replace(pair.tracks[0], id=1)
    with pytest.raises(UsageError, match="track 1 has no boxes on the visible half"):
        GTOT.write([replace(pair, tracks=(*pair.tracks, second))], tmp_path)
    assert not (tmp_path / "car_0").exists()
    both = replace(pair, tracks=(*pair.tracks, second), visible_tracks=())
    GTOT.write([both], tmp_path)
    assert GTOT.names(tmp_path) == ["car_0", "car_1"]


def test_colours_of_the_visible_half_stay(tmp_path: Path) -> None:
    import cv2

    put_pictures(made(tmp_path) / "car" / "v", [])
    colour = np.zeros((48, 64, 3), np.uint8)
    colour[..., 2] = 200
    for path in (tmp_path / "car" / "v").iterdir():
        cv2.imwrite(str(path), colour)
    LAYOUTS["rgbt234"].write(GTOT.read(tmp_path), tmp_path / "out")
    read = cv2.imread(str(tmp_path / "out" / "car" / "visible" / "00001v.jpg"))
    assert read is not None
    assert read[0, 0, 2] > 190
    assert read[0, 0, 1] < 10


@pytest.mark.slow
def test_real_truth_has_the_published_counts(shared_data: Path, tmp_path: Path) -> None:
    with tarfile.open(shared_data / "eval" / "gtot" / "groundtruth.tar.xz") as tar:
        tar.extractall(tmp_path, filter="data")
    root = tmp_path / "GTOT" / "groundtruth"
    for folder in root.iterdir():
        count = len(read_rows(folder / "groundTruth_v.txt"))
        for half in "vi":
            touch_pictures(folder / half, count, f"{{:05d}}{half}.png")
            put_pictures(folder / half, [f"00001{half}.png"], (384, 288))
    layout = open_layout(root)
    assert layout is GTOT
    sequences = [*layout.read(root)]
    assert len(sequences) == 50
    assert sum(len(sequence.frames) for sequence in sequences) == 7850
    assert all(len(sequence.visible_tracks) == 1 for sequence in sequences)
    for sequence in sequences:
        start = read_rows(root / sequence.name / "init.txt")[0]
        np.testing.assert_array_equal(sequence.visible_tracks[0].boxes[0], start)


def test_real_pairs_are_boxes_of_each_half(shared_data: Path) -> None:
    root = shared_data / "research-only" / "rgbt"
    layout = open_layout(root)
    assert layout is BOXES
    assert {sequence.name: len(sequence.frames) for sequence in layout.read(root)} == {
        "day_drone_a": 214, "day_drone_b": 136, "day_drone_c": 161,
    }  # fmt: skip
    sequence = layout.read_one(root, "day_drone_a")
    assert sequence.visible is not None
    assert sequence.tracks[0].boxes[0].tolist() == [216, 300, 80, 48]
    assert sequence.visible_tracks[0].boxes[0].tolist() == [221.33, 180.67, 70.33, 40.67]
