"""The paired bootstrap: how far scores would move had other sequences of the same kind been taken.

Targets are drawn with replacement, as many as there are, and the score is computed anew (B. Efron,
R. Tibshirani, An Introduction to the Bootstrap, 1993). All trackers get the same draws, so that a
difference is not blurred by what is hard for all of them. Nothing here knows a protocol.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.types import Floats

RESAMPLES: Final = 10_000
FEW_RESAMPLES: Final = 300  # where a score takes a call of the protocol for each
SEED: Final = 0
LEVEL: Final = 0.95
FEW_TARGETS: Final = 10  # with fewer an interval says little

Indices: TypeAlias = NDArray[np.int64]


class Draws(NamedTuple):
    """Targets that were drawn, a row a resample."""

    picks: Indices  # (r, n)
    counts: Floats  # (r, n): how often each target is among them


Statistic: TypeAlias = Callable[[Draws], Floats]  # a score of each resample, (r,)


class Interval(NamedTuple):
    """Where the middle 95 % of resamples lie."""

    low: float
    high: float


def draw(targets: int, resamples: int = RESAMPLES, seed: int = SEED) -> Draws:
    """Targets with replacement, as many as there are; the same for the same arguments."""
    picks = np.random.default_rng(seed).integers(0, targets, (resamples, targets))
    flat = picks + targets * np.arange(resamples)[:, None]
    counts = np.bincount(flat.ravel(), minlength=resamples * targets)
    return Draws(picks, counts.reshape(resamples, targets).astype(np.float64))


def each_once(targets: int) -> Draws:
    """The sample itself."""
    return Draws(np.arange(targets)[None], np.ones((1, targets)))


def mean_of(values: Floats, weights: Floats | None = None) -> Statistic:
    """The weighted mean over targets, (n,) each; 0 where no target that is drawn has a weight."""
    weights = np.ones(len(values)) if weights is None else weights

    def statistic(draws: Draws) -> Floats:
        mass = draws.counts @ weights
        sums = draws.counts @ (values * weights)
        return np.divide(sums, mass, out=np.zeros(len(mass)), where=mass > 0)

    return statistic


def sum_of(values: Floats) -> Statistic:
    """The sum over targets."""
    return lambda draws: np.asarray(draws.counts @ values)


def median_of(values: Floats) -> Statistic:
    """The median target."""
    return lambda draws: np.asarray(np.median(values[draws.picks], axis=1))


def mean_ratio_of(sums: Floats, weights: Floats, reach: Floats, columns: Floats) -> Statistic:
    """The mean over columns of sums by weights, as EAO is one over lengths.

    Args:
        sums: what each target adds to each column, (n, k).
        weights: with which weight, (n, k).
        reach: the last column that each target knows anything of, (n,).
        columns: the columns' numbers, (k,); those beyond every reach that is drawn do not count.
    """

    def statistic(draws: Draws) -> Floats:
        mass = draws.counts @ weights
        longest = np.where(draws.counts > 0, reach, -np.inf).max(axis=1)
        known = (mass > 0) & (columns <= longest[:, None])
        ratios = np.divide(draws.counts @ sums, mass, out=np.zeros_like(mass), where=known)
        count = known.sum(axis=1)
        total = ratios.sum(axis=1)
        means: Floats = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
        return means

    return statistic


def by_calls_of(score: Callable[[Sequence[int]], float]) -> Statistic:
    """Any score at all: ``score`` is called with the targets of each of the first resamples."""
    return lambda draws: np.array([score(pick) for pick in draws.picks[:FEW_RESAMPLES].tolist()])


def interval_of(values: Floats, level: float = LEVEL) -> Interval:
    """The middle of the resamples; those that have no score are left out."""
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))
