"""The tracker that holds still."""

import numpy as np

from tirdata.tracker import Prediction
from tirdata.types import Box
from tracking.trackers import tracker_factory


def test_it_answers_with_the_last_start() -> None:
    frame = np.zeros((8, 8), np.uint8)
    tracker = tracker_factory("hold", {})()
    tracker.init(frame, Box(1, 2, 3, 4))
    tracker.init(frame, Box(2, 2, 3, 3))
    assert tracker.track(frame) == Prediction(Box(2, 2, 3, 3), 1.0)
