"""Whether a sequence's journal can be read, and whether its XML files say what it says."""

from collections.abc import Iterator

import numpy as np

from tirdata.annotate.journal import Journal
from tirdata.annotate.replay import replay, to_track
from tirdata.dataset.classes import wnid
from tirdata.dataset.faults import Fault, fault_of
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.dataset.vid_xml import pixel_boxes
from tirdata.errors import DataError, UsageError
from tirdata.types import Flags, Track


def journal_faults(
    dataset: Dataset, sequence: SequenceId, tracks: tuple[Track, ...] | None
) -> Iterator[Fault]:
    """What is wrong with the journal of a sequence, whose XML files hold ``tracks``.

    A sequence without a journal, or with an empty one, may have any tracks.
    """
    path = dataset.journal_path(sequence)
    card = dataset.read_card(sequence)
    try:
        entries = Journal(path).read()
        expected = [to_track(human, card.frames) for human in replay(entries).values()]
        wnids = {track.id: wnid(track.class_name, dataset.config.classes) for track in expected}
    except (DataError, UsageError) as error:
        yield fault_of(error, path)
        return
    if not entries or tracks is None:
        return
    size = (card.width, card.height)
    found = {track.id: track for track in tracks}
    wanted = {track.id: track for track in expected if track.present.any()}
    for number in sorted(found.keys() | wanted.keys()):
        what = _difference(found.get(number), wanted.get(number), size)
        if what is None and wnid(found[number].class_name, dataset.config.classes) != wnids[number]:
            what = f"is {found[number].class_name} in the XML files"
        if what is not None:
            yield Fault(
                path,
                f"track {number}: {what}; run tirdata annotate to write them anew, with --edited "
                "if they were changed by hand",
            )


def _difference(found: Track | None, wanted: Track | None, size: tuple[int, int]) -> str | None:
    if found is None:
        return "is in no XML file"
    if wanted is None:
        return "is in the XML files, but not in the journal"
    boxes = pixel_boxes(wanted.boxes, size)
    same: Flags = ((boxes == found.boxes) | np.isnan(boxes) & np.isnan(found.boxes)).all(axis=1)
    flags = (found.generated == wanted.generated) & (found.occluded == wanted.occluded)
    same = np.logical_and(same, flags | ~wanted.present)
    if same.all():
        return None
    frames = np.flatnonzero(~same)
    return f"{len(frames)} XML files say otherwise, the first of frame {frames[0]}"
