"""The report of an evaluation: one HTML file with everything in it, light or dark.

No font, no picture, no program is fetched from anywhere. The few lines of page.js sort tables and
point out a tracker; without them nothing is missing.
"""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from tirdata import __version__
from tirdata.config import read_json
from tirdata.errors import DataError
from tirdata.files import write_text
from tracking.evaluation.bootstrap import FEW_TARGETS, RESAMPLES
from tracking.evaluation.confidence import Confidences, conclusion, confidences, lengths_of_eao
from tracking.evaluation.evaluate import EVALUATION, Evaluation, read_scores
from tracking.evaluation.measures import CURVES, MEASURES
from tracking.evaluation.protocols.vot_supervised import VotSupervised
from tracking.evaluation.scores import Scores
from tracking.report.bars import bars_html
from tracking.report.colours import SERIES, SHOWN
from tracking.report.curves import Line, Shade, draw_curve
from tracking.report.details import machines_html, robustness_html, rules_html, speeds_html
from tracking.report.pictures import strips_html
from tracking.report.tables import (
    challenges_html,
    measures_html,
    notes_html,
    ranked_html,
    targets_html,
)
from tracking.report.timeline import timeline_html
from tracking.report.words import counted, value_text

REPORT = "report.html"
_NO_NAMES = ("groundtruth", "ground_truth", "gt", "anno", "annotations")
_FILES = {".json", ".zip", ".tar", ".xz", ".gz"}
OPEN_TARGETS = 24  # longer tables start folded


class Section(NamedTuple):
    """One part of the page."""

    name: str  # of its anchor
    title: str
    html: str  # empty = left out


def write_report(out: Path, path: Path | None = None) -> Path:
    """Write the page of an evaluation: ``report.html`` in its folder, or ``path``.

    Raises:
        DataError: the folder holds no evaluation, or no scores yet.
        StorageError: it cannot be written.
    """
    evaluation, scores = read_evaluation(out)
    path = path or out / REPORT
    write_text(path, page_html(evaluation, scores))
    return path


def read_evaluation(out: Path) -> tuple[Evaluation, list[Scores]]:
    """What is in the folder of an evaluation; the scores are ranked, best first.

    Raises:
        DataError: the folder holds no evaluation, or no scores yet.
    """
    evaluation = read_json(out / EVALUATION, Evaluation)
    scores = read_scores(out)
    if not scores:
        raise DataError(f"{out}: no scores in it; run tirdata evaluate with --out {out} first")
    return evaluation, scores


def page_html(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    """The page; ``scores`` are ranked, best first."""
    folder = files("tracking.report")
    style, script = (
        (folder / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")
    )
    title = _title(evaluation)
    protocol = evaluation.benchmark.build()
    found = confidences(protocol, scores)
    sections = [each for each in _sections(evaluation, scores, found) if each.html]
    links = "".join(f'<a href="#{each.name}">{escape(each.title)}</a>' for each in sections)
    body = "".join(
        f'<section id="{each.name}" aria-labelledby="{each.name}-title">'
        f'<h2 id="{each.name}-title">{escape(each.title)}</h2>{each.html}</section>'
        for each in sections
    )
    said = conclusion(found, scores, protocol.headline[0])
    lead = f'<p class="lead">{escape(_first_place(evaluation, scores))} {escape(said)}</p>'
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body><main><header><h1>{escape(title)}</h1>{_facts(evaluation, scores)}{lead}"
        f'<nav aria-label="Parts of the page">{links}</nav></header>{body}'
        f"<footer>tirdata {__version__}</footer></main><script>{script}</script></body></html>\n"
    )


def _title(evaluation: Evaluation) -> str:
    benchmark, data = evaluation.benchmark.benchmark.title, Path(evaluation.data)
    name = data.stem if data.suffix.lower() in _FILES else data.name
    same = name.lower() in {benchmark.lower(), *_NO_NAMES}
    return benchmark if same else f"{benchmark} on {name}"


def _sections(
    evaluation: Evaluation, scores: Sequence[Scores], found: Confidences
) -> list[Section]:
    first = evaluation.benchmark.build().headline[0]
    notes = notes_html(scores)
    return [
        Section("ranking", "Ranking", _ranking(evaluation, scores, found)),
        Section("curves", "Curves", _curves(evaluation, scores)),
        Section("challenges", "Challenges", _challenges(scores, first)),
        Section("speed", "Speed and accuracy", speeds_html(scores, first, found)),
        Section("pictures", "Best, median and worst", _pictures(evaluation, scores)),
        Section("failures", _failures_title(evaluation), _failures(scores, first)),
        Section("targets", "Every target", _targets(evaluation, scores, first)),
        Section("notes", "What was found", notes),
        Section("details", "Rules and machines", _details(evaluation, scores)),
    ]


def _first_place(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    first = evaluation.benchmark.build().headline[0]
    name, value = scores[0].name, value_text(first, scores[0].summary.values[first])
    if len(scores) == 1:
        return f"{name}: {_lower(MEASURES[first].title)} {value}."
    return f"{name} is first of {len(scores)}: {_lower(MEASURES[first].title)} {value}."


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]


def _facts(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    without = len(evaluation.without_truth)
    words = [
        counted(len(scores), "tracker"),
        counted(len(evaluation.targets), "target"),
        counted(evaluation.frames, "frame"),
        f"rules of {evaluation.benchmark.name}",
        *([f"{counted(without, 'sequence')} without ground truth left out"] if without else []),
    ]
    return f'<ul class="facts">{"".join(f"<li>{escape(word)}</li>" for word in words)}</ul>'


def _ranking(evaluation: Evaluation, scores: Sequence[Scores], found: Confidences) -> str:
    old = [each.name for each in scores if each.truth_sha256 != evaluation.truth_sha256]
    stale = (
        f'<p class="warning">Scored on other ground truth, not to be compared: '
        f"{escape(', '.join(old))}. Evaluate again.</p>"
        if old
        else ""
    )
    benchmark = evaluation.benchmark.benchmark
    headline = evaluation.benchmark.build().headline
    every = measures_html(scores, benchmark)
    return (
        f"{stale}{ranked_html(scores, headline, benchmark, found)}{_intervals(scores, found)}"
        f"<details><summary>Every measure</summary>{every}</details>"
    )


def _intervals(scores: Sequence[Scores], found: Confidences) -> str:
    """What the small numbers are, and are not."""
    count = len(scores[0].targets)
    if not any(found.values()):
        return '<p class="soft">One target alone says nothing of how sure a score is.</p>'
    few = (
        f" With {count} targets, fewer than {FEW_TARGETS}, they say little."
        if count < FEW_TARGETS
        else ""
    )
    level = (
        " ≈ is not told apart from the best of its column: the interval of the difference, on the "
        "same targets, holds 0."
        if len(scores) > 1
        else ""
    )
    return (
        f'<p class="soft">Small numbers are 95 % intervals: the targets drawn anew '
        f"{RESAMPLES:,} times.{level} They say how far scores would move on other targets of this "
        f"kind, not with another training seed.{few}</p>".replace("10,000", "10\u202f000")
    )


def _curves(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    protocol = evaluation.benchmark.build()
    figures = []
    shade = None
    if isinstance(protocol, VotSupervised):
        figures.append(robustness_html(scores, protocol.rules.sensitivity))
        lengths = [target.frames for target in scores[0].targets]
        shade = Shade(*lengths_of_eao(protocol, lengths))
    for name in protocol.curves:
        measure = next(each for each in protocol.headline if MEASURES[each].curve == name)
        lines = [
            Line(
                each.name,
                each.summary.curves[name],
                value_text(measure, each.summary.values[measure]),
            )
            for each in scores
        ]
        figures.append(draw_curve(CURVES[name], MEASURES[measure].title, lines, shade=shade))
    return f'<div class="curves">{"".join(figures)}</div>' if figures else ""


def _challenges(scores: Sequence[Scores], first: str) -> str:
    bars = bars_html(scores, first)
    if not bars:
        return ""
    some = f" The first {SERIES} trackers; all are in the table." if len(scores) > SERIES else ""
    title = MEASURES[first].title
    return (
        f'<p class="soft">{escape(title)} on targets or frames with each challenge.{some}</p>{bars}'
        f"<details><summary>As a table</summary>{challenges_html(scores, first)}</details>"
    )


def _pictures(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    which = f'<p class="soft">Chosen by the scores of {escape(scores[0].name)}.</p>'
    return f"{which}{strips_html(evaluation, scores)}"


def _failures_title(evaluation: Evaluation) -> str:
    effort = evaluation.benchmark.benchmark.protocol == "effort"
    return "Where a person had to help" if effort else "Where targets were lost"


def _failures(scores: Sequence[Scores], first: str) -> str:
    drawn = timeline_html(scores, _hardest(scores, first))
    if not drawn:
        return ""
    some = f" The first {SHOWN} trackers." if len(scores) > SHOWN else ""
    if any("human_boxes" in target.values for target in scores[0].targets):
        what = "Each line is a frame to which a person had to give a box."
    elif any(target.runs for target in scores[0].targets):
        what = (
            "A line is a failure, the bar behind it lasts until the restart; first repetition of "
            "each target."
        )
    else:
        what = "Bars are frames on which the answer does not overlap the target at all."
    return f'<p class="soft">{what} Hardest targets first.{some}</p>{drawn}'


def _hardest(scores: Sequence[Scores], first: str) -> list[str]:
    """Names of targets, by the mean over trackers."""
    values: dict[str, list[float]] = {}
    for each in scores:
        for target in each.targets:
            values.setdefault(target.name, []).append(target.values[first])
    sign = 1 if MEASURES[first].higher_is_better else -1
    return sorted(values, key=lambda name: (sign * sum(values[name]) / len(values[name]), name))


def _targets(evaluation: Evaluation, scores: Sequence[Scores], first: str) -> str:
    opened = " open" if len(evaluation.targets) <= OPEN_TARGETS else ""
    table = targets_html(scores, first)
    count = counted(len(evaluation.targets), "target")
    return f"<details{opened}><summary>{count}, {len(scores)} trackers</summary>{table}</details>"


def _details(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    return (
        f"<details><summary>Rules</summary>{rules_html(evaluation)}</details><details><summary>"
        f"Machines, versions and settings</summary>{machines_html(scores)}</details>"
    )
