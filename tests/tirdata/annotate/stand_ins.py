"""Trackers whose behaviour a test can know, and a dataset without boxes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from tests.made import made_sequence
from tests.made_dataset import made_card
from tirdata.dataset.card import Source
from tirdata.dataset.frames import FrameWriter
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.tracker import Prediction
from tirdata.types import Box, Boxes, Frame

COUNT = 40
SIZE = (160, 128)
HUMAN_SCORE = 0.9


def bare_dataset(root: Path, sequences: int = 1, count: int = COUNT) -> Dataset:
    """A dataset of made sequences whose XML files hold no object."""
    dataset = Dataset.create(root, "bare")
    for number in range(sequences):
        sequence = SequenceId("train", number, 0)
        writer = FrameWriter(dataset.frame_dir(sequence))
        made = made_sequence(count, seed=number)
        for index in range(count):
            writer.write(made.frames[index])
        recording_id = f"{number:016d}"
        source = Source(
            recording_id=recording_id,
            subset="train",
            number=number,
            sha256=recording_id * 4,
            bytes=0,
            fetched=datetime(2026, 1, 2, tzinfo=UTC),
            sequences=(sequence.name,),
        )
        dataset.write_source(source)
        card = made_card(recording_id, count, tuple(writer.hashes))
        sized = card.model_copy(update={"width": SIZE[0], "height": SIZE[1]})
        dataset.add_sequence(sequence, sized)
    return dataset


def truth(number: int = 0, count: int = COUNT) -> Boxes:
    """The boxes of the made object of sequence ``number``."""
    return _truth(number, count).copy()


@cache
def _truth(number: int, count: int) -> Boxes:
    return made_sequence(count, seed=number).tracks[0].boxes


def box_at(frame: int, number: int = 0) -> Box:
    return Box(*truth(number)[frame].tolist())


@dataclass
class TemplateTracker:
    """Looks for the first picture of the object near where it was."""

    reach: int = 12
    _picture: Frame = field(init=False, repr=False)
    _box: Box = field(init=False)

    def init(self, frame: Frame, box: Box) -> None:
        self._box = box
        self._picture = self._cut(frame, 0)

    def track(self, frame: Frame) -> Prediction:
        window = self._cut(frame, self.reach)
        found = cv2.matchTemplate(window, self._picture, cv2.TM_CCOEFF_NORMED)
        _, score, _, (dx, dy) = cv2.minMaxLoc(found)
        height, width = frame.shape
        self._box = Box(
            min(max(self._box.x + dx - self.reach, 0), width - self._box.w),
            min(max(self._box.y + dy - self.reach, 0), height - self._box.h),
            *self._box[2:],
        )
        return Prediction(self._box, max(score, 0.0))

    def _cut(self, frame: Frame, border: int) -> Frame:
        x, y, w, h = (round(value) for value in self._box)
        wide = cv2.copyMakeBorder(frame, 64, 64, 64, 64, cv2.BORDER_REPLICATE)
        top, left = y - border + 64, x - border + 64
        return np.asarray(wide[top : top + h + 2 * border, left : left + w + 2 * border])


@dataclass
class ScriptedTracker:
    """Answers by the number that is written in the frame's first pixel (see ``Numbered``)."""

    boxes: Boxes
    scores: dict[int, float] = field(default_factory=dict)
    started: list[tuple[int, Box]] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)

    def init(self, frame: Frame, box: Box) -> None:
        self.started.append((int(frame[0, 0]), box))

    def track(self, frame: Frame) -> Prediction:
        number = int(frame[0, 0])
        self.seen.append(number)
        score = self.scores.get(number, HUMAN_SCORE)
        return Prediction(Box(*self.boxes[number].tolist()), score)


class Numbered:
    """Frames of 100x100 that say their number."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int, /) -> Frame:
        if not 0 <= index < self._count:
            raise IndexError(index)
        frame = np.zeros((100, 100), np.uint8)
        frame[0, 0] = index
        return frame


def straight(count: int, step: float = 1.0) -> Boxes:
    """An object of 10x8 that moves right by ``step`` a frame."""
    boxes = np.tile(np.array([5.0, 20.0, 10.0, 8.0]), (count, 1))
    boxes[:, 0] += step * np.arange(count)
    return boxes


def present(boxes: Boxes) -> list[int]:
    """Frames with a box."""
    return [frame for frame, box in enumerate(boxes) if not np.isnan(box).any()]


def absent(boxes: Boxes) -> list[int]:
    """Frames without a single number."""
    return [frame for frame, box in enumerate(boxes) if np.isnan(box).all()]
