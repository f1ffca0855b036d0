"""One span filled by a machine: followed, smoothed, and as an event for the journal."""

from collections.abc import Callable

import numpy as np

from tirdata.annotate.annotate import DECIMALS, Tracking
from tirdata.annotate.events import PropagatedEvent
from tirdata.annotate.follow import follow
from tirdata.annotate.interpolate import interpolate
from tirdata.annotate.replay import HumanTrack
from tirdata.annotate.smooth import smooth
from tirdata.annotate.spans import Span
from tirdata.tracker import Tracker
from tirdata.types import Box, Boxes, Floats, Frames


def fill(
    frames: Frames,
    track: int,
    span: Span,
    tracking: Tracking,
    on_frame: Callable[[], None] = lambda: None,
) -> PropagatedEvent:
    """What ``tracking`` makes of one span of a track.

    Whatever ``on_frame`` raises ends the work.
    """
    tracker = tracking.factory() if tracking.factory is not None else None
    boxes, sure = _rows(frames, span, tracking, tracker, on_frame)
    return PropagatedEvent(
        track=track,
        tracker=tracking.config.tracker,
        settings=tracking.settings,
        state=span.state,
        first_frame=span.first,
        boxes=tuple(
            None if np.isnan(row).any() else Box(*(round(float(side), DECIMALS) for side in row))
            for row in boxes
        ),
        confidence=tracking.confidence(sure),
    )


def looks(span: Span) -> int:
    """How many frames are looked at to fill a span: each once from every human box at its ends."""
    count = span.last - span.first + 1
    return 2 * (count + 1) if span.before is not None and span.after is not None else count


def _rows(
    frames: Frames,
    span: Span,
    tracking: Tracking,
    tracker: Tracker | None,
    on_frame: Callable[[], None],
) -> tuple[Boxes, Floats]:
    ends = {span.first - 1: span.before, span.last + 1: span.after}
    human = {frame: box for frame, box in ends.items() if box is not None}
    if tracker is None:
        lines = interpolate(HumanTrack(0, "", dict(human)), span.last + 2)
        part = slice(span.first, span.last + 1)
        return lines.boxes[part], lines.confidence[part]
    settings = tracking.config.propagate
    boxes, sure = follow(frames, tracker, span, settings, on_frame)
    offset = span.first - 1
    padded = np.full((len(boxes) + 2, 4), np.nan)
    padded[1:-1] = boxes
    known = {frame - offset: box for frame, box in human.items()}
    return smooth(padded, known, settings.smooth_frames)[1:-1], sure
