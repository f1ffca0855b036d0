"""How sure the scores of an evaluation are, and which trackers are told apart by them.

For every measure of the ranked table: its 95 % interval, and that of the difference to the best
tracker, by a paired bootstrap over targets. It answers one question: would the order be the same on
other sequences of this kind? Another seed of training, or another run, it knows nothing of.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np

from tirdata.config import Config
from tirdata.types import Floats
from tracking.evaluation.bootstrap import (
    FEW_TARGETS,
    Interval,
    Statistic,
    by_calls_of,
    draw,
    each_once,
    interval_of,
    mean_of,
    mean_ratio_of,
    median_of,
    sum_of,
)
from tracking.evaluation.measures import MEASURES
from tracking.evaluation.protocols.base import EvaluationProtocol
from tracking.evaluation.protocols.effort import Effort
from tracking.evaluation.protocols.one_pass import OnePass
from tracking.evaluation.protocols.rgbt import Rgbt
from tracking.evaluation.protocols.vot_supervised import VotSupervised
from tracking.evaluation.scores import Scores, TargetScore
from tracking.evaluation.supervised.eao import overlap_sums
from tracking.evaluation.supervised.interval import interval_of_lengths
from tracking.evaluation.supervised.runs import Target, frame_accuracy, target_of

_SAME: Final = 1e-6  # a shortcut to a score has to give the score this exactly


class Difference(Config):
    """A tracker and the best one, on the same targets."""

    best: str
    """The tracker that is best in this measure."""
    difference: float
    """This tracker's score less the best one's."""
    low: float
    """Lower end of the 95 % interval of the difference."""
    high: float
    """Upper end."""

    @property
    def told_apart(self) -> bool:
        """Whether 0 lies outside the interval."""
        return not self.low <= 0 <= self.high


class Confidence(Config):
    """How sure one score is."""

    low: float
    """Lower end of its 95 % interval over targets."""
    high: float
    """Upper end."""
    targets: int
    """So many were resampled."""
    to_best: Difference | None = None
    """None for the best itself, and for trackers that were scored on other targets."""

    @property
    def says_little(self) -> bool:
        """Whether there are too few targets."""
        return self.targets < FEW_TARGETS


Confidences: TypeAlias = Mapping[str, Mapping[str, Confidence]]  # by tracker, then by measure


def confidences(protocol: EvaluationProtocol, scores: Sequence[Scores]) -> Confidences:
    """Of every tracker in every measure of the ranked table; none where one target is all."""
    found: dict[str, dict[str, Confidence]] = {each.name: {} for each in scores}
    draws = {count: draw(count) for count in {len(each.targets) for each in scores} if count > 1}
    statistics = {each.name: statistics_of(protocol, each) for each in scores}
    for measure in protocol.headline:
        sampled = {
            each.name: statistics[each.name][measure](draws[len(each.targets)])
            for each in scores
            if len(each.targets) in draws
        }
        best = _best(scores, measure)
        for each in scores:
            if each.name not in sampled:
                continue
            own = interval_of(sampled[each.name])
            apart = None
            if best is not None and best.name in sampled and _comparable(each, best):
                count = min(len(sampled[each.name]), len(sampled[best.name]))
                between = sampled[each.name][:count] - sampled[best.name][:count]
                apart = _difference(measure, each, best, interval_of(between))
            found[each.name][measure] = Confidence(
                low=own.low, high=own.high, targets=len(each.targets), to_best=apart
            )
    return found


def statistics_of(protocol: EvaluationProtocol, scores: Scores) -> dict[str, Statistic]:
    """Each measure of the ranked table as a function of the targets that are drawn.

    A shortcut that does not give the score of the whole sample is not taken; the protocol itself
    then sums up every resample, of which there are fewer.
    """
    shortcuts = _shortcuts(protocol, scores)
    found: dict[str, Statistic] = {}
    whole = each_once(len(scores.targets))
    for measure in protocol.headline:
        short = shortcuts.get(measure)
        right = scores.summary.values[measure]
        if short is not None and abs(float(short(whole)[0]) - right) <= _SAME * max(1, abs(right)):
            found[measure] = short
        else:
            found[measure] = _by_protocol(protocol, scores.targets, measure)
    return found


def _by_protocol(
    protocol: EvaluationProtocol, targets: Sequence[TargetScore], measure: str
) -> Statistic:
    def score(pick: Sequence[int]) -> float:
        return protocol.summarise([targets[index] for index in pick]).values[measure]

    return by_calls_of(score)


def _best(scores: Sequence[Scores], measure: str) -> Scores | None:
    whole = [each for each in scores if not each.failed]
    sign = 1 if MEASURES[measure].higher_is_better else -1
    return max(whole, key=lambda each: sign * each.summary.values[measure], default=None)


def _comparable(each: Scores, best: Scores) -> bool:
    return (
        each.name != best.name
        and each.truth_sha256 == best.truth_sha256
        and [target.name for target in each.targets] == [target.name for target in best.targets]
    )


def _difference(measure: str, each: Scores, best: Scores, between: Interval) -> Difference:
    difference = each.summary.values[measure] - best.summary.values[measure]
    return Difference(best=best.name, difference=difference, low=between.low, high=between.high)


def _shortcuts(protocol: EvaluationProtocol, scores: Scores) -> dict[str, Statistic]:
    """What is known of the protocols: measures that need no summing up anew."""
    if isinstance(protocol, (OnePass, Rgbt)):
        by_frames = protocol.rules.average == "frames"
        return {name: _pass_mean(scores, name, by_frames) for name in protocol.headline}
    if isinstance(protocol, VotSupervised):
        return _vot(protocol, scores.targets)
    if isinstance(protocol, Effort):
        frames = np.array([target.frames for target in scores.targets], np.float64)
        human = _values(scores.targets, "boxes_per_1000")
        return {
            "boxes_per_1000": mean_of(human, frames),
            "boxes_per_1000_median": median_of(human),
            "mean_overlap": mean_of(_values(scores.targets, "mean_overlap")),
        }
    return {}


def _values(targets: Sequence[TargetScore], measure: str) -> Floats:
    return np.array([target.values.get(measure, np.nan) for target in targets])


def _pass_mean(scores: Scores, measure: str, by_frames: bool) -> Statistic:
    """Measures are linear in the curves, so a mean of curves has the mean of the measures."""
    curve = MEASURES[measure].curve
    dropped = set(scores.summary.dropped.get(curve, ()) if curve else ())
    frames = np.array([target.frames if by_frames else 1.0 for target in scores.targets])
    kept = np.array([target.name not in dropped for target in scores.targets])
    return mean_of(_values(scores.targets, measure), frames * kept)


def _vot(protocol: VotSupervised, scores: Sequence[TargetScore]) -> dict[str, Statistic]:
    targets = [target_of(score) for score in scores]
    lengths = np.array([target.length for target in targets], np.float64)
    failures = np.array([target.failures for target in targets])
    found = {
        "expected_average_overlap": _eao(protocol, targets),
        "failures": sum_of(failures),
        "failures_per_100": mean_of(100 * failures / lengths, lengths),
    }
    if protocol.rules.accuracy == "targets":
        found["accuracy"] = mean_of(_values(scores, "accuracy"), lengths)
    else:
        frames = [frame_accuracy(target, protocol.rules.burn_in) for target in targets]
        known = np.array([(~np.isnan(each)).sum() for each in frames], np.float64)
        sums = np.array([np.nansum(each) for each in frames])
        found["accuracy"] = mean_of(sums / np.maximum(known, 1), known)
    return found


def lengths_of_eao(protocol: VotSupervised, lengths: Sequence[int]) -> tuple[int, int]:
    """First and last length that EAO is the mean over, for targets of these lengths."""
    rules = protocol.rules
    low, high = rules.interval or interval_of_lengths(lengths)[:2]
    return low + rules.interval_shift, high + rules.interval_shift


def _eao(protocol: VotSupervised, targets: Sequence[Target]) -> Statistic:
    """The interval of lengths stays that of the whole sample: it is a rule, not a result."""
    rules = protocol.rules
    lengths = [target.length for target in targets]
    low, high = lengths_of_eao(protocol, lengths)
    longest = max(*lengths, high)
    columns = np.arange(max(low, 2), high + 1)
    parts = [
        overlap_sums(
            target, (), longest, skip=rules.skip, late=rules.late_failure, weights=rules.weights
        )
        for target in targets
    ]
    sums, weights = (
        np.array([part[which][0, columns - 2] for part in parts]) for which in range(2)
    )
    return mean_ratio_of(sums, weights, np.array(lengths, np.float64), columns.astype(np.float64))


def conclusion(found: Confidences, scores: Sequence[Scores], measure: str) -> str:
    """One sentence on what the first place is worth; empty where nothing can be said."""
    if not scores or measure not in found[scores[0].name]:
        return ""
    first = scores[0]
    others = [(each.name, found[each.name].get(measure)) for each in scores[1:]]
    known = [(name, own.to_best) for name, own in others if own is not None and own.to_best]
    if found[first.name][measure].says_little:
        return f"{len(first.targets)} targets are too few to say how sure this order is."
    if not known:
        return ""
    level = [name for name, apart in known if not apart.told_apart]
    if not level:
        return f"{first.name} is told apart from every other one (95 %)."
    names = ", ".join(level[:5]) + (f" and {len(level) - 5} more" if len(level) > 5 else "")
    return f"Not told apart from {first.name} (95 %): {names}."
