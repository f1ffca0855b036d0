"""Where trackers lost their targets: one row a tracker, time from left to right.

Of one pass: the frames without any overlap. Of VOT: failures, and the frames until the restart. Of
annotation effort: the frames to which a person had to give a box.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from tracking.evaluation.scores import Scores, TargetScore
from tracking.report.colours import SHOWN, look
from tracking.report.words import counted

OPEN = 12  # targets that are shown at once, the rest folded
_WIDTH = 1000


class Row(NamedTuple):
    """What happened to one tracker on one target."""

    length: int  # frames
    lost: Sequence[tuple[int, int]]  # first and one past the last, from 0
    marks: Sequence[int]
    words: str


def row_of(target: TargetScore) -> Row | None:
    """None where the scores do not say it."""
    if target.course is not None:
        start, stop, stretches = target.course.start, target.course.stop, target.course.lost
        lost = [(first - start, last - start) for first, last in stretches]
        frames = sum(last - first for first, last in lost)
        return Row(stop - start, lost, (), _share_text(frames, max(target.frames, 1)))
    if not target.runs:
        return None
    run = target.runs[0]
    start = min(run.starts, default=0)
    length = max(len(run.overlaps) - start, 1)
    if "human_boxes" in target.values:
        marks = [frame - start for frame in run.starts]
        return Row(length, (), marks, f"{len(marks)} {'box' if len(marks) == 1 else 'boxes'}")
    failures = [frame - start for frame in run.failures]
    after = {
        failure: min((frame - start for frame in run.starts if frame - start > failure),
                     default=length)
        for failure in failures
    }  # fmt: skip
    lost = [(failure, after[failure]) for failure in failures]
    words = counted(len(failures), "failure") if failures else "no failure"
    return Row(length, lost, failures, words)


def _share_text(lost: int, frames: int) -> str:
    if not lost:
        return "never lost"
    share = f"{100 * lost / frames:.0f}"
    return f"{'< 1' if share == '0' else share} % lost"


def timeline_html(scores: Sequence[Scores], order: Sequence[str]) -> str:
    """The targets in this order; empty where no tracker's scores say what happened."""
    by_name = [{target.name: target for target in each.targets} for each in scores[:SHOWN]]
    drawn = [
        block
        for name in order
        if (block := _target(name, scores, [each.get(name) for each in by_name]))
    ]
    if not drawn:
        return ""
    first, rest = "".join(drawn[:OPEN]), "".join(drawn[OPEN:])
    left = len(drawn) - OPEN
    folded = (
        f"<details><summary>{counted(left, 'more target')}</summary>{rest}</details>"
        if rest
        else ""
    )
    return f'<div class="times">{first}{folded}</div>'


def _target(name: str, scores: Sequence[Scores], targets: Sequence[TargetScore | None]) -> str:
    rows = [row_of(target) if target is not None else None for target in targets]
    known = [row.length for row in rows if row is not None]
    if not known:
        return ""
    longest = max(known)
    drawn = "".join(
        _row(scores[index].name, index, row, longest)
        for index, row in enumerate(rows)
        if row is not None
    )
    frames = counted(longest, "frame")
    return f"<section><h3>{escape(name)} <small>{frames}</small></h3>{drawn}</section>"


def _row(name: str, index: int, row: Row, longest: int) -> str:
    scale = _WIDTH / longest
    lost = "".join(
        f"M{first * scale:.0f} 5h{max((last - first) * scale, 2):.0f}" for first, last in row.lost
    )
    ticks = "".join(f"M{frame * scale:.0f} 0v10" for frame in row.marks)
    stretches = f'<path class="lost" d="{lost}"/>' if lost else ""
    marks = f'<path class="tick" d="{ticks}"/>' if ticks else ""
    return (
        f'<div class="{look(index)}" data-t="{index}"><span>{escape(name)}</span>'
        f'<svg viewBox="0 0 {_WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">'
        f"{stretches}{marks}</svg><span>{row.words}</span></div>"
    )
