"""RGB-T pairs: two folders of frames that belong together by position, with boxes for one or both.

Frame names differ between the halves and the numbers may start elsewhere (04141v beside 04138i), so
the first frame of one half belongs to the first of the other, and so on.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from tirdata.errors import DataError, UsageError
from tirdata.layouts.pictures import (
    KINDS,
    PictureFrames,
    check_count,
    gap_in,
    list_pictures,
    write_pictures,
)
from tirdata.layouts.tracks import drawn
from tirdata.types import Boxes, Frames, Sequence

_BEFORE = re.compile(r"[vi]\d+", re.IGNORECASE)
_AFTER = re.compile(r"\d+[vi]", re.IGNORECASE)


class Halves(NamedTuple):
    """Something of each half of a pair."""

    thermal: Path
    visible: Path


def read_pair(
    name: str, frames: Halves, thermal: Mapping[Path, Boxes], visible: Mapping[Path, Boxes]
) -> Sequence:
    """The sequence of a pair, with the boxes of each half by the file that they are from.

    Raises:
        DataError: a half is missing, or frames and boxes differ in number.
    """
    infrared, colour = list_pictures(frames.thermal), list_pictures(frames.visible)
    if len(infrared) != len(colour):
        raise DataError(
            f"{frames.visible}: {len(colour)} frames; expected {len(infrared)}, as many as in "
            f"{frames.thermal}: they pair by position{gap_in(min(infrared, colour, key=len))}"
        )
    for path, boxes in (*thermal.items(), *visible.items()):
        check_count(path, boxes, infrared, frames.thermal)
    return Sequence(
        name,
        PictureFrames(infrared),
        tuple(drawn(boxes) for boxes in thermal.values()),
        PictureFrames(colour),
        tuple(drawn(boxes) for boxes in visible.values()),
    )


def visible_half(sequence: Sequence, title: str) -> Frames:
    """The visible frames of a sequence.

    Raises:
        UsageError: it has none, or not as many as thermal ones.
    """
    if sequence.visible is None:
        raise UsageError(
            f"{sequence.name}: has no visible half; {title} has pairs, otb and lasot have not"
        )
    if len(sequence.visible) != len(sequence.frames):
        raise UsageError(
            f"{sequence.name}: {len(sequence.visible)} visible frames; expected "
            f"{len(sequence.frames)}, as many as thermal ones"
        )
    return sequence.visible


def write_halves(sequence: Sequence, title: str, frames: Halves, names: tuple[str, str]) -> None:
    """Write the frames of both halves, named by a pattern each, thermal first.

    Raises:
        UsageError: there is no visible half.
        StorageError: a file cannot be written.
    """
    write_pictures(visible_half(sequence, title), frames.visible, names[1], colour=True)
    write_pictures(sequence.frames, frames.thermal, names[0])


def letter_place(folder: Path) -> Literal["before", "after"] | None:
    """Where the letter of the modality stands in the frames' names: ``v001`` or ``001v``."""
    try:
        with os.scandir(folder) as entries:
            stems = (Path(entry.name) for entry in entries)
            first = next((path.stem for path in stems if path.suffix.lower() in KINDS), "")
    except OSError:
        return None
    if _BEFORE.fullmatch(first):
        return "before"
    return "after" if _AFTER.fullmatch(first) else None
