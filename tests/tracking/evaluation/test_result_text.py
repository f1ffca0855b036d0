"""The text of result files: every way of writing boxes down, and what is none."""

from pathlib import Path

import numpy as np
import pytest

from tirdata.errors import DataError
from tracking.evaluation.result_text import (
    ANSWERED,
    FAILED,
    SKIPPED,
    STARTED,
    parse_answer,
    read_answer,
)

NAN = float("nan")


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3,4\n5,6,7,8.5\n",
        "1\t2\t3\t4\r\n5\t6\t7\t8.5\r\n",
        "1 2 3 4\n  5   6 7 8.5\n\n\n",
        "1;2;3;4\n5;6;7;8.5",
        "1, 2, 3, 4,\n5, 6, 7, 8.5,\n",
        "[1, 2, 3, 4]\n[5, 6, 7, 8.5]\n",
        "1.0e+00,2.0e+00,3.0e+00,4.0e+00\n5e0,6e0,7e0,85e-1\n",
    ],
)
def test_separators_and_line_ends(text: str) -> None:
    answer = parse_answer(text, "x")
    assert answer.rows.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8.5]]
    assert (answer.states, answer.notes) == (None, ())


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("x,y,w,h\n1,2,3,4\n", "1 lines before the first box passed over"),
        ("# of ECO\n\n1,2,3,4\n", "2 lines before the first box passed over"),
        ("1 1 2 3 4\n", "frame numbers before the boxes passed over"),
        ("1 2 3 4 0.5\n", "scores behind the boxes passed over"),
    ],
)
def test_what_is_passed_over_is_noted(text: str, note: str) -> None:
    answer = parse_answer(text, "x")
    assert answer.rows.tolist() == [[1, 2, 3, 4]]
    assert answer.notes == (note,)


def test_nothing_may_be_said_in_several_ways() -> None:
    rows = parse_answer("1,2,3,4\nnan\nNaN,NaN,NaN,NaN\nNone\n1,2,nan,4\n", "x").rows
    np.testing.assert_array_equal(
        rows, [[1, 2, 3, 4], [NAN] * 4, [NAN] * 4, [NAN] * 4, [1, 2, NAN, 4]]
    )


def test_empty_lines_are_frames_only_where_these_fill_up() -> None:
    text = "1,2,3,4\n\n5,6,7,8\n"
    filled = parse_answer(text, "x", frames=3)
    assert np.isnan(filled.rows[:, 0]).tolist() == [False, True, False]
    assert filled.notes == ("1 empty lines taken as no answer",)
    passed = parse_answer(text, "x", frames=2)
    assert len(passed.rows) == 2
    assert passed.notes == ("1 empty lines passed over",)


def test_corners_and_boxes_in_one_file_are_corners() -> None:
    rows = parse_answer("0 0 2 0 2 1 0 1\n5 6 2 1\n", "x").rows
    assert rows.tolist() == [[0, 0, 2, 0, 2, 1, 0, 1], [5, 6, 7, 6, 7, 7, 5, 7]]


def test_codes_of_vot_are_states_and_a_region_of_nan_was_not_asked() -> None:
    answer = parse_answer("1\n1,2,3,4\nnan,nan,nan,nan\n2\n0\n1\n5,6,7,8,9,1,2,3\n", "x")
    assert answer.states is not None
    assert answer.states.tolist() == [
        STARTED, ANSWERED, SKIPPED, FAILED, SKIPPED, STARTED, ANSWERED,
    ]  # fmt: skip
    assert np.isnan(answer.rows).all(axis=1).tolist() == [True, False, True, True, True, True,
                                                          False]  # fmt: skip
    assert answer.rows[1].tolist() == [1, 2, 4, 2, 4, 6, 1, 6]
    assert answer.rows[6].tolist() == [5, 6, 7, 8, 9, 1, 2, 3]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x.txt: empty"),
        (b"1,2,3,4\n1,2,3\n", r"x.txt: line 2: '1,2,3' \(3 words\); expected 4 numbers"),
        (b"1,2,3,4\n1,2,x,4\n", "x.txt: line 2: '1,2,x,4'"),
        (b"1,2,inf,4\n", "x.txt: line 1"),
        (b"1,2,3,4\n7\n", r"x.txt: line 2: '7'"),
        (b"1 2 3 4 5 6\n", r"\(6 words\)"),
        (b"\x89PNG\0\0", "not text"),
    ],
)
def test_what_is_no_result_is_named(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "x.txt").write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_answer(tmp_path / "x.txt")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_number(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.txt").write_text("1,2,3,4\r\n", encoding=encoding)
    assert read_answer(tmp_path / "x.txt").rows.tolist() == [[1, 2, 3, 4]]
