"""What is known of a track, as the page is told."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tirdata.annotate.annotate import DECIMALS
from tirdata.annotate.confidence import runs
from tirdata.annotate.events import Entry, Event
from tirdata.annotate.replay import HumanTrack, to_track
from tirdata.types import Flags, Floats

Form = dict[str, Any]


@dataclass(frozen=True)
class TrackText:
    """One track as it goes into an answer: long ones are many megabytes, and kept as text."""

    id: int
    text: str  # JSON

    @classmethod
    def of(cls, human: HumanTrack, count: int) -> "TrackText":
        """As ``track_form``."""
        return cls(human.id, _json(track_form(human, count)))


def to_json(form: Form) -> str:
    """An answer as JSON, with what is text already put in as it is."""
    parts = []
    for key, value in form.items():
        if isinstance(value, dict):
            text = to_json(value)
        elif isinstance(value, list) and value and isinstance(value[0], TrackText):
            text = f"[{','.join(each.text for each in value)}]"
        else:
            text = _json(value)
        parts.append(f"{_json(key)}:{text}")
    return f"{{{','.join(parts)}}}"


def _json(value: Any) -> str:  # noqa: ANN401  # whatever JSON has
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


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
    rows = np.round(track.boxes, DECIMALS).tolist()
    boxes = [row if there else None for row, there in zip(rows, present.tolist(), strict=True)]
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
    found: Iterable[float] = (
        np.round(values, 3).tolist() if values is not None else [np.nan] * count
    )
    return [None if value != value else value for value in found]  # noqa: PLR0124  # NaN
