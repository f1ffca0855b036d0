"""Where a change moves the object, and how far grey levels may go."""

import numpy as np
import pytest
import torch
from torch import Tensor

from tirdata.types import Frame
from tracking.training.config import STANDARD_AUGMENT, Augment
from tracking.training.transforms import Change, Warp, draw_greys, draw_warp, make

STORED, SIZE = 351, 255


def _make(stored: Frame, change: Change, size: int = SIZE, seed: int = 0) -> Frame:
    """One crop made."""
    made = make(torch.from_numpy(stored)[None, None], [change], size, [seed])
    assert made.dtype == torch.uint8
    result: Frame = made[0, 0].numpy()
    return result


def _grey(crop: Frame, seed: int, augment: Augment) -> Frame:
    """A crop with random grey levels, as large as it was."""
    change = draw_greys(np.random.default_rng(seed), augment)
    return _make(crop, change, crop.shape[0], seed)


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
def test_the_object_goes_where_the_change_says(how: Warp) -> None:
    x, y, spread = _moments(_make(_dot(), Change(*how)))
    assert (x, y) == pytest.approx((how.dx, how.dy), abs=0.1)
    assert spread == pytest.approx(6 * how.scale, rel=0.02)


def test_no_change_is_the_middle_of_the_stored_crop_untouched() -> None:
    stored = np.random.default_rng(0).integers(0, 256, (STORED, STORED), np.uint8)
    np.testing.assert_array_equal(_make(stored, Change()), stored[48:303, 48:303])


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
    crop = np.zeros((STORED, STORED), np.uint8)
    inner = crop[48:303, 48:303]
    inner[:127, :127], inner[:127, 128:], inner[128:, :127], inner[128:, 128:] = 40, 80, 120, 160
    stored = torch.from_numpy(crop)[None, None].expand(4, -1, -1, -1)
    made = make(stored, [Change(quadrant=number) for number in range(4)], SIZE)
    for part, grey in zip(made, (40, 80, 120, 160), strict=True):
        assert (part == grey).all()


@pytest.mark.parametrize("quadrant", range(4))
@pytest.mark.parametrize("size", [SIZE, 191])
def test_corners_do_not_hold_the_middle(size: int, quadrant: int) -> None:
    crop = np.zeros((size, size), np.uint8)
    crop[size // 2, size // 2] = 255
    assert _make(crop, Change(quadrant=quadrant), size).max() == 0


def test_without_augmentation_grey_levels_stay() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)
    np.testing.assert_array_equal(_grey(crop, 1, Augment()), crop)


def test_contrast_and_brightness_stay_within_their_bounds() -> None:
    ramp = np.tile(np.linspace(110, 140, 32), (32, 1)).astype(np.uint8)
    gains, shifts = [], []
    for seed in range(200):
        changed = _grey(ramp, seed, Augment(contrast=0.3))
        gain, offset = np.polyfit(ramp.ravel().astype(float), changed.ravel().astype(float), 1)
        gains.append(gain)
        shifts.append(offset + gain * ramp.mean() - ramp.mean())
    assert 0.68 <= min(gains) < 0.8
    assert 1.2 < max(gains) <= 1.32
    assert np.abs(shifts).max() <= 64 * 0.3 + 0.5
    assert np.abs(shifts).max() > 15


def test_noise_stays_below_its_bound_and_has_no_bias() -> None:
    grey = np.full((128, 128), 128, np.uint8)
    made = [_grey(grey, seed, Augment(noise=4)) for seed in range(40)]
    levels = [float(image.std()) for image in made]
    assert max(levels) <= 4.2
    assert max(levels) > 3
    assert abs(np.mean(made) - 128) < 0.1


def test_a_fixed_pattern_is_the_same_along_rows_and_columns() -> None:
    grey = np.full((128, 128), 128, np.uint8)
    made = _make(grey, Change(pattern=6.0), 128).astype(float)
    rows, columns = made.mean(axis=1) - 128, made.mean(axis=0) - 128
    assert 3 < rows.std() < 9
    assert 3 < columns.std() < 9
    rest = made - rows[:, None] - columns[None, :]
    assert rest.std() < 0.5  # rounding


def test_the_share_of_blurred_crops_is_kept() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    rng = np.random.default_rng(1)
    changes = [draw_greys(rng, Augment(blur=0.25)) for _ in range(400)]
    stored = torch.from_numpy(crop)[None, None].expand(400, -1, -1, -1)
    spreads = make(stored, changes, 64).float().std(dim=(1, 2, 3)).numpy()
    assert np.mean(spreads < 0.9 * crop.std()) == pytest.approx(0.25, abs=0.06)


def _halves(left: int, right: int) -> Tensor:
    picture = torch.full((1, 1, STORED, STORED), left, dtype=torch.uint8)
    picture[..., STORED // 2 :] = right
    return picture


def test_an_object_is_pasted_before_another_background() -> None:
    stored = torch.full((2, 1, STORED, STORED), 100, dtype=torch.uint8)
    middle = slice(STORED // 2 - 20, STORED // 2 + 21)
    stored[:, :, middle, middle] = 200
    changes = [Change(), Change(dx=30.0, w=41.0, h=41.0)]
    made = make(stored, changes, SIZE, backgrounds=_halves(40, 60)).float()
    plain = made[0, 0]
    assert plain[5, 5] == 100
    pasted = made[1, 0]
    assert pasted[127, 127 + 30] == 200  # the object, moved
    assert pasted[127, 20] != 100
    # as bright as its own background, so that no edge gives the place away
    assert abs(float(pasted.mean() - plain.mean())) < 8


def test_what_is_made_does_not_depend_on_its_neighbours() -> None:
    rng = np.random.default_rng(3)
    stored = torch.from_numpy(rng.integers(0, 256, (4, 1, 64, 64), np.uint8))
    augment = Augment(contrast=0.3, blur=0.5, noise=4, pattern=2)
    changes = [draw_greys(rng, augment)._replace(dx=3.0) for _ in range(4)]
    together = make(stored, changes, 48, [5, 6, 7, 8])
    apart = [make(stored[at : at + 1], changes[at : at + 1], 48, [5 + at]) for at in range(4)]
    assert torch.equal(together, torch.cat(apart))


def test_the_standard_changes_stay_in_8_bits() -> None:
    crop = np.array([[0, 255], [255, 0]], np.uint8).repeat(16, 0).repeat(16, 1)
    for seed in range(20):
        changed = _grey(crop, seed, STANDARD_AUGMENT)
        # a value that wrapped around would turn the dark squares bright
        assert changed[:12, :12].mean() < changed[:12, 20:].mean()
