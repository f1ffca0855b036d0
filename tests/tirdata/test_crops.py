"""Crops: how much of the frame they show, where the object lies in them, and what is outside."""

import math

import numpy as np
import pytest

from tirdata.crops import centre, context_side, crop, search_side
from tirdata.types import Box, Frame


def _dot(size: tuple[int, int], at: tuple[float, float], sigma: float = 3.0) -> Frame:
    """A warm dot on black; ``at`` in corner coordinates, so a pixel's centre is at its half."""
    x, y = np.arange(size[0]) + 0.5 - at[0], np.arange(size[1]) + 0.5 - at[1]
    bell = np.exp(-(x[None, :] ** 2 + y[:, None] ** 2) / (2 * sigma**2))
    dot: Frame = np.rint(250 * bell).astype(np.uint8)
    return dot


def _centroid(image: Frame) -> tuple[float, float]:
    weights = image.astype(float)
    rows, columns = np.indices(image.shape) + 0.5
    return (
        float((weights * columns).sum() / weights.sum()),
        float((weights * rows).sum() / weights.sum()),
    )


def test_sides_follow_the_papers_context() -> None:
    assert context_side(10, 10) == 20
    assert context_side(30, 10) == pytest.approx(math.sqrt(50 * 30))
    assert search_side(10, 10) == pytest.approx(20 * 255 / 127)
    assert search_side(10, 10, 191) == pytest.approx(20 * 191 / 127)


def test_the_centre_of_a_box() -> None:
    assert centre(Box(10, 20, 5, 4)) == (12.5, 22)


def test_a_crop_of_its_own_size_is_the_frame() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (64, 80), np.uint8)
    np.testing.assert_array_equal(crop(frame, (40, 32), 32, 32, 0), frame[16:48, 24:56])


@pytest.mark.parametrize("side", [17.3, 40.0, 63.7, 150.0])
@pytest.mark.parametrize("at", [(50.0, 40.0), (50.3, 40.8), (61.75, 33.25)])
def test_the_middle_of_the_crop_is_the_point_asked_for(
    at: tuple[float, float], side: float
) -> None:
    cut = crop(_dot((120, 90), at, sigma=side / 20), at, side, 64, 0)
    assert _centroid(cut) == pytest.approx((32, 32), abs=0.1)


def test_a_point_beside_the_middle_is_as_far_as_the_scale_says() -> None:
    cut = crop(_dot((120, 90), (55.0, 42.0)), (50.0, 45.0), 40, 80, 0)
    assert _centroid(cut) == pytest.approx((40 + 2 * 5, 40 - 2 * 3), abs=0.1)


def test_outside_the_frame_is_the_pad() -> None:
    frame = np.full((40, 60), 200, np.uint8)
    cut = crop(frame, (0, 20), 20, 20, 7)
    assert (cut[:, :9] == 7).all()
    assert (cut[:, 11:] == 200).all()


@pytest.mark.parametrize("at", [(-500, 20), (500, 20), (30, -500), (30, 500), (1e5, 1e5)])
def test_far_outside_all_is_pad(at: tuple[float, float]) -> None:
    assert (crop(np.full((40, 60), 200, np.uint8), at, 25.5, 32, 7) == 7).all()


def test_shrinking_averages() -> None:
    board = (np.indices((128, 128)).sum(axis=0) % 2 * 255).astype(np.uint8)
    cut = crop(board, (64, 64), 100, 20, 0)
    assert np.abs(cut.astype(float) - 127.5).max() < 6


def test_the_kernel_is_bicubic_with_a_of_minus_a_half() -> None:
    frame = np.full((33, 33), 100, np.uint8)
    frame[16, 16] = 200
    cut = crop(frame, (16.5, 16.5), 33, 33 * 8, 100)
    # -0.073 of the impulse; a = -0.75 would give -0.110, bilinear 0
    assert cut.min() - 100.0 == pytest.approx(-7.3, abs=0.8)
