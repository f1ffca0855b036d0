"""Pure functions on boxes that have no better place to be tested."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tirdata.geometry import share_covered

sides = st.integers(1, 12)
corners = st.integers(-3, 20)
rows = st.tuples(corners, corners, sides, sides)


@given(st.lists(rows, min_size=1, max_size=5), st.lists(rows, max_size=6))
def test_share_covered_is_what_counting_pixels_says(
    boxes: list[tuple[int, ...]], regions: list[tuple[int, ...]]
) -> None:
    plane = np.zeros((40, 40), bool)
    for x, y, w, h in regions:
        plane[y + 4 : y + 4 + h, x + 4 : x + 4 + w] = True
    counted = [plane[y + 4 : y + 4 + h, x + 4 : x + 4 + w].mean() for x, y, w, h in boxes]
    shares = share_covered(np.array(boxes, float), np.array(regions, float).reshape(-1, 4))
    np.testing.assert_allclose(shares, counted, atol=1e-12)


def test_an_absent_box_has_no_share() -> None:
    boxes = np.array([[0.5, 0, 1, 1], [np.nan] * 4])
    np.testing.assert_array_equal(share_covered(boxes, np.array([[0.0, 0, 1, 5]])), [0.5, np.nan])
    np.testing.assert_array_equal(share_covered(boxes, np.zeros((0, 4))), [0, np.nan])
