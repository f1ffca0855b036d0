"""Which of many sequences may be duplicates, without comparing each with each.

What changes in a sample is hashed by the signs of fixed projections: alike samples often fall into
one bucket. Two sequences are candidates when their samples meet a few times at one shift in time,
and are looked at closely when one is among the few that the other meets most. So time and memory
grow with the number of sequences, not with its square; of any number they may be read one by one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.engine.base import Engine
from tirdata.frames.duplicates import Clip, Match, match
from tirdata.frames.fingerprint import HEIGHT, STEP_S, WIDTH, Samples

_POOLED = (16, 12)  # cells that are hashed: (width, height)
_TABLES = (16, 32)
_BITS = (15, 24)
_WORK = 2_000_000  # entries in all tables, if that many tables are to be had
_REACH = 32  # entries of one bucket that each entry is paired with
_MOST = 40  # samples of one sequence that are hashed
_KEPT = 256  # sequences whose changes are held at a time
_PARTNERS = 6  # of each sequence, those met most: copies of copies hold together through others
_LOOKS = 500  # pairs that a worker looks at in one go
_HITS = 3  # at one shift in time
_MEETINGS = 1_000_000  # in one table, at most; with more samples the reach is less
_TALLIED = 3_000_000  # votes that are remembered from table to table
_HASHED = 400_000  # samples of all sequences, if that leaves some of each
_FEWEST = 8  # of one sequence
_AT_ONCE = 16_384  # samples that are hashed at a time
_SEED = 20150727

_Ints = NDArray[np.int64]
_Planes = NDArray[np.float32]  # (cells, bits)
_Maps = NDArray[np.float16]  # (n, height, width); there may be many


@dataclass(frozen=True)
class Pairs:
    """Some of the candidates, for one worker."""

    pairs: tuple[tuple[int, int], ...]

    @property
    def name(self) -> str:
        """What to call them in a message."""
        return f"duplicates, pairs from sequence {self.pairs[0][0]} on"


def find_matches(
    samples: Sequence[Samples], engine: Engine | None = None
) -> list[tuple[int, int, Match]]:
    """Every near duplicate among many sequences: (i, j, match), i < j, sorted.

    With an engine, ``samples`` are sent to its workers.
    """
    pairs = candidates(samples)
    if engine is None or len(pairs) <= _LOOKS:
        return look_closely(Pairs(tuple(pairs)), samples=samples)
    items = [Pairs(tuple(pairs[at : at + _LOOKS])) for at in range(0, len(pairs), _LOOKS)]
    found = []
    for outcome in engine.map(partial(look_closely, samples=samples), items):
        found += outcome.unwrap()
    return sorted(found, key=lambda each: each[:2])


def look_closely(which: Pairs, *, samples: Sequence[Samples]) -> list[tuple[int, int, Match]]:
    """Those of the pairs that are near duplicates."""

    @lru_cache(_KEPT)
    def read(number: int) -> Samples:
        return samples[number]

    @lru_cache(_KEPT)
    def clip(number: int, fps: float | None) -> Clip:
        return Clip(read(number).at_rate(fps))

    found = []
    for first, second in which.pairs:
        # Those without a frame rate of their own depend on whom they are compared with.
        one, two = read(first).fps, read(second).fps
        matched = match(clip(first, one or two), clip(second, two or one))
        if matched is not None:
            found.append((first, second, matched))
    return found


def candidates(samples: Sequence[Samples]) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, sorted, that are worth a closer look."""
    owners, steps, maps = _entries(samples)
    if not len(owners):
        return []
    count = len(samples)
    bits = int(np.clip(np.ceil(np.log2(len(owners))) + 3, *_BITS))
    tables = int(np.clip(_WORK // (2 * len(owners)), *_TABLES))
    planes = np.random.default_rng(_SEED).standard_normal((tables, _POOLED[0] * _POOLED[1], bits))
    tally = _Tally()
    for plane in planes.astype(np.float32):
        upright, mirrored = _keys(maps, plane), _keys(maps[:, :, ::-1], plane)
        tally.add(_meetings(upright, upright, owners, steps, count, mirrored=0))
        tally.add(_meetings(upright, mirrored, owners, steps, count, mirrored=1))
    pairs = _nearest(*_elected(*tally.result()), count)
    return [(int(pair // count), int(pair % count)) for pair in pairs]


def grouped(count: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Groups of 0..count-1 that the pairs hold together, each sorted; single ones are left out."""
    parent = list(range(count))

    def root(each: int) -> int:
        while parent[each] != each:
            parent[each] = parent[parent[each]]
            each = parent[each]
        return each

    for first, second in pairs:
        low, high = sorted((root(first), root(second)))
        parent[high] = low
    groups: dict[int, list[int]] = {}
    for each in range(count):
        groups.setdefault(root(each), []).append(each)
    return [group for group in groups.values() if len(group) > 1]


def _entries(samples: Sequence[Samples]) -> tuple[_Ints, _Ints, _Maps]:
    """For samples in which something moves: whose they are, their time in half steps, what moves.

    Of long sequences every n-th sample.
    """
    owners, steps, maps = [], [], []
    most = int(np.clip(_HASHED // max(1, len(samples)), _FEWEST, _MOST))
    for number, each in enumerate(samples):
        clip = Clip(each)
        if not clip.moves:
            continue
        moving = np.flatnonzero((clip.changes**2).sum(1) > 0)
        moving = moving[:: -(-len(moving) // most)]
        pictures = clip.changes[moving].reshape(-1, HEIGHT, WIDTH)
        maps += [
            cv2.resize(map_, _POOLED, interpolation=cv2.INTER_AREA).astype(np.float16)
            for map_ in pictures
        ]
        owners += [number] * len(moving)
        steps += [round(2 * time_s / STEP_S) for time_s in each.times_s[moving].tolist()]
    shape = (-1, _POOLED[1], _POOLED[0])
    return (
        np.asarray(owners, np.int64),
        np.asarray(steps, np.int64),
        np.asarray(maps, np.float16).reshape(shape),
    )


def _keys(maps: _Maps, plane: _Planes) -> _Ints:
    """The bucket of each; the same for a picture and its negative."""
    weights = 1 << np.arange(plane.shape[1], dtype=np.int64)
    keys = np.empty(len(maps), np.int64)
    for start in range(0, len(maps), _AT_ONCE):
        part = maps[start : start + _AT_ONCE].astype(np.float32)
        signs = (part.reshape(len(part), -1) @ plane) > 0
        signs ^= signs[:, :1]
        keys[start : start + _AT_ONCE] = signs @ weights
    return keys


def _meetings(
    ours: _Ints, theirs: _Ints, owners: _Ints, steps: _Ints, count: int, *, mirrored: int
) -> _Ints:
    """One number for each two samples in one bucket: pair, shift in time, mirrored or not."""
    size = len(owners)
    keys = np.concatenate([ours, theirs]) if mirrored else ours
    order = np.argsort(keys, kind="stable")
    sorted_keys, samples, of_theirs = keys[order], order % size, order >= size
    found = [np.empty(0, np.int64)]
    for reach in range(1, min(_REACH, max(4, _MEETINGS // len(keys))) + 1):
        same = np.flatnonzero(sorted_keys[reach:] == sorted_keys[:-reach])
        if not len(same):
            break
        a, b = samples[same], samples[same + reach]
        use = owners[a] != owners[b]
        if mirrored:  # two upright ones are met elsewhere, two mirrored ones are the same again
            use &= of_theirs[same] != of_theirs[same + reach]
        a, b = a[use], b[use]
        swap = owners[a] > owners[b]
        a, b = np.where(swap, b, a), np.where(swap, a, b)
        pair = owners[a] * count + owners[b]
        shift = (steps[a] - steps[b]) // 2
        found += [_vote(pair, shift, mirrored), _vote(pair, shift + 1, mirrored)]
    return np.concatenate(found)


_SHIFTS = 1 << 24


def _vote(pair: _Ints, shift: _Ints, mirrored: int) -> _Ints:
    """Each meeting votes for two neighbouring shifts: the true one may lie between steps."""
    return np.asarray((pair * 2 + mirrored) * _SHIFTS + shift + _SHIFTS // 2, np.int64)


class _Tally:
    """How often each vote was cast; single votes are forgotten where there are too many."""

    def __init__(self) -> None:
        self._values: _Ints = np.empty(0, np.int64)
        self._hits: _Ints = np.empty(0, np.int64)

    def add(self, votes: _Ints) -> None:
        """Count the votes of one table."""
        values, hits = np.unique(votes, return_counts=True)
        both = np.concatenate([self._values, values])
        self._values, places = np.unique(both, return_inverse=True)
        counts = np.concatenate([self._hits, hits])
        self._hits = np.bincount(places, counts, len(self._values)).astype(np.int64)
        if len(self._values) > _TALLIED:
            often = self._hits > 1
            self._values, self._hits = self._values[often], self._hits[often]

    def result(self) -> tuple[_Ints, _Ints]:
        """Votes, sorted, and how often each was cast."""
        return self._values, self._hits


def _elected(values: _Ints, hits: _Ints) -> tuple[_Ints, _Ints]:
    """Pairs with enough votes for one shift, sorted, and the most that they have for one."""
    enough = hits >= _HITS
    pairs, starts = np.unique(values[enough] // _SHIFTS // 2, return_index=True)
    most = np.maximum.reduceat(hits[enough], starts) if len(starts) else hits[:0]
    return pairs, most


def _nearest(pairs: _Ints, hits: _Ints, count: int) -> _Ints:
    """Of the pairs those in which one is among the ``_PARTNERS`` that the other meets most."""
    ends = np.concatenate([pairs // count, pairs % count])
    which = np.tile(np.arange(len(pairs)), 2)
    order = np.lexsort((which, -hits[which], ends))
    ends = ends[order]
    rank = np.arange(len(ends)) - np.searchsorted(ends, ends)
    return pairs[np.unique(which[order[rank < _PARTNERS]])]
