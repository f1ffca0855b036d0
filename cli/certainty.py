"""How sure scores are, as JSON has it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracking.evaluation.benchmark import NamedBenchmark
    from tracking.evaluation.scores import Scores


def certainty(rules: "NamedBenchmark", scores: "Sequence[Scores]") -> dict[str, Any]:
    """By tracker and measure: the interval, the difference to the best, whether it is told apart.

    Measures have the names that the benchmark's authors print, where they have any.
    """
    from tracking.evaluation.bootstrap import LEVEL, RESAMPLES, SEED
    from tracking.evaluation.confidence import confidences
    from tracking.evaluation.evaluate import ranked

    names = rules.benchmark.names
    protocol = rules.build()
    found = confidences(protocol, ranked(scores, protocol.headline[0]))
    trackers: dict[str, Any] = {}
    for tracker, measures in found.items():
        of_tracker = trackers.setdefault(tracker, {})
        for measure, own in measures.items():
            entry: dict[str, Any] = {"low": own.low, "high": own.high}
            if own.says_little:
                entry["says_little"] = True
            if own.to_best is not None:
                entry["to_best"] = {
                    **own.to_best.model_dump(),
                    "told_apart": own.to_best.told_apart,
                }
            of_tracker[names.get(measure, measure)] = entry
    return {
        "level": LEVEL,
        "resamples": RESAMPLES,
        "seed": SEED,
        "over": "targets",
        "trackers": trackers,
    }
