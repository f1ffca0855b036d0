"""Parts of a frame that are not scene."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

RegionKind: TypeAlias = Literal["text", "reticle", "bar", "logo"]


@dataclass(frozen=True, order=True)
class Region:
    """A rectangle of whole pixels, from the frame's top-left corner."""

    x: int
    y: int
    w: int
    h: int
    kind: RegionKind = "text"
