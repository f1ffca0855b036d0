"""Boxes as text: every separator there is, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tirdata.errors import AnnotationError
from tirdata.layouts.text import read_boxes, read_rows, write_boxes
from tirdata.types import Boxes


def _file(folder: Path, text: str) -> Path:
    path = folder / "boxes.txt"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "3,4,5,6\n7,8,9,10\n",
        "3\t4\t5\t6\n7\t8\t9\t10",
        "3 4 5 6\n7   8 9 10\n\n\n",
        "3, 4, 5, 6\r\n7, 8, 9, 10\r\n",
        "\ufeff3;4;5;6\n7;8;9;10\n",
        "3.00,4.00,5e0,6.\n7,8,9,10,\n",
    ],
    ids=["comma", "tab", "space", "crlf", "mark and semicolon", "decimals and last comma"],
)
def test_every_separator_gives_the_same(tmp_path: Path, text: str) -> None:
    boxes = read_boxes(_file(tmp_path, text), origin=1)
    np.testing.assert_array_equal(boxes, [[2, 3, 5, 6], [6, 7, 9, 10]])


@pytest.mark.parametrize(
    "line", ["nan", "nan,nan,nan,nan", "NaN NaN NaN NaN", "0,0,0,0", "5,5,0,3"]
)
def test_absent_objects_are_nan_rows(tmp_path: Path, line: str) -> None:
    boxes = read_boxes(_file(tmp_path, f"3,4,5,6\n{line}\n"), origin=0)
    assert np.isnan(boxes[1]).all()
    assert not np.isnan(boxes[0]).any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3,4,5,6\n1,2,3\n", r"line 2: '1,2,3'; expected 4 numbers"),
        ("3,4,5,6\n1,2,3,4,5,6,7,8\n", r"line 2: .*expected 4 numbers"),
        ("x,y,w,h\n3,4,5,6\n", r"line 1: 'x,y,w,h'"),
        ("3,4,5,6\n\n3,4,5,6\n", r"line 2: ''"),
        ("3,4,inf,6\n", r"line 1"),
        ("3,nan,5,6\n", r"line 1: nan beside numbers"),
        ("", r"empty"),
        ("\n\n", r"empty"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read_boxes(_file(tmp_path, text), origin=0)


def test_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.txt"
    path.write_bytes(b"\x00\xff\xfe\x81")
    with pytest.raises(AnnotationError, match="not text"):
        read_boxes(path, origin=0)
    with pytest.raises(AnnotationError, match="no such file"):
        read_boxes(tmp_path / "none.txt", origin=0)


def test_rows_keep_what_the_file_says(tmp_path: Path) -> None:
    rows = read_rows(_file(tmp_path, "1,1,0,-3\nnan,2,3,4\n"))
    np.testing.assert_array_equal(rows, [[1, 1, 0, -3], [np.nan, 2, 3, 4]])


_BOXES = arrays(np.float64, (3, 4), elements=st.floats(0.01, 5000).map(lambda v: round(v, 4)))


@given(boxes=_BOXES, origin=st.sampled_from([0, 1]))
def test_written_boxes_read_back(
    tmp_path_factory: pytest.TempPathFactory, boxes: Boxes, origin: int
) -> None:
    boxes[1] = np.nan
    path = tmp_path_factory.mktemp("boxes") / "boxes.txt"
    write_boxes(path, boxes, origin=origin)
    np.testing.assert_allclose(read_boxes(path, origin=origin), boxes, atol=1e-4)
