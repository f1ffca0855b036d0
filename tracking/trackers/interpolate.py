"""Straight lines between boxes: what annotation tools do without a tracker."""

from typing import Protocol, runtime_checkable

import numpy as np

from tirdata.types import Box, Boxes
from tracking.trackers.hold import HoldConfig, HoldTracker


@runtime_checkable
class Between(Protocol):
    """Fills the frames between two known boxes without looking at them."""

    def between(self, before: Box, after: Box, count: int) -> Boxes:
        """Boxes of the ``count`` frames after ``before`` and before ``after``, (count, 4)."""
        ...


class InterpolateConfig(HoldConfig):
    """Straight lines have no settings."""


class InterpolateTracker(HoldTracker):
    """Linear interpolation where both ends are known; holds still where only one is."""

    def between(self, before: Box, after: Box, count: int) -> Boxes:
        """All four numbers on straight lines, (count, 4)."""
        steps = np.arange(1, count + 1)[:, None] / (count + 1)
        boxes: Boxes = np.array(before) + (np.array(after) - np.array(before)) * steps
        return boxes
