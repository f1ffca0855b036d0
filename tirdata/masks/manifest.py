"""What is written down about built masks, and how they are read back."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tirdata.config import Config
from tirdata.errors import DataError
from tirdata.masks.rectangle import Polarity, decode
from tirdata.types import Flags

NAME = "manifest.json"
SEQUENCE_NAME = "masks.json"

Count = Annotated[int, Field(ge=0)]
Side = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


def _size(value: object) -> object:
    """192x256, height first as the papers write it, as (256, 192); other values stay."""
    if not isinstance(value, str):
        return value
    height, _, width = value.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise ValueError("expected HEIGHTxWIDTH, such as 192x256")
    return int(width), int(height)


Size = Annotated[tuple[Side, Side], BeforeValidator(_size)]  # w, h


class MasksConfig(Config):
    """What to build."""

    style: str
    """A name in STYLES."""
    polarity: Polarity = "target-white"
    """target-white: the target is 255; target-black: the target is 0, the rest 255."""
    resize: Size | None = None
    """Width and height of the masks; none = as the frame. As text: HEIGHTxWIDTH."""
    boxes: Literal["own", "visible", "thermal", "union"] = "own"
    """Of a pair: each half from its own boxes, or both from those of one half or of both."""
    thermal_substitute: Literal["rgb", "gray"] = "rgb"
    """What stands for the thermal half in data that has none: the colour frame, or it in grey."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """At most so many frames, as many from every sequence; none = every annotated one."""
    seed: Count = 0
    """Decides which frames are within the limit."""
    track: Count | None = None
    """Only this track; none = every track of the sequence in one mask."""
    human_only: bool = False
    """Only frames with a box that a person drew or accepted."""
    skip_occluded: bool = False
    """Leave out frames in which a target is marked as occluded."""


class MaskFile(Config):
    """One mask."""

    frame: Count
    """Of the sequence, from 0."""
    modality: Literal["thermal", "visible"]
    """The half of the pair that it belongs to."""
    file: str
    """Path below the sequence's folder."""
    image: str | None
    """The frame that it belongs to, below the data's folder; none = not a file of its own."""
    boxes: tuple[tuple[float, float, float, float], ...]
    """x, y, w, h of the targets in pixels of the frame, first pixel's corner at 0."""
    share: Share
    """Of the pixels that are target."""
    sha256: str
    """Of the file."""


class SequenceMasks(Config):
    """``masks.json`` in a sequence's folder: its masks; written when all of them are."""

    name: str
    """Of the sequence."""
    inputs: str
    """Hash of the boxes and settings that it was made from."""
    visible: bool
    """Whether the sequence has a visible-light half."""
    skipped: Count
    """Frames without a target that counts."""
    masks: tuple[MaskFile, ...]
    """In the order of modality and frame."""


class SequenceSummary(Config):
    """One sequence in the manifest."""

    name: str
    """Of the sequence."""
    folder: str
    """Below the manifest's folder."""
    frames: Count
    """Frames with masks."""
    masks: Count
    """Files."""
    visible: bool
    """Whether there are masks for visible light too."""
    sha256: str
    """Of its masks.json."""


class MasksManifest(Config):
    """``manifest.json``: written last; what it names is whole."""

    format: Literal[1] = 1
    """Version of this file."""
    settings: MasksConfig
    """What was asked for."""
    layout: str
    """Of the data set that the masks were made from."""
    data: str
    """Where that data set lies, seen from here."""
    sequences: tuple[SequenceSummary, ...]
    """Those that have masks."""
    frames: Count
    """Frames with masks, over all sequences."""
    masks: Count
    """Files, over all sequences."""
    skipped: Count
    """Frames without a target that counts."""
    thermal_only: Count
    """Sequences without visible light, for which style gtot has no ``v`` folder."""
    mean_share: Share
    """Of target pixels over all masks; far below one half, or the polarity cannot be checked."""
    largest_share: Share
    """Of target pixels in one mask; a mask with more has the other polarity."""


def read_mask(path: Path, manifest: MasksManifest) -> Flags:
    """The label of a mask, (h, w): True = target, whatever the polarity of the file.

    Raises:
        DataError: it is no mask, or has more target than any mask that was built: its polarity is
            not the one that the manifest says.
    """
    target = decode(path, manifest.settings.polarity)
    share = float(target.mean())
    if share > manifest.largest_share + 1e-9:
        raise DataError(
            f"{path}: {share:.0%} of it is target; expected at most {manifest.largest_share:.0%} "
            f"with the polarity {manifest.settings.polarity}: was it built with the other one?"
        )
    return target
