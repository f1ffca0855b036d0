"""The ways of LSOTB-TIR and PTB-TIR: attributes, boxes beside the frames or apart."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tests.made_layouts import put, put_pictures, touch_pictures
from tirdata.errors import DataError
from tirdata.layouts import LAYOUTS, open_layout
from tirdata.layouts.attributes import LSOTB_TIR, PTB_TIR
from tirdata.layouts.losses import lost
from tirdata.layouts.text import read_lines, read_rows

LSOTB, OTB = LAYOUTS["lsotb"], LAYOUTS["otb"]
BOXES = "5,6,10,8\n" * 3
AIRPLANE = "0,0,0,0,1,1,1,1,0,0,0,0,0,0,0,1"  # as LSOTB-TIR says it of airplane_H_001


def made(folder: Path, boxes: str | None = BOXES) -> None:
    put_pictures(folder / "img", (f"{number:04d}.jpg" for number in (1, 2, 3)))
    if boxes is not None:
        put(folder / "groundtruth_rect.txt", boxes)


def test_names_of_lsotb_say_the_class(tmp_path: Path) -> None:
    made(tmp_path / "airplane_H_001")
    assert open_layout(tmp_path) is LSOTB
    sequence = LSOTB.read_one(tmp_path, "airplane_H_001")
    assert sequence.tracks[0].class_name == "airplane"
    assert sequence.tracks[0].boxes[0].tolist() == [4, 5, 10, 8]
    assert sequence.attributes == frozenset()


def test_attributes_are_read(tmp_path: Path) -> None:
    made(tmp_path / "airplane_H_001")
    put(tmp_path / "att" / "airplane_H_001.txt", AIRPLANE)
    assert LSOTB.read_one(tmp_path, "airplane_H_001").attributes == {
        "out of view", "scale variation", "fast motion", "motion blur", "hand-held",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("frames", "truths"), [("sequences", "anno"), ("tirsequences", "tiranno"), (".", "anno")]
)
def test_boxes_of_the_toolkit_lie_apart_and_come_first(
    frames: str, truths: str, tmp_path: Path
) -> None:
    made(tmp_path / frames / "street1", "1,1,2,2\n" * 3)
    put(tmp_path / truths / "street1.txt", BOXES)
    put(tmp_path / truths / "att" / "street1.txt", "1,0,1,0,0,0,0,0,0,0\n")
    assert open_layout(tmp_path) is LSOTB
    sequence = LSOTB.read_one(tmp_path, "street1")
    assert sequence.tracks[0].boxes[0].tolist() == [4, 5, 10, 8]
    assert sequence.attributes == {"deformation", "scale variation"}
    assert sequence.tracks[0].class_name == "object"


def test_boxes_without_frames_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made(tmp_path / "sequences" / "street1", None)
    for name in ("street1", "street2", "street3"):
        put(tmp_path / "anno" / f"{name}.txt", BOXES)
    with caplog.at_level(logging.WARNING):
        assert LSOTB.names(tmp_path) == ["street1"]
    assert "2 of 3 have no frames, among them street2" in caplog.text


def test_plain_folders_stay_otb(tmp_path: Path) -> None:
    made(tmp_path / "Jogging")
    assert open_layout(tmp_path) is OTB
    put(tmp_path / "att" / "Jogging.txt", AIRPLANE)
    assert open_layout(tmp_path) is LSOTB


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,0,1\n", "street1.txt: 3 columns; expected 10 .* or 16"),
        ("1,0,x,0,0,0,0,0,0,0\n", "street1.txt: 'x'; expected 0 or 1"),
        ("", "street1.txt: 0 columns"),
    ],
)
def test_wrong_attributes_are_named(text: str, message: str, tmp_path: Path) -> None:
    made(tmp_path / "street1")
    put(tmp_path / "att" / "street1.txt", text)
    with pytest.raises(DataError, match=message):
        LSOTB.read_one(tmp_path, "street1")


def test_attributes_survive_writing(tmp_path: Path) -> None:
    sequence = replace(
        made_sequence(3, size=(64, 48), name="person_S_001"),
        attributes=frozenset({"occlusion", "surveillance"}),
    )
    LSOTB.write([sequence], tmp_path)
    read = open_layout(tmp_path).read_one(tmp_path, "person_S_001")
    assert read.attributes == {"occlusion", "surveillance"}
    assert read.tracks[0].class_name == "person"
    rainy = replace(sequence, attributes=frozenset({"rain", "occlusion"}))
    LSOTB.write([rainy], tmp_path / "rain")
    assert LSOTB.read_one(tmp_path / "rain", "person_S_001").attributes == {"occlusion"}
    assert lost(rainy, "lsotb")["attributes"] == 1


def test_columns_of_ptb_are_among_those_of_lsotb() -> None:
    assert set(PTB_TIR) < set(LSOTB_TIR)
    assert (len(PTB_TIR), len(LSOTB_TIR)) == (10, 16)


def test_counts_that_differ_are_named(tmp_path: Path) -> None:
    made(tmp_path / "dog_D_001", BOXES + "1,1,1,1\n")
    with pytest.raises(DataError, match=r"groundtruth_rect.txt: 4 boxes; expected 3"):
        LSOTB.read_one(tmp_path, "dog_D_001")


def test_the_got10k_toolkit_reads_it(tmp_path: Path) -> None:
    datasets = pytest.importorskip("got10k.datasets.otb", reason="got10k is not installed")
    sequence = made_sequence(4, size=(64, 48), name="Crossing")
    LSOTB.write([sequence], tmp_path)
    files, rows = datasets.OTB(str(tmp_path), "otb2015", download=False)["Crossing"]
    assert len(files) == 4
    np.testing.assert_allclose(rows, sequence.tracks[0].boxes + np.array([1, 1, 0, 0]), atol=1e-4)


def test_real_truth_of_ptb_has_its_counts(shared_data: Path, tmp_path: Path) -> None:
    truths = shared_data / "eval" / "ptbtir" / "tiranno"
    names = sorted(path.stem for path in truths.glob("*.txt"))
    assert len(names) == 60
    assert sum(len(read_lines(truths / f"{name}.txt")) for name in names) == 30_029
    (tmp_path / "tiranno").symlink_to(truths)
    short = [name for name in names if len(read_lines(truths / f"{name}.txt")) < 75]
    for name in short:
        count = len(read_lines(truths / f"{name}.txt"))
        touch_pictures(tmp_path / "tirsequences" / name / "img", count, "{:08d}.jpg")
    assert open_layout(tmp_path) is LSOTB
    sequences = [*LSOTB.read(tmp_path)]
    assert [sequence.name for sequence in sequences] == short
    for sequence in sequences:
        truth = read_rows(truths / f"{sequence.name}.txt")
        np.testing.assert_array_equal(sequence.tracks[0].boxes, truth - [1, 1, 0, 0])
        assert sequence.attributes <= set(PTB_TIR)
        assert sequence.attributes
