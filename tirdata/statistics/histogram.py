"""Counts of values by their size in logarithmic bins: as small for a million values as for ten."""

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from tirdata.config import Config

PER_OCTAVE = 16  # bins: a quantile is within 2.2 % of the true value
LOWEST, HIGHEST = -10, 17  # octaves that are told apart: 1/1024 to 131,072
ZERO = LOWEST * PER_OCTAVE - 1  # the bin of all that is smaller

MOST_COLUMNS = 16
WIDTHS = (PER_OCTAVE // 4, PER_OCTAVE // 2)  # of columns, where octaves would be few
FEW = 0.02

Bins = Mapping[int, int]  # count of each bin that has some


class Histogram(Config):
    """How often values of each size occur."""

    count: int
    """Values."""
    p10: float | None
    """A tenth is smaller; none = no values."""
    median: float | None
    """Half is smaller."""
    p90: float | None
    """Nine tenths are smaller."""
    edges: tuple[float, ...]
    """Of the bins: octaves, or halves or quarters of them where those are few."""
    counts: tuple[int, ...]
    """Values in each bin, one fewer than edges."""


def bins_of(values: NDArray[np.float64]) -> dict[int, int]:
    """The counts of ``values``, none below 0; NaN are left out.

    >>> bins_of(np.array([0.0, 1.0, 1.0, np.nan, 2.0]))
    {-161: 1, 0: 2, 16: 1}
    """
    known = values[np.isfinite(values)]
    with np.errstate(divide="ignore"):
        exact = np.floor(np.log2(known) * PER_OCTAVE + 1e-9)
    numbers = np.clip(exact, ZERO, HIGHEST * PER_OCTAVE - 1).astype(int)
    found, counts = np.unique(numbers, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def summary(bins: Bins) -> Histogram:
    """What people and programs are told of the counts."""
    edges, counts = _columns(bins)
    return Histogram(
        count=sum(bins.values()),
        p10=quantile(bins, 0.1),
        median=quantile(bins, 0.5),
        p90=quantile(bins, 0.9),
        edges=edges,
        counts=counts,
    )


def _columns(bins: Bins) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Wider bins for showing; zeros and the smallest few in a hundred share the first one."""
    above = {number: count for number, count in bins.items() if number != ZERO}
    if not above:
        return ((0.0, 2.0**LOWEST), (bins[ZERO],)) if bins else ((), ())
    left, low = FEW * sum(above.values()), min(above)
    for number in sorted(above):
        low, left = number, left - above[number]
        if left <= 0:
            break
    first = low // PER_OCTAVE * PER_OCTAVE
    span = max(above) // PER_OCTAVE * PER_OCTAVE + PER_OCTAVE - first
    width = next((w for w in WIDTHS if span <= MOST_COLUMNS * w), PER_OCTAVE)
    count = (max(above) - first) // width + 1
    columns = [0] * count
    below = 0
    for number, found in bins.items():
        if number < first:
            below += found
        else:
            columns[(number - first) // width] += found
    edges = [_edge(first + width * number) for number in range(count + 1)]
    if below:
        edges, columns = [0.0, *edges], [below, *columns]
    return tuple(edges), tuple(columns)


def quantile(bins: Bins, share: float) -> float | None:
    """The middle of the bin below which ``share`` of the values are, to three digits, or None.

    >>> quantile({0: 3, 16: 1}, 0.5), quantile({}, 0.5)
    (1.02, None)
    """
    left = share * sum(bins.values())
    for number in sorted(bins):
        left -= bins[number]
        if left <= 0:
            return 0.0 if number == ZERO else float(f"{2 ** ((number + 0.5) / PER_OCTAVE):.3g}")
    return None


def merged(parts: Iterable[Bins]) -> dict[int, int]:
    """All counts together."""
    total = Counter[int]()
    for part in parts:
        total.update(part)
    return dict(total)


def _edge(number: int) -> float:
    return round(float(2.0 ** (number / PER_OCTAVE)), 6)
