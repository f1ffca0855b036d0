"""Curves and numbers, against cases that can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tirdata.types import Boxes
from tracking.evaluation.measures import (
    NORMALISED,
    PRECISION,
    READINGS,
    SUCCESS,
    centre_errors,
    matlab_range,
    normalised_errors,
    normalised_precision_curve,
    precision_curve,
    success_curve,
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
    curve = success_curve(np.ones(4), 4)
    assert curve.tolist() == [1.0] * 20 + [0.0]
    assert READINGS["success"](curve) == pytest.approx(20 / 21)


def test_an_overlap_equal_to_the_threshold_is_a_miss() -> None:
    curve = success_curve(np.array([0.5, 0.75]), 2)
    assert READINGS["success_at_0.5"](curve) == 0.5
    assert READINGS["success_at_0.75"](curve) == 0.0


def test_an_error_equal_to_the_threshold_is_a_hit() -> None:
    curve = precision_curve(np.array([20.0, 20.001]), 2)
    assert READINGS["precision"](curve) == 0.5
    normalised = normalised_precision_curve(np.array([0.2, 0.201]), 2)
    assert READINGS["normalised_precision_at_0.2"](normalised) == 0.5


@pytest.mark.parametrize("curve", [success_curve, precision_curve, normalised_precision_curve])
def test_nan_is_a_miss_at_every_threshold(curve: object) -> None:
    assert callable(curve)
    assert curve(np.array([np.nan, np.nan]), 2).sum() == 0


def test_frames_without_an_answer_stay_in_the_denominator() -> None:
    assert success_curve(np.array([0.9]), 4)[0] == 0.25


def test_errors_are_of_centres() -> None:
    predicted, truth = np.array([[0.0, 0, 10, 20]]), np.array([[3.0, 4, 10, 20]])
    assert centre_errors(predicted, truth).tolist() == [5.0]
    np.testing.assert_allclose(normalised_errors(predicted, truth), np.hypot(0.3, 0.2))


def test_normalised_errors_of_a_box_without_size_are_no_hits() -> None:
    errors = normalised_errors(np.array([[1.0, 1, 4, 4]]), np.array([[0.0, 0, 0, 0]]))
    assert normalised_precision_curve(errors, 1).sum() == 0


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
def test_precision_never_falls_and_success_never_rises(errors: np.ndarray) -> None:
    assert (np.diff(precision_curve(errors, 10)) >= 0).all()
    assert (np.diff(success_curve(errors / 100, 10)) <= 0).all()
