"""Bars of each challenge: one panel a challenge, one bar a tracker."""

from collections.abc import Sequence
from html import escape

from tracking.evaluation.measures import MEASURES
from tracking.evaluation.scores import Scores
from tracking.report.colours import SERIES, look
from tracking.report.words import value_text


def challenges_of(scores: Sequence[Scores]) -> list[str]:
    """Every challenge that a tracker has a score of."""
    return sorted({name for each in scores for name in each.summary.attributes})


def bars_html(scores: Sequence[Scores], measure: str) -> str:
    """Panels of the first trackers; empty where there is no challenge."""
    names = [
        name
        for name in challenges_of(scores)
        if any(measure in _subset(each, name) for each in scores)
    ]
    if not names:
        return ""
    most = max(_subset(each, name).get(measure, 0) for each in scores for name in names)
    longest = 1.0 if MEASURES[measure].share else max(most, 1e-9)
    panels = "".join(_panel(name, scores, measure, longest) for name in names)
    return f'<div class="panels">{panels}</div>'


def _subset(scores: Scores, name: str) -> dict[str, float]:
    found = scores.summary.attributes.get(name)
    return found.values if found else {}


def _panel(name: str, scores: Sequence[Scores], measure: str, longest: float) -> str:
    targets = max(
        each.summary.attributes[name].targets for each in scores if name in each.summary.attributes
    )
    bars = []
    for index, each in enumerate(scores[:SERIES]):
        value = _subset(each, name).get(measure)
        if value is None:
            continue
        bars.append(
            f'<li class="{look(index)}" data-t="{index}"><span>{escape(each.name)}</span>'
            f'<i><i style="width:{100 * min(value / longest, 1):.1f}%"></i></i>'
            f"<b>{value_text(measure, value)}</b></li>"
        )
    noun = "target" if targets == 1 else "targets"
    return (
        f'<section class="panel"><h3>{escape(name)} <small>{targets} {noun}</small></h3>'
        f"<ol>{''.join(bars)}</ol></section>"
    )
