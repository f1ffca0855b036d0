"""The values that stages hand to each other.

Boxes are ``(x, y, w, h)``, float64, pixels, top-left corner, the first pixel's corner at 0.0 and
no "+ 1": a box that covers the whole of a 320x256 frame is ``(0, 0, 320, 256)``. A row of NaN
means that the object is absent from that frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Frame: TypeAlias = NDArray[np.uint8]  # (h, w), white-hot
ColourFrame: TypeAlias = NDArray[np.uint8]  # (h, w, 3) red, green, blue
Mask: TypeAlias = NDArray[np.uint8]  # (h, w), only 0 and 255
Boxes: TypeAlias = NDArray[np.float64]  # (n, 4), NaN row = absent
Polygons: TypeAlias = NDArray[np.float64]  # (n, 4, 2), four corners in order, NaN = absent
Flags: TypeAlias = NDArray[np.bool_]  # (n,)
Floats: TypeAlias = NDArray[np.float64]  # (n,)


class Box(NamedTuple):
    """Top-left corner, width and height in pixels."""

    x: float
    y: float
    w: float
    h: float


class FramePair(NamedTuple):
    """Both halves of an RGB-T pair at one time; their sizes may differ."""

    thermal: Frame
    visible: ColourFrame


class Frames(Protocol):
    """The frames of one sequence, by number from 0; each is read when it is asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Frame: ...


@dataclass(frozen=True, eq=False)
class Track:
    """One object through one sequence; every array has one row a frame."""

    id: int
    class_name: str
    boxes: Boxes  # (n, 4), NaN row = absent
    generated: Flags  # (n,), False only where a person drew or accepted the box
    occluded: Flags  # (n,)
    confidence: Floats | None = None  # (n,), 0..1; None = never measured
    polygons: Polygons | None = None  # rotated truth; boxes are then its bounds

    @property
    def present(self) -> Flags:
        """Frames in which the object has a box, (n,)."""
        present: Flags = np.logical_not(np.isnan(self.boxes).any(axis=1))
        return present


@dataclass(frozen=True, eq=False)
class Sequence:
    """The frames of one shot and the tracks on them."""

    name: str
    frames: Frames
    tracks: tuple[Track, ...]
    visible: Frames | None = None  # the visible-light half of an RGB-T pair
    visible_tracks: tuple[Track, ...] = ()  # on that half, where it was labelled apart
    tags: Mapping[str, Flags] = field(default_factory=dict)  # per frame, as a data set has them
    attributes: frozenset[str] = frozenset()  # challenges of the whole, as a data set names them
