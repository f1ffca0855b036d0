"""Numbers of tirdata/annotate/certainty.py: observing frames, fitting to them, judging the fit."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.annotated import Clip
from benchmarks.effort_runs import Frames, Tried, build
from tirdata.annotate import certainty
from tirdata.annotate.follow import PropagateConfig, passes
from tirdata.annotate.fuse import believed, evidence, fuse, shares, single
from tirdata.annotate.lost import filled
from tirdata.annotate.spans import Span
from tirdata.geometry import overlap
from tirdata.tracker import Tracker
from tirdata.types import Box, Flags, Floats

BINS = 10
FOLDS = 5
SETTINGS = PropagateConfig()

# Set and not fitted. KCF, of which most frames are, says itself where it is lost, so that what is
# left of its long passes is right, and no clip is as long as what people annotate: fitted, being
# far from a person's box would speak for a box, and disagreement hardly against it. The Brier score
# of unseen clips is the same to two digits.
SET = {"far": -0.4, "agreement": 2.0, "both": -0.7, "score": 0.6}


class Seen(NamedTuple):
    """Frames of one kind of span (n of them)."""

    features: dict[str, Floats]
    sure: Floats  # by the numbers that ship
    overlaps: Floats
    clips: NDArray[np.str_]
    groups: NDArray[np.str_]  # source

    def part(self, chosen: Flags) -> "Seen":
        """Some of the frames."""
        features = {name: values[chosen] for name, values in self.features.items()}
        rest = (values[chosen] for values in self[1:])
        return Seen(features, *rest)  # type: ignore[arg-type]


def observe(
    tried: Tried, found: Sequence[Clip], gaps: Sequence[int], work: Path
) -> tuple[Seen, Seen]:
    """Frames between two human boxes, and frames beyond one.

    ``gaps`` are frames between human boxes; 0: the first frame and the last alone.
    """
    between, beyond = [], []
    for clip in found:
        tracker = build(tried, work, clip.name)
        for gap in gaps:
            for span in spans_of(clip, gap):
                between.append(_between(tracker, clip, span))
                if span.first == _known(clip)[0] + 1:
                    beyond.append(_beyond(tracker, clip, span))
    return joined(between), joined(beyond)


def joined(parts: Sequence[Seen]) -> Seen:
    """All frames of all parts."""
    features = {
        name: np.concatenate([part.features[name] for part in parts]) for name in parts[0].features
    }
    others = [np.concatenate([part[row] for part in parts]) for row in range(1, 5)]
    return Seen(features, *others)


def _between(tracker: Tracker, clip: Clip, span: Span) -> Seen:
    forward, backward = passes(Frames(clip.frames), tracker, span, SETTINGS)
    boxes, sure = fuse(forward, backward)
    forward, backward = believed(forward, backward), believed(backward, forward)
    seen = evidence(forward, backward, *shares(forward, backward))
    return _seen(certainty.between_features(seen), sure, filled(boxes, span, "lines"), clip, span)


def _beyond(tracker: Tracker, clip: Clip, span: Span) -> Seen:
    (run,) = passes(Frames(clip.frames), tracker, span._replace(after=None), SETTINGS)
    boxes, sure = single(run)
    far = np.arange(1.0, len(sure) + 1)
    features = certainty.beyond_features(run.scores, far, run.found)
    return _seen(features, sure, filled(boxes, span._replace(after=None), "hold"), clip, span)


def _seen(features: dict[str, Floats], sure: Floats, boxes: Floats, clip: Clip, span: Span) -> Seen:
    truth = clip.boxes[span.first : span.last + 1]
    there = ~np.isnan(truth[:, 0])
    overlaps = np.nan_to_num(overlap(boxes, truth))
    names = np.full(len(sure), clip.name), np.full(len(sure), clip.source)
    return Seen(features, sure, overlaps, *names).part(there)


def _known(clip: Clip) -> NDArray[np.intp]:
    return np.flatnonzero(~np.isnan(clip.boxes[:, 0]))


def spans_of(clip: Clip, gap: int) -> list[Span]:
    """Between human boxes every ``gap`` frames; 0: between the first frame and the last."""
    known = _known(clip)
    human = [*(known[::gap] if gap else known[:1]), known[-1]]
    return [
        Span(int(a) + 1, int(b) - 1, Box(*clip.boxes[a].tolist()), Box(*clip.boxes[b].tolist()))
        for a, b in itertools.pairwise(human)
        if b - a > 1
    ]


def fit(seen: Seen, level: float, ridge: float = 3.0) -> dict[str, float]:
    """Weights of a logistic regression, in which each source of each tracker counts the same."""
    free = [name for name in seen.features if name not in SET]
    x = np.stack([seen.features[name] for name in free], axis=1)
    fixed = np.sum([w * seen.features[name] for name, w in _set(seen).items()], axis=0)
    right = seen.overlaps >= level
    counts = {group: float((seen.groups == group).mean()) for group in set(seen.groups.tolist())}
    weights = np.array([1 / (len(counts) * counts[group]) for group in seen.groups.tolist()])
    penalty = ridge * np.eye(x.shape[1])
    found = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ found + fixed, -30, 30)))
        gradient = x.T @ (weights * (p - right)) + penalty @ found
        hessian = (x * (weights * p * (1 - p))[:, None]).T @ x + penalty
        found = found - np.linalg.solve(hessian, gradient)
    return {**dict(zip(free, found.tolist(), strict=True)), **_set(seen)}


def _set(seen: Seen) -> dict[str, float]:
    return {name: weight for name, weight in SET.items() if name in seen.features}


def grouped(seen: Seen, tracker: str) -> Seen:
    """With the tracker's name in the groups, so that each of its sources counts as one."""
    groups = np.array([f"{tracker} {group}" for group in seen.groups.tolist()])
    return seen._replace(groups=groups)


def probability(seen: Seen, weights: dict[str, float]) -> Floats:
    """By such weights, (n,)."""
    total = np.sum([weights[name] * values for name, values in seen.features.items()], axis=0)
    result: Floats = 1 / (1 + np.exp(-total))
    return result


def unseen(seen: Seen, level: float) -> Floats:
    """Probability of each frame by a fit to clips that it is not among, (n,)."""
    names = sorted(set(seen.clips.tolist()))
    result = np.zeros(len(seen.clips))
    for fold in range(FOLDS):
        own = np.isin(seen.clips, names[fold::FOLDS])
        if own.any():
            result[own] = probability(seen.part(own), fit(seen.part(~own), level))
    return result


def error(sure: Floats, right: Flags) -> float:
    """Expected calibration error over ten bins."""
    places = bins(sure)
    parts = [places == place for place in range(BINS)]
    return float(
        sum(
            abs(sure[part].mean() - right[part].mean()) * part.mean()
            for part in parts
            if part.any()
        )
    )


def bins(sure: Floats) -> NDArray[np.intp]:
    """The tenth that each probability is in, (n,)."""
    return np.clip((sure * BINS).astype(np.intp), 0, BINS - 1)


def ranking(sure: Floats, right: Flags) -> float:
    """Probability that a right frame is surer than a wrong one; ties count a half."""
    both = np.concatenate([sure[right], sure[~right]])
    _, places, counts = np.unique(both, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    good, bad = int(right.sum()), int((~right).sum())
    if not good or not bad:
        return float("nan")
    return float((middle[places[:good]].sum() - good * (good + 1) / 2) / (good * bad))
