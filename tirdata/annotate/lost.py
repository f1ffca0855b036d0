"""What stands where a tracker lost its object, and where it is no longer to be believed."""

from typing import Final, Literal

import numpy as np

from tirdata.annotate.confidence import runs
from tirdata.annotate.spans import Span
from tirdata.types import Box, Boxes, Flags, Floats

Fallback = Literal["none", "lines", "hold"]

NOWHERE: Final = (np.nan, np.nan, np.nan, np.nan)


def filled(boxes: Boxes, span: Span, fallback: Fallback) -> Boxes:
    """``boxes`` (n, 4) of a span with something in the rows that are NaN.

    none: nothing. lines: straight lines between the boxes before and after, a person's or the
    tracker's; nothing where there is none on one side. hold: the last box before; where there is
    none, the first one after.
    """
    whole = np.array([_row(span.before), *boxes, _row(span.after)], np.float64)
    known = np.flatnonzero(~np.isnan(whole[:, 0]))
    if fallback == "none" or not len(known):
        return boxes
    places = np.arange(len(whole))
    if fallback == "hold":
        last = np.clip(np.searchsorted(known, places, side="right") - 1, 0, None)
        held: Boxes = whole[known[last]][1:-1]
        return held
    lines = [
        np.interp(places, known, whole[known, side], left=np.nan, right=np.nan) for side in range(4)
    ]
    return np.stack(lines, axis=1)[1:-1]


def doubtful(sure: Floats, span: Span, below: float, bridge_frames: int) -> Flags:
    """Frames of a span that are left to the person, (n,): from the first doubt to the last.

    A doubt is more than ``bridge_frames`` frames in a row with confidence under ``below``. Beyond
    the only box of a person everything is left that comes after the first doubt.
    """
    left = np.zeros(len(sure), np.bool_)
    doubts = [run for run in runs(sure < below) if run[1] - run[0] > bridge_frames]
    if doubts:
        start = 0 if span.before is None else doubts[0][0]
        stop = len(sure) if span.after is None else doubts[-1][1]
        left[start:stop] = True
    return left


def _row(box: Box | None) -> tuple[float, ...]:
    return NOWHERE if box is None else box
