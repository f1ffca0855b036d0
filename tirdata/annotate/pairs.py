"""Both halves of a pair for a tracker that looks at both; others see the thermal one alone."""

import numpy as np

from tirdata.annotate.pictures import CardColours, CardFrames
from tirdata.dataset.card import Card, Pair
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.tracker import PairedTracker, PairTracker, Tracker
from tirdata.types import Box, Boxes, ColourFrame, Frame, Frames


def shown(
    dataset: Dataset, sequence: SequenceId, card: Card, tracker: Tracker, track: int
) -> tuple[Frames, Tracker]:
    """The frames of a sequence and what follows an object through them.

    Of a pair, a tracker that looks at both halves is given both, and where the XML files of both
    halves have the object, it is told where it is on the visible one.

    Raises:
        DataError: a file of the visible half is missing or wrong.
    """
    if card.pair is None or not isinstance(tracker, PairTracker):
        return CardFrames(dataset, sequence, card), tracker
    frames = _PairFrames(dataset, sequence, card, card.pair)
    boxes = _boxes(dataset, sequence, track) if card.pair.boxes else None

    def visible_box(box: Box) -> Box | None:
        return None if boxes is None else on_visible(frames.index, box, *boxes)

    return frames, PairedTracker(tracker, frames.beside, visible_box)


def on_visible(index: int, box: Box, thermal: Boxes, visible: Boxes) -> Box | None:
    """Where an object that is at ``box`` in frame ``index`` is on the visible half.

    Where it was not labelled there, the boxes of the nearest frame that has both say how the halves
    lie over one another. None = there is no such frame.

    Args:
        index: the frame.
        box: of the object, on its thermal half.
        thermal: its boxes in all frames, (n, 4).
        visible: the same on the visible half.
    """
    if not np.isnan(visible[index]).any():
        return _box(visible[index])
    both = np.flatnonzero(~np.isnan(thermal).any(axis=1) & ~np.isnan(visible).any(axis=1))
    if not len(both):
        return None
    near = both[np.argmin(np.abs(both - index))]
    scale = visible[near, 2:] / thermal[near, 2:]
    corner = visible[near, :2] + (np.array(box[:2]) - thermal[near, :2]) * scale
    return _box(np.hstack([corner, np.array(box[2:]) * scale]))


class _PairFrames:
    """The thermal frames of a pair; knows which one was read last, and the one beside it."""

    def __init__(self, dataset: Dataset, sequence: SequenceId, card: Card, pair: Pair) -> None:
        self.index = -1
        self._frame: Frame | None = None
        self._thermal = CardFrames(dataset, sequence, card)
        self._visible = CardColours(dataset, sequence, pair)

    def __len__(self) -> int:
        return len(self._thermal)

    def __getitem__(self, index: int, /) -> Frame:
        self._frame, self.index = self._thermal[index], index
        return self._frame

    def beside(self, frame: Frame) -> ColourFrame:
        """The visible frame beside ``frame``, which was read last."""
        if frame is not self._frame:
            raise RuntimeError("a tracker of pairs is shown the frame that was read last")
        return self._visible.colour(self.index)


def _boxes(dataset: Dataset, sequence: SequenceId, track: int) -> tuple[Boxes, Boxes] | None:
    """The boxes of an object on both halves, as the XML files have them."""
    found = dataset.read_sequence(sequence)
    halves = [
        next((each.boxes for each in half if each.id == track), None)
        for half in (found.tracks, found.visible_tracks)
    ]
    thermal, visible = halves
    if thermal is None or visible is None:
        return None
    return thermal, visible


def _box(row: Boxes) -> Box:
    x, y, w, h = (float(value) for value in row)
    return Box(x, y, w, h)
