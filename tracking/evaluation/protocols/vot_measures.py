"""The measures of VOT's supervised protocol by name."""

from collections.abc import Sequence
from typing import Final

from tirdata.types import Floats
from tracking.evaluation.supervised import runs
from tracking.evaluation.supervised.eao import average_overlap
from tracking.evaluation.supervised.interval import Interval
from tracking.evaluation.supervised.runs import Target

CURVE: Final = "expected_overlap"


def values_of(
    targets: Sequence[Target],
    curve: Floats,
    interval: Interval,
    *,
    burn_in: int,
    sensitivity: float,
    by_run: bool,
) -> dict[str, float]:
    """Every measure; those by tag only where frames have tags.

    Args:
        targets: what ran.
        curve: expected overlap of all frames.
        interval: lengths that EAO is the mean over.
        burn_in: frames that do not count for accuracy from each start on.
        sensitivity: frames that reliability is of.
        by_run: whether accuracy is the mean of each repetition, then of targets by length.
    """
    frames = sum(target.length for target in targets)
    lost = runs.failures(targets)
    accuracy = runs.accuracy_by_run if by_run else runs.accuracy
    values = {
        "expected_average_overlap": average_overlap(curve, interval.low, interval.high),
        "accuracy": accuracy(targets, burn_in),
        "accuracy_by_target": runs.accuracy_by_target(targets, burn_in),
        "failures": lost,
        "failures_per_100": 100 * lost / frames,
        "failures_per_target": lost / len(targets),
        "failures_by_length": runs.failures_by_length(targets),
        "reliability": runs.reliability(targets, sensitivity),
    }
    if runs.tag_names(targets):
        values["accuracy_by_tag"] = runs.accuracy_by_tag(targets, burn_in)
        values["failures_by_tag"] = runs.failures_by_tag(targets)
    return values


def measured_on_tag(
    targets: Sequence[Target], tag: str, curve: Floats, interval: Interval, burn_in: int
) -> dict[str, float]:
    """The measures over the frames with a tag; of EAO, ``curve`` is that of the tag."""
    lost = runs.tagged_failures(targets, tag)
    return {
        "expected_average_overlap": average_overlap(curve, interval.low, interval.high),
        "accuracy": runs.tagged_accuracy(targets, burn_in, tag).value,
        "failures": lost.value,
        "failures_per_100": 100 * lost.value / lost.length,
    }
