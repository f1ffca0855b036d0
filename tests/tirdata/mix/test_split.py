"""No recording on both sides, whatever the recordings."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tirdata.mix.split import shuffled, split_groups

GROUPS = st.lists(st.text(max_size=8), max_size=30)
SHARES = st.floats(0, 0.99)
SEEDS = st.integers(0, 2**32)


@given(GROUPS, SHARES, SEEDS)
def test_both_sides_hold_something_and_the_share_is_kept(
    groups: list[str], share: float, seed: int
) -> None:
    held_out = split_groups(groups, share, seed)
    all_of_them = set(groups)
    assert held_out <= all_of_them
    if len(all_of_them) < 2 or share == 0:
        assert not held_out
    else:
        assert 1 <= len(held_out) < len(all_of_them)
        assert abs(len(held_out) - share * len(all_of_them)) <= 1


@given(GROUPS, SHARES, SEEDS, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(
    groups: list[str], share: float, seed: int, random: Random
) -> None:
    again = groups + groups[:3]
    random.shuffle(again)
    assert split_groups(again, share, seed) == split_groups(groups, share, seed)


@given(GROUPS, st.text(max_size=8), SHARES, SEEDS)
def test_one_more_recording_moves_at_most_one_other(
    groups: list[str], more: str, share: float, seed: int
) -> None:
    before = split_groups(groups, share, seed)
    after = split_groups([*groups, more], share, seed)
    assert len((before ^ after) - {more}) <= 1


def test_the_seed_decides() -> None:
    groups = [str(number) for number in range(50)]
    assert split_groups(groups, 0.2, 0) != split_groups(groups, 0.2, 1)
    assert shuffled(groups, 0) != shuffled(groups, 1)


@given(GROUPS, SEEDS)
def test_shuffling_keeps_everything(groups: list[str], seed: int) -> None:
    assert sorted(shuffled(groups, seed)) == sorted(groups)
    assert shuffled(reversed(groups), seed) == shuffled(groups, seed)
