"""Challenge attributes: the real files of GTOT, RGBT234 and LasHeR, wrong ones, and writing."""

import tarfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made_layouts import made_pair, put
from tirdata.errors import DataError
from tirdata.layouts import LAYOUTS
from tirdata.layouts.attributes import (
    COLUMNS,
    GTOT,
    LASHER,
    RGBT234,
    read_gtot_attributes,
    read_lasher_attributes,
    read_rgbt234_attributes,
    write_gtot_attributes,
    write_rgbt234_attributes,
)
from tirdata.layouts.losses import lost
from tirdata.layouts.mat_file import read_columns, write_columns

TWO = {"Otcbvs1": frozenset({"occlusion", "low resolution"}), "tunnel": frozenset[str]()}


def _unpacked(archive: Path, folder: str, to: Path) -> Path:
    """The folder of that name, wherever it stands in the archive."""
    with tarfile.open(archive) as tar:
        wanted = [each for each in tar if folder in Path(each.name).parts[:-1]]
        tar.extractall(to, wanted, filter="data")
    (found,) = {path.parent for path in to.rglob("*") if path.is_file()}
    return found


def _counts(found: list[frozenset[str]]) -> Counter[str]:
    return Counter(attribute for each in found for attribute in each)


def test_real_attributes_of_gtot(shared_data: Path, tmp_path: Path) -> None:
    archive = shared_data / "eval" / "gtot" / "results.tar.xz"
    folder = _unpacked(archive, "sequencesAttr", tmp_path)
    found = read_gtot_attributes(folder / "AttrMat.mat")
    assert len(found) == 50
    assert "occlusion" in found["OccCar-1"]
    counts = _counts([*found.values()])
    assert {letters: counts[name] for letters, name in GTOT.items()} == {
        "OCC": 26, "LSV": 28, "FM": 14, "LI": 27, "TC": 31, "SO": 28, "DEF": 22,
    }  # fmt: skip
    older = read_gtot_attributes(folder / "sequencesAttr.txt")
    assert len(older.keys() & found.keys()) == 43
    agreed = [older[name] - {"high illumination"} == found[name] for name in older if name in found]
    assert sum(agreed) > 20


def test_real_attributes_of_rgbt234(shared_data: Path, tmp_path: Path) -> None:
    archive = shared_data / "eval" / "rgbt234" / "groundtruth.tar.xz"
    found = read_rgbt234_attributes(_unpacked(archive, "attr_txt", tmp_path))
    assert len(found) == 234
    assert "woamn46" in found
    counts = _counts([*found.values()])
    published = {"NO": 41, "PO": 96, "HO": 96, "LI": 63, "LR": 50, "TC": 28, "DEF": 76, "FM": 32,
                 "SC": 120, "MB": 55, "CM": 89, "BC": 54}  # fmt: skip
    assert {letters: counts[name] for letters, name in RGBT234.items()} == published


def test_real_attributes_of_lasher(shared_data: Path, tmp_path: Path) -> None:
    archive = shared_data / "eval" / "lasher" / "gt_and_results.tar.xz"
    found = {
        path.stem: read_lasher_attributes(path)
        for path in _unpacked(archive, "attr", tmp_path).iterdir()
    }
    assert len(found) == 245
    assert found["10runone"] == {
        "partial occlusion", "background clutter", "similar appearance", "camera motion",
        "thermal crossover", "fast motion",
    }  # fmt: skip
    counts = _counts([*found.values()])
    said = {letters: counts[LASHER[letters]] for letters in ("NO", "PO", "AIV", "FL", "OV", "ARC")}
    assert said == {"NO": 33, "PO": 215, "AIV": 7, "FL": 20, "OV": 7, "ARC": 109}


@pytest.mark.parametrize("name", ["gtot", "gtot-boxes", "rgbt210", "rgbt234", "lasher"])
def test_attributes_of_pairs_survive_writing(name: str, tmp_path: Path) -> None:
    layout = LAYOUTS[name]
    said = frozenset({"thermal crossover", "low illumination"})
    pairs = [made_pair(name=f"street{each}") for each in (1, 2)]
    pairs = [replace(each, visible_tracks=each.tracks) for each in pairs]
    pairs[0] = replace(pairs[0], attributes=said | {"rain"})
    layout.write(pairs, tmp_path)
    assert layout.names(tmp_path) == ["street1", "street2"]
    assert layout.read_one(tmp_path, "street1").attributes == said
    assert layout.read_one(tmp_path, "street2").attributes == frozenset()


def test_without_attributes_no_file_of_them_is_written(tmp_path: Path) -> None:
    for name in ("gtot", "rgbt234", "lasher"):
        LAYOUTS[name].write([made_pair(name="street1")], tmp_path / name)
        assert [path.name for path in (tmp_path / name).iterdir()] == ["street1"]


def test_what_has_no_column_is_counted_as_lost() -> None:
    pair = replace(made_pair(name="street1"), attributes=frozenset({"heavy occlusion"}))
    assert "attributes" not in lost(pair, "rgbt234")
    assert lost(pair, "lasher")["attributes"] == 1
    assert lost(pair, "otb")["attributes"] == 1
    assert set(COLUMNS) <= set(LAYOUTS)


def test_wrong_attribute_files_are_named(tmp_path: Path) -> None:
    short = put(tmp_path / "a.txt", "0,1\n")
    with pytest.raises(DataError, match=r"a.txt: 2 columns; expected 19 \(LasHeR\)"):
        read_lasher_attributes(short)
    write_rgbt234_attributes(tmp_path / "attr_txt", TWO)
    put(tmp_path / "attr_txt" / "FM.txt", "1\r\n")
    with pytest.raises(DataError, match=r"FM.txt: 1 flags; expected 2, as many as names in Seq"):
        read_rgbt234_attributes(tmp_path / "attr_txt")
    put(tmp_path / "attr_txt" / "SequencesName.txt", "tunnel\ntunnel\n")
    with pytest.raises(DataError, match="a name stands there twice"):
        read_rgbt234_attributes(tmp_path / "attr_txt")
    wrong = put(tmp_path / "sequencesAttr.txt", "BlackCar\t1 1 1 1 0 0 0 0\nBlueCar 0 2\n")
    with pytest.raises(DataError, match=r"line 2: 'BlueCar 0 2'; expected a name and 8"):
        read_gtot_attributes(wrong)


def test_wrong_mat_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "AttrMat.mat"
    with pytest.raises(DataError, match=r"AttrMat.mat: cannot be read"):
        read_gtot_attributes(path)
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(200))
    with pytest.raises(DataError, match=r"no MAT-file of level 5; .* -v7"):
        read_gtot_attributes(path)
    write_columns(path, {"seqName": ["tunnel"], "OCC": np.array([True])})
    with pytest.raises(DataError, match="no DEF; expected seqName and OCC, LSV"):
        read_gtot_attributes(path)
    write_gtot_attributes(path, TWO)
    whole = path.read_bytes()
    for cut in range(130, len(whole) - 1, 61):
        path.write_bytes(whole[:cut])
        with pytest.raises(DataError, match=r"AttrMat.mat: (broken off|no )"):
            read_gtot_attributes(path)
    flags = np.zeros(3, np.bool_)
    write_columns(path, {"seqName": ["tunnel"], **dict.fromkeys(GTOT, flags)})
    with pytest.raises(DataError, match="OCC has 3 rows; expected 1"):
        read_gtot_attributes(path)


def test_a_mat_file_has_what_was_written(tmp_path: Path) -> None:
    write_columns(tmp_path / "a.mat", {"names": ["ä", "longer one"], "flags": np.array([True])})
    found = read_columns(tmp_path / "a.mat")
    assert found["names"] == ["ä", "longer one"]
    assert [*found["flags"]] == [1.0]


def test_letters_have_one_meaning() -> None:
    for table in (LASHER, RGBT234, GTOT):
        assert len(set(table.values())) == len(table)
