"""The tables of `benchmarks.compare`: scores, paired differences, and where overlap is lost."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from benchmarks.following import MEASURED, measures
from tirdata.config import Config
from tirdata.geometry import overlap
from tirdata.types import Boxes, Floats
from tracking.evaluation.bootstrap import draw, interval_of, mean_of

ByTracker: TypeAlias = dict[str, dict[str, "Outcome"]]  # then by clip

HEADS = ("mean IoU", "success (AUC)", "precision at 20 px", "norm. precision")
PARTS = ("tracked", "true centre", "true size", "true centre and aspect")


class Outcome(Config):
    """What a tracker found in a clip; None = no true box there."""

    tracker: str
    clip: str
    source: str
    fingerprint: str
    """Of its settings and weights."""
    start: str
    """Hash of the first frame and its box."""
    found: list[list[float] | None]
    truth: list[list[float] | None]
    cpu_s: float
    """A frame, of the processor."""

    def cut(self, count: int) -> "Outcome":
        """The first so many frames: no tracker looks ahead."""
        return self.model_copy(update={"found": self.found[:count], "truth": self.truth[:count]})


def boxes_of(rows: Sequence[Sequence[float] | None]) -> Boxes:
    """(n, 4), NaN for None."""
    return np.array([[np.nan] * 4 if row is None else [*row] for row in rows], np.float64)


def decomposition(found: Boxes, truth: Boxes) -> dict[str, float]:
    """Mean IoU as tracked, and had some of the box been true: what is lost to which part.

    The aspect is taken at the tracked area, so "true centre and aspect" leaves the scale's loss.
    """
    known = ~np.isnan(truth).any(axis=1)
    found, truth = found[known], truth[known]
    size, true_size = found[:, 2:], truth[:, 2:]
    centre, true_centre = (boxes[:, :2] + boxes[:, 2:] / 2 for boxes in (found, truth))
    scale = np.sqrt(size.prod(axis=1) / true_size.prod(axis=1))[:, None]
    variants = (
        found,
        _box(true_centre, size),
        _box(centre, true_size),
        _box(true_centre, true_size * scale),
    )
    return {
        name: float(overlap(boxes, truth).mean())
        for name, boxes in zip(PARTS, variants, strict=True)
    }


def _box(centre: Boxes, size: Boxes) -> Boxes:
    return np.concatenate([centre - size / 2, size], axis=1)


def page(outcomes: Sequence[Outcome], against: str) -> str:
    """A table of scores a source and over all, then the decomposition.

    A tracker that has not done every clip would be compared on other clips: it is named instead.
    """
    every: ByTracker = {}
    for each in outcomes:
        every.setdefault(each.tracker, {})[each.clip] = each
    if not every:
        return "nothing was tracked\n"
    count = max(map(len, every.values()))
    trackers = {name: own for name, own in every.items() if len(own) == count}
    sources = [*dict.fromkeys(each.source for each in outcomes)]
    parts = [f"{name}: {len(own)} of {count} clips are done; not in the tables"
             for name, own in every.items() if name not in trackers]  # fmt: skip
    parts += [_scores(source, of_source(trackers, source), against) for source in sources]
    parts.append(_scores("all clips", trackers, against))
    parts.append(_losses(trackers, sources))
    return "\n\n".join(parts) + "\n"


def of_source(trackers: ByTracker, source: str) -> ByTracker:
    """The clips of one source alone."""
    return {
        name: own
        for name, clips in trackers.items()
        if (own := {clip: each for clip, each in clips.items() if each.source == source})
    }


def _scores(title: str, trackers: ByTracker, against: str) -> str:
    one = next(iter(trackers.values()))
    count, frames = len(one), sum(len(each.found) for each in one.values())
    rows = [["tracker", *HEADS, f"{against} - it, mean IoU", "CPU ms"], ["---"] * 7]
    rows += [
        [name, *_means(clips), _difference(trackers, against, name),
         f"{1e3 * np.mean([each.cpu_s for each in clips.values()]):.1f}"]
        for name, clips in trackers.items()
    ]  # fmt: skip
    return f"### {title}: {count} clip(s), {frames} frames\n\n{_markdown(rows)}"


def _means(clips: dict[str, Outcome]) -> list[str]:
    scored = [measures(boxes_of(each.found), boxes_of(each.truth)) for each in clips.values()]
    return [f"{np.mean([row[name] for row in scored]):.3f}" for name in MEASURED]


def _difference(trackers: ByTracker, against: str, name: str) -> str:
    if name == against or against not in trackers:
        return ""
    shared = sorted(set(trackers[against]) & set(trackers[name]))
    ours, theirs = (_overlaps(trackers[each], shared) for each in (against, name))
    change = ours - theirs
    better = f"better on {(change > 0).sum()} of {len(change)}"
    if len(change) < 2:
        return f"{change.mean():+.3f}"
    low, high = interval_of(mean_of(change)(draw(len(change))))
    return f"{change.mean():+.3f} ({low:+.3f} to {high:+.3f}), {better}"


def _overlaps(clips: dict[str, Outcome], names: Sequence[str]) -> Floats:
    return np.array([
        measures(boxes_of(clips[name].found), boxes_of(clips[name].truth))["mean_overlap"]
        for name in names
    ])  # fmt: skip


def _losses(trackers: ByTracker, sources: Sequence[str]) -> str:
    rows = [["source", "tracker", *PARTS], ["---"] * (2 + len(PARTS))]
    for source in sources:
        for name, clips in of_source(trackers, source).items():
            told = [decomposition(boxes_of(each.found), boxes_of(each.truth))
                    for each in clips.values()]  # fmt: skip
            means = (f"{np.mean([row[part] for row in told]):.3f}" for part in PARTS)
            rows.append([source, name, *means])
    return f"### Where overlap is lost: mean IoU had a part of each box been true\n\n" \
           f"{_markdown(rows)}"  # fmt: skip


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
