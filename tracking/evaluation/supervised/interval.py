"""The interval of sequence lengths that EAO is the mean over, from the lengths of a data set.

A density of the lengths by a Gaussian kernel (bandwidth after M. Kristan, A. Leonardis, D. Skočaj,
Pattern Recognition 2011) is tabulated at 1, 2, … and the interval grown around its mode.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tirdata.types import Floats

_MASS = 0.5


class Interval(NamedTuple):
    """Lengths in frames, both ends included."""

    low: int
    high: int
    peak: int


def interval_of_lengths(lengths: Sequence[int]) -> Interval:
    """The shortest stretch of lengths around the most frequent one that has half of the mass.

    One length, or the same for all, is its own interval.

    >>> interval_of_lengths([40, 40])
    Interval(low=40, high=40, peak=40)
    """
    values = np.asarray(lengths, np.float64)
    if np.ptp(values) == 0:
        only = int(values[0])
        return Interval(only, only, only)
    density = length_density(values)
    low = high = peak = int(density.argmax())
    while density[low : high + 1].sum() < _MASS:
        down, up = low > 0, high + 2 < len(density)  # the longest length is left to the very end
        if not down and not up:
            return Interval(1, len(density), peak + 1)
        if down and (not up or density[low - 1] > density[high + 1]):
            low -= 1
        else:
            high += 1
    return Interval(low + 1, high + 1, peak + 1)


def length_density(lengths: Floats) -> Floats:
    """Share of each length 1, 2, … up to the longest, by a Gaussian kernel, sum 1."""
    points = np.arange(1, lengths.max() + 1)
    variance = bandwidth(lengths) ** 2 * lengths.var()
    density = np.exp(-((points[:, None] - lengths) ** 2) / (2 * variance)).sum(axis=1)
    share: Floats = density / density.sum()
    return share


def bandwidth(lengths: Floats) -> float:
    """Width of the kernel in standard deviations of the lengths.

    The curvature that the rule asks for is that of a first density with Silverman's variance. Of
    the two kernels in each product the toolkit widens only one, so it finds more of it.
    """
    count = len(lengths)
    standard = (lengths - lengths.mean()) / lengths.std()
    variance = (4 / (3 * count)) ** (2 / 5)
    apart = (standard[:, None] - standard) ** 2 / variance
    kernel = np.exp(-apart / 2) / np.sqrt(2 * np.pi * variance)
    # of the product of two second derivatives, integrated
    curvature = float((kernel * (apart**2 - 6 * apart + 3)).mean()) / variance**2
    return float((count * np.sqrt(4 * np.pi) * curvature) ** (-1 / 5))
