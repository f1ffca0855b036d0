"""What is asked of an export, and ``export.json``: what was exported, and what could not be."""

from typing import Annotated, Literal

from pydantic import Field

from tirdata.config import Config

NAME = "export.json"

Count = Annotated[int, Field(ge=0)]


class ExportConfig(Config):
    """What to export."""

    format: str
    """A name in LAYOUTS."""
    sequences: tuple[str, ...] = ()
    """Only these; none = all."""
    subset: Literal["train", "val"] | None = None
    """Only this side of the split."""
    classes: tuple[str, ...] = ()
    """Only tracks of these classes; none = all."""
    split_gaps: bool = False
    """Whether a track that comes back after an absence is another track from there on."""
    frames: Literal["copy", "link", "none"] = "copy"
    """Copied byte for byte, hard-linked, or left out."""
    strict: bool = False
    """Whether anything that the format cannot say stops everything."""


class ExportedSequence(Config):
    """One sequence in the manifest."""

    name: str
    """In the data set that it came from."""
    written: str
    """In the export."""
    frames: Count
    """Of the thermal half."""
    tracks: Count
    """As written, after splitting."""
    boxes: Count
    """Of all tracks."""
    split: Count
    """Tracks that are there because others were split at gaps."""
    single: Count
    """Runs of one frame: several readers leave them out."""
    renumbered: bool
    """Whether ids changed to stay below the limit of VID's readers."""
    content: str
    """Hash of what it says: classes, ids, boxes, flags, and which frames."""
    frames_sha256: str | None = None
    """Hash of the hashes of its frames' files; none = linked or left out."""
    encoded: Count = 0
    """Frames that were another kind of picture (PNG for JPEG, say) and were encoded anew."""
    lost: dict[str, Count]
    """How often it says what the format cannot, by name."""


class LeftOut(Config):
    """A sequence that is not there."""

    name: str
    """In the data set."""
    why: str
    """What was found, what was expected."""
    failed: bool
    """False = nothing is wrong with it; there is nothing of it to export."""


class ExportManifest(Config):
    """``export.json``: written last; the folder is whole when it is there."""

    version: Literal[1] = 1
    """Of this file."""
    tirdata: str
    """Version of the program."""
    source: str
    """Name of the data set's folder."""
    layout: str
    """How that is laid out."""
    settings: ExportConfig
    """What was asked for."""
    inputs: str
    """Hash of the settings and of all that the sequences say; the same again = nothing to do."""
    sequences: tuple[ExportedSequence, ...]
    """In the order of their names."""
    left_out: tuple[LeftOut, ...]
    """Sequences that are not there, and why."""
    lost: dict[str, Count]
    """What the format cannot say, counted over all sequences."""
    files: Count
    """In the folder, without this one."""
    bytes: Count
    """Of the frames."""
