"""Which frames of which sequences: a sample of a given size, the same for the same seed.

As many frames from every sequence, evenly spaced in it, then a random subset of exactly the number
that was asked for. 44,660 frames of LaSOT's 1,120 training sequences are so 40 from each, 44,800
in all, less 140 drawn by lot.
"""

from collections.abc import Sequence

import numpy as np


def sample(
    known: Sequence[Sequence[int]], limit: int, random: np.random.Generator
) -> list[list[int]]:
    """The chosen frames of each sequence: ``limit`` of ``known`` in all, or all if those are fewer.

    >>> sample([range(100), range(3)], 10, np.random.default_rng(0))
    [[9, 23, 37, 51, 66, 80, 94], [0, 1, 2]]
    """
    each = per_sequence([len(frames) for frames in known], limit)
    chosen = [spread(frames, min(each, len(frames)), random) for frames in known]
    ends = np.cumsum([len(frames) for frames in chosen], dtype=int)
    flat = np.array([frame for frames in chosen for frame in frames], dtype=int)
    kept = np.sort(random.permutation(len(flat))[:limit])
    parts = np.split(flat[kept], np.searchsorted(kept, ends[:-1]))
    return [part.tolist() for part in parts[: len(chosen)]]


def per_sequence(counts: Sequence[int], limit: int) -> int:
    """The fewest frames from each sequence (all of shorter ones) that give ``limit`` together.

    >>> per_sequence([2500] * 1120, 44_660), per_sequence([100, 3], 50), per_sequence([2, 3], 50)
    (40, 47, 3)
    """
    each, left = 0, min(limit, sum(counts))
    lengths = sorted(counts)
    for number, length in enumerate(lengths):
        longer = len(lengths) - number
        if (length - each) * longer >= left:
            return each + -(-left // longer)
        left -= (length - each) * longer
        each = length
    return each


def spread(frames: Sequence[int], count: int, random: np.random.Generator) -> list[int]:
    """``count`` of ``frames``, evenly spaced from a random start.

    >>> spread(range(10), 5, np.random.default_rng(0))
    [1, 3, 5, 7, 9]
    """
    step = len(frames) / max(count, 1)
    start = random.uniform(0, step)
    return [frames[int(start + step * index)] for index in range(count)]
