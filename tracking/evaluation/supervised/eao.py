"""Expected average overlap (EAO): what overlap is to be expected on a sequence of so many frames.

Runs are cut into fragments at the restarts. A fragment that ends with a failure goes on with no
overlap for ever; one that reaches the end of its sequence says nothing of longer ones. The curve
at L is the weighted mean, over fragments that say something of L, of their mean overlap on frames
2 to L; EAO is the mean of the curve over an interval of lengths.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from tirdata.types import Floats
from tracking.evaluation.supervised.runs import Run, Target

LateFailure: TypeAlias = Literal["forgiven", "forgiven-unless-at-end", "counted"]


class Fragment(NamedTuple):
    """Frames ``start`` to ``stop``, that one not included."""

    start: int
    stop: int
    failed: bool


def fragments_of(run: Run, *, skip: int, late: LateFailure) -> list[Fragment]:
    """A run cut at its restarts; the first frame of one is the last of the one before.

    Args:
        run: one repetition.
        skip: frames from a failure to the restart.
        late: failures so near to the end that there is no restart. forgiven: no fragment ends
            there, and the last one counts as unfailed (MATLAB); forgiven-unless-at-end: the same,
            but a restart just past the last frame still ends its fragment (pysot); counted: every
            failure ends one (the toolkit in Python).
    """
    length = len(run.overlaps)
    last = {"forgiven": length - 1, "forgiven-unless-at-end": length, "counted": length + skip}
    points = [0, *(int(each) + skip for each in run.failures if each + skip <= last[late])]
    fragments = [
        Fragment(start, min(stop + 1, length), failed=True) for start, stop in pairwise(points)
    ]
    if points[-1] < length:
        fragments.append(Fragment(points[-1], length, failed=False))
    return fragments


def expected_overlaps(
    targets: Sequence[Target],
    tags: Sequence[str] = (),
    *,
    skip: int = 5,
    late: LateFailure = "forgiven",
    weights: Literal["targets", "runs"] = "targets",
) -> Floats:
    """The curve of all frames and that of each tag, (1 + tags, longest target).

    NaN where no fragment says anything. In a tag's curve, fragments weigh by their share of frames
    with it.

    Args:
        targets: what ran.
        tags: of which a curve is wanted.
        skip: frames from a failure to the restart.
        late: see ``fragments_of``.
        weights: targets: all repetitions of a target weigh as much as one of another (MATLAB);
            runs: every repetition weighs the same (the toolkit in Python).
    """
    longest = max(target.length for target in targets)
    sums = np.zeros((1 + len(tags), longest - 1))
    mass = np.zeros_like(sums)
    for target in targets:
        more, weight = overlap_sums(target, tags, longest, skip=skip, late=late, weights=weights)
        sums += more
        mass += weight
    curve = np.ones((1 + len(tags), longest))
    curve[:, 1:] = np.divide(sums, mass, out=np.full_like(sums, np.nan), where=mass > 0)
    return curve


def overlap_sums(
    target: Target,
    tags: Sequence[str],
    longest: int,
    *,
    skip: int,
    late: LateFailure,
    weights: Literal["targets", "runs"],
) -> tuple[Floats, Floats]:
    """What one target adds to the curves at lengths 2, 3, … ``longest``: overlaps, and weights."""
    counts = np.arange(1.0, longest)
    sums = np.zeros((1 + len(tags), longest - 1))
    mass = np.zeros_like(sums)
    marks = np.zeros((1 + len(tags), target.length))
    marks[0] = 1
    for row, tag in enumerate(tags, start=1):
        marks[row] = target.tags.get(tag, 0)
    share = 1 / len(target.runs) if weights == "targets" else 1.0
    for run in target.runs:
        for start, stop, failed in fragments_of(run, skip=skip, late=late):
            weight = share * marks[:, start:stop].mean(axis=1)
            total = np.nan_to_num(run.overlaps[start + 1 : stop]).cumsum()
            known = longest - 1 if failed else len(total)
            means = np.zeros(known)
            means[: len(total)] = total
            means[len(total) :] = total[-1] if len(total) else 0
            means /= counts[:known]
            sums[:, :known] += weight[:, None] * means
            mass[:, :known] += weight[:, None]
    return sums, mass


def average_overlap(curve: Floats, low: int, high: int) -> float:
    """Mean of a curve over the lengths low to high, both included.

    Lengths of which the curve says nothing are left out; where that is all of them, the longest
    that it knows stands for them.
    """
    known = np.flatnonzero(~np.isnan(curve))
    inside = known[(known >= low - 1) & (known <= high - 1)]
    return float(curve[inside].mean() if len(inside) else curve[known[-1]])
