"""An even sample of a series of unknown length."""

from itertools import pairwise

import pytest

from tirdata.frames.samples import Samples


@pytest.mark.parametrize("length", [1, 5, 8, 9, 100, 1001])
@pytest.mark.parametrize("most", [2, 7, 8])
def test_samples_are_evenly_spread_from_the_first_on(length: int, most: int) -> None:
    samples: Samples[int] = Samples(most)
    for item in range(length):
        samples.add(lambda item=item: item)  # type: ignore[misc]
    kept = samples.items
    assert kept[0] == 0
    assert len(kept) == length if length <= most else most / 2 <= len(kept) <= most
    assert len({later - earlier for earlier, later in pairwise(kept)}) <= 1
    if length > most:
        assert length - kept[-1] <= kept[1] - kept[0]


def test_what_is_not_kept_is_never_made() -> None:
    samples: Samples[int] = Samples(4)
    made: list[int] = []

    def make() -> int:
        made.append(0)
        return 0

    for _ in range(64):
        samples.add(make)
    assert len(made) < 16
