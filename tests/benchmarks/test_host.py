"""Time without the network: the answers that are given again are those of the first time."""

import pytest

from benchmarks.host import Kept, clip, measure


def test_what_was_said_is_said_again_without_asking() -> None:
    asked: list[int] = []

    def square(number: int) -> int:
        asked.append(number)
        return number**2

    kept = Kept(square)
    assert [kept(number) for number in (3, 4)] == [9, 16]
    for _ in range(2):
        kept.again()
        assert [kept(number) for number in (0, 0)] == [9, 16]
    assert asked == [3, 4]


@pytest.mark.parametrize("shared", [False, True])
def test_a_step_is_measured_without_the_network(shared: bool) -> None:
    took = measure("fast", clip(4), 2, shared)
    assert took.wall > 0
    assert took.cpu > 0


def test_the_clip_is_one_of_the_size_of_the_goal() -> None:
    assert [frame.shape for frame in clip(2)] == [(480, 640)] * 2
