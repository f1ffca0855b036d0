"""The tracks of a mix as columns of numbers: ten million crops have room in a few dozen megabytes.

A crop is known by its tracklet's place in the index and its number in there, so a track is a list
of tracklets with their counts; nothing is kept for each crop by itself.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from tirdata.errors import DataError
from tirdata.mix.shards import Entry

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class CropRef:
    """A crop of the mix: a sample (by its place in the index) and the number of the crop in it."""

    entry: int
    crop: int


class Crops(Sequence[CropRef]):
    """All crops of one track in time order, over as many tracklets as it was cut into."""

    def __init__(self, entries: Numbers, counts: Numbers) -> None:
        self._entries = entries  # (k,) place of each tracklet in the index
        self._ends = np.cumsum(counts)  # (k,) crops up to and with it

    def __len__(self) -> int:
        return int(self._ends[-1])

    @overload
    def __getitem__(self, index: int) -> CropRef: ...

    @overload
    def __getitem__(self, index: slice) -> list[CropRef]: ...

    def __getitem__(self, index: int | slice) -> CropRef | list[CropRef]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        place = int(np.searchsorted(self._ends, number, side="right"))
        before = int(self._ends[place - 1]) if place else 0
        return CropRef(int(self._entries[place]), number - before)


@dataclass(frozen=True)
class TrackRef:
    """One track of the table."""

    domain: str
    recording: int
    label: int
    crops: Crops


class TrackTable:
    """Tracks of two or more crops, by columns; those of a domain stand together."""

    def __init__(
        self, domains: Sequence[str], columns: Mapping[str, Numbers], tracklets: Numbers
    ) -> None:
        """Order tracks as they first came.

        Args:
            domains: names of the numbers in the column ``domain``.
            columns: ``domain``, ``recording`` and ``label`` of each track, by its number.
            tracklets: (m, 3), track, place in the index and crops of each tracklet.
        """
        counts = np.bincount(tracklets[:, 0], tracklets[:, 2], len(columns["label"]))
        kept = np.flatnonzero(counts > 1)
        self.domains = tuple(domains)
        self.domain, self.recording, self.label = (
            columns[name][kept].astype(np.int32) for name in ("domain", "recording", "label")
        )
        order = np.argsort(tracklets[:, 0], kind="stable")
        firsts = np.searchsorted(tracklets[order, 0], np.arange(len(counts) + 1))
        self._first, self._last = firsts[kept], firsts[kept + 1]
        self._entries = tracklets[order, 1].astype(np.uint32)
        self._counts = tracklets[order, 2].astype(np.uint32)

    @classmethod
    def of(cls, tracks: Iterable[tuple[str, str, int, Iterable[tuple[int, int]]]]) -> Self:
        """A table of domain, recording, label and tracklets (place, crops) of each track."""
        domains, recordings = _Numbered(), _Numbered()
        rows = array("q")
        tracklets = array("q")
        for number, (domain, recording, label, found) in enumerate(tracks):
            rows.extend((domains[domain], recordings[recording], label))
            for entry, count in found:
                tracklets.extend((number, entry, count))
        return cls([*domains], _columns(rows), _table(tracklets))

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, number: int) -> TrackRef:
        first, last = self._first[number], self._last[number]
        return TrackRef(
            self.domains[self.domain[number]],
            int(self.recording[number]),
            int(self.label[number]),
            Crops(self._entries[first:last].astype(np.int64), self._counts[first:last]),
        )


def gather_tracks(
    entries: Iterable[Entry], labels: Mapping[str, int], domains: Sequence[str]
) -> TrackTable:
    """Tracks with at least two crops, of the wanted domains.

    Raises:
        DataError: no track is left.
    """
    tracks, recordings, kinds = _Numbered(), _Numbered(), _Numbered()
    rows = array("q")
    tracklets = array("q")
    for number, entry in enumerate(entries):
        sample = entry.sample
        if sample.domain not in domains:
            continue
        known = len(tracks)
        track = tracks[
            sample.key.rpartition("-")[0]
        ]  # less the tracklet's number; names may repeat
        if track == known:
            label = labels[sample.class_name]
            rows.extend((kinds[sample.domain], recordings[sample.recording], label))
        tracklets.extend((track, number, len(sample.frames)))
    table = TrackTable([*kinds], _columns(rows), _table(tracklets))
    if not len(table):
        raise DataError(
            f"the mix has no track of two or more crops in {' or '.join(domains)}; "
            "add data of that domain or choose another strategy"
        )
    return table


class _Numbered(dict[str, int]):
    """Numbers names as they come."""

    def __missing__(self, name: str) -> int:
        self[name] = len(self)
        return self[name]


def _table(values: "array[int]") -> Numbers:
    return np.frombuffer(values, np.int64).reshape(-1, 3) if values else np.zeros((0, 3), np.int64)


def _columns(rows: "array[int]") -> dict[str, Numbers]:
    table = _table(rows)
    return {"domain": table[:, 0], "recording": table[:, 1], "label": table[:, 2]}
