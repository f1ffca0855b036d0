"""Many ways through the spans of a sequence, in step, give what each gives alone."""

from collections.abc import Sequence as Listed

import numpy as np
import pytest

from tests.made import made_sequence
from tests.tirdata.annotate.stand_ins import TemplateTracker
from tirdata.annotate.follow import PropagateConfig
from tirdata.annotate.propagate import propagate, propagate_together, tracked_frames
from tirdata.annotate.replay import HumanTrack
from tirdata.tracker import ManyTracker, Prediction
from tirdata.types import Box, Frame

COUNT = 30
SETTINGS = PropagateConfig(lost_below=0.2, found_above=0.5, bridge_frames=0)


class ManyTemplates:
    """A template tracker for each target."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.batches: list[int] = []
        self._own: list[TemplateTracker] = []

    def init_many(self, frames: Listed[Frame], boxes: Listed[Box]) -> None:
        self._own = [TemplateTracker() for _ in boxes]
        for tracker, frame, box in zip(self._own, frames, boxes, strict=True):
            tracker.init(frame, box)

    def track_many(self, frames: Listed[Frame]) -> list[Prediction]:
        self.batches.append(len(frames))
        return [own.track(frame) for own, frame in zip(self._own, frames, strict=True)]

    def keep(self, rows: Listed[int]) -> None:
        self._own = [self._own[row] for row in rows]


@pytest.fixture(scope="module")
def humans() -> list[HumanTrack]:
    boxes = made_sequence(COUNT).tracks[0].boxes
    tracks = [
        HumanTrack(number, "drone", {frame: Box(*boxes[frame].tolist()) for frame in frames})
        for number, frames in enumerate([(3, 20), (10,), (0, 8, 29)])
    ]
    tracks[1].ends = {24}
    return tracks


@pytest.mark.parametrize("at_once", [2, 3, 16])
def test_together_is_as_alone(humans: list[HumanTrack], at_once: int) -> None:
    frames = made_sequence(COUNT).frames
    tracker = ManyTemplates(at_once)
    assert isinstance(tracker, ManyTracker)
    calls: list[int] = []
    layers = propagate_together(
        [(frames, human) for human in humans], tracker, SETTINGS, lambda: calls.append(0)
    )
    for human, layer in zip(humans, layers, strict=True):
        alone = propagate(frames, human, TemplateTracker(), SETTINGS)
        np.testing.assert_array_equal(layer.boxes, alone.boxes)
        np.testing.assert_array_equal(layer.confidence, alone.confidence)
    assert len(calls) == sum(tracked_frames(human, COUNT) for human in humans)
    assert max(tracker.batches) == min(at_once, 10)
