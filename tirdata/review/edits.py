"""What the page asks for: checked by shape here, and by what is possible in a draft."""

from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from tirdata.annotate.drafts import VERBS as DRAFT_VERBS
from tirdata.annotate.drafts import Draft, Verb
from tirdata.annotate.events import Number, ReviewedEvent, SolidBox
from tirdata.annotate.pictures import ChangedFrameError
from tirdata.annotate.rows import Row
from tirdata.config import Config
from tirdata.errors import ConflictError, UsageError

HASH_DIGITS = 16  # of a frame's SHA-256 that the page knows it by

Hash: TypeAlias = Annotated[str, Field(pattern=rf"^[0-9a-f]{{{HASH_DIGITS}}}$")]
Kind = TypeVar("Kind")


class Draw(Config):
    """Draws or corrects a box; without a track it begins one."""

    do: Literal["draw"]
    track: Number | None = None
    class_: Annotated[str | None, Field(alias="class")] = None
    frame: Number
    hash: Hash
    box: SolidBox
    occluded: bool | None = None


class Shown(Config):
    """A machine's box as the person saw it."""

    frame: Number
    hash: Hash
    box: SolidBox


class Accept(Config):
    """Machine's boxes, each by itself, become the person's."""

    do: Literal["accept"]
    track: Number
    frames: Annotated[tuple[Shown, ...], Field(min_length=1)]


class Occluded(Config):
    """Partly hidden in these frames, or not."""

    do: Literal["occluded"]
    track: Number
    first: Number
    last: Number
    value: bool


class AtFrame(Config):
    """Something said of one frame."""

    do: Literal["end", "delete_box"]
    track: Number
    frame: Number


class DeleteTrack(Config):
    """Takes back a whole track."""

    do: Literal["delete_track"]
    track: Number


class Class(Config):
    """What the object is."""

    do: Literal["class"]
    track: Number
    class_: Annotated[str, Field(alias="class")]


class Reviewed(Config):
    """A person is done with the sequence, or not."""

    do: Literal["reviewed"]
    value: bool


Edit: TypeAlias = Annotated[
    Draw | Accept | Occluded | AtFrame | DeleteTrack | Class | Reviewed, Field(discriminator="do")
]


class EditBody(Config):
    """The body of ``POST …/edits``."""

    version: str
    edits: Annotated[tuple[Edit, ...], Field(min_length=1, max_length=20_000)]


class VersionBody(Config):
    """The body of ``POST …/undo`` and ``…/redo``."""

    version: str


class XmlBody(Config):
    """The body of ``POST …/xml``."""

    version: str
    take: bool


class PropagateBody(Config):
    """The body of ``POST …/propagate`` and ``…/cancel``."""

    track: Number | None = None


def parse(kind: type[Kind], data: bytes) -> Kind:
    """A body of this kind.

    Raises:
        UsageError: it is not; all faults in one line.
    """
    try:
        return TypeAdapter(kind).validate_json(data)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'body'}: {fault['msg']}"
            for fault in error.errors()[:5]
        )
        raise UsageError(f"body: {faults}; expected what docs/review-api.md says") from None


def put(draft: Draft, edit: Edit, *, reviewed: bool) -> None:
    """Add what ``edit`` asks for to ``draft``.

    Raises:
        UsageError: it is not possible.
        ConflictError: what was accepted is not what there is.
        ChangedFrameError: the picture that was looked at is not the one of the card.
    """
    match edit:
        case Draw():
            _draw(draft, edit)
        case Accept():
            _accept(draft, edit)
        case Occluded():
            name = "occluded" if edit.value else "visible"
            _verb(draft, Verb(name, edit.track, edit.first, edit.last))
        case AtFrame():
            name = "end-track" if edit.do == "end" else "delete-box"
            _verb(draft, Verb(name, edit.track, edit.frame))
        case DeleteTrack():
            _verb(draft, Verb("delete-track", edit.track))
        case Class():
            draft.rename(edit.track, edit.class_)
        case Reviewed():
            if edit.value != reviewed:
                draft.add(ReviewedEvent(value=edit.value))


def _verb(draft: Draft, verb: Verb) -> None:
    DRAFT_VERBS[verb.name](draft, verb)


def _draw(draft: Draft, edit: Draw) -> None:
    draft.check_frame(edit.frame)
    _check_hash(draft, edit.frame, edit.hash)
    number = edit.track
    if number is None:
        number = max(draft.tracks, default=-1) + 1
    else:
        draft.known(number)
    hidden = edit.occluded
    if hidden is None:
        known = draft.tracks.get(number)
        hidden = known is not None and edit.frame in known.occluded
    sides: dict[str, Any] = dict(zip("xywh", edit.box, strict=True))
    row = Row(frame=edit.frame, track=number, class_name=edit.class_, occluded=hidden, **sides)
    draft.draw(row)


def _accept(draft: Draft, edit: Accept) -> None:
    track = draft.known(edit.track)
    for shown in edit.frames:
        draft.check_frame(shown.frame)
        _check_hash(draft, shown.frame, shown.hash)
        box = track.shown(shown.frame, draft.card.frames)
        if box is None or max(abs(a - b) for a, b in zip(box, shown.box, strict=True)) > 0.01:
            raise ConflictError(
                f"{draft.sequence.name}: the box of track {edit.track} in frame {shown.frame} is "
                "another one by now; look at it again"
            )
        draft.accept(edit.track, shown.frame)


def _check_hash(draft: Draft, frame: int, digits: str) -> None:
    if not draft.card.frames_sha256[frame].startswith(digits):
        raise ChangedFrameError(
            f"{draft.sequence.name}: frame {frame} is another picture than the one that was "
            "looked at; load the sequence again"
        )
