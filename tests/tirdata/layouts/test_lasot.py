"""The ways of LaSOT: classes as folders or not, flags on one line, boxes that mean nothing."""

from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_layouts import put, put_pictures
from tirdata.errors import AnnotationError, DataError, UsageError
from tirdata.layouts import LAYOUTS, open_layout
from tirdata.types import Sequence, Track

LASOT = LAYOUTS["lasot"]
BOXES = "1,1,10,8\n2,1,10,8\n1,1,-1,-1\n3,1,10,8\n"


def made(
    folder: Path, *, hidden: str | None = "0,0,1,0\n", outside: str | None = "0,1,0,0"
) -> None:
    put_pictures(folder / "img", (f"{number:08d}.jpg" for number in range(1, 5)))
    put(folder / "groundtruth.txt", BOXES)
    put(folder / "nlp.txt", "white airplane landing on ground\n")
    if hidden is not None:
        put(folder / "full_occlusion.txt", hidden)
    if outside is not None:
        put(folder / "out_of_view.txt", outside)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("airplane/airplane-1", "airplane/airplane-10", "bus/bus-2"):
        made(tmp_path / name)
    return tmp_path


def test_classes_are_folders(root: Path) -> None:
    assert open_layout(root) is LASOT
    assert LASOT.names(root) == ["airplane-1", "airplane-10", "bus-2"]
    assert {each.tracks[0].class_name for each in LASOT.read(root)} == {"airplane", "bus"}


def test_classes_need_not_be_folders(root: Path) -> None:
    for name in ("airplane/airplane-1", "airplane/airplane-10", "bus/bus-2"):
        (root / name).rename(root / name.split("/")[1])
    assert open_layout(root) is LASOT
    assert LASOT.names(root) == ["airplane-1", "airplane-10", "bus-2"]
    assert LASOT.read_one(root, "bus-2").tracks[0].class_name == "bus"


def test_the_root_may_be_one_sequence(root: Path) -> None:
    folder = root / "bus" / "bus-2"
    assert open_layout(folder) is LASOT
    assert [sequence.name for sequence in LASOT.read(folder)] == ["bus-2"]


def test_hidden_and_outside_are_absent_and_stay_apart(root: Path) -> None:
    track = LASOT.read_one(root, "bus-2").tracks[0]
    assert track.present.tolist() == [True, False, False, True]
    assert track.occluded.tolist() == [False, False, True, False]
    assert track.boxes[0].tolist() == [0, 0, 10, 8]


@pytest.mark.parametrize(
    "flags", ["0,0,1,0", "0\n0\n1\n0\n", "0 0 1 0\r\n", "0\t0\t1\t0", "0,0,1,0,"]
)
def test_flags_may_lie_in_any_way(flags: str, root: Path) -> None:
    put(root / "bus" / "bus-2" / "full_occlusion.txt", flags)
    track = LASOT.read_one(root, "bus-2").tracks[0]
    assert np.flatnonzero(track.occluded).tolist() == [2]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("full_occlusion.txt", "0,0,1", "full_occlusion.txt: 3 flags; expected 4"),
        ("out_of_view.txt", "0,0,1,0,0", "out_of_view.txt: 5 flags; expected 4"),
        ("out_of_view.txt", "0,0,2,0", "out_of_view.txt: '2'; expected 0 or 1"),
        ("out_of_view.txt", "", "out_of_view.txt: 0 flags; expected 4"),
        ("groundtruth.txt", BOXES + "1,1,2,2", "groundtruth.txt: 5 boxes; expected 4"),
        ("groundtruth.txt", "1,1,2,2\n", "groundtruth.txt: 1 boxes; expected 4"),
    ],
)
def test_wrong_counts_are_named(file: str, text: str, message: str, root: Path) -> None:
    put(root / "bus" / "bus-2" / file, text)
    with pytest.raises(AnnotationError if "flags" in message else DataError, match=message):
        LASOT.read_one(root, "bus-2")


def test_a_frame_missing_in_the_middle_is_named(root: Path) -> None:
    (root / "bus" / "bus-2" / "img" / "00000002.jpg").unlink()
    with pytest.raises(DataError, match=r"4 boxes; expected 3, .*no frame 2 before 00000003.jpg"):
        LASOT.read_one(root, "bus-2")


def test_a_name_twice_is_named(root: Path) -> None:
    made(root / "bus-2")
    with pytest.raises(DataError, match=r"bus-2: .* has this name too"):
        LASOT.names(root)


def test_without_flags_it_may_be_another(tmp_path: Path) -> None:
    made(tmp_path / "bus-2", hidden=None, outside=None)
    with pytest.raises(UsageError, match="laid out as lasot or vot; say which with --format"):
        open_layout(tmp_path)
    assert LASOT.read_one(tmp_path, "bus-2").tracks[0].boxes[0].tolist() == [0, 0, 10, 8]


def test_links_in_a_circle_do_no_harm(root: Path) -> None:
    (root / "bus" / "bus-3").symlink_to(root / "bus")
    (root / "up").symlink_to(root)
    (root / "self").symlink_to(root / "self")
    assert open_layout(root).names(root) == ["airplane-1", "airplane-10", "bus-2"]


def test_published_readers_read_it(tmp_path: Path) -> None:
    """got10k's class cannot be made in 0.1.3 (its own arguments differ); its reading part works."""
    lasot = pytest.importorskip("got10k.datasets.lasot", reason="got10k is not installed").LaSOT
    made_up = made_sequence(5, size=(64, 48))
    boxes = made_up.tracks[0].boxes.round()
    boxes[2] = np.nan
    track = Track(0, "bus", boxes, np.zeros(5, np.bool_), np.arange(5) == 2)
    LASOT.write([Sequence("bus-2", made_up.frames, (track,))], tmp_path)
    reader = object.__new__(lasot)
    reader.seq_names, reader.return_meta = ["bus-2"], True
    reader.seq_dirs = [str(tmp_path / "bus" / "bus-2" / "img")]
    reader.anno_files = [str(tmp_path / "bus" / "bus-2" / "groundtruth.txt")]
    files, rows, meta = reader["bus-2"]
    assert len(files) == len(rows) == 5
    np.testing.assert_array_equal(rows[0], boxes[0] + np.array([1, 1, 0, 0]))
    assert meta["full_occlusion"].tolist() == [0, 0, 1, 0, 0]
    assert meta["out_of_view"].tolist() == [0] * 5


def test_absence_and_class_come_back(tmp_path: Path) -> None:
    made_up = made_sequence(5, size=(64, 48))
    boxes = made_up.tracks[0].boxes.round()
    boxes[2:4] = np.nan
    track = Track(0, "bus", boxes, np.zeros(5, np.bool_), np.arange(5) == 2)
    LASOT.write([Sequence("bus-2", made_up.frames, (track,))], tmp_path)
    read = LASOT.read_one(tmp_path, "bus-2").tracks[0]
    np.testing.assert_array_equal(read.boxes, boxes)
    assert (read.class_name, np.flatnonzero(read.occluded).tolist()) == ("bus", [2])


def test_real_folders_of_that_kind_ask(shared_data: Path) -> None:
    root = shared_data / "research-only" / "tass"
    with pytest.raises(UsageError, match="lasot or vot"):
        open_layout(root)
    assert sum(len(sequence.frames) for sequence in LASOT.read(root)) == sum(
        len(sequence.frames) for sequence in LAYOUTS["vot"].read(root)
    )
