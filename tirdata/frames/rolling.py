"""A linear curve that follows the scene slowly: for recordings in which one curve is too wide."""

from collections.abc import Sequence

import numpy as np

from tirdata.decode.base import Counts, Pixels
from tirdata.errors import ConfigError
from tirdata.frames.histogram import sample
from tirdata.frames.tone import TAIL, Curve, Range, curve_of, spread
from tirdata.types import Floats, Frame

SLEW = 0.005  # of the span, the most that an end moves from frame to frame

_STAYS = 0.03  # of the span; the ends keep still until the scene is so far from them
_CLEAR = 4.0  # times the pixels' own changes; a step of all counts at once is at least so large


class RollingCurve:
    """Gives each frame its curve, ``percentile`` by name: its ends are for the card.

    From frame to frame an end of the curve moves by ``slew`` of its span at most, so no pixel of a
    still scene changes by more than ``255 * slew`` levels and rounding. A step of all counts
    at once, as a calibration shutter makes it, is followed at once: the picture stays the same.
    """

    def __init__(self, start: Curve | None = None, slew: float = SLEW) -> None:
        """Start from ``start``, best the shot's own linear curve; none = from the first frame.

        With a ``slew`` of 0 the curve stays as it starts, but for steps of all counts at once.

        Raises:
            ConfigError: ``start`` is not linear or ``slew`` is out of range.
        """
        if not 0 <= slew < 1:
            raise ConfigError(f"slew: {slew:g}; expected a share of the span, 0 to 1")
        if start is not None and "low" not in start.parameters:
            raise ConfigError(f"start: a curve {start.name!r}; expected a linear one")
        self._slew = slew
        self._ends: Range | None = None if start is None else start.limits
        self._goal: Range | None = None
        self._last: Counts | None = None

    def push(self, counts: Pixels, *, shutter: bool = False) -> Curve:
        """The curve for the next frame; with the ``shutter`` closed, that of the frame before."""
        if self._ends is None or not shutter:
            self._ends = self._followed(sample(counts, 0))
        low, high = self._ends
        return curve_of("percentile", {"low": low, "high": high})

    def _followed(self, seen: Counts) -> Range:
        """The ends for a frame in which ``seen`` is seen."""
        ordered = np.sort(seen, axis=None, kind="stable")  # a radix sort: faster than to select
        rare = int(TAIL * ordered.size)
        wanted = spread(float(ordered[rare]), float(ordered[-1 - rare]))
        shift = self._shift(seen)
        low, high = (end + shift for end in self._ends or wanted)
        goal = (self._goal[0] + shift, self._goal[1] + shift) if self._goal else wanted
        span = high - low
        if max(abs(wanted[0] - goal[0]), abs(wanted[1] - goal[1])) > _STAYS * span:
            goal = wanted
        most = self._slew * span
        low += min(max(goal[0] - low, -most), most)
        high += min(max(goal[1] - high, -most), most)
        self._goal, self._last = goal, seen
        return _within(low, high)

    def _shift(self, seen: Counts) -> float:
        """What all counts have changed by at once since the last frame; 0 = the scene changed."""
        if self._last is None or self._last.shape != seen.shape or self._ends is None:
            return 0.0
        change = seen[::2, ::2].astype(np.int32) - self._last[::2, ::2]
        shift = float(np.median(change))
        own = float(np.median(np.abs(change - shift)))
        least = SLEW * (self._ends[1] - self._ends[0])
        return shift if abs(shift) > max(_CLEAR * own, least) else 0.0


def _within(low: float, high: float) -> Range:
    """The same span inside of what counts can be; a hundredth is what the card keeps."""
    span = high - low
    low = min(max(low, 0.0), 65535.0 - span)
    return round(low, 2), round(min(low + span, 65535.0), 2)


def level_changes(frames: Sequence[Frame]) -> Floats:
    """How much the mean level changes from each frame to the next, (n - 1,), in levels."""
    means = np.array([float(frame.mean()) for frame in frames])
    changes: Floats = np.abs(np.diff(means))
    return changes


def flicker(frames: Sequence[Frame]) -> float:
    """The largest change of the mean level from a frame to the next, for still scenes."""
    return float(level_changes(frames).max(initial=0.0))
