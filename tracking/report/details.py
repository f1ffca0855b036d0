"""Speed, rules, machines and versions."""

from collections.abc import Mapping, Sequence
from html import escape

from tracking.evaluation.confidence import Confidences
from tracking.evaluation.evaluate import Evaluation
from tracking.evaluation.measures import MEASURES
from tracking.evaluation.scores import Scores, Speed
from tracking.report.colours import mark
from tracking.report.plot import UNIT, Plot, log_scale_around, scale_around
from tracking.report.scatter import Axis, Point, draw_points
from tracking.report.words import NO_TIME, rate_text, value_text

_REAL_TIME = 25.0  # frames a second of a camera
_HEADS = ("Tracker", "Frames/s", "with starts", "ms a frame", "ms a start", "At once", "On")


def speeds_html(scores: Sequence[Scores], measure: str, found: Confidences) -> str:
    """A plot of speed and accuracy, and a table; empty where nothing ran here."""
    timed = [
        (index, each, each.speed)
        for index, each in enumerate(scores)
        if each.speed and each.speed.fps_without_start < NO_TIME
    ]
    if not timed:
        return ""
    rows = "".join(_speed_row(index, each, speed) for index, each, speed in timed)
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    points = [_speed_point(index, each, speed, measure, found) for index, each, speed in timed]
    known = [end for point in points for end in (point.y, point.low, point.high) if end is not None]
    share = MEASURES[measure].share
    up = scale_around(known, 0, 1 if share else float("inf")) if known else UNIT
    plot = Plot(log_scale_around([point.x for point in points]), up)
    title = MEASURES[measure].title
    drawn = draw_points(
        Axis(f"{title} and speed", "frames per second, without starts", title),
        plot,
        points,
        line=(_REAL_TIME, f"{_REAL_TIME:g} a second"),
    )
    where = {_where(each) for _, each, _ in timed}
    mixed = "" if len(where) == 1 else " These ran on different machines."
    return (
        f'<p class="soft">Time inside the tracker alone; reading frames is not counted. Upright '
        f'lines are 95 % intervals.{mixed}</p><div class="speed">{drawn}<div class="scroll" '
        f'tabindex="0" role="region" aria-label="Speeds"><table class="sortable"><caption>Speeds'
        f"</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></div>"
    )


def _speed_point(
    index: int, scores: Scores, speed: Speed, measure: str, found: Confidences
) -> Point:
    value = scores.summary.values[measure]
    own = found.get(scores.name, {}).get(measure)
    label = f"{value_text(measure, value)}, {rate_text(speed.fps_without_start)}/s"
    low, high = (own.low, own.high) if own else (None, None)
    return Point(scores.name, index, max(speed.fps_without_start, 1e-3), value, label, low, high)


def robustness_html(scores: Sequence[Scores], sensitivity: float) -> str:
    """The A–R plot of VOT."""
    points = []
    for index, each in enumerate(scores):
        right, up = each.summary.values["reliability"], each.summary.values["accuracy"]
        points.append(Point(each.name, index, right, up, f"A {up:.3f}, R {right:.3f}"))
    plot = Plot(
        scale_around([point.x for point in points], 0, 1),
        scale_around([point.y for point in points], 0, 1),
    )
    axis = Axis(
        "Accuracy and robustness",
        f"chance to be followed for {sensitivity:g} frames (reliability)",
        "accuracy",
    )
    return draw_points(axis, plot, points)


def _where(scores: Scores) -> str:
    machine = scores.machine
    return "-" if machine is None else machine.gpu or f"{machine.cpu}, {machine.cores} cores"


def _speed_row(index: int, scores: Scores, speed: Speed) -> str:
    cells = [
        rate_text(speed.fps_without_start),
        rate_text(speed.fps),
        f"{1000 / max(speed.fps_without_start, 1e-9):.2f}",
        f"{1000 * speed.start_seconds / speed.starts:.1f}",
        str(scores.workers or "-"),
        escape(_where(scores)),
    ]
    return (
        f'<tr data-t="{index}"><th scope="row">{mark(index)}{escape(scores.name)}</th>'
        f"{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    )


def rules_html(evaluation: Evaluation) -> str:
    """Whose rules, and every one of them."""
    benchmark = evaluation.benchmark.benchmark
    facts = {
        "benchmark": evaluation.benchmark.name,
        "protocol": benchmark.protocol,
        "source": benchmark.source,
        "data": evaluation.data,
        "ground truth, SHA-256": evaluation.truth_sha256,
        **benchmark.rules,
    }
    return _pairs(facts)


def machines_html(scores: Sequence[Scores]) -> str:
    """How each tracker ran, with which versions and settings."""
    return "".join(_how_it_ran(each) for each in scores)


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
    else:
        facts["ran"] = "elsewhere; machine and versions are not known"
    return f"<h3>{escape(scores.name)}</h3>{_pairs(facts)}"


def _pairs(values: Mapping[str, object]) -> str:
    items = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in values.items()
    )
    return f"<dl>{items}</dl>"
