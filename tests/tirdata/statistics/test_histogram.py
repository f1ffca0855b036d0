"""Logarithmic bins: counts add up, quantiles are near the true ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirdata.statistics.histogram import bins_of, merged, quantile, summary

values = st.lists(st.floats(0.07, 100_000), min_size=1, max_size=60)


@given(values, st.sampled_from([0.1, 0.5, 0.9]))
def test_a_quantile_is_within_its_bin_of_the_true_one(given_: list[float], share: float) -> None:
    true = sorted(given_)[int(np.ceil(share * len(given_) - 1e-9)) - 1]
    assert quantile(bins_of(np.array(given_)), share) == pytest.approx(true, rel=0.03)


@given(values, values)
def test_parts_add_up_to_the_whole(one: list[float], other: list[float]) -> None:
    parts = merged([bins_of(np.array(one)), bins_of(np.array(other))])
    assert parts == bins_of(np.array(one + other))
    found = summary(parts)
    assert found.count == sum(found.counts) == len(one) + len(other)
    assert len(found.edges) == len(found.counts) + 1
    assert len(found.counts) <= 25
    assert found.edges[0] <= min(one + other) * 1.0001
    assert found.edges[-1] >= max(one + other) * 0.9999
    assert list(found.edges) == sorted(set(found.edges))


def test_small_large_absent_and_no_values() -> None:
    found = summary(bins_of(np.array([0.0, 0.0001, np.nan, 1e9, 3.0])))
    assert (found.count, found.counts[0], found.edges[0]) == (4, 2, 0.0)
    assert found.median == 0.0
    zeros = summary(bins_of(np.zeros(3)))
    assert (zeros.p90, zeros.edges, zeros.counts) == (0.0, (0.0, 2.0**-10), (3,))
    none = summary(bins_of(np.array([np.nan])))
    assert (none.count, none.median, none.edges, none.counts) == (0, None, (), ())
