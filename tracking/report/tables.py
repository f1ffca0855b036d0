"""Tables of an evaluation: as rows for a terminal, and as HTML."""

from collections.abc import Mapping, Sequence
from html import escape

from tracking.evaluation.benchmark import Benchmark
from tracking.evaluation.confidence import Confidence, Confidences
from tracking.evaluation.measures import MEASURES
from tracking.evaluation.scores import Scores, TargetScore
from tracking.report.bars import challenges_of
from tracking.report.colours import look, mark
from tracking.report.words import (
    FEWER_IS_BETTER,
    difference_text,
    printed_name,
    rate_text,
    targets_text,
    value_text,
)


def ranked_columns(headline: Sequence[str]) -> list[str]:
    """Heads of the ranked table."""
    return ["Tracker", *(MEASURES[name].short for name in headline), "Targets", "Frames/s"]


def ranked_rows(scores: Sequence[Scores], headline: Sequence[str]) -> list[list[str]]:
    """One row a tracker, as text."""
    return [
        [
            each.name,
            *(value_text(name, each.summary.values[name]) for name in headline),
            targets_text(each),
            "-" if each.speed is None else rate_text(each.speed.fps_without_start),
        ]
        for each in scores
    ]


def places(scores: Sequence[Scores], measure: str) -> dict[str, int]:
    """First (0) and second (1) of the trackers that are complete, by name; ties share a place."""
    whole = [each for each in scores if not each.failed] or list(scores)
    values = {each.name: each.summary.values[measure] for each in whole}
    down = MEASURES[measure].higher_is_better
    steps = sorted(set(values.values()), reverse=down)[:2]
    return {name: steps.index(value) for name, value in values.items() if value in steps}


def ranked_html(
    scores: Sequence[Scores], headline: Sequence[str], benchmark: Benchmark, found: Confidences
) -> str:
    """The ranked table: the best of each column is bold, the second underlined.

    Below each value its 95 % interval; ``≈`` is what is not told apart from the best.
    """
    heads = "".join(_measure_head(name, benchmark) for name in headline)
    ranks = {name: places(scores, name) for name in headline}
    rows = []
    texts = ranked_rows(scores, headline)
    for index, (each, words) in enumerate(zip(scores, texts, strict=True)):
        cells = [f"<td>{'–' if each.failed else index + 1}</td>", _name_cell(each.name, index)]
        for name, text in zip(headline, words[1:], strict=False):
            own = found.get(each.name, {}).get(name)
            cells.append(_value_cell(name, text, ranks[name].get(each.name), own))
        incomplete = ' class="bad" title="incomplete: not ranked"' if each.failed else ""
        cells += [f"<td{incomplete}>{words[-2]}</td>", f"<td>{words[-1]}</td>"]
        rows.append(f'<tr data-t="{index}">{"".join(cells)}</tr>')
    return _table(
        "ranked",
        "Trackers, best first",
        f"<th>#</th><th>Tracker</th>{heads}<th>Targets</th><th>Frames/s</th>",
        rows,
    )


def _measure_head(name: str, benchmark: Benchmark) -> str:
    measure = MEASURES[name]
    arrow = "" if measure.higher_is_better else f" {FEWER_IS_BETTER}"
    printed = printed_name(benchmark, name)
    ours = (
        f"<small>{escape(measure.short)}</small>"
        if printed.lower() != measure.short.lower()
        else ""
    )
    hint = "" if measure.higher_is_better else "; lower is better"
    return f'<th title="{escape(measure.title)}{hint}">{escape(printed)}{arrow}{ours}</th>'


def _name_cell(name: str, index: int) -> str:
    return f'<th scope="row">{mark(index)}{escape(name)}</th>'


def _value_cell(name: str, text: str, place: int | None, own: Confidence | None) -> str:
    shown = {0: f"<b>{text}</b>", 1: f"<u>{text}</u>"}.get(-1 if place is None else place, text)
    if own is None:
        return f"<td>{shown}</td>"
    low, high = value_text(name, own.low), value_text(name, own.high)
    title, sign = f"95 % interval {low} to {high}", ""
    if own.to_best is not None:
        apart = own.to_best
        ends = f"{difference_text(name, apart.low)} to {difference_text(name, apart.high)}"
        title += f"; difference to {apart.best} {difference_text(name, apart.difference)} ({ends})"
        if not apart.told_apart:
            title += ", not told apart"
            sign = '<span class="level" aria-label="not told apart from the best">≈</span>'
    return f'<td title="{escape(title)}">{sign}{shown}<small>{low}–{high}</small></td>'


def measures_html(scores: Sequence[Scores], benchmark: Benchmark) -> str:
    """Every measure that there is."""
    names = [name for name in MEASURES if any(name in each.summary.values for each in scores)]
    heads = "".join(_measure_head(name, benchmark) for name in names)
    rows = []
    for index, each in enumerate(scores):
        values = each.summary.values
        cells = "".join(
            f"<td>{value_text(name, values[name]) if name in values else '-'}</td>"
            for name in names
        )
        rows.append(f'<tr data-t="{index}">{_name_cell(each.name, index)}{cells}</tr>')
    return _table("sortable", "Every measure", f"<th>Tracker</th>{heads}", rows)


def challenges_html(scores: Sequence[Scores], measure: str) -> str:
    """One row a challenge, one column a tracker; empty where there is none."""
    rows = []
    for name in challenges_of(scores):
        subsets = [each.summary.attributes.get(name) for each in scores]
        targets = max(subset.targets for subset in subsets if subset)
        cells = "".join(
            f"<td>{value_text(measure, subset.values[measure])}</td>"
            if subset and measure in subset.values
            else "<td>-</td>"
            for subset in subsets
        )
        rows.append(f'<tr><th scope="row">{escape(name)}</th><td>{targets}</td>{cells}</tr>')
    if not rows:
        return ""
    heads = f"<th>Challenge</th><th>Targets</th>{_tracker_heads(scores)}"
    return _table("sortable", f"{MEASURES[measure].title} by challenge", heads, rows)


def targets_html(scores: Sequence[Scores], measure: str) -> str:
    """One row a target, one column a tracker; each cell has a bar as long as its value."""
    values = [{target.name: target for target in each.targets} for each in scores]
    names = sorted({name for each in values for name in each})
    longest = _longest(values, measure)
    rows = []
    for name in names:
        frames = max(each[name].frames for each in values if name in each)
        cells = "".join(
            _bar_cell(measure, each[name].values[measure], longest, index)
            if name in each
            else "<td>-</td>"
            for index, each in enumerate(values)
        )
        rows.append(f'<tr><th scope="row">{escape(name)}</th><td>{frames}</td>{cells}</tr>')
    heads = f"<th>Target</th><th>Frames</th>{_tracker_heads(scores)}"
    return _table("targets sortable", f"{MEASURES[measure].title} of each target", heads, rows)


def _longest(values: Sequence[Mapping[str, TargetScore]], measure: str) -> float:
    if MEASURES[measure].share:
        return 1.0
    every = [target.values[measure] for each in values for target in each.values()]
    return max([*every, 1e-9])


def _tracker_heads(scores: Sequence[Scores]) -> str:
    return "".join(
        f'<th data-t="{index}">{escape(each.name)}</th>' for index, each in enumerate(scores)
    )


def _bar_cell(measure: str, value: float, longest: float, index: int) -> str:
    width = 100 * min(max(value / longest, 0), 1)
    return (
        f'<td class="bar {look(index)}"><i><i style="width:{width:.1f}%"></i></i>'
        f"{value_text(measure, value)}</td>"
    )


def _table(kind: str, caption: str, heads: str, rows: Sequence[str]) -> str:
    heads = heads.replace("<th", '<th scope="col"')
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="{kind}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def notes_html(scores: Sequence[Scores]) -> str:
    """What failed, what was left out and what was repaired, by tracker; empty if nothing."""
    parts = []
    for each in scores:
        lines = [f"no score: {failure.name}: {failure.error}" for failure in each.failed]
        lines += [
            f"{name} curve: {', '.join(dropped)} left out, all zero"
            for name, dropped in each.summary.dropped.items()
        ]
        lines += [f"{target.name}: {note}" for target in each.targets for note in target.notes]
        if lines:
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            opened = " open" if each.failed or len(lines) <= 3 else ""
            noun = "note" if len(lines) == 1 else "notes"
            parts.append(
                f"<details{opened}><summary><b>{escape(each.name)}</b> {len(lines)} {noun}"
                f'</summary><ul class="notes">{items}</ul></details>'
            )
    return "".join(parts)
