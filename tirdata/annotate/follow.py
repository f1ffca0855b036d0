"""One span between a person's boxes: a tracker run both ways through it, and the passes fused."""

from collections.abc import Callable
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from tirdata.annotate import confidence
from tirdata.annotate.fuse import Pass, fuse, single
from tirdata.annotate.spans import Span
from tirdata.config import Config
from tirdata.geometry import centres, overlap
from tirdata.tracker import Tracker
from tirdata.types import Box, Boxes, Floats, Frames

__all__ = ["PropagateConfig", "Span", "follow"]

LEAST_SIDE = 1.0  # pixels; a tracker whose box shrinks below has nothing in it
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
    return _span(_Runner(frames, tracker, settings, on_frame), span)


def _span(runner: "_Runner", span: Span) -> tuple[Boxes, Floats]:
    onward = range(span.first, span.last + 1)
    forward = backward = None
    if span.before is not None:
        forward = runner.run(span.first - 1, span.before, onward, span.after)
    if span.after is not None:
        backward = runner.run(span.last + 1, span.after, onward[::-1], span.before)
    if forward is not None and backward is not None:
        return fuse(forward, backward)
    run = forward or backward
    assert run is not None  # noqa: S101  # a span has one end at least
    return single(run)


class _Runner(NamedTuple):
    """Runs one tracker over one sequence."""

    frames: Frames
    tracker: Tracker
    settings: PropagateConfig
    on_frame: Callable[[], None]

    def run(self, start: int, box: Box, order: range, target: Box | None) -> Pass:
        """From ``box`` on frame ``start`` through ``order``, and on to ``target`` beyond it."""
        self.tracker.init(self.frames[start], box)
        rows = [self._step(frame) for frame in order]
        arrival = 1.0
        if target is not None:
            end = self._step(order[-1] + order.step)[:4]
            arrival = float(np.nan_to_num(overlap(np.array([end]), np.array([target])))[0])
        table = np.array(rows)[:: order.step]
        boxes, scores = table[:, :4], table[:, 4]
        found = confidence.found(
            scores,
            self.settings.lost_below,
            self.settings.found_above,
            self.settings.bridge_frames,
        )
        return Pass(boxes, scores, found & np.isfinite(boxes).all(axis=1), arrival)

    def _step(self, number: int) -> tuple[float, ...]:
        """x, y, w, h and score; no box where it left the frame or broke down."""
        frame = self.frames[number]
        box, score = self.tracker.track(frame)
        self.on_frame()
        height, width = frame.shape
        row = np.array([box], np.float64)
        middle = centres(row)[0]
        left = bool((middle < 0).any() or (middle > (width, height)).any())
        tiny = bool((row[0, 2:] < LEAST_SIDE).any())
        if left or tiny or not np.isfinite([*row[0], score]).all():
            return (np.nan, np.nan, np.nan, np.nan, 0.0)
        return (*box, min(max(score, 0.0), 1.0))
