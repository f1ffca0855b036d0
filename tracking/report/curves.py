"""Curves as inline SVG: shares of frames against thresholds, a line a tracker."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from tirdata.types import Floats
from tracking.evaluation.measures import Curve
from tracking.report.colours import colour, dashes

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 10, 40


class Line(NamedTuple):
    """One tracker's curve."""

    name: str
    values: Sequence[float]
    label: str  # its number, as the legend has it


def draw_curve(curve: Curve, number: str, lines: Sequence[Line]) -> str:
    """A figure with axes, grid, lines and a legend in the order of ``lines``.

    Args:
        curve: what it is of.
        number: what the labels of the lines are.
        lines: the first is drawn last, above the others.
    """
    thresholds = curve.thresholds
    if thresholds is None:
        thresholds = np.arange(1.0, max(len(line.values) for line in lines) + 1)
    drawn = [
        *_grid(thresholds),
        *(_line(thresholds, line, index) for index, line in reversed([*enumerate(lines)])),
    ]
    legend = "".join(_legend(line, index) for index, line in enumerate(lines))
    title = escape(curve.title)
    return (
        f'<figure class="curve"><figcaption>{title}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title} curves">'
        f"{''.join(drawn)}{_axis_titles(curve.axis)}</svg>"
        f'<ul class="legend"><li class="soft">{escape(number)}</li>{legend}</ul></figure>'
    )


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float) -> float:
    return TOP + (1 - value) * (HEIGHT - TOP - BOTTOM)


def _grid(thresholds: Floats) -> list[str]:
    last = float(thresholds[-1])
    parts = []
    for step in range(6):
        share = step / 5
        y, x = _y(share), _x(share)
        parts += [
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<text class="tick" x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">'
            f"{share:.1f}</text>",
            f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">'
            f"{last * share:g}</text>",
        ]
    return parts


def _axis_titles(axis: str) -> str:
    middle = _y(0.5)
    return (
        f'<text class="axis" x="{_x(0.5):.0f}" y="{HEIGHT - 4}" text-anchor="middle">'
        f"{escape(axis)}</text>"
        f'<text class="axis" transform="translate(11 {middle:.0f}) rotate(-90)" '
        f'text-anchor="middle">share of frames</text>'
    )


def _line(thresholds: Floats, line: Line, index: int) -> str:
    shares = np.asarray(thresholds[: len(line.values)]) / float(thresholds[-1])
    points = " ".join(
        f"{_x(float(share)):.1f},{_y(value):.1f}"
        for share, value in zip(shares, line.values, strict=True)
    )
    return (
        f'<polyline class="series" points="{points}" style="stroke:{colour(index)}" '
        f'stroke-dasharray="{dashes(index)}"><title>{escape(line.name)}</title></polyline>'
    )


def _legend(line: Line, index: int) -> str:
    return (
        f'<li><svg class="key" viewBox="0 0 26 8"><line x1="0" x2="26" y1="4" y2="4" '
        f'style="stroke:{colour(index)}" stroke-dasharray="{dashes(index)}"/></svg>'
        f"<b>{escape(line.label)}</b> {escape(line.name)}</li>"
    )
