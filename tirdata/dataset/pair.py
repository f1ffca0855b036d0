"""The visible-light half of a sequence of ours, read."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tirdata.dataset.card import Card
from tirdata.dataset.frames import FrameFiles
from tirdata.dataset.vid_xml import read_annotations
from tirdata.types import Sequence


class VisibleFolders(NamedTuple):
    """Where the half lies."""

    frames: Path
    boxes: Path


def with_visible(
    thermal: Sequence, card: Card, folders: VisibleFolders, classes: Mapping[str, str]
) -> Sequence:
    """A sequence with its visible half, if it is a pair.

    Boxes there are of the objects of the thermal half, which says what those are.

    Raises:
        DataError: a file is missing or wrong.
    """
    if card.pair is None:
        return thermal
    frames = FrameFiles(folders.frames, card.frames, (card.pair.width, card.pair.height))
    if not card.pair.boxes:
        return replace(thermal, visible=frames)
    found = read_annotations(folders.boxes, card.frames, classes)
    names = {track.id: track.class_name for track in thermal.tracks}
    own = (replace(each, class_name=names[each.id]) for each in found if each.id in names)
    return replace(thermal, visible=frames, visible_tracks=tuple(own))
