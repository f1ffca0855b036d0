"""What the frame's edge hides of an object, and how much of it comes into view later.

A box that ends at the frame's edge is of an object cut off there, as a rule: it comes in, and its
labels grow with it, while a tracker goes on with the part that was marked. Here the columns (or
rows) beyond that side of the tracked part are asked whether they are more like the object or like
what is around it, by histograms of grey levels taken anew in each frame; means over some frames, in
sides of the part, are set against each other. Labels are looser than objects and by how much
differs from one person to the next, so the same is asked on the opposite side, where the box is
known: the difference there is the slack on both. Where a recording's first box reaches beyond the
frame, its labels are of whole objects, seen or not, and nothing is done. Pure functions.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tirdata.types import Box, Floats, Frame

TOUCHES = 1.5  # pixels from the edge at which a box ends there
LEFT, TOP, RIGHT, BOTTOM = range(4)
FINE = 16  # bins in a side of the part
MOST = 1.0  # of a side of the part may have been hidden
BEHIND = 0.5  # of a side, beyond the opposite side, is looked at too
FAR = 0.5  # of a side, beyond MOST, is background, too
AROUND = 0.5  # mean sides of the part that are background around it
GAP = 0.1  # mean sides between both, which are neither
BINS = round((BEHIND + 1 + MOST) * FINE)
EDGE = round((BEHIND + 1) * FINE)  # the bin that the cut side is before
MIDDLE = round((BEHIND + 0.5) * FINE)
GREYS = 16  # of the histograms
RARE = 0.01  # share of a grey level that was not seen
LEAST_GREYS = 3.0  # between darkest and brightest, else nothing can be told
LEAST_APART = 0.05  # mean logarithm of odds inside less that around
LEAST_CELLS = 8  # pixels of each histogram
LEAST_SIDE = 3  # pixels of the part
SETTLES = 8  # frames in which a bin is looked at
HALF = 0.45  # from here on (0 = around, 1 = the part) a bin is the object's
CLEAR = (-0.5, 1.5)  # what is beyond is no clearer
ENDING = 4  # last bins: what the background is beside the object, where that is seen
SLACK = (-0.25, 0.4)  # of a side: limits of how much looser the label may be
USUAL = 1.0  # of a side: how much is hidden, mean of an exponential distribution


class Cut(NamedTuple):
    """An object of which the frame's edge hid something when it was marked."""

    sides: tuple[int, ...]  # that ended at the edge
    sums: Floats  # (sides, BINS): likeness to the object from behind the opposite side outwards
    counts: Floats  # (sides, BINS): frames in these
    beyond: Floats  # (4,): how far it goes on beyond each side, sides of the part


def is_whole(frame: Frame, box: Box) -> bool:
    """Whether ``box`` reaches beyond the frame: drawn around what is not seen, too."""
    height, width = frame.shape
    low, high = min(box.x, box.y), max(box.x + box.w - width, box.y + box.h - height)
    return low < -TOUCHES or high > TOUCHES


def ends_at_edge(frame: Frame, box: Box) -> bool:
    """Whether some side of ``box`` ends at the frame's edge or beyond it."""
    return any(_ends(frame, box))


def _ends(frame: Frame, box: Box) -> tuple[bool, bool, bool, bool]:
    height, width = frame.shape
    return (
        box.x <= TOUCHES,
        box.y <= TOUCHES,
        box.x + box.w >= width - TOUCHES,
        box.y + box.h >= height - TOUCHES,
    )


def cut_of(frame: Frame, box: Box) -> Cut | None:
    """What may be hidden of the object marked by ``box``; None if it does not end at the edge."""
    ends = _ends(frame, box)
    sides = tuple(side for side in range(4) if ends[side] and not ends[(side + 2) % 4])
    if not sides or is_whole(frame, box):
        return None
    empty = np.zeros((len(sides), BINS))
    return Cut(sides, empty, empty, np.zeros(4))


def uncovered(frame: Frame, cut: Cut, part: Box) -> Cut:
    """What is known after ``frame``, in which the part that was marked is at ``part``."""
    sums, counts, beyond = cut.sums.copy(), cut.counts.copy(), cut.beyond.copy()
    for row, side in enumerate(cut.sides):
        if counts[row].min() >= SETTLES:
            continue
        seen = _profile(*_turned(frame, part, side))
        if seen is None:
            continue
        new = ~np.isnan(seen) & (counts[row] < SETTLES)
        sums[row, new] += seen[new]
        counts[row, new] += 1
        beyond[side] = _beyond(sums[row], counts[row])
    return Cut(cut.sides, sums, counts, beyond)


def whole(part: Box, cut: Cut) -> Box:
    """The object of which ``part`` is what was marked."""
    left, top, right, bottom = (float(value) for value in cut.beyond)
    x, y, w, h = part
    return Box(x - left * w, y - top * h, w * (1 + left + right), h * (1 + top + bottom))


def visible(frame: Frame, box: Box) -> Box:
    """The part of ``box`` in the frame; all of it where nothing is."""
    height, width = frame.shape
    left, top = max(0.0, box.x), max(0.0, box.y)
    right, bottom = min(float(width), box.x + box.w), min(float(height), box.y + box.h)
    return box if right <= left or bottom <= top else Box(left, top, right - left, bottom - top)


def _turned(frame: Frame, box: Box, side: int) -> tuple[Frame, Box]:
    """Both turned or mirrored so that ``side`` is the left."""
    x, y, w, h = box
    if side in (TOP, BOTTOM):
        frame, x, y, w, h = frame.T, y, x, h, w
    if side in (RIGHT, BOTTOM):
        frame, x = frame[:, ::-1], frame.shape[1] - x - w
    return frame, Box(x, y, w, h)


def _profile(frame: Frame, part: Box) -> Floats | None:
    """How like the object columns are, (BINS,), from the right to the left of ``part``.

    1 is as like as the part is, 0 as what is around it, NaN is outside of the frame. None where the
    two are alike or too small.
    """
    height, width = frame.shape
    x, y, w, h = part
    side = float(np.sqrt(w * h))
    around, gap = max(2.0, AROUND * side), max(1, round(GAP * side))
    across, down = _span(x, x + w, width), _span(y, y + h, height)
    if min(across.stop - across.start, down.stop - down.start) < LEAST_SIDE:
        return None
    wide = _span(x - w * (MOST + FAR), x + w + max(around, w * BEHIND + 1), width)
    high = _span(y - around, y + h + around, height)
    patch = frame[high, wide].astype(np.float32)
    columns, rows = _within(across, wide), _within(down, high)
    is_part = np.zeros(patch.shape, bool)
    is_part[rows, columns] = True
    is_around = np.zeros(patch.shape, bool)
    is_around[:, columns.start :] = True
    is_around[max(0, rows.start - gap) : rows.stop + gap, : columns.stop + gap] = False
    is_around[:, : max(0, round(x - w * MOST) - wide.start)] = True
    odds = _odds(patch, is_part, is_around)
    if odds is None:
        return None
    sums = np.concatenate([[0.0], np.cumsum(np.clip(odds[rows].mean(axis=0), -1, 2))])
    ends = x + w * (1 + BEHIND) - np.arange(BINS + 1) * w / FINE
    up_to = np.interp(ends, np.arange(len(sums)) + wide.start, sums)
    seen: Floats = (up_to[:-1] - up_to[1:]) / (w / FINE)
    seen[(ends[1:] < -1e-6) | (ends[:-1] > width)] = np.nan
    return seen


def _span(low: float, high: float, limit: int) -> slice:
    """Whole pixels from ``low`` to ``high`` that are in the frame."""
    start = max(0, min(round(low), limit))
    return slice(start, max(start, min(round(high), limit)))


def _within(inner: slice, outer: slice) -> slice:
    """``inner`` counted from the start of ``outer``."""
    return slice(inner.start - outer.start, inner.stop - outer.start)


def _odds(
    patch: NDArray[np.float32], inside: NDArray[np.bool_], around: NDArray[np.bool_]
) -> Floats | None:
    """Each pixel's logarithm of odds for the inside, shifted and scaled to means of 1 and 0."""
    if min(inside.sum(), around.sum()) < LEAST_CELLS:
        return None
    known = patch[inside | around]
    low, high = float(known.min()), float(known.max())
    if high - low < LEAST_GREYS:
        return None
    level = np.clip((patch - low) / (high - low), 0, 1) * (GREYS - 1)
    ratio = np.log(_histogram(level[inside]) / _histogram(level[around]))
    odds = np.interp(level.ravel(), np.arange(GREYS), ratio).reshape(level.shape)
    zero = float(odds[around].mean())
    apart = float(odds[inside].mean()) - zero
    return None if apart < LEAST_APART else (odds - zero) / apart


def _histogram(levels: NDArray[np.float32]) -> Floats:
    """Shares of the grey levels, smoothed, none of them 0."""
    shares = np.bincount(np.round(levels).astype(int), minlength=GREYS) / len(levels)
    smooth: Floats = np.convolve(np.pad(shares, 1, mode="edge"), [0.25, 0.5, 0.25], "valid") + RARE
    return smooth


def _beyond(sums: Floats, counts: Floats) -> float:
    """How far the object goes on beyond the cut side, sides of the part: what is likely, mean."""
    seen = np.divide(sums, counts, out=np.full(BINS, np.nan), where=counts > 0)
    outwards, inwards = _evidence(seen[MIDDLE:]), _evidence(seen[:MIDDLE][::-1])
    inner_end = 0.5 - np.arange(len(inwards)) / FINE  # from the opposite side, inside of it
    weight = np.exp(inwards - inwards.max())
    slack = float(np.clip((weight * inner_end).sum() / weight.sum(), *SLACK))
    ends = (np.arange(len(outwards)) - (EDGE - MIDDLE)) / FINE
    lengths = np.clip(ends + slack, 0, MOST)
    weight = np.exp(outwards - outwards.max() - lengths / USUAL)
    return float(np.expm1((weight * np.log1p(lengths)).sum() / weight.sum()))


def _evidence(seen: Floats) -> Floats:
    """Logarithm of how likely the object ends before each bin and after the last, (n + 1,).

    Of bins outwards from its middle, up to the first that was not seen. Means of 1 on the object
    and 0 beside it are expected; where as far out as one looks it is more, that takes its place.
    """
    gone = np.flatnonzero(np.isnan(seen))
    known = seen[: gone[0]] if len(gone) else seen
    beside = 0.0
    if len(known) >= BINS - MIDDLE - ENDING:
        beside = float(np.clip(known[-ENDING:].mean(), 0, 0.99))
    half = HALF + (1 - HALF) * beside
    told = np.cumsum(np.clip(known, *CLEAR) - half) * (1 - beside)
    return np.concatenate([[0.0], told])
