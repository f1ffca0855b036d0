"""What a line of the journal may say: one entry a line, one or more events an entry.

To add a verb, write an event here, list it in ``Event`` and say in ``replay.py`` what it does.
"""

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from tirdata.config import Config
from tirdata.types import Box


def _positive_size(box: Box) -> Box:
    if box.w <= 0 or box.h <= 0:
        raise ValueError("width and height must be above 0")
    return box


Number: TypeAlias = Annotated[int, Field(ge=0)]
SolidBox: TypeAlias = Annotated[Box, AfterValidator(_positive_size)]
Score: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class BoxEvent(Config):
    """A person drew or corrected a box."""

    kind: Literal["box"] = "box"
    track: Number
    frame: Number
    class_name: str | None = None
    """None = the class that the track has."""
    box: SolidBox
    """x, y, w, h in pixels, 0-based."""
    occluded: bool = False
    sha256: str | None = None
    """Of the frame's file that the person looked at."""


class AcceptEvent(Config):
    """A person accepted the machine's box of one frame; from then on it is a person's."""

    kind: Literal["accept"] = "accept"
    track: Number
    frame: Number
    box: SolidBox
    sha256: str | None = None


class EndEvent(Config):
    """The object is gone from ``frame`` on, until the next box of a person."""

    kind: Literal["end"] = "end"
    track: Number
    frame: Number


class OccludedEvent(Config):
    """The object is (or is not) partly hidden in frames ``first_frame..last_frame``."""

    kind: Literal["occluded"] = "occluded"
    track: Number
    first_frame: Number
    last_frame: Number
    value: bool = True


class DeleteBoxEvent(Config):
    """A person takes back what was said about one frame: box, absence or occlusion."""

    kind: Literal["delete_box"] = "delete_box"
    track: Number
    frame: Number


class DeleteTrackEvent(Config):
    """A person takes back a whole track."""

    kind: Literal["delete_track"] = "delete_track"
    track: Number


class ImportEvent(Config):
    """Boxes of one track from another file, ``boxes[i]`` for frame ``first_frame + i``."""

    kind: Literal["import"] = "import"
    track: Number
    class_name: str
    first_frame: Number = 0
    boxes: tuple[SolidBox | None, ...]
    """None = the object is absent from that frame."""
    generated: Literal[0, 1] | tuple[Literal[0, 1], ...] = 0
    """0 = a person's boxes; 1 = a machine's; or one number a frame."""
    occluded: tuple[Number, ...] = ()
    """Frames (numbers of the sequence) in which the object is partly hidden."""
    source: str
    """Name of the file the boxes came from."""
    sha256: str | None = None
    """Of that file."""

    @model_validator(mode="after")
    def _one_flag_a_box(self) -> Self:
        if isinstance(self.generated, tuple) and len(self.generated) != len(self.boxes):
            message = f"generated has {len(self.generated)} entries for {len(self.boxes)} boxes"
            raise ValueError(message)
        return self


class PropagatedEvent(Config):
    """What a tracker made of a person's boxes: the machine's layer of one track, whole."""

    kind: Literal["propagated"] = "propagated"
    track: Number
    tracker: str
    settings: dict[str, Any] = Field(default_factory=dict)
    """Of the tracker and of the propagation, whole."""
    state: str
    """Hash of what people had said of the track; another hash now = the boxes are stale."""
    boxes: tuple[SolidBox | None, ...]
    """One a frame; None = a person's frame, or the object is lost or absent."""
    confidence: tuple[Score | None, ...]
    """One a frame; None = never measured."""

    @model_validator(mode="after")
    def _one_score_a_box(self) -> Self:
        if len(self.confidence) != len(self.boxes):
            message = f"confidence has {len(self.confidence)} entries for {len(self.boxes)} boxes"
            raise ValueError(message)
        return self


class UndoEvent(Config):
    """Takes back whole entries; undoing an undo brings them back."""

    kind: Literal["undo"] = "undo"
    entries: tuple[int, ...]


Event: TypeAlias = Annotated[
    BoxEvent
    | AcceptEvent
    | EndEvent
    | OccludedEvent
    | DeleteBoxEvent
    | DeleteTrackEvent
    | ImportEvent
    | PropagatedEvent
    | UndoEvent,
    Field(discriminator="kind"),
]


class Entry(Config):
    """One line of the journal: what one command or one edit did, wholly there or not at all."""

    id: Annotated[int, Field(ge=1)]
    """Counts up by one a line."""
    time: str
    """UTC, ISO 8601."""
    author: str
    events: Annotated[tuple[Event, ...], Field(min_length=1)]

    @property
    def by_machine(self) -> bool:
        """Only results of a tracker, nothing that a person decided."""
        return all(event.kind == "propagated" for event in self.events)

    @property
    def undone(self) -> frozenset[int]:
        """Numbers of the entries that this one takes back; empty for anything but an undo."""
        return frozenset(
            number
            for event in self.events
            if isinstance(event, UndoEvent)
            for number in event.entries
        )
