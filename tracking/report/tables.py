"""Tables of an evaluation: as rows for a terminal, and as HTML."""

from collections.abc import Sequence
from html import escape

from tracking.evaluation.measures import MEASURES
from tracking.evaluation.scores import Scores
from tracking.report.colours import colour


def ranked_columns(headline: Sequence[str]) -> list[str]:
    """Heads of the ranked table."""
    return ["Tracker", *(MEASURES[name].short for name in headline), "Targets", "Frames/s"]


def ranked_rows(scores: Sequence[Scores], headline: Sequence[str]) -> list[list[str]]:
    """One row a tracker, as text."""
    return [
        [
            each.name,
            *(f"{each.summary.values[name]:.3f}" for name in headline),
            targets_text(each),
            "-" if each.speed is None else rate_text(each.speed.fps_without_start),
        ]
        for each in scores
    ]


def rate_text(per_second: float) -> str:
    """Frames per second with three digits that mean something."""
    return f"{per_second:.1f}" if per_second < 100 else f"{per_second:.0f}"


def targets_text(scores: Scores) -> str:
    """How many targets are in the mean, and of how many."""
    whole = scores.summary.targets
    return f"{whole} of {whole + len(scores.failed)}" if scores.failed else str(whole)


def ranked_html(scores: Sequence[Scores], headline: Sequence[str]) -> str:
    """The ranked table; the best value of each column is bold."""
    heads = "".join(f"<th>{escape(head)}</th>" for head in ranked_columns(headline))
    whole = [each for each in scores if not each.failed] or list(scores)
    best = {name: max(each.summary.values[name] for each in whole) for name in headline}
    rows = []
    for index, (each, texts) in enumerate(zip(scores, ranked_rows(scores, headline), strict=True)):
        cells = [
            f'<th scope="row"><i style="background:{colour(index)}"></i>{escape(each.name)}</th>'
        ]
        for name, text in zip(headline, texts[1:], strict=False):
            top = each.summary.values[name] == best[name]
            cells.append(f"<td>{f'<b>{text}</b>' if top else text}</td>")
        incomplete = ' class="bad" title="incomplete: not ranked"' if each.failed else ""
        cells += [f"<td{incomplete}>{texts[-2]}</td>", f"<td>{texts[-1]}</td>"]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<div class="scroll"><table class="ranked"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def targets_html(scores: Sequence[Scores], measure: str) -> str:
    """One row a target, one column a tracker; each cell has a bar as long as its value."""
    values = [{target.name: target for target in each.targets} for each in scores]
    names = sorted({name for each in values for name in each})
    heads = "".join(f"<th>{escape(each.name)}</th>" for each in scores)
    rows = []
    for name in names:
        frames = max(each[name].frames for each in values if name in each)
        cells = "".join(
            _bar_cell(each[name].values[measure], index) if name in each else "<td>-</td>"
            for index, each in enumerate(values)
        )
        rows.append(f'<tr><th scope="row">{escape(name)}</th><td>{frames}</td>{cells}</tr>')
    return (
        f'<div class="scroll"><table class="targets"><caption>{escape(MEASURES[measure].title)} of '
        f"each target</caption><thead><tr><th>Target</th><th>Frames</th>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _bar_cell(value: float, index: int) -> str:
    return (
        f'<td class="bar"><span><i style="width:{100 * value:.1f}%;background:{colour(index)}"></i>'
        f"</span>{value:.3f}</td>"
    )


def notes_html(scores: Sequence[Scores]) -> str:
    """What failed, what was left out and what was repaired, by tracker; empty if nothing."""
    items = []
    for each in scores:
        lines = [f"no score: {failure.name}: {failure.error}" for failure in each.failed]
        lines += [
            f"{name} curve: {', '.join(dropped)} left out, all zero"
            for name, dropped in each.summary.dropped.items()
        ]
        lines += [f"{target.name}: {note}" for target in each.targets for note in target.notes]
        items += [f"<li><b>{escape(each.name)}</b> {escape(line)}</li>" for line in lines]
    return f"<ul class='notes'>{''.join(items)}</ul>" if items else ""
