"""The seam of mask styles: which masks a sequence gets, in whose form.

To add a style, write a function from a sequence to its planes and list it in ``STYLES``.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from tirdata.errors import DataError
from tirdata.types import Boxes, Flags, Frames, Sequence, Track


class Plane(NamedTuple):
    """The masks of one modality."""

    modality: str  # thermal or visible
    pattern: str  # name of a mask below the sequence's folder; {number} counts frames from 1
    frames: Frames
    tracks: tuple[Track, ...]


Style: TypeAlias = Callable[[Sequence], tuple[Plane, ...]]


def lasot(sequence: Sequence) -> tuple[Plane, ...]:
    """One mask a frame, named as LaSOT names its frames; the thermal half is the grey frame."""
    return (Plane("thermal", "{number:08d}.png", sequence.frames, sequence.tracks),)


def gtot(sequence: Sequence) -> tuple[Plane, ...]:
    """A mask for each half of a pair, in GTOT's folders ``v`` and ``i``, each from its own boxes.

    A sequence without visible light gets ``i`` alone.
    """
    infrared = Plane("thermal", "i/{number:05d}i.png", sequence.frames, sequence.tracks)
    if sequence.visible is None:
        return (infrared,)
    tracks = sequence.visible_tracks or sequence.tracks
    return (Plane("visible", "v/{number:05d}v.png", sequence.visible, tracks), infrared)


STYLES: dict[str, Style] = {"lasot": lasot, "gtot": gtot}


def from_boxes_of(planes: tuple[Plane, ...], which: str) -> tuple[Plane, ...]:
    """The same planes with the tracks of the visible half, the thermal one, or both, in all.

    The halves of a pair have to be of one size for that.

    Raises:
        DataError: they are not.
    """
    if which == "own" or len(planes) == 1:
        return planes
    sizes = {plane.frames[0].shape[::-1] for plane in planes}
    if len(sizes) > 1:
        found = " and ".join(f"{width}x{height}" for width, height in sorted(sizes))
        raise DataError(f"halves are of {found} pixels; expected one size for boxes of {which}")
    tracks = tuple(
        track for plane in planes for track in plane.tracks if which in (plane.modality, "union")
    )
    return tuple(plane._replace(tracks=tracks) for plane in planes)


def boxes_in(plane: Plane, frame: int) -> Boxes:
    """The boxes of one frame, (k, 4)."""
    rows = [track.boxes[frame] for track in plane.tracks if track.present[frame]]
    return np.array(rows, np.float64).reshape(-1, 4)


def annotated(planes: tuple[Plane, ...], *, human_only: bool, skip_occluded: bool) -> Flags:
    """Frames with a box that counts in one plane at least, (n,)."""
    count = len(planes[0].frames)
    found = np.zeros(count, dtype=np.bool_)
    for track in (track for plane in planes for track in plane.tracks):
        counts = track.present.copy()
        if human_only:
            counts &= ~track.generated
        found |= counts
    if skip_occluded:
        for track in (track for plane in planes for track in plane.tracks):
            found &= ~track.occluded
    return found
