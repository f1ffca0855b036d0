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


XML_SOURCE = "Annotations/VID/"  # begins the source of boxes that came from our own XML files

Number: TypeAlias = Annotated[int, Field(ge=0)]
TrackId: TypeAlias = Annotated[Number, Field(description="The object, by number.")]
FrameNumber: TypeAlias = Annotated[Number, Field(description="In the sequence, from 0.")]
SolidBox: TypeAlias = Annotated[Box, AfterValidator(_positive_size)]
Sha256: TypeAlias = Annotated[
    str | None, Field(description="Of the frame's file that the person looked at.")
]
Score: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class BoxEvent(Config):
    """A person drew or corrected a box."""

    kind: Literal["box"] = "box"
    track: TrackId
    frame: FrameNumber
    class_name: str | None = None
    """None = the class that the track has."""
    box: SolidBox
    """x, y, w, h in pixels, 0-based."""
    occluded: bool = False
    """Whether the object is partly hidden."""
    sha256: Sha256 = None


class AcceptEvent(Config):
    """A person accepted the machine's box of one frame; from then on it is a person's."""

    kind: Literal["accept"] = "accept"
    track: TrackId
    frame: FrameNumber
    box: SolidBox
    """x, y, w, h in pixels, as the machine had it."""
    sha256: Sha256 = None


class EndEvent(Config):
    """The object is gone from ``frame`` on, until the next box of a person."""

    kind: Literal["end"] = "end"
    track: TrackId
    frame: FrameNumber


class OccludedEvent(Config):
    """The object is (or is not) partly hidden in frames ``first_frame..last_frame``."""

    kind: Literal["occluded"] = "occluded"
    track: TrackId
    first_frame: FrameNumber
    last_frame: FrameNumber
    value: bool = True
    """False = it is not hidden after all."""


class DeleteBoxEvent(Config):
    """A person takes back what was said about one frame: box, absence or occlusion."""

    kind: Literal["delete_box"] = "delete_box"
    track: TrackId
    frame: FrameNumber


class DeleteTrackEvent(Config):
    """A person takes back a whole track."""

    kind: Literal["delete_track"] = "delete_track"
    track: TrackId


class ClassEvent(Config):
    """A person says what the object of a track is."""

    kind: Literal["class"] = "class"
    track: TrackId
    class_name: str
    """What the object is."""


class ReviewedEvent(Config):
    """A person is done with the sequence (or not); whatever is said later ends that."""

    kind: Literal["reviewed"] = "reviewed"
    value: bool = True
    """False = it is to be looked at again."""


class ImportEvent(Config):
    """Boxes of one track from another file, ``boxes[i]`` for frame ``first_frame + i``."""

    kind: Literal["import"] = "import"
    track: TrackId
    class_name: str
    """What the object is."""
    first_frame: FrameNumber = 0
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
    """What a tracker made of a person's boxes: the machine's layer of one track, or one span."""

    kind: Literal["propagated"] = "propagated"
    track: TrackId
    tracker: str
    """Its name in the registry."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Of the tracker and of the propagation, whole."""
    state: str
    """Hash of what people had said of the track; another hash now = the boxes are stale."""
    first_frame: FrameNumber | None = None
    """None = the whole track; else only the span that begins here, between two human boxes."""
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
    """Their ids."""


Event: TypeAlias = Annotated[
    BoxEvent
    | AcceptEvent
    | EndEvent
    | OccludedEvent
    | DeleteBoxEvent
    | DeleteTrackEvent
    | ClassEvent
    | ReviewedEvent
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
    """Who was logged in."""
    events: Annotated[tuple[Event, ...], Field(min_length=1)]
    """In the order in which they take effect."""

    @property
    def by_machine(self) -> bool:
        """Only results of a tracker, nothing that a person decided."""
        return all(event.kind == "propagated" for event in self.events)

    @property
    def adoption(self) -> bool:
        """The boxes of an XML that was there before its journal; there is nothing to go back to."""
        return self.id == 1 and all(
            isinstance(event, ImportEvent) and event.source.startswith(XML_SOURCE)
            for event in self.events
        )

    @property
    def undone(self) -> frozenset[int]:
        """Numbers of the entries that this one takes back; empty for anything but an undo."""
        return frozenset(
            number
            for event in self.events
            if isinstance(event, UndoEvent)
            for number in event.entries
        )
