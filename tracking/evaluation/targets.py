"""What is tracked and scored: one object of one sequence, from its first box to its last."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tirdata.errors import DataError, UsageError
from tirdata.layouts import open_layout
from tirdata.layouts.base import Layout
from tirdata.types import Box, Boxes, Flags, Polygons, Sequence, Track
from tracking.evaluation.scores import Failure

LEAST_BOXES = 2


@dataclass(frozen=True)
class Data:
    """A data set: where it lies and how it is laid out."""

    root: Path
    layout: str

    @property
    def reader(self) -> Layout:
        """Who reads it."""
        return open_layout(self.root, self.layout)


@dataclass(frozen=True, eq=False)
class Truth:
    """The true boxes of one target, one row a frame of its sequence, NaN = absent."""

    name: str  # SEQUENCE, or SEQUENCE#TRACK where there are several
    sequence: str
    track: int
    boxes: Boxes
    polygons: Polygons | None = None  # where the truth is rotated; boxes are then its bounds
    visible: Boxes | None = None  # on the visible half of a pair, where it was labelled apart
    size: tuple[int, int] | None = None  # of the frames, (w, h); None = not known
    tags: Mapping[str, Flags] = field(default_factory=dict)  # per frame, as the data set has them
    attributes: frozenset[str] = frozenset()  # challenges of the sequence

    @property
    def start(self) -> int:
        """The first frame that has a box; trackers start there."""
        return int(np.flatnonzero(~np.isnan(self.boxes[:, 0]))[0])

    @property
    def stop(self) -> int:
        """One past the last frame that has a box."""
        return int(np.flatnonzero(~np.isnan(self.boxes[:, 0]))[-1]) + 1

    @property
    def first_box(self) -> Box:
        """What trackers are started with."""
        return Box(*(float(value) for value in self.boxes[self.start]))


class Truths(NamedTuple):
    """All targets of a data set, and what is none."""

    targets: tuple[Truth, ...]
    without: tuple[str, ...]  # sequences without true boxes to score on
    failed: tuple[Failure, ...]  # sequences that cannot be read

    @property
    def sha256(self) -> str:
        """Of every name, box and corner."""
        digest = hashlib.sha256()
        for truth in self.targets:
            digest.update(truth.name.encode() + b"\0")
            for numbers in (truth.boxes, truth.polygons, truth.visible):
                if numbers is not None:
                    digest.update(np.ascontiguousarray(numbers, "<f8").tobytes())
        return digest.hexdigest()


def read_truths(
    data: Data, *, only: Collection[str] = (), machine_boxes: bool = False, sizes: bool = False
) -> Truths:
    """The targets of every sequence, or of those whose sequence or target is named in ``only``.

    Args:
        data: where they lie.
        only: names of sequences or targets; none = all.
        machine_boxes: whether boxes that no person drew or accepted count as true.
        sizes: whether the size of the frames is wanted; one frame of each sequence is read.

    Raises:
        UsageError: ``only`` names what is not there.
        DataError: nothing at all can be scored.
    """
    layout = data.reader
    names = layout.names(data.root)
    wanted = {name.partition("#")[0] for name in only}
    _check_known(data.root, wanted, names)
    targets: list[Truth] = []
    without: list[str] = []
    failed: list[Failure] = []
    for name in names:
        if only and name not in wanted:
            continue
        try:
            sequence = layout.read_one(data.root, name)
            found = [*truths_of(sequence, machine_boxes=machine_boxes, sizes=sizes)]
        except DataError as error:
            failed.append(Failure(name=name, error=str(error)))
            continue
        targets += [each for each in found if not only or {name, each.name} & set(only)]
        if not found:
            without.append(name)
    _check_known(data.root, {name for name in only if "#" in name}, [t.name for t in targets])
    if not targets and not failed:
        whose = "" if machine_boxes else " that a person drew, accepted or brought in"
        raise DataError(
            f"{data.root}: none of {len(names)} sequences can be scored; expected at least "
            f"{LEAST_BOXES} boxes{whose}: one to start at, the rest to compare with"
        )
    return Truths(tuple(targets), tuple(without), tuple(failed))


def truths_of(sequence: Sequence, *, machine_boxes: bool, sizes: bool = False) -> Iterator[Truth]:
    """The targets of one sequence; tracks without enough boxes that count are none.

    Raises:
        DataError: ``sizes`` are asked for and the first frame cannot be read.
    """
    size = _size(sequence) if sizes else None
    polygons = {track.id: track.polygons for track in sequence.tracks}
    visible = {track.id: _true_boxes(track, machine_boxes) for track in sequence.visible_tracks}
    boxes = {track.id: _true_boxes(track, machine_boxes) for track in sequence.tracks}
    for track, rows in boxes.items():
        if (~np.isnan(rows[:, 0])).sum() < LEAST_BOXES:
            continue
        name = sequence.name if len(sequence.tracks) == 1 else f"{sequence.name}#{track}"
        yield Truth(
            name,
            sequence.name,
            track,
            rows,
            polygons=polygons.get(track),
            visible=visible.get(track),
            size=size,
            tags=sequence.tags,
            attributes=sequence.attributes,
        )


def _size(sequence: Sequence) -> tuple[int, int]:
    height, width = sequence.frames[0].shape[:2]
    return width, height


def _true_boxes(track: Track, machine_boxes: bool) -> Boxes:
    boxes = track.boxes.copy()
    if not machine_boxes:
        boxes[track.generated] = np.nan
    boxes[np.isnan(boxes).any(axis=1)] = np.nan
    return boxes


def _check_known(root: Path, wanted: Collection[str], names: Collection[str]) -> None:
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        known = ", ".join(sorted(names)[:20]) + (" …" if len(names) > 20 else "")
        raise UsageError(f"{root}: no sequence {unknown[0]}; there are: {known}")
