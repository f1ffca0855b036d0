"""Boxes as pixels, and masks of either polarity as labels."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirdata.errors import DataError
from tirdata.masks.rectangle import decode, encode, label, mask_of


def boxes(
    *rows: tuple[float, float, float, float],
) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.array(rows, np.float64).reshape(-1, 4)


@pytest.mark.parametrize(
    ("box", "columns", "rows"),
    [
        ((2, 1, 3, 2), (2, 5), (1, 3)),  # whole pixels
        ((2.5, 1.2, 2.0, 1.0), (2, 5), (1, 3)),  # every touched pixel
        ((2, 1, 3.0000001, 2), (2, 5), (1, 3)),  # a rounding error is no pixel
        ((-4, -4, 6, 6), (0, 2), (0, 2)),  # over the edge
        ((8, 6, 9, 9), (8, 10), (6, 8)),
        ((2.2, 1.2, 0.1, 0.1), (2, 3), (1, 2)),  # smaller than a pixel
    ],
)
def test_pixels_that_a_box_touches(
    box: tuple[float, float, float, float], columns: tuple[int, int], rows: tuple[int, int]
) -> None:
    expected = np.zeros((8, 10), dtype=np.bool_)
    expected[slice(*rows), slice(*columns)] = True
    assert np.array_equal(label(boxes(box), (10, 8)), expected)


def test_absent_and_outside_are_nothing_and_several_are_all() -> None:
    nothing = boxes((np.nan, np.nan, np.nan, np.nan), (20, 20, 3, 3), (-9, 0, 3, 3))
    assert not label(nothing, (10, 8)).any()
    assert label(boxes((0, 0, 2, 2), (5, 5, 1, 1)), (10, 8)).sum() == 5


def test_resized_label_has_exact_edges() -> None:
    small = label(boxes((4, 2, 4, 4)), (16, 8), (8, 4))
    assert np.argwhere(small).tolist() == [[1, 2], [1, 3], [2, 2], [2, 3]]


@given(st.lists(st.tuples(*[st.floats(-5, 15)] * 2, *[st.floats(0.1, 15)] * 2), max_size=3))
def test_png_of_either_polarity_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float, float, float]]
) -> None:
    target = label(boxes(*rows), (12, 9))
    path = tmp_path_factory.getbasetemp() / "mask.png"
    for polarity in ("target-white", "target-black"):
        path.write_bytes(encode(mask_of(target, polarity)))
        assert np.array_equal(decode(path, polarity), target)


def test_what_is_no_mask_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    with pytest.raises(DataError, match="cannot be read"):
        decode(path, "target-white")
    for data, message in (
        (b"", "not an 8-bit picture"),
        (b"no png", "not an 8-bit picture"),
        (cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes(), "one channel"),
        (cv2.imencode(".png", np.zeros((4, 4), np.uint16))[1].tobytes(), "not an 8-bit"),
        (encode(np.full((4, 4), 7, np.uint8)), "has the value 7; expected only 0 and 255"),
    ):
        path.write_bytes(data)
        with pytest.raises(DataError, match=message):
            decode(path, "target-white")
