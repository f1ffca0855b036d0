"""The report of an evaluation: one HTML file with everything in it, light or dark.

No script, no font, no picture is fetched from anywhere.
"""

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from tirdata import __version__
from tirdata.config import read_json
from tirdata.errors import DataError, UsageError
from tirdata.files import write_text
from tirdata.types import Boxes
from tracking.evaluation.evaluate import EVALUATION, Evaluation, read_scores
from tracking.evaluation.measures import CURVES, MEASURES
from tracking.evaluation.results import ResultFolder, in_frames, read_result
from tracking.evaluation.scores import Scores, Speed
from tracking.evaluation.targets import Data, Truth, truths_of
from tracking.report.colours import TRUTH, colour
from tracking.report.curves import Line, draw_curve
from tracking.report.strips import strip_html
from tracking.report.tables import notes_html, ranked_html, rate_text, targets_html

REPORT = "report.html"
OPEN_TARGETS = 24  # longer tables start folded


def write_report(out: Path) -> Path:
    """Write ``report.html`` of an evaluation into its folder.

    Raises:
        DataError: the folder holds no evaluation, or no scores yet.
        StorageError: it cannot be written.
    """
    evaluation = read_json(out / EVALUATION, Evaluation)
    scores = read_scores(out)
    if not scores:
        raise DataError(f"{out}: no scores in it; run tirdata evaluate with --out {out} first")
    path = out / REPORT
    write_text(path, page_html(evaluation, scores))
    return path


def page_html(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    """The page; ``scores`` are ranked, best first."""
    style = (files("tracking.report") / "page.css").read_text(encoding="utf-8")
    title = f"{evaluation.benchmark.benchmark.title} on {Path(evaluation.data).name}"
    body = "".join(
        [
            _head(title, evaluation),
            _ranking(evaluation, scores),
            _curves(evaluation, scores),
            _strips(evaluation, scores),
            _targets(evaluation, scores),
            _speeds(scores),
            _details(evaluation, scores),
        ]
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body><main>{body}<footer>tirdata {__version__}</footer></main></body></html>\n"
    )


def _head(title: str, evaluation: Evaluation) -> str:
    without = len(evaluation.without_truth)
    words = [
        f"{len(evaluation.targets)} targets",
        f"{evaluation.frames} frames",
        f"protocol {evaluation.benchmark.benchmark.protocol}",
        *([f"{without} sequences without ground truth left out"] if without else []),
    ]
    return f'<h1>{escape(title)}</h1><p class="soft">{escape(" · ".join(words))}</p>'


def _ranking(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    old = [each.name for each in scores if each.truth_sha256 != evaluation.truth_sha256]
    stale = (
        f'<p class="warning">Scored on other ground truth, not to be compared: '
        f"{escape(', '.join(old))}. Evaluate again.</p>"
        if old
        else ""
    )
    return f"<h2>Ranking</h2>{stale}{ranked_html(scores, evaluation.benchmark.build().headline)}"


def _curves(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    protocol = evaluation.benchmark.build()
    figures = []
    for name in protocol.curves:
        measure = next(each for each in protocol.headline if MEASURES[each].curve == name)
        lines = [
            Line(each.name, each.summary.curves[name], f"{each.summary.values[measure]:.3f}")
            for each in scores
        ]
        figures.append(draw_curve(CURVES[name], MEASURES[measure].title, lines))
    return f'<h2>Curves</h2><div class="curves">{"".join(figures)}</div>'


def _strips(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    if not evaluation.has_frames:
        return '<p class="soft">Scored on ground truth alone, without frames: no pictures.</p>'
    first = evaluation.benchmark.build().headline[0]
    ranked = sorted(scores[0].targets, key=lambda target: -target.values[first])
    chosen = {"Best": ranked[0]}
    if len(ranked) > 2:
        chosen["Median"] = ranked[len(ranked) // 2]
    if len(ranked) > 1:
        chosen["Worst"] = ranked[-1]
    strips = []
    for word, target in chosen.items():
        title = f"{word}: {target.name}, {MEASURES[first].title.lower()} {target.values[first]:.3f}"
        try:
            strips.append(_strip(title, target.name, evaluation, scores))
        except (DataError, UsageError) as error:
            strips.append(
                f'<p class="warning">No pictures of {escape(target.name)}: {escape(str(error))}</p>'
            )
    names = "".join(
        f'<span><i style="background:{colour(index)}"></i>{escape(each.name)}</span>'
        for index, each in enumerate(scores)
    )
    key = (
        f'<div class="key-of"><span><i style="background:{TRUTH}"></i>true box</span>{names}</div>'
    )
    best = escape(scores[0].name)
    below = f'<p class="soft">Below each picture: IoU of {best}.</p>'
    return f"<h2>Best, median and worst target of {best}</h2>{key}{below}{''.join(strips)}"


def _strip(title: str, name: str, evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    """Pictures of one target with the boxes of every tracker that has a result for it."""
    data = Data(Path(evaluation.data), evaluation.layout)
    if not data.root.is_dir():
        raise DataError(f"{data.root}: the data set is no longer there")
    machine_boxes = evaluation.benchmark.build().machine_boxes
    whole = name in data.reader.names(data.root)
    sequence = data.reader.read_one(data.root, name if whole else name.rpartition("#")[0])
    truths = truths_of(sequence, machine_boxes=machine_boxes)
    truth = next((truth for truth in truths if truth.name == name), None)
    if truth is None:
        raise DataError(f"{data.root}: {name} has no true boxes any more; evaluate again")
    return strip_html(title, truth, sequence.frames, _boxes(truth, scores))


def _boxes(truth: Truth, scores: Sequence[Scores]) -> Mapping[str, Boxes]:
    """Boxes by tracker, one row a frame; NaN for a tracker that has no result."""
    found: dict[str, Boxes] = {}
    for each in scores:
        rows = truth.boxes * float("nan")
        if any(target.name == truth.name for target in each.targets):
            path = ResultFolder(Path(each.results)).path(truth.name)
            rows = in_frames(truth, read_result(path, origin=each.origin).boxes)
        found[each.name] = rows
    return found


def _targets(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    first = evaluation.benchmark.build().headline[0]
    table = targets_html(scores, first)
    opened = " open" if len(evaluation.targets) <= OPEN_TARGETS else ""
    return f"<details{opened}><summary>Every target</summary>{table}</details>"


def _speeds(scores: Sequence[Scores]) -> str:
    timed = [(index, each, each.speed) for index, each in enumerate(scores) if each.speed]
    if not timed:
        return ""
    rows = "".join(_speed_row(index, each, speed) for index, each, speed in timed)
    heads = "".join(
        f"<th>{head}</th>"
        for head in (
            "Tracker",
            "Frames/s",
            "with starts",
            "ms a frame",
            "ms a start",
            "At once",
            "On",
        )
    )
    return (
        f'<h2>Speed</h2><p class="soft">Time inside the tracker alone; reading frames is not '
        f'counted.</p><div class="scroll"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _speed_row(index: int, scores: Scores, speed: Speed) -> str:
    machine = scores.machine
    where = "-" if machine is None else machine.gpu or f"{machine.cpu}, {machine.cores} cores"
    cells = [
        rate_text(speed.fps_without_start),
        rate_text(speed.fps),
        f"{1000 / speed.fps_without_start:.2f}",
        f"{1000 * speed.start_seconds / speed.starts:.1f}",
        str(scores.workers or "-"),
        escape(where),
    ]
    return (
        f'<tr><th scope="row"><i style="background:{colour(index)}"></i>{escape(scores.name)}</th>'
        f"{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    )


def _details(evaluation: Evaluation, scores: Sequence[Scores]) -> str:
    notes = notes_html(scores)
    parts = [f"<h2>What was found</h2>{notes}"] if notes else []
    benchmark = evaluation.benchmark.benchmark
    rules = {"source": benchmark.source, **benchmark.rules}
    parts.append(f"<details><summary>Rules</summary>{_pairs(rules)}</details>")
    runs = "".join(_how_it_ran(each) for each in scores)
    parts.append(f"<details><summary>Machines, versions and settings</summary>{runs}</details>")
    return "".join(parts)


def _how_it_ran(scores: Scores) -> str:
    facts: dict[str, object] = {"raw results": scores.results}
    if scores.machine is not None:
        facts |= {
            "processor": f"{scores.machine.cpu}, {scores.machine.cores} cores",
            "GPU": scores.machine.gpu or "not used",
            "system": scores.machine.system,
            **scores.machine.versions,
            **{f"setting {name}": value for name, value in (scores.settings or {}).items()},
        }
    return f"<h3>{escape(scores.name)}</h3>{_pairs(facts)}"


def _pairs(values: Mapping[str, object]) -> str:
    items = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in values.items()
    )
    return f"<dl>{items}</dl>"
