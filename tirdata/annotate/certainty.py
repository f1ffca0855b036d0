"""The probability that a machine's box is right (IoU at least 0.5), from what its passes say.

A tracker's own score is about one pass, and some trackers have none (they answer 1). What tells
more, for any tracker: whether two passes from different boxes of people agree, whether each ran
into the person's box at its far end, and how far it is from people's boxes. A logistic regression
on these was fitted by benchmarks/reliability.py (``--fit``), which prints the numbers below; see
docs/annotate.md for what it was fitted to and how it does elsewhere.
"""

from typing import Final, NamedTuple

import numpy as np

from tirdata.types import Flags, Floats

SAYS_NOTHING: Final = 1.0  # the score of a tracker that is never in doubt
LEAST: Final = 0.02  # scores are no surer than that

BETWEEN: Final[dict[str, float]] = {
    "bias": -0.48,
    "score": 0.6,
    "said": -1.11,
    "agreement": 2.0,
    "arrival": 3.18,
    "both_arrived": 0.09,
    "far": -0.4,
    "both": -0.7,
    "found": 2.85,
}
BEYOND: Final[dict[str, float]] = {
    "bias": -3.23,
    "score": 0.6,
    "said": -1.03,
    "far": -0.4,
    "found": 7.85,
}


class Evidence(NamedTuple):
    """What there is to go by for each of n frames between two boxes of people."""

    scores: Floats  # of the passes that the box is from, weighted, 0..1
    said: Flags  # whether the tracker is ever in doubt
    agreement: Floats  # overlap of the two passes' boxes; 0 where one has none
    arrival: Floats  # overlap with the human box at the far end, of the passes the box is from
    both_arrived: Floats  # the lesser of both passes' arrivals
    far: Floats  # frames to the nearest human box
    both: Flags  # both passes have the object
    found: Flags  # one at least has


def between(evidence: Evidence) -> Floats:
    """Probability that each box between two human boxes is right, (n,)."""
    return _probability(between_features(evidence), BETWEEN)


def beyond(scores: Floats, far: Floats, found: Flags) -> Floats:
    """Probability that each box of one pass alone, ``far`` frames from its human box, is right."""
    return _probability(beyond_features(scores, far, found), BEYOND)


def between_features(evidence: Evidence) -> dict[str, Floats]:
    """By the names in ``BETWEEN``, (n,) each."""
    has = evidence.found.astype(np.float64)
    return {
        "bias": np.ones(len(has)),
        "score": _odds(evidence.scores) * evidence.said * has,
        "said": evidence.said * has,
        "agreement": evidence.agreement,
        "arrival": evidence.arrival * has,
        "both_arrived": evidence.both_arrived,
        "far": np.log(evidence.far),
        "both": evidence.both.astype(np.float64),
        "found": has,
    }


def beyond_features(scores: Floats, far: Floats, found: Flags) -> dict[str, Floats]:
    """By the names in ``BEYOND``, (n,) each."""
    has, said = found.astype(np.float64), speaks(scores)
    return {
        "bias": np.ones(len(has)),
        "score": _odds(scores) * said * has,
        "said": said * has,
        "far": np.log(far) * has,
        "found": has,
    }


def speaks(scores: Floats) -> Flags:
    """Whether each score says anything, (n,): a 1 is of a tracker that has no doubts."""
    result: Flags = scores < SAYS_NOTHING
    return result


def _odds(scores: Floats) -> Floats:
    sure = np.clip(scores, LEAST, 1 - LEAST)
    odds: Floats = np.log(sure / (1 - sure))
    return odds


def _probability(features: dict[str, Floats], weights: dict[str, float]) -> Floats:
    total = np.sum([weights[name] * values for name, values in features.items()], axis=0)
    result: Floats = 1 / (1 + np.exp(-total))
    return result
