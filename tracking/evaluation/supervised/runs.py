"""Repetitions of one target as arrays, and what accuracy and robustness make of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.types import Flags, Floats
from tracking.evaluation.scores import TargetScore

EMPTY: Final = "empty"  # the tag of frames that have no other

Indices: TypeAlias = NDArray[np.int64]

_NONE: Final[Flags] = np.zeros(0, np.bool_)


@dataclass(frozen=True)
class Run:
    """One repetition, frames counted from the first true box."""

    overlaps: Floats  # (n,), as EAO counts them; NaN where there is no region
    wide: Floats  # (n,), as accuracy counts them
    starts: Indices
    failures: Indices


@dataclass(frozen=True)
class Target:
    """All repetitions of one target."""

    length: int
    runs: tuple[Run, ...]
    tags: Mapping[str, Flags]  # frames that have a tag, each (n,)

    @cached_property
    def failures(self) -> float:
        """How often the tracker was lost, mean over repetitions."""
        return float(np.mean([len(run.failures) for run in self.runs]))


class Share(NamedTuple):
    """A mean and over how many frames it weighs."""

    value: float
    length: int


def target_of(score: TargetScore) -> Target:
    """The arrays behind a score."""
    first = min((run.starts[0] for run in score.runs if run.starts), default=0)
    frames = slice(first, first + score.frames)

    def array(values: Sequence[float | None]) -> Floats:
        return np.array(values, np.float64)[frames]

    def indices(values: Sequence[int]) -> Indices:
        return np.array(values, np.int64) - first

    runs = []
    for each in score.runs:
        overlaps = array(each.overlaps)
        wide = array(each.wide) if each.wide else overlaps
        runs.append(Run(overlaps, wide, indices(each.starts), indices(each.failures)))
    tags = {tag: _marked(indices(each), score.frames) for tag, each in score.tags.items()}
    return Target(score.frames, tuple(runs), tags)


def _marked(frames: Indices, length: int) -> Flags:
    marked = np.zeros(length, np.bool_)
    marked[frames] = True
    return marked


def with_empty(tags: Mapping[str, Flags]) -> dict[str, Flags]:
    """The tags and ``empty``, where there are tags at all."""
    if not tags or EMPTY in tags:
        return dict(tags)
    return dict(tags) | {EMPTY: ~np.any([*tags.values()], axis=0)}


def frame_accuracy(target: Target, burn_in: int, frames: Flags | None = None) -> Floats:
    """Overlap of each frame, mean over the repetitions that have one there; NaN where none has.

    Args:
        target: what ran.
        burn_in: so many frames do not count after each start, the start among them.
        frames: only these; burn-in then counts in what is left of the run, as the toolkit does,
            and a start on another frame burns nothing.
    """
    columns = []
    for run in target.runs:
        overlaps, starts = run.wide.copy(), run.starts
        if frames is not None:
            overlaps = overlaps[frames]
            starts = (frames.cumsum() - 1)[starts[frames[starts]]]
        for start in starts:
            overlaps[start : start + burn_in] = np.nan
        columns.append(overlaps)
    return _mean_of_known(np.array(columns))


def _mean_of_known(table: Floats) -> Floats:
    known = ~np.isnan(table)
    count = known.sum(axis=0)
    sums = np.where(known, table, 0).sum(axis=0)
    means: Floats = np.divide(sums, count, out=np.full(len(count), np.nan), where=count > 0)
    return means


def _mean(values: Floats) -> float:
    """Of what is known; 0 where nothing is, as the toolkit has it."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def _weighted(shares: Sequence[Share]) -> float:
    total = sum(share.length for share in shares)
    return sum(share.value * share.length for share in shares) / total if total else 0.0


def tag_names(targets: Sequence[Target]) -> list[str]:
    """Every tag that marks a frame, sorted."""
    return sorted({tag for target in targets for tag, marks in target.tags.items() if marks.any()})


def accuracy(targets: Sequence[Target], burn_in: int) -> float:
    """Mean overlap of all frames of all targets that count."""
    return _mean(np.concatenate([frame_accuracy(target, burn_in) for target in targets]))


def accuracy_by_target(targets: Sequence[Target], burn_in: int) -> float:
    """Mean overlap of each target, weighted by its length."""
    return _weighted(
        [Share(_mean(frame_accuracy(target, burn_in)), target.length) for target in targets]
    )


def accuracy_by_run(targets: Sequence[Target], burn_in: int) -> float:
    """As ``accuracy_by_target``, each repetition a mean of its own (the toolkit in Python)."""
    shares = []
    for target in targets:
        alone = [Target(target.length, (run,), {}) for run in target.runs]
        means = [_mean(frame_accuracy(each, burn_in)) for each in alone]
        shares.append(Share(float(np.mean(means)), target.length))
    return _weighted(shares)


def tagged_accuracy(targets: Sequence[Target], burn_in: int, tag: str) -> Share:
    """Mean overlap of the frames with a tag."""
    marked = [target for target in targets if target.tags.get(tag, _NONE).any()]
    frames = [frame_accuracy(target, burn_in, target.tags[tag]) for target in marked]
    return Share(_mean(np.concatenate(frames)), sum(len(each) for each in frames))


def accuracy_by_tag(targets: Sequence[Target], burn_in: int) -> float:
    """Mean overlap of each tag, weighted by its frames; one with two tags counts twice."""
    return _weighted([tagged_accuracy(targets, burn_in, tag) for tag in tag_names(targets)])


def failures(targets: Sequence[Target]) -> float:
    """How often the tracker was lost, summed over targets, mean over repetitions."""
    return sum(target.failures for target in targets)


def failures_by_length(targets: Sequence[Target]) -> float:
    """Failures of a target, weighted by length."""
    return _weighted([Share(target.failures, target.length) for target in targets])


def tagged_failures(targets: Sequence[Target], tag: str) -> Share:
    """Failures on the frames with a tag, summed over targets, mean over repetitions."""
    total, length = 0.0, 0
    for target in targets:
        marks = target.tags.get(tag, _NONE)
        if marks.any():
            length += int(marks.sum())
            total += float(np.mean([marks[run.failures].sum() for run in target.runs]))
    return Share(total, length)


def failures_by_tag(targets: Sequence[Target]) -> float:
    """Failures of each tag, weighted by its frames."""
    return _weighted([tagged_failures(targets, tag) for tag in tag_names(targets)])


def reliability(targets: Sequence[Target], sensitivity: float) -> float:
    """Chance to be followed for so many frames without a failure (the toolkit in Python)."""
    mean_length = float(np.mean([target.length for target in targets]))
    return float(np.exp(-sensitivity * failures_by_length(targets) / mean_length))
