"""Tracks of data sets that have one object a sequence, read and written."""

from typing import NamedTuple

import numpy as np

from tirdata.errors import UsageError
from tirdata.types import Boxes, Flags, Polygons, Sequence, Track

UNNAMED = "object"  # class where a data set names none


class Target(NamedTuple):
    """One object of a sequence and the name that it has where a sequence is one object."""

    name: str
    track: Track  # on the thermal half
    visible: Track  # on the visible half; the same where that was not labelled apart


def drawn(
    boxes: Boxes,
    class_name: str = UNNAMED,
    occluded: Flags | None = None,
    polygons: Polygons | None = None,
) -> Track:
    """A track whose boxes all count as a person's, as published ground truth does."""
    none = np.zeros(len(boxes), np.bool_)
    hidden = none if occluded is None else occluded
    return Track(0, class_name, boxes, generated=none, occluded=hidden, polygons=polygons)


def targets(sequence: Sequence, title: str) -> list[Target]:
    """The objects of a sequence, each with a name of its own where there are several.

    Raises:
        UsageError: there is none, or one has no boxes on the visible half.
    """
    if not sequence.tracks:
        raise UsageError(f"{sequence.name}: no track; {title} has boxes for every sequence")
    seen = {track.id: track for track in sequence.visible_tracks}
    found = []
    for track in sequence.tracks:
        if seen and track.id not in seen:
            raise UsageError(
                f"{sequence.name}: track {track.id} has no boxes on the visible half; "
                f"expected both for {title}"
            )
        alone = len(sequence.tracks) == 1
        name = sequence.name if alone else f"{sequence.name}_{track.id}"
        found.append(Target(name, track, seen.get(track.id, track)))
    return found


def check_one_truth(sequence: Sequence, title: str) -> None:
    """That both halves have the same boxes, for layouts with one list of them.

    Raises:
        UsageError: they differ.
    """
    for target in targets(sequence, title):
        if not np.array_equal(target.track.boxes, target.visible.boxes, equal_nan=True):
            raise UsageError(
                f"{sequence.name}: its halves have boxes of their own; {title} has one list for "
                "both, rgbt234 and gtot have two"
            )
