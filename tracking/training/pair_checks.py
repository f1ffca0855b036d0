"""Pairs to train on are what their index says: checked before a training learns from them."""

import numpy as np

from tirdata.errors import DataError
from tirdata.geometry import inside
from tirdata.mix.pair_reader import PairReader
from tirdata.mix.pairs import PairSample
from tirdata.types import Box, Boxes, Flags
from tracking.trackers.global_search import Picture, cut_target

AGAIN = "build it again"


def check_samples(reader: PairReader) -> None:
    """See that each pair has its boxes, and its object is on the thermal half.

    On the visible half it may be outside, as in tracking; there it must have a size all the same.

    Raises:
        DataError: a sample of which that is not true.
    """
    for entry in reader.entries:
        if fault := _fault(entry.sample):
            raise DataError(f"{reader.folder}: sample {entry.sample.key}: {fault}; {AGAIN}")


def check_label(name: str, label: Flags) -> None:
    """See that a mask shows a target.

    Raises:
        DataError: it is empty.
    """
    if not label.any():
        raise DataError(f"{name}: its mask shows no target; expected some pixels of it, {AGAIN}")


def seen_target(name: str, picture: Picture, boxes: Boxes) -> Picture:
    """What the first of ``boxes`` (k, 4) shows of ``picture``.

    Raises:
        DataError: there is none, or it shows nothing.
    """
    target = cut_target(picture, Box(*(float(value) for value in boxes[0]))) if len(boxes) else None
    if target is None or not target.size:
        size = f"{picture.shape[1]}x{picture.shape[0]}"
        found = f"box {tuple(boxes[0].tolist())}" if len(boxes) else "no box"
        raise DataError(f"{name}: {found}; expected one that shows some of the {size} frame")
    return target


def _fault(sample: PairSample) -> str:
    """What is wrong with a sample; nothing if nothing is."""
    count = len(sample.frames)
    boxes = {"thermal": sample.thermal_boxes, "visible": sample.visible_boxes}
    if not count or any(len(each) != count for each in boxes.values()):
        found = ", ".join(f"{len(each)} {half} boxes" for half, each in boxes.items())
        return f"{found} of {count} pairs"
    for frame, box, visible in zip(sample.frames, *boxes.values(), strict=True):
        if not inside(np.array([box]), *sample.thermal_size)[0]:
            size = "x".join(map(str, sample.thermal_size))
            return f"frame {frame}: box {box} is not on the {size} thermal frame"
        if min(visible[2:]) <= 0:
            return f"frame {frame}: box {visible} of the visible half has no size"
    return ""
