"""The ways of GOT-10k that are its own, and its toolkit as a reader of what we write."""

from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.errors import AnnotationError, DataError
from tirdata.layouts import LAYOUTS
from tirdata.types import Sequence, Track

GOT10K = LAYOUTS["got10k"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = made_sequence(5, name="warm")
    boxes = made.tracks[0].boxes.copy()
    boxes[2] = np.nan
    boxes[4, 0] = -3
    track = Track(0, "bird", boxes, made.tracks[0].generated, np.arange(5) == 1)
    folder = tmp_path / "val"
    GOT10K.write([Sequence("warm", made.frames, (track,))], folder)
    return folder


def test_labels_say_absent_hidden_and_cut(root: Path) -> None:
    labels = {
        name: (root / "warm" / f"{name}.label").read_text().split()
        for name in ("absence", "cover", "cut_by_image")
    }
    assert labels == {
        "absence": ["0", "0", "1", "0", "0"],
        "cover": ["8", "4", "0", "8", "8"],
        "cut_by_image": ["0", "0", "0", "0", "1"],
    }


def test_class_and_occlusion_come_back(root: Path) -> None:
    track = GOT10K.read_one(root, "warm").tracks[0]
    assert track.class_name == "bird"
    assert track.occluded.tolist() == [False, True, False, False, False]


def test_the_published_toolkit_reads_it(root: Path) -> None:
    got10k = pytest.importorskip("got10k.datasets.got10k", reason="got10k is not installed")
    files, boxes, meta = got10k.GOT10k(str(root.parent), "val", return_meta=True)["warm"]
    assert len(files) == len(boxes) == 5
    np.testing.assert_allclose(
        boxes[0], GOT10K.read_one(root, "warm").tracks[0].boxes[0], atol=1e-4
    )
    assert meta["resolution"] == "(160, 128)"
    assert meta["absence"].tolist() == [0, 0, 1, 0, 0]


def test_bare_boxes_are_enough(root: Path) -> None:
    for name in ("absence.label", "cover.label", "cut_by_image.label", "meta_info.ini"):
        (root / "warm" / name).unlink()
    track = GOT10K.read_one(root, "warm").tracks[0]
    assert track.class_name == "object"
    assert track.present.tolist() == [True, True, False, True, True]


def test_wrong_counts_are_named(root: Path) -> None:
    (root / "warm" / "cover.label").write_text("8\n8\n")
    with pytest.raises(AnnotationError, match=r"cover.label: 2 labels; expected 5"):
        GOT10K.read_one(root, "warm")
    (root / "warm" / "groundtruth.txt").write_text("1,1,4,4\n")
    with pytest.raises(DataError, match=r"groundtruth.txt: 1 boxes; expected 5"):
        GOT10K.read_one(root, "warm")


def test_a_name_listed_twice_is_refused(root: Path) -> None:
    (root / "list.txt").write_text("warm\nwarm\n")
    with pytest.raises(DataError, match="warm stands there twice"):
        GOT10K.names(root)
