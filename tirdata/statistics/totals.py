"""Sequences added up, one at a time: memory does not grow with their number."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from tirdata.statistics.document import (
    Agreement,
    AttributeCount,
    ClassCount,
    DataStatistics,
    SequenceRow,
)
from tirdata.statistics.histogram import Histogram, bins_of, summary
from tirdata.statistics.sequence import Measured


class Totals:
    """The sums of a data set; the order in which sequences come does not matter."""

    def __init__(self, data: str, layout: str) -> None:
        self._data, self._layout = data, layout
        self._failed: list[str] = []
        self._numbers: Counter[str] = Counter()
        self._milliseconds: int | None = None  # whole numbers: sums are the same in any order
        self._named: dict[str, Counter[str]] = {}
        self._recordings: set[tuple[str, str]] = set()
        self._tracks: Counter[str] = Counter()
        self._boxes: Counter[str] = Counter()
        self._bins: dict[str, Counter[int]] = {}
        self._attributes: dict[str, Counter[str]] = {}
        self._agreement: dict[str, Counter[str]] = {}

    def add(self, found: Measured) -> None:
        """One sequence more."""
        row = found.row
        self._add_numbers(row)
        for key, name in (
            ("subsets", row.subset), ("platforms", row.platform), ("scenes", row.scene),
            ("licences", row.licence), ("polarities", row.polarity), ("palettes", row.palette),
            ("frame_sizes", f"{row.width}x{row.height}"),
        ):  # fmt: skip
            self._named.setdefault(key, Counter())[name] += 1
        lengths = bins_of(np.array([row.frames], np.float64))
        for key, bins in (
            ("lengths", lengths), ("sides", found.sides), ("speeds", found.speeds),
            ("speeds_for_size", found.speeds_for_size),
        ):  # fmt: skip
            self._bins.setdefault(key, Counter()).update(bins)
        for name, count in row.attributes.items():
            self._attributes.setdefault(name, Counter()).update(count.model_dump())

    def fail(self, message: str) -> None:
        """A sequence that could not be read."""
        self._failed.append(message)

    def agree(self, row: SequenceRow, known: frozenset[str]) -> None:
        """Compare with what the data set says, for those that were looked for (``known``)."""
        if not row.given:
            return
        for name in known:
            ours, theirs = name in row.attributes, name in row.given
            key = {(True, True): "both", (True, False): "ours", (False, True): "theirs"}
            counts = self._agreement.setdefault(name, Counter())
            counts[key.get((ours, theirs), "neither")] += 1

    def statistics(self) -> DataStatistics:
        """What has come so far."""
        numbers = self._numbers
        return DataStatistics(
            data=self._data,
            layout=self._layout,
            sequences=numbers["sequences"],
            failed=tuple(sorted(self._failed)),
            recordings=len(self._recordings),
            frames=numbers["frames"],
            duration_s=None if self._milliseconds is None else self._milliseconds / 1000,
            paired=numbers["paired"],
            tracks=sum(self._tracks.values()),
            boxes=sum(self._boxes.values()),
            human_boxes=numbers["human_boxes"],
            occluded_boxes=numbers["occluded_boxes"],
            classes={
                name: ClassCount(tracks=self._tracks[name], boxes=count)
                for name, count in _most_first(self._boxes).items()
            },
            attributes={
                name: AttributeCount(**counts) for name, counts in sorted(self._attributes.items())
            },
            agreement={
                name: Agreement(**{key: counts[key] for key in Agreement.model_fields})
                for name, counts in sorted(self._agreement.items())
            },
            sampled=numbers["sampled"],
            **{key: _most_first(self._named.get(key, {})) for key in _NAMED},
            **{key: self._histogram(key) for key in _HISTOGRAMS},
        )

    def _add_numbers(self, row: SequenceRow) -> None:
        self._numbers.update(
            sequences=1, frames=row.frames, paired=int(row.paired), sampled=row.sampled,
            human_boxes=row.human_boxes, occluded_boxes=row.occluded_boxes,
        )  # fmt: skip
        if row.duration_s is not None:
            self._milliseconds = (self._milliseconds or 0) + round(1000 * row.duration_s)
        self._recordings.add((row.data, row.recording))
        for name, count in row.classes.items():
            self._tracks[name] += count.tracks
            self._boxes[name] += count.boxes

    def _histogram(self, key: str) -> Histogram:
        return summary(self._bins.get(key, {}))


_NAMED = ("subsets", "platforms", "scenes", "licences", "polarities", "palettes", "frame_sizes")
_HISTOGRAMS = ("lengths", "sides", "speeds", "speeds_for_size")


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
