"""Tables of annotation effort: one per policy, ours against each other tracker."""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.effort_runs import Outcome
from tirdata.types import Floats
from tracking.evaluation.bootstrap import draw, interval_of, mean_of

HEAD = "boxes per 1000 | median clip | ours less this one (95 %) | "


def tables(done: Sequence[Outcome], levels: Sequence[str], policies: Mapping[str, str]) -> str:
    """Markdown: a table for each policy, and one of boxes by source."""
    return "\n".join(_policy(done, levels, name, end) for name, end in policies.items())


def _policy(done: Sequence[Outcome], levels: Sequence[str], name: str, ending: str) -> str:
    shown = [f"effort{'' if level == '0.5' else f'-{level}'}{ending}" for level in levels]
    part = [each for each in done if each.benchmark in shown]
    if not part:
        return ""
    sources = [*dict.fromkeys(each.source for each in part)]
    columns = [f"IoU {level}: {HEAD}{' | '.join(sources)} | " for level in levels]
    rows = [
        f"| {name} | {''.join(columns)}mean overlap | s per 1000 frames |",
        "|---|" + ("---|" * (3 + len(sources))) * len(levels) + "---|---|",
    ]
    for tracker in dict.fromkeys(each.tracker for each in part):
        cells = [_cells(part, benchmark, tracker, sources) for benchmark in shown]
        own = [one for one in part if (one.tracker, one.benchmark) == (tracker, shown[0])]
        overlap = np.mean([each.overlap for each in own])
        cost = 1000 * sum(each.seconds for each in own) / sum(each.frames for each in own)
        rows.append(f"| {tracker} | {' | '.join(cells)} | {overlap:.3f} | {cost:.0f} |")
    return "\n".join([*rows, ""])


def _cells(done: Sequence[Outcome], benchmark: str, tracker: str, sources: Sequence[str]) -> str:
    part = [each for each in done if each.benchmark == benchmark]
    first = part[0].tracker
    human, frames = _of(part, tracker)
    apart = ""
    if tracker != first:
        ours, _ = _of(part, first)
        mean = mean_of(1000 * (ours - human) / frames, frames)
        low, high = interval_of(mean(draw(len(human))))
        apart = f"{1000 * (ours - human).sum() / frames.sum():+.1f} ({low:+.1f} to {high:+.1f})"
    by_source = []
    for source in sources:
        own = [each for each in part if (each.tracker, each.source) == (tracker, source)]
        by_source.append(f"{1000 * sum(o.human for o in own) / sum(o.frames for o in own):.1f}")
    pooled, median = 1000 * human.sum() / frames.sum(), np.median(1000 * human / frames)
    return f"{pooled:.1f} | {median:.1f} | {apart} | {' | '.join(by_source)}"


def _of(part: Sequence[Outcome], tracker: str) -> tuple[Floats, Floats]:
    """Boxes and frames of a tracker, (clips,) each, in the order of the clips' names."""
    own = sorted((each.clip, each.human, each.frames) for each in part if each.tracker == tracker)
    return np.array([row[1] for row in own], np.float64), np.array([row[2] for row in own], float)
