"""What is known of a track, as the page is told."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tirdata.annotate.annotate import DECIMALS
from tirdata.annotate.confidence import runs
from tirdata.annotate.events import Entry, Event
from tirdata.annotate.replay import HumanTrack, to_track
from tirdata.types import Flags, Floats

Form = dict[str, Any]


def track_form(human: HumanTrack, count: int) -> Form:
    """One track over ``count`` frames.

    Raises:
        AnnotationError: something was said of a frame that the sequence does not have.
    """
    track = to_track(human, count)
    present = track.present
    gone = human.gone(count)
    gone[sorted(human.boxes)] = False
    looked = np.zeros(count, dtype=np.bool_)
    looked[[frame for frame in human.machine if frame < count]] = True
    boxes = [
        [round(side, DECIMALS) for side in row] if there else None
        for row, there in zip(track.boxes.tolist(), present.tolist(), strict=True)
    ]
    for frame, box in human.boxes.items():  # a person's are exact
        boxes[frame] = list(box)
    return {
        "id": human.id,
        "class": human.class_name,
        "human": {str(frame): list(box) for frame, box in sorted(human.boxes.items())},
        "boxes": boxes,
        "confidence": _numbers(track.confidence, count),
        "occluded": _runs(track.occluded),
        "gone": _runs(gone),
        "lost": _runs(~present & ~gone & looked),
        "unseen": _runs(~present & ~gone & ~looked),
        "ends": sorted(human.ends),
        "pending": [[span.first, span.last] for span in human.pending(count)],
    }


def describe(entries: Sequence[Entry]) -> str | None:
    """What a person did in the first of ``entries``, in words; None = there are none."""
    said = [entry for entry in entries if not entry.by_machine]
    if not said:
        return None
    events = said[0].events
    words = _words(events[0])
    return words if len(events) == 1 else f"{words} and {len(events) - 1} more"


def _words(event: Event) -> str:
    name = event.kind.replace("_", " ").replace("box", "draw" if event.kind == "box" else "box")
    track = f" track {event.track}" if hasattr(event, "track") else ""
    frame = getattr(event, "frame", None)
    span = getattr(event, "last_frame", None)
    where = f" in frame {frame}" if frame is not None else ""
    if span is not None:
        where = f" in frames {getattr(event, 'first_frame', 0)} to {span}"
    return name + track + where


def _runs(flags: Flags) -> list[list[int]]:
    return [[start, stop - 1] for start, stop in runs(flags)]


def _numbers(values: Floats | None, count: int) -> list[float | None]:
    found: Iterable[float] = values.tolist() if values is not None else [np.nan] * count
    return [None if value != value else round(value, 3) for value in found]  # noqa: PLR0124
