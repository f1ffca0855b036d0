"""Where a warp moves the object, and how far grey levels may go."""

import numpy as np
import pytest

from tirdata.types import Frame
from tracking.training.config import STANDARD_AUGMENT, Augment
from tracking.training.transforms import Warp, corner, draw_warp, photometric, warp

STORED, SIZE = 351, 255


def _dot(sigma: float = 6.0) -> Frame:
    """A warm dot in the middle of a stored crop."""
    offsets = np.arange(STORED) - (STORED - 1) / 2
    bell = np.exp(-(offsets**2) / (2 * sigma**2))
    dot: Frame = np.rint(250 * np.outer(bell, bell)).astype(np.uint8)
    return dot


def _moments(image: Frame) -> tuple[float, float, float]:
    """Centroid (x, y) from the image's middle, and the spread along x."""
    weights = image.astype(float)
    rows, columns = np.indices(image.shape) - (image.shape[0] - 1) / 2
    x, y = (weights * columns).sum() / weights.sum(), (weights * rows).sum() / weights.sum()
    spread = np.sqrt((weights * (columns - x) ** 2).sum() / weights.sum())
    return float(x), float(y), float(spread)


@pytest.mark.parametrize(
    "how",
    [
        Warp(),
        Warp(40, 0),
        Warp(0, -25.5),
        Warp(-33.25, 12.75),
        Warp(scale=1.08),
        Warp(10.4, -20.6, 0.926),
    ],
    ids=str,
)
def test_the_object_goes_where_the_warp_says(how: Warp) -> None:
    moved = warp(_dot(), SIZE, how)
    assert moved.shape == (SIZE, SIZE)
    x, y, spread = _moments(moved)
    assert (x, y) == pytest.approx((how.dx, how.dy), abs=0.1)
    assert spread == pytest.approx(6 * how.scale, rel=0.02)


def test_no_warp_is_the_middle_of_the_stored_crop_untouched() -> None:
    stored = np.random.default_rng(0).integers(0, 256, (STORED, STORED), np.uint8)
    np.testing.assert_array_equal(warp(stored, SIZE, Warp()), stored[48:303, 48:303])


def test_warps_stay_within_their_bounds_and_use_them() -> None:
    rng = np.random.default_rng(0)
    augment = Augment(shift=40, scale=0.08)
    warps = np.array([draw_warp(rng, augment) for _ in range(500)])
    assert np.abs(warps[:, :2]).max() <= 40
    assert np.abs(warps[:, :2]).max() > 36
    assert warps[:, 2].max() <= 1.08
    assert warps[:, 2].min() >= 1 / 1.08
    assert (warps[:, 2].max(), warps[:, 2].min()) == pytest.approx((1.08, 1 / 1.08), abs=0.005)
    assert draw_warp(rng, Augment()) == Warp()


def test_corners_are_the_four_quadrants_enlarged() -> None:
    crop = np.zeros((SIZE, SIZE), np.uint8)
    crop[:127, :127], crop[:127, 128:], crop[128:, :127], crop[128:, 128:] = 40, 80, 120, 160
    for quadrant, grey in enumerate((40, 80, 120, 160)):
        part = corner(crop, quadrant)
        assert part.shape == (SIZE, SIZE)
        assert (part == grey).all()


@pytest.mark.parametrize("quadrant", range(4))
@pytest.mark.parametrize("size", [SIZE, 191])
def test_corners_do_not_hold_the_middle(size: int, quadrant: int) -> None:
    crop = np.zeros((size, size), np.uint8)
    crop[size // 2, size // 2] = 255
    assert corner(crop, quadrant).max() == 0


def test_without_augmentation_grey_levels_stay() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)
    np.testing.assert_array_equal(photometric(crop, np.random.default_rng(1), Augment()), crop)


def test_contrast_and_brightness_stay_within_their_bounds() -> None:
    ramp = np.tile(np.linspace(110, 140, 32), (32, 1)).astype(np.uint8)
    gains, shifts = [], []
    for seed in range(200):
        changed = photometric(ramp, np.random.default_rng(seed), Augment(contrast=0.3))
        gain, offset = np.polyfit(ramp.ravel().astype(float), changed.ravel().astype(float), 1)
        gains.append(gain)
        shifts.append(offset + gain * ramp.mean() - ramp.mean())
    assert 0.68 <= min(gains) < 0.8
    assert 1.2 < max(gains) <= 1.32
    assert np.abs(shifts).max() <= 64 * 0.3 + 0.5
    assert np.abs(shifts).max() > 15


def test_noise_stays_below_its_bound_and_has_no_bias() -> None:
    grey = np.full((128, 128), 128, np.uint8)
    made = [photometric(grey, np.random.default_rng(seed), Augment(noise=4)) for seed in range(40)]
    levels = [float(image.std()) for image in made]
    assert max(levels) <= 4.2
    assert max(levels) > 3
    assert abs(np.mean(made) - 128) < 0.1


def test_the_share_of_blurred_crops_is_kept() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    rng = np.random.default_rng(1)
    blurred = [
        photometric(crop, rng, Augment(blur=0.25)).std() < 0.9 * crop.std() for _ in range(400)
    ]
    assert np.mean(blurred) == pytest.approx(0.25, abs=0.06)


def test_the_standard_changes_stay_in_8_bits() -> None:
    crop = np.array([[0, 255], [255, 0]], np.uint8).repeat(16, 0).repeat(16, 1)
    for seed in range(20):
        changed = photometric(crop, np.random.default_rng(seed), STANDARD_AUGMENT)
        assert changed.dtype == np.uint8
        # a value that wrapped around would turn the dark squares bright
        assert changed[:12, :12].mean() < changed[:12, 20:].mean()
