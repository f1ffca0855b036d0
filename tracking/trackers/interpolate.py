"""Straight lines between boxes: what annotation tools do without a tracker."""

from typing import Protocol, runtime_checkable

import numpy as np

from tirdata.config import Config
from tirdata.tracker import Prediction
from tirdata.types import Box, Boxes, Frame


@runtime_checkable
class Between(Protocol):
    """Fills the frames between two known boxes without looking at them."""

    def between(self, before: Box, after: Box, count: int) -> Boxes:
        """Boxes of the ``count`` frames after ``before`` and before ``after``, (count, 4)."""
        ...


class InterpolateConfig(Config):
    """Straight lines have no settings."""


class InterpolateTracker:
    """Linear interpolation where both ends are known; holds still where only one is."""

    def __init__(self, config: InterpolateConfig) -> None:
        self.config = config
        self._box: Box | None = None

    def init(self, frame: Frame, box: Box) -> None:  # noqa: ARG002 - the frame says nothing to it
        """Start at ``box``."""
        self._box = box

    def track(self, frame: Frame) -> Prediction:  # noqa: ARG002
        """The first box; the score has no meaning and is 1."""
        if self._box is None:
            raise RuntimeError("track before init")
        return Prediction(self._box, 1.0)

    def between(self, before: Box, after: Box, count: int) -> Boxes:
        """All four numbers on straight lines, (count, 4)."""
        steps = np.arange(1, count + 1)[:, None] / (count + 1)
        boxes: Boxes = np.array(before) + (np.array(after) - np.array(before)) * steps
        return boxes
