"""Time without the network: the answers that are given again are those of the first time."""

from typing import Any

import pytest

from benchmarks.host import Kept, measure
from benchmarks.track import clip
from tracking.trackers.mmnet_network import Network


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
def test_the_network_computes_each_step_once_in_six_rounds(
    shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    compute = Network.answers

    def counted(network: Network, several: Any, owners: Any, squares: Any) -> Any:  # noqa: ANN401
        asked.append(len(squares))
        return compute(network, several, owners, squares)

    monkeypatch.setattr(Network, "answers", counted)
    took = measure("fast", list(clip(4)), 2, shared)
    assert len(asked) == 4  # the start and three steps
    assert took.wall > 0


def test_the_clip_is_one_of_the_size_of_the_goal() -> None:
    assert [frame.shape for frame in clip(2)] == [(480, 640)] * 2
