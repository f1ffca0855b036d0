"""The curves of a training as an SVG file: its losses, and what its tracker was worth meanwhile."""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from tracking.report.plot import BOTTOM, HEIGHT, LEFT, TOP, WIDTH, Plot, Scale

POINTS = 200  # of a curve: each is the mean of the steps about it
COLOURS = ("#1b6ca8", "#c2571a", "#2f7d4f", "#8a4fa0", "#8c6d1f", "#555555")
STYLE = (
    "<style>text{font:11px sans-serif;fill:#333}.grid{stroke:#ddd}"
    "polyline{fill:none;stroke-width:1.6}rect{fill:#fff}</style>"
)

Points = list[tuple[float, float]]


def draw_learning(log: Path, validation: Path | None = None) -> str:
    """SVG of a run's ``log.jsonl``, and of its ``validation.jsonl`` where there is one."""
    lines = _lines(log)
    if not lines:
        return ""
    curves = {"loss": [(line["step"], line["loss"]) for line in lines]}
    for name in lines[0]["parts"]:
        curves[name] = [(line["step"], line["parts"].get(name, 0.0)) for line in lines]
    plots = [_plot("loss", {name: thinned(points) for name, points in curves.items()})]
    looks = [] if validation is None or not validation.exists() else _lines(validation)
    if looks:
        overlap = [(line["step"], line["overlap"]) for line in looks]
        plots.append(_plot("mean overlap", {"validation": overlap}))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(plots)}" height="{HEIGHT}">'
        f'{STYLE}<rect width="100%" height="100%"/>'
        + "".join(
            plot.replace("<svg ", f'<svg x="{WIDTH * at}" width="{WIDTH}" ', 1)
            for at, plot in enumerate(plots)
        )
        + "</svg>\n"
    )


def thinned(points: Points, most: int = POINTS) -> Points:
    """Means of ``most`` stretches of a curve, or the curve if it has no more points."""
    if len(points) <= most:
        return points
    found = []
    for number in range(most):
        part = points[number * len(points) // most : (number + 1) * len(points) // most]
        found.append((part[-1][0], sum(value for _, value in part) / len(part)))
    return found


def _plot(up: str, curves: dict[str, Points]) -> str:
    values = [value for points in curves.values() for _, value in points]
    last = max(step for points in curves.values() for step, _ in points)
    low = min(0.0, *values)  # a likelihood's loss may be below
    high = max(low + 1e-6, *values)
    plot = Plot(Scale(0, max(last, 1)), Scale(low, high + 0.05 * (high - low)))
    inside = "".join(
        _curve(plot, name, points, number) for number, (name, points) in enumerate(curves.items())
    )
    drawn = plot.drawn(f"{up} by step", "step", up, inside)
    return drawn.replace("<svg ", f'<svg height="{HEIGHT}" ', 1)


def _curve(plot: Plot, name: str, points: Sequence[tuple[float, float]], number: int) -> str:
    colour = COLOURS[number % len(COLOURS)]
    line = " ".join(f"{plot.x(step):.1f},{plot.y(value):.1f}" for step, value in points)
    at = TOP + 14 * number + 10
    return (
        f'<polyline points="{line}" stroke="{colour}"/>'
        f'<text x="{WIDTH - LEFT - BOTTOM}" y="{at}" style="fill:{colour}">{escape(name)}</text>'
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
