"""No recording on both sides, whatever the recordings; and each stays where it is."""

from collections.abc import Mapping
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tirdata.mix.split import shuffled, split_groups

GROUPS = st.dictionaries(
    st.text(max_size=8), st.sets(st.text(max_size=8), min_size=1, max_size=3), max_size=30
)
SHARES = st.floats(0, 0.99)
SEEDS = st.integers(0, 2**32)


def single(count: int) -> dict[str, set[str]]:
    """Groups of one recording each."""
    return {str(number): {str(number)} for number in range(count)}


@given(GROUPS, SHARES, SEEDS)
def test_both_sides_hold_something(groups: Mapping[str, set[str]], share: float, seed: int) -> None:
    held_out = split_groups(groups, share, seed)
    assert held_out <= set(groups)
    if len(groups) < 2 or share == 0:
        assert not held_out
    else:
        assert 1 <= len(held_out) < len(groups)


def test_about_the_share_is_held_out() -> None:
    for share in (0.1, 0.25, 0.5):
        held_out = len(split_groups(single(4000), share, 3))
        assert abs(held_out / 4000 - share) < 0.02


@given(GROUPS, SHARES, SEEDS, st.randoms(use_true_random=False))
def test_order_changes_nothing(
    groups: Mapping[str, set[str]], share: float, seed: int, random: Random
) -> None:
    items = list(groups.items())
    random.shuffle(items)
    assert split_groups(dict(items), share, seed) == split_groups(groups, share, seed)


def test_more_recordings_move_none() -> None:
    for seed in range(20):
        before = split_groups(single(100), 0.2, seed)
        assert split_groups(single(1000), 0.2, seed) & set(single(100)) == before


def test_a_copy_that_comes_in_rarely_moves_its_group() -> None:
    """By a chance of 1 / 4 at most to be the leader, of 2 * 0.2 * 0.8 to stand elsewhere."""
    three = {str(number): {f"{number}{letter}" for letter in "abc"} for number in range(1000)}
    four = {name: {*members, f"{name}d"} for name, members in three.items()}
    moved = split_groups(three, 0.2, 0) ^ split_groups(four, 0.2, 0)
    assert len(moved) < 120


def test_a_larger_group_is_no_more_likely_held_out() -> None:
    large = {str(number): {f"{number}-{each}" for each in range(20)} for number in range(2000)}
    assert abs(len(split_groups(large, 0.2, 0)) - 400) < 60


def test_the_seed_decides() -> None:
    groups = single(50)
    assert split_groups(groups, 0.2, 0) != split_groups(groups, 0.2, 1)
    assert shuffled(groups, 0) != shuffled(groups, 1)


@given(st.lists(st.text(max_size=8), max_size=30), SEEDS)
def test_shuffling_keeps_everything(groups: list[str], seed: int) -> None:
    assert sorted(shuffled(groups, seed)) == sorted(groups)
    assert shuffled(reversed(groups), seed) == shuffled(groups, seed)
