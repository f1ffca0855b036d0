"""Result files of VOT: codes, regions, times, and what is wrong in them."""

from pathlib import Path

import numpy as np
import pytest

from tirdata.errors import DataError
from tracking.evaluation.supervised.result_file import (
    parse_vot_result,
    read_vot_result,
    read_vot_times,
    vot_result_text,
)


def test_codes_and_rectangles() -> None:
    found = parse_vot_result(["1", "10,20,30.5,40", "2", "0", "1"], "x")
    assert found.states is not None
    assert found.states.tolist() == [1, -1, 2, 0, 1]
    np.testing.assert_array_equal(found.rows[1], [10, 20, 30.5, 40])
    assert np.isnan(found.rows[[0, 2, 3, 4]]).all()


def test_corners_make_all_rows_corners() -> None:
    found = parse_vot_result(["1", "1,2,3,4,5,6,7,8", "10,20,30,40", "0,0,4,0,4,4"], "x")
    assert found.rows.shape == (4, 8)
    np.testing.assert_array_equal(found.rows[2], [10, 20, 40, 20, 40, 60, 10, 60])
    np.testing.assert_array_equal(found.rows[3], [0, 0, 4, 0, 4, 4, 4, 4])


@pytest.mark.parametrize("line", ["1 2 3 4", "1;2;3;4", "1\t2\t3\t4", " 1, 2, 3, 4 ", "1,2,3,4,"])
def test_other_separators(line: str) -> None:
    np.testing.assert_array_equal(parse_vot_result([line], "x").rows, [[1, 2, 3, 4]])


@pytest.mark.parametrize("line", ["nan", "NaN,NaN,NaN,NaN", "1,2,nan,4"])
def test_nan_is_not_asked(line: str) -> None:
    found = parse_vot_result(["1", line], "x")
    assert found.states is not None
    assert found.states.tolist() == [1, 0]
    assert np.isnan(found.rows).all()


@pytest.mark.parametrize("line", ["3", "-1", "1,2", "a,b,c,d", "1,2,3,inf", "", "1,2,3,4,5"])
def test_what_is_neither_code_nor_region_is_named(line: str) -> None:
    with pytest.raises(DataError, match=r"x: line 2: .*; expected a code"):
        parse_vot_result(["1", line], "x")


def test_written_and_read_again(tmp_path: Path) -> None:
    text = "1\n10,20,30.5,40\n2\n0\n0\n0\n0\n1\n-3.25,4,5,6\n"
    path = tmp_path / "a_001.txt"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert vot_result_text(read_vot_result(path)) == text


def test_no_file_and_an_empty_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_vot_result(tmp_path / "a_001.txt")
    (tmp_path / "a_001.txt").write_text("\n")
    with pytest.raises(DataError, match="empty"):
        read_vot_result(tmp_path / "a_001.txt")


def test_times_of_a_repetition(tmp_path: Path) -> None:
    path = tmp_path / "a_time.txt"
    path.write_text("0.2,0.3,0\n0.1,0.1,0\n0,0.2,0\n")
    np.testing.assert_array_equal(read_vot_times(path, 0), [0.2, 0.1, np.nan])
    np.testing.assert_array_equal(read_vot_times(path, 1), [0.3, 0.1, 0.2])
    with pytest.raises(DataError, match="no column 4"):
        read_vot_times(path, 3)
