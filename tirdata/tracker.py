"""What a tracker is, for those who use one without knowing which.

To add a tracker, write a class with ``init`` and ``track`` under ``tracking/trackers`` and list it
in ``TRACKERS`` there.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from tirdata.errors import DataError
from tirdata.types import Box, ColourFrame, Frame, FramePair, Frames


class Prediction(NamedTuple):
    """Where a tracker says the object is, and how sure it is."""

    box: Box
    score: float  # 0..1, the tracker's own confidence
    corners: tuple[float, ...] | None = None  # x1,y1,…,x4,y4 where it says more than its bounds


class Tracker(Protocol):
    """Follows one object through the frames of one sequence."""

    def init(self, frame: Frame, box: Box) -> None:
        """Start on ``frame`` with the object at ``box``; forget any earlier start."""

    def track(self, frame: Frame) -> Prediction:
        """Say where the object is in ``frame``, the next one after the last seen."""
        ...


@runtime_checkable
class PairTracker(Protocol):
    """A tracker that looks at both halves of RGB-T pairs; it answers on the thermal half.

    It has ``init`` and ``track`` as well, for sequences that have no visible half.
    """

    def init_pair(self, pair: FramePair, box: Box, visible_box: Box | None = None) -> None:
        """Start on ``pair`` with the object at ``box``; forget any earlier start.

        ``visible_box`` is where it is on the visible half, where that was labelled apart.
        """

    def track_pair(self, pair: FramePair) -> Prediction:
        """Say where the object is on the thermal half of ``pair``, the next after the last."""
        ...


class PairedTracker:
    """A tracker of pairs as one of thermal frames, each shown with the visible one beside it.

    Both halves keep the size of the pair that it was started on.
    """

    def __init__(
        self,
        tracker: PairTracker,
        visible: Callable[[Frame], ColourFrame],
        visible_box: Callable[[Box], Box | None],
    ) -> None:
        """``visible`` gives the frame beside a thermal one that was just read, and
        ``visible_box`` where an object there is on it, if that is known.
        """
        self.tracker, self.visible, self.visible_box = tracker, visible, visible_box
        self.took_s = 0.0  # of the last call, without reading the visible frame
        self._sizes: tuple[str, ...] = ()

    def init(self, frame: Frame, box: Box) -> None:
        """Start the tracker, told where the object is on the visible half if that is known."""
        pair, seen = FramePair(frame, self.visible(frame)), self.visible_box(box)
        self._sizes = _sizes(pair)
        begun = time.perf_counter()
        self.tracker.init_pair(pair, box, seen)
        self.took_s = time.perf_counter() - begun

    def track(self, frame: Frame) -> Prediction:
        """What the tracker says.

        Raises:
            DataError: a half is of another size than at the start.
        """
        pair = FramePair(frame, self.visible(frame))
        for half, found, first in zip(pair._fields, _sizes(pair), self._sizes, strict=True):
            if found != first:
                raise DataError(f"a {half} frame is {found}; expected {first}, as the first")
        begun = time.perf_counter()
        prediction = self.tracker.track_pair(pair)
        self.took_s = time.perf_counter() - begun
        return prediction


def _sizes(pair: FramePair) -> tuple[str, ...]:
    return tuple(f"{half.shape[1]}x{half.shape[0]}" for half in pair)


@runtime_checkable
class ManyTracker(Protocol):
    """A tracker that follows many objects of many sequences in one batch."""

    at_once: int  # how many pay here; 1: nothing is gained by a batch

    def init_many(self, frames: Sequence[Frame], boxes: Sequence[Box]) -> None:
        """Start target i on ``frames[i]`` at ``boxes[i]``."""

    def track_many(self, frames: Sequence[Frame]) -> list[Prediction]:
        """Predictions for every target, target i in ``frames[i]``."""
        ...

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these targets alone, numbered anew in this order."""


@runtime_checkable
class SequenceTracker(Protocol):
    """A tracker that is told where in which sequence it is: it reads files, or frames ahead."""

    def attend(self, frames: Frames, index: int) -> None:
        """The frame of the next call is ``frames[index]``; frames after it may be asked for too."""


@runtime_checkable
class TimedTracker(Protocol):
    """A tracker that knows better than a clock beside it how long it took."""

    took_s: float  # of the last call, without what was done only to reach it


TrackerFactory: TypeAlias = Callable[[], Tracker]  # picklable: engines send it to workers
