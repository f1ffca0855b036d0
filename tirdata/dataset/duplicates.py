"""Sequences that show the same under two names, across recordings and datasets."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np

from tirdata.config import Config
from tirdata.engine.base import Engine
from tirdata.errors import DataError
from tirdata.frames.duplicate_index import find_matches, grouped
from tirdata.frames.duplicates import Match
from tirdata.frames.fingerprint import FPS, Fingerprints, Samples, read_fingerprints
from tirdata.types import Frames

_EXACT_PARTNERS = 100  # before it, of sequences with the same files
_READ_WHOLE = 8  # files of a sequence whose bytes count; of the others the size


class Portrait(Config):
    """What a sequence looks like, in little: enough to find its duplicates."""

    recording: str
    """The recording that it is of; its other shots are no duplicates."""
    files_sha256: str
    """Of the sizes of its frames' files and of the bytes of some."""
    fps: float | None = None
    """Frames per second; none = not known."""
    fingerprint: tuple[str, ...] = ()
    """As in its card, or made of its frames."""

    def samples(self) -> Samples:
        """The fingerprint, to be compared.

        Raises:
            DataError: it is none.
        """
        return read_fingerprints(self.fingerprint, self.fps)


@dataclass(frozen=True)
class Duplicate:
    """Two sequences, by their numbers, that show the same."""

    first: int
    second: int
    match: Match


class _AllSamples(Sequence[Samples]):
    """The fingerprints of portraits, each read when it is asked for: there may be many."""

    def __init__(self, portraits: Sequence[Portrait]) -> None:
        self._portraits = portraits

    def __len__(self) -> int:
        return len(self._portraits)

    @overload
    def __getitem__(self, index: int) -> Samples: ...

    @overload
    def __getitem__(self, index: slice) -> list[Samples]: ...

    def __getitem__(self, index: int | slice) -> Samples | list[Samples]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        return self._portraits[index].samples()


def find_duplicates(portraits: Sequence[Portrait], engine: Engine | None = None) -> list[Duplicate]:
    """Every two sequences of different recordings that show the same, sorted by their numbers.

    Portraits are asked for one at a time; with an engine also by its workers.
    """
    known = [(each.files_sha256, each.recording) for each in portraits]
    found = {(pair.first, pair.second): pair for pair in _exact(known)}
    for first, second, match in find_matches(_AllSamples(portraits), engine):
        if known[first][1] != known[second][1]:
            found.setdefault((first, second), Duplicate(first, second, match))
    return [found[pair] for pair in sorted(found)]


def duplicate_groups(count: int, pairs: Sequence[Duplicate]) -> list[list[int]]:
    """Sequences, by number, that are held together by duplicates."""
    return grouped(count, [(pair.first, pair.second) for pair in pairs])


def fingerprint_of(frames: Frames, times_s: Sequence[float] | None = None) -> tuple[str, ...]:
    """The fingerprint of frames that have none; only the few that it is made of are read.

    Raises:
        DataError: a frame cannot be read.
    """
    made = Fingerprints()
    for index in range(len(frames)):
        time_s = index / FPS if times_s is None else times_s[index]
        if made.due(time_s):
            made.add(frames[index], time_s)
    return made.result()


def files_sha256(frames: Frames) -> str:
    """The same for the same files, whatever they are called; of the pixels, where there are none.

    Raises:
        DataError: a file is missing.
    """
    paths: tuple[Path, ...] = getattr(frames, "paths", ())
    whole = np.linspace(0, len(frames) - 1, min(_READ_WHOLE, len(frames))).round().astype(int)
    digest = hashlib.sha256(str(len(frames)).encode())
    try:
        for path in paths:
            digest.update(f"{path.stat().st_size},".encode())
        for index in sorted(set(whole.tolist())):
            digest.update(paths[index].read_bytes() if paths else frames[index].tobytes())
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from None
    return digest.hexdigest()


def _exact(known: Sequence[tuple[str, str]]) -> list[Duplicate]:
    """Of each the hash of its files and its recording."""
    by_files: dict[str, list[int]] = defaultdict(list)
    for number, (files, _) in enumerate(known):
        by_files[files].append(number)
    same = Match("exact", share=1.0, offset_s=0.0, mirrored=False, inverted=False, alike=1.0)
    found = []
    for numbers in by_files.values():
        for at, second in enumerate(numbers):
            # Of many that are the same, each is a duplicate of a few: that holds all together.
            before = numbers[max(0, at - _EXACT_PARTNERS) : at]
            found += [
                Duplicate(first, second, same)
                for first in before
                if known[first][1] != known[second][1]
            ]
    return found
