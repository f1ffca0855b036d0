"""Trackers as marks in a plane: accuracy and robustness, speed and accuracy."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from tracking.report.colours import look, mark, mark_path
from tracking.report.plot import BOTTOM, HEIGHT, RIGHT, TOP, WIDTH, Plot

_APART = 14  # px between the names of two marks
_NAMED = 8  # of more trackers, only half as many have their names in the plot
_LETTER = 6.4  # width of one, about


class Point(NamedTuple):
    """One tracker."""

    name: str
    rank: int  # from 0
    x: float
    y: float
    label: str  # its numbers, as the legend has them
    low: float | None = None  # of the interval of y
    high: float | None = None


class Axis(NamedTuple):
    """What is where."""

    title: str
    across: str
    up: str


def draw_points(
    axis: Axis, plot: Plot, points: Sequence[Point], *, line: tuple[float, str] | None = None
) -> str:
    """A figure with a mark and a name a tracker; of many trackers the first have their names.

    Args:
        axis: titles.
        plot: scales.
        points: best first.
        line: where to draw an upright line, and its name.
    """
    names = _places(plot, points if len(points) <= _NAMED else points[: _NAMED // 2])
    parts = [_upright(plot, *line) if line else ""]
    parts += [_point(plot, point, names.get(point.rank)) for point in reversed(points)]
    legend = "".join(
        f'<li data-t="{point.rank}">{mark(point.rank)}<b>{escape(point.label)}</b> '
        f"{escape(point.name)}</li>"
        for point in points
    )
    first = ", ".join(f"{point.name} {point.label}" for point in points[:3])
    label = f"{axis.title} of {len(points)} trackers: {first}"
    return (
        f'<figure class="curve"><figcaption>{escape(axis.title)}</figcaption>'
        f"{plot.drawn(label, axis.across, axis.up, ''.join(parts))}"
        f'<ul class="legend">{legend}</ul></figure>'
    )


def _upright(plot: Plot, at: float, name: str) -> str:
    if not plot.across.low < at < plot.across.high:
        return ""
    x = plot.x(at)
    turned = ' text-anchor="end"' if x > WIDTH - 120 else ""
    beside = -5 if turned else 5
    return (
        f'<line class="upright" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        f'<text class="tick" x="{x + beside:.1f}" y="{HEIGHT - BOTTOM - 6}"{turned}>'
        f"{escape(name)}</text>"
    )


def _places(plot: Plot, points: Sequence[Point]) -> dict[int, tuple[float, float, str]]:
    """Where names go: right of the mark, or left of it at the border, and not over each other."""
    places: dict[int, tuple[float, float, str]] = {}
    for point in sorted(points, key=lambda point: plot.y(point.y)):
        x, y = plot.x(point.x), plot.y(point.y) + 4
        width = _LETTER * len(point.name)
        left = x + 10 + width > WIDTH - RIGHT
        begin = x - 10 - width if left else x + 10
        for other_x, other_y, other in places.values():
            other_end = other_x + _LETTER * len(other)
            if begin < other_end and other_x < begin + width and abs(y - other_y) < _APART:
                y = other_y + _APART
        places[point.rank] = (begin, y, point.name)
    return places


def _point(plot: Plot, point: Point, place: tuple[float, float, str] | None) -> str:
    x, y = plot.x(point.x), plot.y(point.y)
    spread = ""
    if point.low is not None and point.high is not None:
        low = plot.y(max(point.low, plot.up.low))
        high = plot.y(min(point.high, plot.up.high))
        spread = f'<line class="spread" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>'
    name = ""
    if place is not None:
        name = f'<text class="name" x="{place[0]:.1f}" y="{place[1]:.1f}">{escape(place[2])}</text>'
    return (
        f'<g class="point {look(point.rank)}" data-t="{point.rank}">{spread}'
        f'<g transform="translate({x:.1f} {y:.1f})">{mark_path(point.rank)}'
        f"<title>{escape(point.name)} {escape(point.label)}</title></g>{name}</g>"
    )
