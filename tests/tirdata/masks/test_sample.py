"""A sample of frames: exact in number, even, decided by the seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirdata.masks.sample import shares, spread


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=20), st.integers(1, 400), st.integers(0, 9)
)
def test_shares_are_exact_possible_and_as_equal_as_can_be(
    counts: list[int], limit: int, seed: int
) -> None:
    given_ = shares(counts, limit, np.random.default_rng(seed))
    assert sum(given_) == min(limit, sum(counts))
    assert all(0 <= got <= there for got, there in zip(given_, counts, strict=True))
    short_changed = [got for got, there in zip(given_, counts, strict=True) if got < there]
    if short_changed:
        assert max(given_) - min(short_changed) <= 1


@given(st.integers(1, 60), st.data(), st.integers(0, 9))
def test_spread_frames_are_distinct_sorted_and_even(
    length: int, data: st.DataObject, seed: int
) -> None:
    count = data.draw(st.integers(1, length))
    frames = [3 * index for index in range(length)]
    chosen = spread(frames, count, np.random.default_rng(seed))
    assert len(set(chosen)) == count
    assert chosen == sorted(chosen)
    assert set(chosen) <= set(frames)
    if count > 1:
        gaps = np.diff(chosen) / 3
        assert gaps.max() - gaps.min() <= 1


def test_another_seed_is_another_sample() -> None:
    one, same, other = (spread(range(100), 5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one == same != other


def test_no_room_is_no_share() -> None:
    assert shares([0, 0], 5, np.random.default_rng(0)) == [0, 0]
    assert spread([], 0, np.random.default_rng(0)) == []


@pytest.mark.parametrize("limit", [1, 44_660])
def test_the_paper_s_sample_is_exact(limit: int) -> None:
    assert sum(shares([1000] * 1120, limit, np.random.default_rng(0))) == limit
