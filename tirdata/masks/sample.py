"""Which frames of which sequences: a sample of a given size, the same for the same seed."""

from collections.abc import Sequence

import numpy as np


def shares(counts: Sequence[int], limit: int, random: np.random.Generator) -> list[int]:
    """How many of ``limit`` each sequence gives: as equal as their lengths allow.

    >>> shares([100, 3, 100], 43, np.random.default_rng(0))
    [20, 3, 20]
    """
    left = min(limit, sum(counts))
    given = np.zeros(len(counts), dtype=int)
    room = np.array(counts, dtype=int)
    while left:
        open_ = np.flatnonzero(room > given)
        each = left // len(open_)
        if each == 0:
            given[random.permutation(open_)[:left]] += 1
            break
        more = np.minimum(room[open_] - given[open_], each)
        given[open_] += more
        left -= int(more.sum())
    return [int(number) for number in given]


def spread(frames: Sequence[int], count: int, random: np.random.Generator) -> list[int]:
    """``count`` of ``frames``, evenly spaced from a random start.

    >>> spread(range(10), 5, np.random.default_rng(0))
    [1, 3, 5, 7, 9]
    """
    step = len(frames) / max(count, 1)
    start = random.uniform(0, step)
    return [frames[int(start + step * index)] for index in range(count)]
