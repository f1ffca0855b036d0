"""From a person's boxes to a machine's layer: a tracker run both ways between them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tirdata.annotate.follow import PropagateConfig, follow
from tirdata.annotate.replay import HumanTrack
from tirdata.annotate.smooth import smooth
from tirdata.annotate.together import follow_together
from tirdata.errors import UsageError
from tirdata.tracker import ManyTracker, Tracker
from tirdata.types import Boxes, Floats, Frames


class Layer(NamedTuple):
    """A machine's boxes, where a person gave none; NaN row = a person's frame, lost or absent."""

    boxes: Boxes  # (n, 4)
    confidence: Floats  # (n,), NaN = never measured


def propagate(
    frames: Frames,
    human: HumanTrack,
    tracker: Tracker,
    settings: PropagateConfig,
    on_frame: Callable[[], None] = lambda: None,
) -> Layer:
    """Track from every human box, both ways, to the next one, or to where the object is gone.

    Frames are read one at a time and none is kept. ``on_frame`` is called for each tracked frame
    (twice for a frame between two human boxes).

    Raises:
        UsageError: no person gave a box of this track, so there is nothing to start from.
    """
    if not human.boxes:
        raise UsageError(f"track {human.id}: no person's box to propagate from; draw one first")
    count = len(frames)
    boxes, sure = np.full((count, 4), np.nan), np.full(count, np.nan)
    for span in human.spans(count):
        found = follow(frames, tracker, span, settings, on_frame)
        part = slice(span.first, span.last + 1)
        boxes[part], sure[part] = found
    return Layer(smooth(boxes, human.boxes, settings.smooth_frames), sure)


def propagate_together(
    humans: Sequence[tuple[Frames, HumanTrack]],
    tracker: ManyTracker,
    settings: PropagateConfig,
    on_frame: Callable[[], None] = lambda: None,
) -> list[Layer]:
    """As ``propagate`` for each track that has a person's box, many at once.

    The tracks may be of several sequences, each with its own frames.
    """
    flat = [(frames, span) for frames, human in humans for span in human.spans(len(frames))]
    found = iter(follow_together(flat, tracker, settings, on_frame))
    layers = []
    for frames, human in humans:
        count = len(frames)
        boxes, sure = np.full((count, 4), np.nan), np.full(count, np.nan)
        for span in human.spans(count):
            part = slice(span.first, span.last + 1)
            boxes[part], sure[part] = next(found)
        layers.append(Layer(smooth(boxes, human.boxes, settings.smooth_frames), sure))
    return layers


def tracked_frames(human: HumanTrack, count: int) -> int:
    """How many times ``propagate`` will call ``on_frame``."""
    return sum(
        (span.last - span.first + 1 if one is None else span.last - span.first + 2)
        for span in human.spans(count)
        for start, one in ((span.before, span.after), (span.after, span.before))
        if start is not None
    )
