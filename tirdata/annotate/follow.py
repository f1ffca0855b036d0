"""One span between a person's boxes: a tracker run both ways through it, and the passes fused."""

from collections.abc import Callable
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from tirdata.annotate import certainty, confidence
from tirdata.annotate.drift import undrifted
from tirdata.annotate.fuse import Pass, fuse, single
from tirdata.annotate.lost import NOWHERE, Fallback, doubtful, filled
from tirdata.annotate.spans import Span
from tirdata.config import Config
from tirdata.geometry import centres, overlap
from tirdata.tracker import Prediction, Tracker
from tirdata.types import Box, Boxes, Floats, Frame, Frames

__all__ = ["PropagateConfig", "Span", "follow"]

ARRIVED = 0.5  # overlap with a person's box from which a pass is on it, and only drifted
LEAST_SIDE = 1.0  # pixels; a tracker whose box shrinks below has nothing in it
Rows = list[tuple[float, ...]]
Share = Annotated[float, Field(ge=0, le=1)]


class PropagateConfig(Config):
    """How a tracker's word is taken."""

    lost_below: Share = 0.2
    """A score under this loses the object: no box from there on."""
    found_above: Share = 0.35
    """A lost object counts as found again from this score on."""
    bridge_frames: Annotated[int, Field(ge=0)] = 2
    """A dip of the score at most this long is not a loss."""
    smooth_frames: Annotated[int, Field(ge=0)] = 2
    """Half width of the window that smooths the machine's boxes; 0 = not smoothed."""
    undrift: bool = True
    """What a pass is off by at the person's box it runs into is taken off all of it, by distance;
    where it overlaps that box by half at least."""
    fallback: Fallback = "none"
    """What stands where the object is lost. none: nothing. lines: straight lines between the boxes
    on either side. hold: the last box."""
    until_doubtful: Share = 0.0
    """Confidence under which boxes end: from the first such stretch on, up to the last one before
    the next box of a person, frames are left empty. 0: never."""

    @model_validator(mode="after")
    def _ordered(self) -> "PropagateConfig":
        if self.found_above < self.lost_below:
            raise ValueError("found_above must not be under lost_below")
        return self


def follow(
    frames: Frames,
    tracker: Tracker,
    span: Span,
    settings: PropagateConfig,
    on_frame: Callable[[], None] = lambda: None,
) -> tuple[Boxes, Floats]:
    """Boxes (n, 4), NaN where lost, and confidence (n,) of one span, not smoothed."""
    return joined(passes(frames, tracker, span, settings, on_frame), span, settings)


def passes(
    frames: Frames,
    tracker: Tracker,
    span: Span,
    settings: PropagateConfig,
    on_frame: Callable[[], None] = lambda: None,
) -> list[Pass]:
    """Each way through a span, one after the other."""
    return [_pass(frames, tracker, leg, settings, on_frame) for leg in legs(span)]


class Leg(NamedTuple):
    """One way through a span."""

    start: int  # the frame of ``box``
    box: Box
    order: range
    target: Box | None  # a person's, one frame beyond the last

    @property
    def numbers(self) -> list[int]:
        """The frames to look at after ``start``."""
        return [*self.order, *([] if self.target is None else [self.order[-1] + self.order.step])]


def legs(span: Span) -> list[Leg]:
    """Onward from the box before and back from the one after, as far as there are."""
    onward = range(span.first, span.last + 1)
    ways = [
        (span.first - 1, span.before, onward, span.after),
        (span.last + 1, span.after, onward[::-1], span.before),
    ]
    return [Leg(start, box, order, target) for start, box, order, target in ways if box is not None]


def joined(ways: list[Pass], span: Span, settings: PropagateConfig) -> tuple[Boxes, Floats]:
    """Boxes and confidence of a span from the passes of its ``legs``."""
    boxes, sure = fuse(*ways) if len(ways) == 2 else single(*ways)
    boxes = filled(boxes, span, settings.fallback)
    left = doubtful(sure, span, settings.until_doubtful, settings.bridge_frames)
    boxes[left] = np.nan
    return boxes, sure


def judged(leg: Leg, rows: Rows, settings: PropagateConfig) -> Pass:
    """What a tracker's ``rows``, one for each of the leg's ``numbers``, come to."""
    table = np.array(rows[: len(leg.order)])
    boxes, scores = table[:, :4], table[:, 4]
    arrival = 1.0
    if leg.target is not None:
        end = Box(*rows[-1][:4])
        arrival = float(np.nan_to_num(overlap(np.array([end]), np.array([leg.target])))[0])
        if settings.undrift and arrival >= ARRIVED:
            boxes = undrifted(boxes, end, leg.target)
    boxes, scores = boxes[:: leg.order.step], scores[:: leg.order.step]
    found = confidence.found(
        scores, settings.lost_below, settings.found_above, settings.bridge_frames
    )
    found &= np.isfinite(boxes).all(axis=1)
    return Pass(boxes, scores, found, arrival, leg.order.step < 0)


def row_of(frame: Frame, prediction: Prediction) -> tuple[float, ...]:
    """x, y, w, h and score; no box where it left the frame or broke down."""
    box, score, _ = prediction
    height, width = frame.shape
    row = np.array([box], np.float64)
    middle = centres(row)[0]
    left = bool((middle < 0).any() or (middle > (width, height)).any())
    tiny = bool((row[0, 2:] < LEAST_SIDE).any())
    if left or tiny or not np.isfinite([*row[0], score]).all():
        return (np.nan, np.nan, np.nan, np.nan, 0.0)
    return (*box, min(max(score, 0.0), 1.0))


def _pass(
    frames: Frames,
    tracker: Tracker,
    leg: Leg,
    settings: PropagateConfig,
    on_frame: Callable[[], None],
) -> Pass:
    tracker.init(frames[leg.start], leg.box)
    rows: Rows = []
    for number in leg.numbers:
        frame = frames[number]
        rows.append(row_of(frame, tracker.track(frame)))
        on_frame()
        if leg.target is None and _given_up(rows, settings):
            break
    rows += [(*NOWHERE, 0.0)] * (len(leg.numbers) - len(rows))
    return judged(leg, rows, settings)


def _given_up(rows: Rows, settings: PropagateConfig) -> bool:
    """Whether a pass that nothing comes to meet is in doubt for good; what is left is not seen."""
    wanted = settings.bridge_frames + 1
    if not settings.until_doubtful or len(rows) < wanted:
        return False
    far = np.arange(len(rows) - wanted + 1.0, len(rows) + 1)
    table = np.array(rows[-wanted:])
    found = ~np.isnan(table[:, 0]) & (table[:, 4] >= settings.lost_below)
    sure = certainty.beyond(table[:, 4], far, found)
    return bool((sure < settings.until_doubtful).all())
