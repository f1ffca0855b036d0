"""What every plot shares: scales, grid, axes."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 440, 310
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 12, 44
_STEPS = (1, 2, 2.5, 5, 10)


class Scale(NamedTuple):
    """From which value to which an axis goes."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies, 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round values, five or so."""
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            factors = (1, 2, 5) if last - first <= 4 else (1,)
            every = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
            return [each for each in every if self.low <= each <= self.high]
        step = _step(self.high - self.low)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


UNIT = Scale(0, 1)


def scale_around(values: Sequence[float], least: float, most: float) -> Scale:
    """Round ends around values with a little room, inside ``least`` to ``most``."""
    low, high = min(values), max(values)
    room = max((high - low) * 0.18, 0.04)
    step = _step(high - low + 2 * room)
    low, high = math.floor((low - room) / step) * step, math.ceil((high + room) / step) * step
    return Scale(max(low, least), min(high, most))


def log_scale_around(values: Sequence[float]) -> Scale:
    """Room for a name on either side."""
    low, high = min(values), max(values)
    return Scale(low / 1.7, high * 2.2, log=True)


def _step(span: float) -> float:
    power = 10.0 ** math.floor(math.log10(span / 5))
    return next(step * power for step in _STEPS if span / (step * power) <= 6)


class Plot(NamedTuple):
    """A plot's scales, and its drawing."""

    across: Scale
    up: Scale

    def x(self, value: float) -> float:
        """In the picture."""
        return LEFT + self.across.share(value) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """In the picture."""
        return TOP + (1 - self.up.share(value)) * (HEIGHT - TOP - BOTTOM)

    def drawn(self, label: str, across: str, up: str, inside: str) -> str:
        """The whole picture; ``label`` is for those who do not see it."""
        middle = (TOP + HEIGHT - BOTTOM) / 2
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
            f"{self._grid()}{inside}"
            f'<text class="axis" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 6}" '
            f'text-anchor="middle">{escape(across)}</text>'
            f'<text class="axis" transform="translate(11 {middle:.0f}) rotate(-90)" '
            f'text-anchor="middle">{escape(up)}</text></svg>'
        )

    def _grid(self) -> str:
        parts = []
        for value in self.up.ticks():
            y = self.y(value)
            parts.append(
                f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text class="tick" x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">'
                f"{_text(value)}</text>"
            )
        for value in self.across.ticks():
            x = self.x(value)
            parts.append(
                f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
                f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" '
                f'text-anchor="middle">{_text(value)}</text>'
            )
        return "".join(parts)


def _text(value: float) -> str:
    return f"{round(value, 6):g}"
