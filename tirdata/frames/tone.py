"""Tone: from the counts of a sensor to 8 bits by one curve, which the card is enough to undo.

A curve is made in two steps: its parameters from the counts of a shot, and the table of levels
from the parameters alone; so what the card keeps makes the same table again. To add a curve, write
both and list them in ``CURVES``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.decode.base import Pixels, Radiometry
from tirdata.errors import ConfigError, DataError
from tirdata.frames.histogram import VALUES, CountHistogram
from tirdata.types import Floats, Frame

Parameters: TypeAlias = Mapping[str, float | tuple[float, ...]]
Table: TypeAlias = NDArray[np.uint8]  # (65536,) the level of each count, never falling
Range: TypeAlias = tuple[float, float]

TAIL = 0.002  # share of a shot's pixels at each end that may be clipped
MARGIN = 0.05  # of the span, left free at each end for what a few pixels have beyond it
LEAST_SPAN = 128.0  # counts; a blank shot is not stretched until its noise fills the picture

_EQUAL_TAIL = 0.0005  # equalisation spares few levels for rare counts: it may keep more of them
_STEEPEST = 4.0  # times the slope of the straight line: what noise is raised by at most
_FLATTEST = 0.1  # share of even density mixed in: every count that occurs keeps a slope
_KNOTS = 33
_CELLS = 1024


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve from counts to levels."""

    name: str
    parameters: Parameters
    table: Table

    def apply(self, counts: Pixels) -> Frame:
        """The frame in 8 bits; values outside the curve's range become 0 or 255."""
        return np.take(self.table, counts, mode="clip")  # none is outside: "raise" is slower

    def undo(self, frame: Frame) -> NDArray[np.float32]:
        """Counts again, (h, w): off by ``error`` at most.

        Levels 0 and 255 stand for everything beyond ``limits`` too and become the counts at the
        ends of the range: of these pixels it is known only that they are at least so cold or warm.
        """
        return np.take(self._middles, frame)

    @property
    def limits(self) -> Range:
        """The lowest and the highest count that are not clipped."""
        return CURVES[self.name].limits(self.parameters)

    @property
    def error(self) -> float:
        """The most by which ``undo`` errs within ``limits``, in counts: half of the widest bin."""
        low, high = self._ends
        return float(((high - low) / 2).max())

    @cached_property
    def _ends(self) -> tuple[Floats, Floats]:
        """The lowest and the highest count of each level that occurs, within the limits."""
        low, high = self.limits
        inside = np.arange(int(np.ceil(low)), int(np.floor(high)) + 1)
        levels, first = np.unique(self.table[inside], return_index=True)
        last = np.append(first[1:], len(inside)) - 1
        lowest, highest = (np.full(256, np.nan) for _ in range(2))
        lowest[levels], highest[levels] = inside[first], inside[last]
        known = ~np.isnan(lowest)
        every = np.arange(256)
        filled = (np.interp(every, every[known], ends[known]) for ends in (lowest, highest))
        below, above = filled
        return below, above

    @cached_property
    def _middles(self) -> NDArray[np.float32]:
        low, high = self._ends
        return ((low + high) / 2).astype(np.float32)


class Kind(NamedTuple):
    """How a curve of one name is fitted, and made from its parameters."""

    fit: Callable[[CountHistogram, Range | None, Radiometry | None], Parameters]
    table: Callable[[Parameters], Table]
    limits: Callable[[Parameters], Range]


def fit_curve(
    name: str,
    histogram: CountHistogram,
    tone_range: Range | None = None,
    radiometry: Radiometry | None = None,
) -> Curve:
    """The curve ``name`` for a shot; ``tone_range`` is in counts or kelvin, where it needs one.

    Raises:
        ConfigError: no such curve, or a range that is missing or upside down.
        DataError: kelvin are asked for and the recording has no calibration, or there is no frame.
    """
    if histogram.frames == 0:
        raise DataError("tone: there is no frame to fit a curve to; expected at least one")
    return curve_of(name, _kind(name).fit(histogram, tone_range, radiometry))


def curve_of(name: str, parameters: Parameters) -> Curve:
    """The same curve again from what the card says of it.

    Raises:
        ConfigError: no such curve, or parameters that it does not have.
    """
    try:
        return Curve(name, parameters, _kind(name).table(parameters))
    except (KeyError, TypeError, IndexError, ValueError) as error:
        found = ", ".join(sorted(parameters)) or "none"
        raise ConfigError(f"curve {name!r}: has parameters {found}; {error}") from None


def _kind(name: str) -> Kind:
    if name not in CURVES:
        raise ConfigError(f"no tone curve {name!r}; there are: {', '.join(sorted(CURVES))}")
    return CURVES[name]


def spread(low: float, high: float) -> Range:
    """The range of a linear curve for a shot whose pixels lie between ``low`` and ``high``."""
    middle = (low + high) / 2
    half = max((high - low) / 2 * (1 + 2 * MARGIN), LEAST_SPAN / 2)
    half = min(half, (VALUES - 1) / 2)  # counts that fill all 16 bits leave no margin
    middle = min(max(middle, half), VALUES - 1 - half)
    return round(middle - half, 2), round(middle + half, 2)


def _fit_percentile(
    histogram: CountHistogram, _range: Range | None, _radiometry: Radiometry | None
) -> Parameters:
    low, high = spread(*histogram.quantiles(TAIL, 1 - TAIL))
    return {"low": low, "high": high}


def _fit_counts(
    _histogram: CountHistogram, tone_range: Range | None, _radiometry: Radiometry | None
) -> Parameters:
    low, high = _checked("counts", tone_range)
    if low < 0 or high > VALUES - 1:
        raise ConfigError(f"tone_range: {low:g} to {high:g}; expected counts in 0..{VALUES - 1}")
    return {"low": low, "high": high}


def _fit_plateau(
    histogram: CountHistogram, _range: Range | None, _radiometry: Radiometry | None
) -> Parameters:
    """Plateau equalisation: the histogram, cut at a plateau, summed up.

    The plateau is as high as the steepest slope allows.
    """
    low, high = spread(*histogram.quantiles(_EQUAL_TAIL, 1 - _EQUAL_TAIL))
    edges = np.linspace(low, high, _CELLS + 1)
    below = np.concatenate([[0.0], np.cumsum(histogram.bins)])
    density = np.diff(np.interp(edges, np.arange(VALUES + 1) - 0.5, below))
    density /= density.mean()
    least, most = 0.0, float(density.max())
    for _ in range(40):
        plateau = (least + most) / 2
        if _slope(density, plateau).max() > _STEEPEST:
            most = plateau
        else:
            least = plateau
    rise = np.concatenate([[0.0], np.cumsum(_slope(density, least))]) * (255 / _CELLS)
    knots = np.interp(np.linspace(0, 255, _KNOTS), rise, edges)
    return {"counts": tuple(round(float(knot), 2) for knot in knots)}


def _slope(density: Floats, plateau: float) -> Floats:
    """Slope in each cell over that of the straight line."""
    cut = np.minimum(density, plateau) + _FLATTEST
    slope: Floats = cut / cut.mean()
    return slope


def _fit_kelvin(
    _histogram: CountHistogram, tone_range: Range | None, radiometry: Radiometry | None
) -> Parameters:
    """A fixed range of temperatures; kept as the first count of each level above 0."""
    if radiometry is None:
        raise DataError(
            "tone: kelvin are asked for and the recording has no calibration; expected a "
            "radiometric recording, or take the curve percentile"
        )
    low, high = _checked("kelvin", tone_range)
    kelvin = np.asarray(radiometry.kelvin(np.arange(VALUES)), np.float64)
    known = np.flatnonzero(np.isfinite(kelvin))
    if not len(known):
        raise DataError("tone: the calibration gives no temperature for any count")
    kelvin = np.interp(np.arange(VALUES), known, np.maximum.accumulate(kelvin[known]))
    share = (kelvin - low) / (high - low)
    levels = np.rint(255 * np.clip(share, 0, 1))
    first = np.searchsorted(levels, np.arange(1, 256))
    inside = np.flatnonzero((share >= 0) & (share <= 1))
    if not len(inside):
        raise ConfigError(
            f"tone_range: {low:g} to {high:g} K; the recording's counts reach from "
            f"{kelvin[0]:.0f} to {kelvin[-1]:.0f} K"
        )
    return {
        "low": low,
        "high": high,
        "limits": (float(inside[0]), float(inside[-1])),
        "first_counts": tuple(float(count) for count in first),
    }


def _checked(name: str, tone_range: Range | None) -> Range:
    if tone_range is None:
        raise ConfigError(f"tone_range: missing; the curve {name!r} needs a low and a high end")
    low, high = (float(end) for end in tone_range)
    if not low < high:
        raise ConfigError(f"tone_range: {low:g} to {high:g}; expected the low end first")
    return low, high


def _linear(parameters: Parameters) -> Table:
    low, high = _two(parameters)
    first, last = int(np.ceil(low)), int(np.floor(high))
    table = np.zeros(VALUES, np.uint8)
    table[last + 1 :] = 255
    table[first : last + 1] = np.rint((np.arange(first, last + 1) - low) * (255 / (high - low)))
    return table


def _two(parameters: Parameters) -> Range:
    low, high = parameters["low"], parameters["high"]
    if isinstance(low, tuple) or isinstance(high, tuple) or not 0 <= low < high < VALUES:
        raise ValueError("expected 0 <= low < high <= 65535")
    return low, high


def _through_knots(parameters: Parameters) -> Table:
    knots = _many(parameters, "counts")
    levels = np.linspace(0, 255, len(knots))
    return np.rint(np.interp(np.arange(VALUES), knots, levels)).astype(np.uint8)


def _at_first_counts(parameters: Parameters) -> Table:
    first = _many(parameters, "first_counts")
    if len(first) != 255:
        raise ValueError("expected 255 first_counts")
    return np.searchsorted(first, np.arange(VALUES), side="right").astype(np.uint8)


def _many(parameters: Parameters, name: str) -> Sequence[float]:
    values = parameters[name]
    if not isinstance(values, tuple) or len(values) < 2 or list(values) != sorted(values):
        raise ValueError(f"expected {name} to rise")
    return values


def _ends_of(name: str) -> Callable[[Parameters], Range]:
    def ends(parameters: Parameters) -> Range:
        values = _many(parameters, name)
        return values[0], values[-1]

    return ends


CURVES: dict[str, Kind] = {
    "percentile": Kind(_fit_percentile, _linear, _two),
    "plateau": Kind(_fit_plateau, _through_knots, _ends_of("counts")),
    "counts": Kind(_fit_counts, _linear, _two),
    "kelvin": Kind(_fit_kelvin, _at_first_counts, _ends_of("limits")),
}
