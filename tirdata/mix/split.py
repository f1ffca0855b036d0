"""Train and validation without leakage: whole recordings, and their duplicates, go to one side.

A recording's side is decided by the seed and its own name alone: by a hash, read as a number from 0
to 1, that is below the share or not. So nothing moves when other recordings are added. Recordings
held together by duplicates stand where the first of them, by another hash, stands; one more
copy moves k of them with a chance of 1 / (k + 1) at most. Where all of a domain would stand on one
side, its group nearest to the border goes to the other.
"""

import hashlib
from collections.abc import Iterable, Mapping

from tirdata.frames.duplicate_index import grouped


def split_groups(groups: Mapping[str, Iterable[str]], share: float, seed: int) -> set[str]:
    """The groups that go to validation, each given with its recordings.

    About ``share`` of them; of two or more, at least one goes to each side.
    """
    if share <= 0 or len(groups) < 2:
        return set()
    ranks = {group: _draw(_leader(members, seed), seed) for group, members in groups.items()}
    held_out = {group for group, rank in ranks.items() if rank < share}
    ranked = sorted(ranks, key=lambda group: (ranks[group], group))
    if not held_out:
        return {ranked[0]}
    return held_out - {ranked[-1]} if len(held_out) == len(ranks) else held_out


def split_together(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each name of the pairs the first, by name, of all that it is held together with."""
    linked = list(pairs)
    names = sorted({name for pair in linked for name in pair})
    number = {name: at for at, name in enumerate(names)}
    groups = grouped(len(names), [(number[one], number[two]) for one, two in linked])
    return {names[each]: names[group[0]] for group in groups for each in group}


def shuffled(keys: Iterable[str], seed: int) -> list[str]:
    """``keys`` in an order that depends on them and the seed alone."""
    return sorted(keys, key=lambda key: _rank(key, seed))


def _leader(recordings: Iterable[str], seed: int) -> str:
    return min(recordings, key=lambda name: (_rank(f"leader:{name}", seed), name))


def _draw(name: str, seed: int) -> float:
    """A number from 0 to 1, less than 1."""
    return int(_rank(name, seed)[:13], 16) / 16**13  # as many bits as a float holds


def _rank(text: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{text}".encode()).hexdigest()
