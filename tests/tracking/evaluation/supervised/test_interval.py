"""The interval of lengths: VOT2018's from its lengths, and odd ones."""

import numpy as np
import pytest

from tracking.evaluation.supervised.interval import bandwidth, interval_of_lengths, length_density

# of the 60 sequences of VOT2017 and VOT2018
LENGTHS = [
    41, 61, 63, 76, 100, 105, 113, 118, 120, 129, 131, 131, 138, 140, 147, 151, 156, 158, 160, 164,
    175, 191, 196, 225, 240, 248, 251, 267, 292, 293, 310, 325, 326, 339, 341, 345, 350, 355, 365,
    365, 366, 366, 366, 377, 392, 400, 402, 519, 558, 567, 579, 661, 707, 708, 725, 742, 844, 999,
    1377, 1500,
]  # fmt: skip


def test_vot2018() -> None:
    assert interval_of_lengths(LENGTHS) == (100, 356, 160)


def test_the_order_of_the_lengths_does_not_matter() -> None:
    assert interval_of_lengths(LENGTHS[::-1]) == (100, 356, 160)


def test_half_of_the_mass_is_inside() -> None:
    low, high, peak = interval_of_lengths(LENGTHS)
    density = length_density(np.array(LENGTHS, np.float64))
    assert density.sum() == pytest.approx(1)
    assert density[low - 1 : high].sum() >= 0.5 > density[low - 1 : high - 1].sum()
    assert density.argmax() == peak - 1


def test_the_bandwidth_does_not_depend_on_the_unit() -> None:
    lengths = np.array(LENGTHS, np.float64)
    assert bandwidth(7 * lengths) == pytest.approx(bandwidth(lengths))


@pytest.mark.parametrize("lengths", [[40], [40, 40, 40]])
def test_one_length_is_its_own_interval(lengths: list[int]) -> None:
    assert interval_of_lengths(lengths) == (40, 40, 40)


@pytest.mark.parametrize("lengths", [[10, 12], [5, 5, 6], [1, 1000], [3, 3, 3, 3, 900]])
def test_few_lengths_have_one_too(lengths: list[int]) -> None:
    low, high, peak = interval_of_lengths(lengths)
    assert 1 <= low <= peak <= high <= max(lengths)
