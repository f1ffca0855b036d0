"""Which palette a shot was coloured with, from its colours alone or its colour bar.

A palette is a thin curve among all colours. False-colour video lies on it to within a few levels;
what visible light shows lies off every curve. Polarity is not decided here: a reversed palette is
found under the same name, and its inversion comes out black-hot.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.decode.base import Colours
from tirdata.errors import DataError
from tirdata.frames.colour_bar import Bar, find_bar
from tirdata.frames.palettes import GREY, PALETTES, TINTED, Table, limited, variants
from tirdata.types import Mask

_Floats: TypeAlias = NDArray[np.float64]

GREY_LEVELS = 4.0  # mean distance from grey up to which video counts as grey
BOUND = 8.0  # mean distance from a palette above which colours are none of ours; natural: 11 to 23
_SURE = 5.0
_SHARE = 0.25  # of the distance from grey that a palette may leave unexplained; natural: from 0.24
_MARGIN = 0.2  # by which the runner-up must be farther, for the name to be sure
_SPREAD = 8  # positions in use below which a match may be chance
_SURE_SPREAD = 24
_BAR_LOSS = 3.0  # what a bar may fit worse than a table, because video blurs it
_WHOLE = 200  # positions that the bar of a known palette runs through; else it is the scene's
_SAME = 6.0  # mean distance of a bar from a table of which it is a picture
_VARIANT = 3.0  # distance above which variants are tried, and at most of one that is taken
_VARIANT_GAIN = 0.6
_VARIANT_PATH = 250.0  # length of a palette that must be in use; a clear sky has 80
_LIMITED_GAIN = 0.7  # a squeezed table must be better than all full ones by this

_FLAT = 16  # largest step among neighbours at which chroma is not blurred by 4:2:0
_BLACK = 32  # level up to which a whole line or column is none of the picture
_SAMPLES = 20_000  # pixels of each picture
_COLOURS = 1000  # most frequent of the 32 * 32 * 32 cells of colour
_KEPT = 0.95  # the rest may be text, reticles, logos
_ALL = 0.999
_TIE = 0.5  # palettes that are nearer to each other than this, in levels, are equally near
_RARE_TIE = 1.05  # and those whose rare colours are as near as that, in ratio
_COLOURLESS = 24  # range of R, G, B of white text with chroma that ran into it
_ALIKE = 0.95  # correlation of the orders in which two palettes put the colours of a shot

_LUMA = np.array([0.299, 0.587, 0.114])
_TINT_BIN = 8.0
_TINT_LEVELS = 2.0  # mean distance of tinted video from its tint
_TINT_RANGE = 80.0  # levels of luma that must be seen to say so
_SKY = (180.0, 260.0)  # hues of a clear sky, degrees: a shot of it would pass for tinted


@dataclass(frozen=True, eq=False)
class PaletteMatch:
    """A palette and how well a shot fits it."""

    name: str
    table: Table
    residual: float  # mean distance of the colours from it, root mean square of R, G, B; 0..255
    score: float  # 0..1: how much farther the runner-up is
    sure: bool
    how: Literal["table", "bar", "fitted", "stated"] = "table"
    bar: Bar | None = None


class Seen(NamedTuple):
    """The colours of a shot, without those that blurred chroma made."""

    colours: _Floats  # (n, 3)
    weights: _Floats  # (n,)

    @property
    def luma(self) -> _Floats:
        return np.asarray(self.colours @ _LUMA, np.float64)

    @property
    def chroma(self) -> float:
        """Mean distance from grey."""
        apart = np.sqrt(((self.colours - self.luma[:, None]) ** 2).mean(axis=1))
        return _trimmed(apart, self.weights)


class _Fit(NamedTuple):
    table: Table
    distance: float
    rare: float  # of the colours that distance leaves out
    positions: _Floats  # (n,) of the seen colours


def detect_palette(
    pictures: Sequence[Colours], *, ignore: Mask | None = None
) -> PaletteMatch | None:
    """The palette of a shot, from some of its frames; none = natural or unknown colours.

    ``ignore`` is set where overlays are. Their colours are survived without it too, up to a
    twentieth of the picture.

    Raises:
        DataError: there is no picture.
    """
    seen = see(pictures, ignore)
    if seen.chroma <= GREY_LEVELS:
        return PaletteMatch(GREY, PALETTES[GREY], seen.chroma, 1.0, sure=True)
    best = _best_table(seen)
    if best.residual > _VARIANT:
        best = _best_variant(seen, best)
    bar = find_bar(pictures)
    if bar is not None:
        best = _by_bar(seen, bar, best)
    if _explains(seen, best):
        return best
    tint, is_tinted = _tint(seen)
    return tint if is_tinted else None


def measure_palette(
    pictures: Sequence[Colours], name: str, *, ignore: Mask | None = None
) -> PaletteMatch:
    """The named palette, and how far the shot is from it, for palettes that a user states.

    Raises:
        DataError: no palette has that name, or there is no picture.
    """
    seen = see(pictures, ignore)
    if name == TINTED:
        return replace(_tint(seen)[0], how="stated")
    if name not in PALETTES:
        known = ", ".join([*PALETTES, TINTED])
        raise DataError(f"palette {name}: not known; expected one of {known}")
    table = PALETTES[name]
    return PaletteMatch(name, table, _distance(seen, table), 1.0, sure=True, how="stated")


def see(pictures: Sequence[Colours], ignore: Mask | None = None) -> Seen:
    """The most frequent colours of ``pictures``, where they are flat.

    Raises:
        DataError: there is no picture.
    """
    if not pictures:
        raise DataError("no picture to find a palette in; expected at least one")
    cells = 1 << 15
    weights, sums = np.zeros(cells), np.zeros((cells, 3))
    for picture in pictures:
        colours = _flat_colours(picture, ignore)
        levels = colours.astype(np.int64) >> 3
        cell = levels[:, 0] << 10 | levels[:, 1] << 5 | levels[:, 2]
        weights += np.bincount(cell, minlength=cells)
        for channel in range(3):
            sums[:, channel] += np.bincount(cell, colours[:, channel], minlength=cells)
    order = np.argsort(-weights, kind="stable")[:_COLOURS]
    order = order[weights[order] > 0]
    return Seen(sums[order] / weights[order, None], weights[order])


def _flat_colours(picture: Colours, ignore: Mask | None) -> Colours:
    """Some of the pixels whose neighbours are alike; all if there are few such, (n, 3)."""
    step = max(1, int(np.sqrt(picture.shape[0] * picture.shape[1] / _SAMPLES)))
    square = np.ones((3, 3), np.uint8)
    channels = cv2.split(cv2.subtract(cv2.dilate(picture, square), cv2.erode(picture, square)))
    steps = cv2.max(cv2.max(channels[0], channels[1]), channels[2])[::step, ::step]
    colours = picture[::step, ::step]
    most = np.maximum(np.maximum(colours[..., 0], colours[..., 1]), colours[..., 2])
    rows, columns = (np.asarray(most.max(axis=axis) > _BLACK, bool) for axis in (1, 0))
    wanted = rows[:, None] & columns  # without black bars around the picture
    if ignore is not None:
        wanted &= ignore[::step, ::step] == 0
    flat = wanted & (np.asarray(steps) < _FLAT)
    if flat.sum() >= 0.2 * wanted.sum():
        wanted = flat
    result: Colours = colours[wanted] if wanted.any() else colours.reshape(-1, 3)
    return result


def _best_table(seen: Seen) -> PaletteMatch:
    """The nearest table; of equally near ones that which has the rare colours too."""
    fits = {name: _fit(seen, table) for name, table in PALETTES.items()}
    least = min(fit.distance for fit in fits.values())
    squeezed = {name: _fit(seen, limited(table)) for name, table in PALETTES.items()}
    if min(fit.distance for fit in squeezed.values()) < _LIMITED_GAIN * least:
        fits, least = squeezed, min(fit.distance for fit in squeezed.values())
    equal = [name for name, fit in fits.items() if fit.distance <= least * 1.5 + _TIE]
    rarest = min(fits[name].rare for name in equal)
    equal = [name for name in equal if fits[name].rare <= rarest * _RARE_TIE]
    name = min(equal, key=lambda each: fits[each].distance)
    best = fits[name]
    others = [fit.distance for fit in fits.values() if not _agree(seen, best, fit)]
    score = max(0.0, 1 - best.distance / max(min(others, default=255.0), 1e-6))
    spread = _spread(seen, best.positions)
    sure = best.distance <= _SURE and score >= _MARGIN and spread >= _SURE_SPREAD
    return PaletteMatch(name, best.table, best.distance, score, sure=sure)


def _best_variant(seen: Seen, best: PaletteMatch) -> PaletteMatch:
    """Another camera's variant of a palette, if one is so near that it is no chance."""
    fits = {
        (name, number): _fit(seen, table)
        for name, base in PALETTES.items()
        if name != GREY
        for number, table in enumerate(variants(base))
    }
    name, number = min(fits, key=lambda each: fits[each].distance)
    near = fits[name, number]
    chance = _path(seen, near) < _VARIANT_PATH
    if chance or near.distance > min(_VARIANT, _VARIANT_GAIN * best.residual):
        return best
    others = [f.distance for (other, _), f in fits.items() if other != name]
    score = max(0.0, 1 - near.distance / min(others))
    sure = score >= _MARGIN and _spread(seen, near.positions) >= _SURE_SPREAD
    return PaletteMatch(name, near.table, near.distance, score, sure=sure, how="fitted")


def _fit(seen: Seen, table: Table) -> _Fit:
    squares = _distances(seen.colours, table)
    positions = squares.argmin(axis=1)
    nearest = np.sqrt(squares[np.arange(len(squares)), positions] / 3)
    distance = _trimmed(nearest, seen.weights)
    coloured = seen.weights * (np.ptp(seen.colours, axis=1) > _COLOURLESS)  # the rest may be text
    rare = _trimmed(nearest, coloured, _ALL, above=_KEPT) if coloured.any() else 0.0
    return _Fit(table, distance, rare, positions.astype(np.float64))


def _agree(seen: Seen, one: _Fit, other: _Fit) -> bool:
    """Whether two palettes put the seen colours in the same order, or just the reverse."""
    a, b = (fit.positions - np.average(fit.positions, weights=seen.weights) for fit in (one, other))
    product, first, second = ((seen.weights * each).sum() for each in (a * b, a * a, b * b))
    return bool(abs(product) > _ALIKE * np.sqrt(first * second))


def _by_bar(seen: Seen, bar: Bar, best: PaletteMatch) -> PaletteMatch:
    """The table at the bar's pace, if the bar runs through its colours; else the bar's colours."""
    residual = _distance(seen, bar.table)
    if residual > min(BOUND, best.residual + _BAR_LOSS):
        return best
    entries = Seen(bar.table.astype(np.float64), np.ones(256))
    ran = _fit(entries, best.table)
    if ran.distance > _SAME or best.residual > BOUND:
        sure = residual <= _SURE
        return PaletteMatch("bar", bar.table, residual, best.score, sure=sure, how="bar", bar=bar)
    if np.ptp(ran.positions) < _WHOLE:
        return best
    apart = [np.abs(entries.colours - each).mean() for each in (best.table, best.table[::-1])]
    if min(apart) <= _SAME:  # a picture of the table itself
        return replace(best, bar=bar)
    positions = cv2.GaussianBlur(
        ran.positions[:, None], (1, 0), sigmaX=0.1, sigmaY=3, borderType=cv2.BORDER_REPLICATE
    )
    table = best.table[np.round(positions[:, 0]).astype(int)]
    return replace(best, table=table, how="bar", bar=bar)


def _explains(seen: Seen, match: PaletteMatch) -> bool:
    return (
        match.residual <= BOUND
        and match.residual <= _SHARE * seen.chroma
        and _spread(seen, _fit(seen, match.table).positions) >= _SPREAD
    )


def _tint(seen: Seen) -> tuple[PaletteMatch, bool]:
    """The best one hue from black to white; and whether it is that, and no clear sky."""
    luma = seen.luma
    apart = seen.colours - luma[:, None]
    # One direction away from grey, and how far each level of luma goes.
    _, _, directions = np.linalg.svd(apart * np.sqrt(seen.weights)[:, None], full_matrices=False)
    along = apart @ directions[0]
    sign = np.sign(np.average(along, weights=seen.weights)) or 1.0
    bins = (luma / _TINT_BIN).round().astype(int)
    weights = np.bincount(bins, seen.weights)
    used = np.flatnonzero(weights)
    amounts = np.bincount(bins, along * seen.weights)[used] / weights[used]
    levels = np.arange(256.0)
    curve = np.interp(levels, [0, *used * _TINT_BIN, 255], [0, *amounts, amounts[-1]])
    colours = np.clip(levels[:, None] + curve[:, None] * directions[0], 0, 255)
    table = np.round(colours).astype(np.uint8)
    match = PaletteMatch(TINTED, table, _distance(seen, table), 1.0, sure=True, how="fitted")
    low, high = (_median(luma, seen.weights, share) for share in (0.02, 0.98))
    fits = match.residual <= _TINT_LEVELS and match.residual <= _SHARE * seen.chroma
    hue = 128 + 60 * sign * directions[0]
    return match, fits and high - low >= _TINT_RANGE and not _is_sky(hue)


def _is_sky(hue: _Floats) -> bool:
    pixel = np.clip(hue, 0, 255).astype(np.uint8)[None, None]
    degrees = 2.0 * float(cv2.cvtColor(pixel, cv2.COLOR_RGB2HSV)[0, 0, 0])
    return _SKY[0] <= degrees <= _SKY[1]


def _distances(colours: _Floats, table: Table) -> NDArray[np.float32]:
    """Squared distances of colours from every entry, (n, 256)."""
    entries = table.astype(np.float32)
    some = colours.astype(np.float32)
    squares = (some**2).sum(axis=1)[:, None] + (entries**2).sum(axis=1)
    return np.asarray(np.maximum(squares - 2 * some @ entries.T, 0), np.float32)


def _distance(seen: Seen, table: Table) -> float:
    return _fit(seen, table).distance


def _spread(seen: Seen, positions: _Floats) -> float:
    """Positions in use, without the extreme fiftieths."""
    low, high = (_median(positions, seen.weights, share) for share in (0.02, 0.98))
    return high - low


def _path(seen: Seen, fit: _Fit) -> float:
    """Length, in levels of R, G, B together, of the part of the palette in use."""
    low, high = (int(_median(fit.positions, seen.weights, share)) for share in (0.02, 0.98))
    part = fit.table[low : high + 1].astype(np.float64)
    return float(np.linalg.norm(np.diff(part, axis=0), axis=1).sum())


def _trimmed(
    values: _Floats, weights: _Floats, kept: float = _KEPT, *, above: float = 0.0
) -> float:
    """Weighted mean of the lower values that have the share ``kept`` of the weights."""
    order = np.argsort(values, kind="stable")
    after = np.cumsum(weights[order])
    low, high = above * after[-1], kept * after[-1]
    left = np.clip(np.minimum(after, high) - np.maximum(after - weights[order], low), 0, None)
    return float((values[order] * left).sum() / left.sum())


def _median(values: _Floats, weights: _Floats, share: float = 0.5) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, share * reached[-1])])
