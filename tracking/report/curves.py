"""Curves as inline SVG: shares of frames against thresholds, a line a tracker."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from tirdata.types import Floats
from tracking.evaluation.measures import Curve
from tracking.report.colours import dashes, look
from tracking.report.plot import BOTTOM, HEIGHT, TOP, UNIT, Plot, Scale

_POINTS = 240  # of a line; more cannot be seen
_BEYOND = 1.6  # how far a curve of lengths is shown beyond the interval of lengths


class Line(NamedTuple):
    """One tracker's curve."""

    name: str
    values: Sequence[float]
    label: str  # its number, as the legend has it


class Shade(NamedTuple):
    """The part of a curve that its number is the mean of."""

    low: float
    high: float


def draw_curve(
    curve: Curve, number: str, lines: Sequence[Line], *, shade: Shade | None = None
) -> str:
    """A figure with axes, grid, lines and a legend in the order of ``lines``.

    Args:
        curve: what it is of.
        number: what the labels of the lines are.
        lines: the first is drawn last, above the others.
        shade: what to shade.
    """
    thresholds = curve.thresholds
    if thresholds is None:
        thresholds = np.arange(1.0, max(len(line.values) for line in lines) + 1)
    last = float(thresholds[-1])
    if shade is not None:
        last = min(last, round(_BEYOND * shade.high))
    plot = Plot(Scale(0, max(last, 1e-9)), UNIT)
    inside = _shaded(plot, shade) + "".join(
        _line(plot, thresholds, line, index) for index, line in reversed([*enumerate(lines)])
    )
    best = ", ".join(f"{line.name} {line.label}" for line in lines[:3])
    label = f"{curve.title} curves of {len(lines)} trackers; {number}: {best}"
    up = "expected overlap" if curve.thresholds is None else "share of frames"
    return (
        f'<figure class="curve"><figcaption>{escape(curve.title)}</figcaption>'
        f"{plot.drawn(label, curve.axis, up, inside)}"
        f'<p class="soft">{escape(number)}</p><ul class="legend">'
        f"{''.join(_legend(line, index) for index, line in enumerate(lines))}</ul></figure>"
    )


def _shaded(plot: Plot, shade: Shade | None) -> str:
    if shade is None:
        return ""
    left, right = plot.x(shade.low), plot.x(min(shade.high, plot.across.high))
    words = f"lengths {shade.low:g} to {shade.high:g}"
    return (
        f'<rect class="shade" x="{left:.1f}" y="{TOP}" width="{max(right - left, 1):.1f}" '
        f'height="{HEIGHT - TOP - BOTTOM}"/><text class="tick" x="{(left + right) / 2:.1f}" '
        f'y="{TOP + 14}" text-anchor="middle">{words}</text>'
    )


def _line(plot: Plot, thresholds: Floats, line: Line, index: int) -> str:
    across, values = np.asarray(thresholds[: len(line.values)]), np.asarray(line.values)
    shown = np.flatnonzero(across <= plot.across.high + 1e-9)
    if len(shown) > _POINTS:
        shown = shown[np.linspace(0, len(shown) - 1, _POINTS).round().astype(int)]
    points = " ".join(
        f"{plot.x(x):.1f},{plot.y(y):.1f}"
        for x, y in zip(across[shown].tolist(), values[shown].tolist(), strict=True)
    )
    dash = f' stroke-dasharray="{dashes(index)}"' if dashes(index) else ""
    return (
        f'<polyline class="series {look(index)}" data-t="{index}" points="{points}"{dash}>'
        f"<title>{escape(line.name)}</title></polyline>"
    )


def _legend(line: Line, index: int) -> str:
    dash = f' stroke-dasharray="{dashes(index)}"' if dashes(index) else ""
    return (
        f'<li data-t="{index}"><svg class="key {look(index)}" viewBox="0 0 26 8" '
        f'aria-hidden="true"><line x1="0" x2="26" y1="4" y2="4"{dash}/></svg>'
        f"<b>{escape(line.label)}</b> {escape(line.name)}</li>"
    )
