"""Boxes that lie over burnt-in text and the like: they may follow letters instead of an object."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tirdata.dataset.card import Card
from tirdata.geometry import share_covered
from tirdata.types import Flags, Track

MUCH = 0.25  # of a box's area
SHOWN = 3  # runs of frames that a person is told of

_NAMES = {
    "text": "burnt-in text",
    "reticle": "a reticle",
    "bar": "a colour bar",
    "logo": "a logo",
}


@dataclass(frozen=True)
class BurntIn:
    """Boxes of a track that lie over one kind of overlay."""

    track: int
    kind: str  # text, reticle, bar, logo
    boxes: int
    frames: tuple[tuple[int, int], ...]  # first and last of each run

    def __str__(self) -> str:
        """As a person is told, after the name of the sequence."""
        boxes = f"{self.boxes} box lies" if self.boxes == 1 else f"{self.boxes} boxes lie"
        runs = [f"{first}-{last}" if first < last else f"{first}" for first, last in self.frames]
        shown = ", ".join(runs[:SHOWN]) + (", …" if len(runs) > SHOWN else "")
        frames = "frame" if self.boxes == 1 else "frames"
        over = _NAMES.get(self.kind, self.kind)
        return f"track {self.track}: {boxes} over {over} ({frames} {shown})"


def burnt_in(card: Card, tracks: Iterable[Track]) -> tuple[BurntIn, ...]:
    """Boxes that lie over the regions of a sequence's card by ``MUCH`` of their area or more."""
    kinds = sorted({region.kind for region in card.hud.regions})
    found = (_over(card, track, kind) for track in tracks for kind in kinds)
    return tuple(each for each in found if each.boxes)


def _over(card: Card, track: Track, kind: str) -> BurntIn:
    regions = [
        (region.x, region.y, region.width, region.height)
        for region in card.hud.regions
        if region.kind == kind
    ]
    shares = share_covered(track.boxes, np.array(regions, float))
    over: Flags = np.nan_to_num(shares) >= MUCH
    edges = np.flatnonzero(np.diff(np.concatenate([[False], over, [False]]).astype(np.int8)))
    runs = [(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2)]
    return BurntIn(track.id, kind, int(over.sum()), tuple(runs))
