"""A sample of frames: exact in number, even, decided by the seed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tirdata.masks.sample import per_sequence, sample, spread


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=20), st.integers(1, 400), st.integers(0, 9)
)
def test_a_sample_is_exact_known_and_as_equal_as_can_be(
    counts: list[int], limit: int, seed: int
) -> None:
    known = [[7 * index for index in range(count)] for count in counts]
    chosen = sample(known, limit, np.random.default_rng(seed))
    assert sum(map(len, chosen)) == min(limit, sum(counts))
    each = per_sequence(counts, limit)
    assert sum(min(count, each) for count in counts) >= min(limit, sum(counts))
    assert not each or sum(min(count, each - 1) for count in counts) < limit
    for frames, there in zip(chosen, known, strict=True):
        assert frames == sorted(set(frames))
        assert set(frames) <= set(there)
        assert len(frames) <= each


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


def test_no_room_is_no_frame() -> None:
    assert sample([[], []], 5, np.random.default_rng(0)) == [[], []]
    assert sample([], 5, np.random.default_rng(0)) == []
    assert spread([], 0, np.random.default_rng(0)) == []


def test_the_paper_s_sample_is_forty_of_each_sequence_less_a_lot() -> None:
    chosen = sample([range(2500)] * 1120, 44_660, np.random.default_rng(3))
    assert sum(map(len, chosen)) == 44_660
    assert per_sequence([2500] * 1120, 44_660) == 40
    assert max(map(len, chosen)) == 40
