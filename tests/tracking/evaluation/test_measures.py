"""Curves and numbers, against cases that can be counted by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tirdata.types import Boxes, Floats
from tracking.evaluation.measures import (
    CURVES,
    GTOT,
    GTOT_PRECISION,
    GTOT_SUCCESS,
    MEASURES,
    NORMALISED,
    OTB,
    PRECISION,
    SUCCESS,
    centre_errors,
    matlab_range,
    normalised_errors,
    share_above,
    share_below,
    share_up_to,
)


def test_thresholds_are_matlabs_to_the_last_bit() -> None:
    # 0:0.05:1 as its documentation says that ranges are built, with 17 digits
    built = [0.0, 0.05, 0.10000000000000001, 0.15000000000000002, 0.20000000000000001, 0.25,
               0.30000000000000004, 0.35000000000000003, 0.40000000000000002,
               0.45000000000000001, 0.5, 0.55000000000000004, 0.59999999999999998,
               0.64999999999999991, 0.69999999999999996, 0.75, 0.80000000000000004,
               0.84999999999999998, 0.90000000000000002, 0.94999999999999996, 1.0]  # fmt: skip
    assert matlab_range(0.05, 1.0).tolist() == built


def test_curves_have_the_toolkits_points() -> None:
    assert [len(points) for points in (SUCCESS, PRECISION, NORMALISED)] == [21, 51, 51]


def test_a_perfect_overlap_is_not_above_one() -> None:
    curve = share_above(np.ones(4), SUCCESS, 4)
    assert curve.tolist() == [1.0] * 20 + [0.0]
    assert OTB["success"].read(curve) == pytest.approx(20 / 21)


def test_an_overlap_equal_to_the_threshold_is_a_miss() -> None:
    curve = share_above(np.array([0.5, 0.75]), SUCCESS, 2)
    assert OTB["success_at_0.5"].read(curve) == 0.5
    assert OTB["success_at_0.75"].read(curve) == 0.0


def test_an_error_equal_to_the_threshold_is_a_hit() -> None:
    curve = share_up_to(np.array([20.0, 20.001]), PRECISION, 2)
    assert OTB["precision"].read(curve) == 0.5
    normalised = share_up_to(np.array([0.2, 0.201]), NORMALISED, 2)
    assert OTB["normalised_precision_at_0.2"].read(normalised) == 0.5


@pytest.mark.parametrize("share", [share_above, share_up_to, share_below])
def test_nan_is_a_miss_at_every_threshold(share: Callable[..., Floats]) -> None:
    assert share(np.array([np.nan, np.nan]), PRECISION, 2).sum() == 0


@given(values=arrays(np.float64, 12, elements=st.integers(0, 50).map(float) | st.just(np.nan)))
def test_shares_are_those_of_comparing_one_by_one(values: Floats) -> None:
    for share, holds in ((share_above, np.greater), (share_up_to, np.less_equal),
                         (share_below, np.less)):  # fmt: skip
        counted = holds(values[:, None], PRECISION).sum(axis=0) / 12
        assert share(values, PRECISION, 12).tolist() == counted.tolist()


def test_gtot_has_strict_errors_and_the_area_of_51_points() -> None:
    errors = share_below(np.array([5.0, 4.999]), GTOT_PRECISION, 2)
    assert GTOT["precision_below_5"].read(errors) == 0.5
    perfect = share_above(np.ones(2), GTOT_SUCCESS, 2)
    assert GTOT["success_area"].read(perfect) == pytest.approx(0.99)  # half of the last step
    assert len(GTOT_SUCCESS) == len(GTOT_PRECISION) == 51
    assert (GTOT_SUCCESS[30], GTOT_PRECISION[10]) == (0.6, 5.0)


def test_every_number_is_explained_and_stands_by_a_curve_that_exists() -> None:
    assert set(OTB) | set(GTOT) <= set(MEASURES)
    assert {each.curve for each in MEASURES.values()} - {None} <= set(CURVES)


def test_frames_without_an_answer_stay_in_the_denominator() -> None:
    assert share_above(np.array([0.9]), SUCCESS, 4)[0] == 0.25


def test_errors_are_of_centres() -> None:
    predicted, truth = np.array([[0.0, 0, 10, 20]]), np.array([[3.0, 4, 10, 20]])
    assert centre_errors(predicted, truth).tolist() == [5.0]
    np.testing.assert_allclose(normalised_errors(predicted, truth), np.hypot(0.3, 0.2))


def test_normalised_errors_of_a_box_without_size_are_no_hits() -> None:
    errors = normalised_errors(np.array([[1.0, 1, 4, 4]]), np.array([[0.0, 0, 0, 0]]))
    assert share_up_to(errors, NORMALISED, 1).sum() == 0


_BOXES = arrays(np.float64, (6, 4), elements=st.floats(0.5, 500))


@given(predicted=_BOXES, truth=_BOXES, shift=st.floats(-100, 100))
def test_where_the_first_pixel_is_does_not_matter(
    predicted: Boxes, truth: Boxes, shift: float
) -> None:
    by = np.array([shift, shift, 0, 0])
    np.testing.assert_allclose(
        centre_errors(predicted + by, truth + by), centre_errors(predicted, truth), atol=1e-6
    )


@given(errors=arrays(np.float64, 10, elements=st.floats(0, 100)))
def test_precision_never_falls_and_success_never_rises(errors: Floats) -> None:
    assert (np.diff(share_up_to(errors, PRECISION, 10)) >= 0).all()
    assert (np.diff(share_above(errors / 100, SUCCESS, 10)) <= 0).all()
