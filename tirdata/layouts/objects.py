"""Boxes of many objects, record by record, and the tracks that they make."""

from array import array
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.layouts.faults import Faults
from tirdata.types import Boxes, Track

MOST_FRAMES = 10_000_000  # a greater number is a slip: four days at 30 frames a second
FARTHEST = 1e6  # pixels; beyond it a coordinate is one

Columns: TypeAlias = tuple[NDArray[np.int64], Boxes]  # (n, 6) records and (n, 4) boxes

OCCLUDED, GENERATED = 1, 2  # bits of Record.flags


class Record(NamedTuple):
    """One box as a file has it; frames from 0."""

    number: int  # line or place in the file, for messages
    video: int
    frame: int
    target: int
    label: int  # what the file calls the class by
    flags: int


class Annotations(NamedTuple):
    """What a file says of one sequence, before it meets the frames."""

    name: str  # what the file calls the sequence, or ""
    frames: int | None  # how many there are, where the file says so
    size: tuple[int, int] | None  # (w, h), where the file says so
    last: int  # the last frame that is spoken of; -1 = none
    build: Callable[[int, Faults], tuple[Track, ...]]  # over so many frames
    source: str = ""  # the video that the file says it is of
    first: int = 0  # number in that video of the first frame
    step: int = 1  # every so-manieth frame of the video


class Rows:
    """Records in 80 bytes each."""

    def __init__(self) -> None:
        self._whole = array("q")
        self._sides = array("d")

    def __len__(self) -> int:
        return len(self._whole) // 6

    def add(self, record: Record, box: tuple[float, ...]) -> None:
        """Keep one record; ``box`` is x, y, w, h from 0."""
        self._whole.extend(record)
        self._sides.extend(box)

    def of(self) -> Columns:
        """The records (n, 6) and boxes (n, 4), a copy."""
        whole = np.array(self._whole, np.int64).reshape(-1, 6)
        return whole, np.array(self._sides, np.float64).reshape(-1, 4)


def box_fault(x: float, y: float, w: float, h: float) -> str | None:
    """What is wrong with a box as such, if anything is."""
    sides = (x, y, w, h)
    shown = ",".join(f"{side:g}" for side in sides)
    if not all(-FARTHEST < side < FARTHEST for side in sides):  # NaN compares as False
        return f"box {shown} is not finite or is far from any frame; expected numbers of pixels"
    if w <= 0 or h <= 0:
        return f"box {shown} has no size; expected width and height above 0"
    return None


def tracks_of(
    rows: Columns,
    count: int,
    classes: Mapping[int, str],
    faults: Faults,
    where: Callable[[int], str],
) -> tuple[Track, ...]:
    """The tracks of one sequence of ``count`` frames, by id.

    A second box of an object in one frame, a frame that is not there and an object that changes its
    class are faults; ``where`` says in words where a record stands. Frames without a box count as
    a person's word where all boxes of the track are a person's.

    Raises:
        AnnotationError: a record is wrong, and ``faults`` is strict.
    """
    whole, boxes = rows
    order = np.lexsort((whole[:, 0], whole[:, 2], whole[:, 3]))
    whole, boxes = whole[order], boxes[order]
    bad = whole[:, 2] >= count
    for number, _, frame, *_ in whole[bad].tolist():
        faults.add(f"{where(number)}: frame {frame} (from 0); expected 0..{count - 1}")
    whole, boxes = whole[~bad], boxes[~bad]
    starts = np.flatnonzero(np.diff(whole[:, 3], prepend=np.int64(-1))).tolist()
    ends = [*starts[1:], len(whole)]
    return tuple(
        _track(whole[start:end], boxes[start:end], count, classes, (faults, where))
        for start, end in zip(starts, ends, strict=False)
    )


def _track(
    whole: NDArray[np.int64],
    boxes: Boxes,
    count: int,
    classes: Mapping[int, str],
    told: tuple[Faults, Callable[[int], str]],
) -> Track:
    """The track of records that are sorted by frame, all of one object."""
    faults, where = told
    target, label = int(whole[0, 3]), int(whole[0, 4])
    other = whole[:, 4] != label
    for row in whole[other].tolist():
        faults.add(
            f"{where(row[0])}: object {target} is a {classes[row[4]]}, but a {classes[label]} "
            "before; expected one class an object"
        )
    whole, boxes = whole[~other], boxes[~other]
    twice = np.diff(whole[:, 2], prepend=np.int64(-1)) == 0
    for row in whole[twice].tolist():
        faults.add(
            f"{where(row[0])}: object {target} is twice in frame {row[2]} (from 0); "
            "expected one box an object and frame"
        )
    whole, boxes = whole[~twice], boxes[~twice]
    frames, flags = whole[:, 2], whole[:, 5]
    dense = np.full((count, 4), np.nan)
    dense[frames] = boxes
    generated = np.full(count, bool((flags & GENERATED).any()))
    generated[frames] = (flags & GENERATED) > 0
    occluded = np.zeros(count, np.bool_)
    occluded[frames] = (flags & OCCLUDED) > 0
    return Track(target, classes[label], dense, generated, occluded)
