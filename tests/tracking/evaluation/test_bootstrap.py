"""The bootstrap against plain loops, and against made data whose truth is known."""

import numpy as np
import pytest

from tracking.evaluation.bootstrap import (
    FEW_RESAMPLES,
    RESAMPLES,
    by_calls_of,
    draw,
    each_once,
    interval_of,
    mean_of,
    mean_ratio_of,
    median_of,
    sum_of,
)


def test_the_same_draws_come_again_and_every_target_is_equally_likely() -> None:
    draws = draw(7)
    assert draws.picks.shape == (RESAMPLES, 7)
    assert (draws.picks == draw(7).picks).all()
    assert (draws.picks != draw(7, seed=1).picks).any()
    assert draws.counts.sum(axis=1) == pytest.approx(7)
    assert draws.counts.mean(axis=0) == pytest.approx(1, abs=0.05)


def test_means_sums_and_medians_equal_plain_loops() -> None:
    random = np.random.default_rng(3)
    values, weights = random.random(9), random.integers(0, 3, 9).astype(float)
    draws = draw(9, 200)
    for row, pick in enumerate(draws.picks):
        total = sum(weights[index] for index in pick)
        mean = sum(values[index] * weights[index] for index in pick) / total if total else 0.0
        assert mean_of(values, weights)(draws)[row] == pytest.approx(mean)
        assert mean_of(values)(draws)[row] == pytest.approx(np.mean([values[i] for i in pick]))
        assert sum_of(values)(draws)[row] == pytest.approx(sum(values[i] for i in pick))
        assert median_of(values)(draws)[row] == np.median([values[i] for i in pick])


def test_ratios_over_columns_equal_a_plain_loop() -> None:
    random = np.random.default_rng(4)
    sums, weights = random.random((6, 5)), random.integers(0, 2, (6, 5)).astype(float)
    reach, columns = np.array([10.0, 11, 12, 13, 14, 14]), np.arange(10.0, 15)
    draws = draw(6, 100)
    found = mean_ratio_of(sums, weights, reach, columns)(draws)
    for row, pick in enumerate(draws.picks):
        ratios = []
        for column, number in enumerate(columns):
            mass = sum(weights[index, column] for index in pick)
            if mass and number <= max(reach[index] for index in pick):
                ratios.append(sum(sums[index, column] for index in pick) / mass)
        assert found[row] == pytest.approx(np.mean(ratios) if ratios else np.nan, nan_ok=True)


def test_any_score_is_called_with_the_targets_that_are_drawn() -> None:
    draws = draw(4)
    found = by_calls_of(lambda pick: float(sum(pick)))(draws)
    assert found == pytest.approx(draws.picks[:FEW_RESAMPLES].sum(axis=1))


def test_the_sample_itself_gives_its_own_score() -> None:
    values = np.array([0.2, 0.4, 0.9])
    assert mean_of(values)(each_once(3)) == pytest.approx([0.5])
    assert median_of(values)(each_once(3)) == pytest.approx([0.4])


def test_the_interval_holds_the_true_mean_in_about_95_of_100_cases() -> None:
    random = np.random.default_rng(11)
    cases, inside = 300, 0
    for seed in range(cases):
        values = random.beta(2, 1, 60)  # true mean 2/3
        low, high = interval_of(mean_of(values)(draw(60, 500, seed)))
        inside += low <= 2 / 3 <= high
    # three standard deviations of a binomial with 0.95 are 0.038; a percentile interval of 60
    # values is known to be up to a hundredth short
    assert 0.905 <= inside / cases <= 0.985


def test_the_interval_of_a_difference_holds_the_truth_as_often() -> None:
    random = np.random.default_rng(12)
    cases, inside = 300, 0
    for seed in range(cases):
        hard = random.normal(0, 0.2, 60)
        one, other = (hard + random.normal(mean, 0.05, 60) for mean in (0.5, 0.52))
        draws = draw(60, 500, seed)
        low, high = interval_of(mean_of(one)(draws) - mean_of(other)(draws))
        inside += low <= -0.02 <= high
    assert 0.905 <= inside / cases <= 0.985


def test_paired_is_tighter_than_unpaired_where_targets_are_hard_for_all() -> None:
    random = np.random.default_rng(13)
    hard = random.normal(0.5, 0.2, 80)
    one, other = hard + random.normal(0, 0.03, 80), hard + random.normal(0.02, 0.03, 80)
    draws, apart = draw(80), draw(80, seed=1)
    paired = interval_of(mean_of(one)(draws) - mean_of(other)(draws))
    unpaired = interval_of(mean_of(one)(draws) - mean_of(other)(apart))
    assert paired.high - paired.low < 0.3 * (unpaired.high - unpaired.low)
    assert paired.high < 0
    assert unpaired.low < 0 < unpaired.high


def test_resamples_without_a_score_are_left_out() -> None:
    assert interval_of(np.array([0.1, np.nan, 0.1])) == pytest.approx((0.1, 0.1))
