"""Corners or sizes: what excludes one of the two, on made rows and on all real ones."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirdata.layouts import corners
from tirdata.layouts.text import read_lines, read_rows
from tirdata.types import Boxes

EITHER = np.array([[10.0, 10, 20, 20], [11, 11, 21, 21]])  # near the upper left corner


@pytest.mark.parametrize(
    ("rows", "forms"),
    [
        (EITHER, {"corners", "sizes"}),
        ([*EITHER, [50, 11, 20, 20]], {"sizes"}),  # one row is enough
        ([*EITHER, [0, 0, 0, 0]], {"corners", "sizes"}),  # absent: says nothing
        ([*EITHER, [np.nan] * 4], {"corners", "sizes"}),
        (np.zeros((0, 4)), {"corners", "sizes"}),
    ],
    ids=["both", "order", "zeros", "nan", "none"],
)
def test_numbers_out_of_order_are_no_corners(rows: list[list[float]], forms: set[str]) -> None:
    assert corners.by_order(np.array(rows, np.float64).reshape(-1, 4)) == forms


def test_boxes_beyond_the_frame_are_read_the_wrong_way() -> None:
    far = np.array([[300.0, 200, 340, 240]] * 9)
    assert corners.by_frame(far, (384, 288)) == {"corners"}
    assert corners.by_frame(EITHER, (384, 288)) == corners.FORMS
    assert corners.by_frame(np.array([[270.0, 200, 60, 60]]), (320, 256)) == corners.FORMS
    assert corners.by_frame(far, (100, 100)) == set()


def test_one_box_in_ten_may_leave_the_frame() -> None:
    rows = np.array([[90.0, 10, 20, 20]] * 9 + [[98, 10, 20, 20]])
    assert "sizes" in corners.by_frame(rows, (101, 100))
    assert "sizes" not in corners.by_frame(rows[-5:], (101, 100))


def test_the_starting_box_beside_it_decides() -> None:
    start = np.array([[10.0, 10, 10, 10]])
    assert corners.by_start(EITHER, start) == {"corners"}
    assert corners.by_start(EITHER, EITHER) == {"sizes"}
    assert corners.by_start(EITHER, start + 3) == corners.FORMS  # of the other half
    assert corners.by_start(np.array([[0.0, 0, 9, 9]]), np.array([[0.0, 0, 9, 9]])) == corners.FORMS


@given(
    st.lists(
        st.tuples(st.integers(0, 80), st.integers(0, 60), st.integers(1, 40), st.integers(1, 30)),
        min_size=1, max_size=12,
    ),
    st.booleans(),
)  # fmt: skip
def test_boxes_in_the_frame_are_never_taken_for_the_other_form(
    boxes: list[tuple[int, int, int, int]], beside: bool
) -> None:
    """What is decided is right; what is not decided is asked."""
    sizes = np.array(boxes, np.float64)
    rows: dict[corners.Form, Boxes] = {"sizes": sizes, "corners": corners.to_corners(sizes)}
    for form, numbers in rows.items():
        possible = corners.by_order(numbers) & corners.by_frame(numbers, (120, 90))
        assert form in possible
        if beside:
            possible &= corners.by_start(numbers, sizes)
            assert form in possible
            assert possible == {form} or not numbers[0, :2].any()


def test_boxes_survive_as_corners() -> None:
    boxes = np.array([[3.0, 4, 10, 20], [np.nan] * 4])
    np.testing.assert_array_equal(corners.to_boxes(corners.to_corners(boxes)), boxes)


def test_all_real_files_are_told_apart(shared_data: Path, tmp_path: Path) -> None:
    for name in ("gtot", "rgbt234"):
        archive = shared_data / "eval" / name / "groundtruth.tar.xz"
        with tarfile.open(archive) as tar:
            tar.extractall(tmp_path / name, filter="data")
    halves = sorted((tmp_path / "gtot").rglob("groundTruth_v.txt"))
    assert len(halves) == 50
    assert sum(len(read_rows(path)) for path in halves) == 7850  # as published
    for path in halves:
        for half in (path, path.with_name("groundTruth_i.txt")):
            assert "corners" in corners.by_order(read_rows(half))
        assert corners.by_start(read_rows(path), read_rows(path.parent / "init.txt")) == {"corners"}
    files = sorted((tmp_path / "rgbt234").rglob("visible.txt"))
    assert len(files) == 234
    assert sum(len(read_lines(path)) for path in files) == 116_650  # as published
    assert all(corners.by_order(read_rows(path)) == {"sizes"} for path in files[::6])
