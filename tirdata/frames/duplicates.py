"""Whether two sequences show the same moments: by what changes in them over time.

The background of two clips of one camera is often the same, down to the text it burns in; what
moves is not. So the mean over time is taken away, and what is left is correlated at every shift in
time, upright and mirrored, and then finely: between samples, and with a margin cropped away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tirdata.frames.fingerprint import HEIGHT, STEP_S, WIDTH, Details, Samples, details
from tirdata.types import Floats

NOISE = 1.0  # levels: changes of a cell below this are noise of sensor and codec
CROP = 0.05  # share of width and height that may have been cropped away
LEAST = 4  # samples that two sequences have to share, or all of the shorter one

# Correlation of duplicates, by how many samples they share: with few, chance does more. So it does
# where parts overlap, which they may in many ways, and where pictures may be mirrored or inverted.
_ALIKE = ((8, 0.55), (6, 0.6), (1, 0.9))
_WHOLE = 0.9  # share of the shorter one from which it counts as lying wholly in the other
_TURNED_ALIKE = 0.75
_PART_ALIKE = 0.88
_TURNED_PART_ALIKE = 0.97
_CROPPED_AWAY = 0.4  # correlation that a cropped margin costs at most
_SURE = 0.9  # beyond which no better explanation is looked for
_MOVES = 2.0  # mean square change, summed over the cells, below which nothing moves
_TRIED = 2  # shifts that are looked at finely, beside none at all

Changes = NDArray[np.float32]  # (n, HEIGHT * WIDTH)
_Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Match:
    """Two sequences, or parts of them, that show the same."""

    kind: Literal["exact", "near"]
    share: float  # of the shorter one's time
    offset_s: float  # time in the first = time in the second + this
    mirrored: bool  # left and right are exchanged
    inverted: bool  # warm and cold are exchanged
    alike: float  # correlation of what changes, 0..1


@dataclass(frozen=True, eq=False)
class Clip:
    """The samples of a sequence, and what is worked out of them once."""

    samples: Samples

    @cached_property
    def step_s(self) -> float:
        """Usual time between samples."""
        times = self.samples.times_s
        return float(np.median(np.diff(times))) if len(times) > 1 else STEP_S

    @cached_property
    def details(self) -> Details:
        """Of each sample, (n, HEIGHT, WIDTH)."""
        return details(self.samples.pictures)

    @cached_property
    def changes(self) -> Changes:
        """How each sample differs from the usual, (n, HEIGHT * WIDTH)."""
        return _changes(self.details)

    @cached_property
    def moves(self) -> bool:
        """Whether anything changes over time."""
        return bool(len(self.changes) and (self.changes**2).sum(1).mean() > _MOVES)

    @cached_property
    def _on_grids(self) -> dict[tuple[float, float], Changes]:
        return {}

    def changes_every(self, step_s: float, start_s: float = 0.0) -> Changes:
        """As ``changes``, at even steps from ``start_s`` on; kept, for the next comparison."""
        known = self._on_grids.get((step_s, start_s))
        if known is None:
            times = self.samples.times_s
            grid = np.arange(times[0] + start_s, times[-1] + 1e-3, step_s)
            known = self._on_grids[step_s, start_s] = _changes(self.at(grid))
        return known

    def at(self, times_s: Floats) -> Details:
        """Details at any time, between samples mixed from both, (n, HEIGHT, WIDTH)."""
        known = self.samples.times_s
        right = np.clip(np.searchsorted(known, times_s), 1, max(1, len(known) - 1))
        left = right - 1
        right = np.minimum(right, len(known) - 1)
        width = np.maximum(known[right] - known[left], 1e-6)
        part = np.clip((times_s - known[left]) / width, 0, 1).astype(np.float32)[:, None, None]
        return np.asarray((1 - part) * self.details[left] + part * self.details[right], np.float32)


class _Shift(NamedTuple):
    score: float
    offset_s: float
    mirrored: bool


def match(first: Clip, second: Clip) -> Match | None:
    """How the two are near duplicates, if they are.

    Sequences in which nothing changes are not: of one empty sky there may be many.
    """
    if not len(first.samples.times_s) or not len(second.samples.times_s):
        return None
    if not first.moves or not second.moves:
        return None
    best: Match | None = None
    for shift in _shifts(first, second):
        found = _look_closely(first, second, shift)
        if found is not None and (best is None or found.alike > best.alike):
            best = found
    return best


def _changes(details_: Details) -> Changes:
    flat = details_.reshape(-1, HEIGHT * WIDTH)
    if not len(flat):
        return flat
    centre = np.median(flat, axis=0) if len(flat) > 2 else flat.mean(axis=0)
    return _above_noise(flat - centre)


def _above_noise(flat: Changes) -> Changes:
    return np.asarray(flat - np.clip(flat, -NOISE, NOISE), np.float32)


def _shifts(first: Clip, second: Clip) -> list[_Shift]:
    """The most promising shifts in time, on a grid of half a step."""
    step_s = max(first.step_s, second.step_s)
    theirs = second.changes_every(step_s)
    flipped = theirs.reshape(-1, HEIGHT, WIDTH)[:, :, ::-1].reshape(len(theirs), -1)
    found = []
    for phase in (0.0, 0.5):
        start_s = phase * step_s
        ours = first.changes_every(step_s, start_s)
        for mirrored, other in ((False, theirs), (True, flipped)):
            for lag, score in _diagonals(ours, other):
                found.append(_Shift(abs(score), lag * step_s + start_s, mirrored))
    best = [_Shift(0.0, 0.0, mirrored=False)]
    for shift in sorted(found, key=lambda shift: -shift.score):
        near = [abs(shift.offset_s - each.offset_s) < 0.75 * step_s for each in best
                if each.mirrored == shift.mirrored]  # fmt: skip
        if not any(near):
            best.append(shift)
        if len(best) > _TRIED:
            break
    return best


def _diagonals(ours: Changes, theirs: Changes) -> Iterator[tuple[int, float]]:
    """For each lag (samples of ours before theirs begins) the correlation of what overlaps."""
    products = ours @ theirs.T
    n, m = products.shape
    energy = [np.concatenate([[0.0], np.cumsum((each**2).sum(1))]) for each in (ours, theirs)]
    for lag in range(1 - m, n):
        i, j = max(lag, 0), max(-lag, 0)
        length = min(n - i, m - j)
        if length < min(LEAST, n, m):
            continue
        of_ours, of_theirs = (
            whole[at + length] - whole[at] for whole, at in zip(energy, (i, j), strict=True)
        )
        norm = float(np.sqrt(of_ours * of_theirs))
        if norm > _MOVES:
            yield lag, float(np.trace(products, -lag)) / norm


def _look_closely(first: Clip, second: Clip, shift: _Shift) -> Match | None:
    """The best of small shifts in time and of crops near ``shift``, if it is good enough."""
    step_s = max(first.step_s, second.step_s)
    best, best_offset, count = 0.0, shift.offset_s, 0
    for offset_s in shift.offset_s + step_s * np.array([0, -0.25, 0.25, -0.125, 0.125]):
        ours, theirs = _overlap(first, second, float(offset_s), mirrored=shift.mirrored)
        if not len(ours):
            continue
        alike = _correlation(ours, theirs)
        if abs(alike) > abs(best):
            best, best_offset, count = alike, float(offset_s), len(ours)
    counts = [len(each.samples.times_s) for each in (first, second)]
    share = min(1.0, count / min(counts))
    least = _needed(count, share, turned=best < 0 or shift.mirrored)
    if count and least - _CROPPED_AWAY < abs(best) < _SURE:
        ours, theirs = _overlap(first, second, best_offset, mirrored=shift.mirrored)
        best = max([best, *_cropped(ours, theirs)], key=abs)
    if abs(best) < _needed(count, share, turned=best < 0 or shift.mirrored):
        return None
    return Match(
        kind="near",
        share=share,
        offset_s=best_offset,
        mirrored=shift.mirrored,
        inverted=best < 0,
        alike=abs(best),
    )


def _needed(count: int, share: float, *, turned: bool) -> float:
    least = next((alike for samples, alike in _ALIKE if count >= samples), 2.0)
    if share < _WHOLE:
        return max(least, _TURNED_PART_ALIKE if turned else _PART_ALIKE)
    return max(least, _TURNED_ALIKE) if turned else least


def _overlap(
    first: Clip, second: Clip, offset_s: float, *, mirrored: bool
) -> tuple[Details, Details]:
    """The details of both at the times that both have."""
    known = first.samples.times_s
    times = second.samples.times_s + offset_s
    slack = 0.26 * first.step_s
    both = (times >= known[0] - slack) & (times <= known[-1] + slack)
    theirs = second.details[both]
    return first.at(times[both]), theirs[:, :, ::-1] if mirrored else theirs


def _correlation(ours: Details, theirs: Details) -> float:
    return _alike(_changing(ours), _changing(theirs))


def _changing(details_: Details) -> Changes:
    return _above_noise(_centred(details_))


def _alike(ours: Changes, theirs: Changes) -> float:
    norm = float(np.sqrt(np.vdot(ours, ours) * np.vdot(theirs, theirs)))
    return float(np.vdot(ours, theirs)) / norm if norm > _MOVES * len(ours) else 0.0


def _centred(details_: Details) -> Changes:
    flat = details_.reshape(-1, HEIGHT * WIDTH)
    return np.asarray(flat - flat.mean(axis=0), np.float32)


def _cropped(ours: Details, theirs: Details) -> Iterator[float]:
    """Correlations, had one of the two been cropped."""
    of_ours, of_theirs = _changing(ours), _changing(theirs)
    for down in _crops(HEIGHT):
        for across in _crops(WIDTH):
            yield _alike(_changing(_stretched(ours, down, across)), of_theirs)
            yield _alike(of_ours, _changing(_stretched(theirs, down, across)))


def _stretched(details_: Details, down: _Matrix, across: _Matrix) -> Details:
    return np.asarray(down @ details_ @ across.T, np.float32)


def _crops(size: int) -> list[_Matrix]:
    """Matrices (size, size) that stretch what a crop of one or both ends leaves."""
    return [_stretch(size, CROP * size * part) for part in (0.0, 0.5, 1.0)]


def _stretch(size: int, start: float) -> _Matrix:
    centres = start + (np.arange(size) + 0.5) * (1 - CROP) - 0.5
    return np.asarray(
        np.maximum(0, 1 - np.abs(centres[:, None] - np.arange(size)[None])), np.float32
    )
