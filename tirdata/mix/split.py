"""Train and validation without leakage: whole recordings, and their duplicates, go to one side."""

import hashlib
import math
from collections.abc import Iterable

from tirdata.frames.duplicate_index import grouped


def split_groups(groups: Iterable[str], share: float, seed: int) -> set[str]:
    """The groups that go to validation: ``share`` of them, at least one of two or more.

    The choice depends on the names and the seed alone, and adding a recording later moves at most
    one other.
    """
    ranked = sorted(set(groups), key=lambda group: _rank(group, seed))
    if share <= 0 or len(ranked) < 2:
        return set()
    count = min(max(1, math.floor(share * len(ranked) + 0.5)), len(ranked) - 1)
    return set(ranked[:count])


def split_together(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each name of the pairs the first, by name, of all that it is held together with."""
    linked = list(pairs)
    names = sorted({name for pair in linked for name in pair})
    number = {name: at for at, name in enumerate(names)}
    groups = grouped(len(names), [(number[one], number[two]) for one, two in linked])
    return {names[each]: names[group[0]] for group in groups for each in group}


def _rank(text: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{text}".encode()).hexdigest()


def shuffled(keys: Iterable[str], seed: int) -> list[str]:
    """``keys`` in an order that depends on them and the seed alone."""
    return sorted(keys, key=lambda key: _rank(key, seed))
