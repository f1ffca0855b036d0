"""Straight lines between a person's boxes: what to use where no tracker helps."""

import numpy as np

from tirdata.annotate.propagate import Layer
from tirdata.annotate.replay import HumanTrack
from tirdata.errors import UsageError


def interpolate(human: HumanTrack, count: int) -> Layer:
    """Boxes of ``count`` frames on straight lines; nothing before the first and after the last.

    Raises:
        UsageError: no person gave a box of this track.
    """
    if not human.boxes:
        raise UsageError(f"track {human.id}: no person's box to interpolate from; draw one first")
    boxes = np.full((count, 4), np.nan)
    for span in human.spans(count):
        if span.before is None or span.after is None:
            continue
        steps = np.arange(1, span.last - span.first + 2)[:, None] / (span.last - span.first + 2)
        before, after = np.array(span.before), np.array(span.after)
        boxes[span.first : span.last + 1] = before + (after - before) * steps
    return Layer(boxes, np.full(count, np.nan))
