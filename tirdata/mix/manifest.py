"""mix.json: what a mix is made of, in whole; written last, so its presence means "done"."""

import json
from typing import Final, Literal

from pydantic import Field

from tirdata.config import Config, read_json
from tirdata.errors import DataError, VersionError
from tirdata.mix.recipe import Recipe
from tirdata.remote import Place

MIX_FORMAT: Final = 1


class SequenceRecord(Config):
    """One sequence that went into the mix, or did not."""

    name: str
    """Name of the sequence."""
    dataset: str
    """Folder it came from, as the recipe names it."""
    domain: str
    """vid or tir."""
    subset: str
    """train or val; empty when nothing of it was used."""
    recording: str
    """The recording that it is of."""
    group: str
    """What keeps it on one side of the split: its recording, or the first of its duplicates."""
    licence: str
    """As its card says; empty = unknown."""
    tracks: int
    """Tracks used."""
    crops: int
    """Crops used, or pairs of frames."""
    samples: int = 0
    """Tracklets they are in."""
    classes: dict[str, int] = Field(default_factory=dict)
    """Crops of each class, by its name in the dataset."""
    left_out: dict[str, int] = Field(default_factory=dict)
    """Tracks left out, by reason."""
    left_out_boxes: dict[str, int] = Field(default_factory=dict)
    """Boxes left out of the tracks of wanted classes, by reason."""
    inputs_sha256: str
    """Of its boxes, classes, recording, licence and the frames that were used."""
    crops_sha256: str
    """Of its samples, byte for byte."""


class Failure(Config):
    """One sequence that could not be read, or not to its end; nothing of it is in the mix."""

    name: str
    """Name of the sequence."""
    dataset: str
    """Folder it lies in."""
    message: str
    """What was found."""


class Counts(Config):
    """What one side of the mix holds."""

    samples: int
    """Tracklets."""
    crops: int
    """Crops, or pairs of frames, of all tracklets."""
    sequences: int
    """Sequences that gave any."""
    recordings: int
    """Of those sequences."""
    groups: int
    """Recordings, those that show the same counted as one: these are never split."""
    shards: tuple[str, ...]
    """File names of the shards, in order."""


class DuplicatePair(Config):
    """Two sequences of different recordings that show the same."""

    first: str
    """Dataset and name."""
    second: str
    """Dataset and name."""
    kind: str
    """exact or near."""
    alike: float
    """0..1."""


class ClassCollision(Config):
    """Names of classes that meet, or one that means two things."""

    kind: Literal["merged", "one WNID", "two WNIDs"]
    """merged: several names became one class; one WNID: several classes have it; two WNIDs: one."""
    name: str
    """The class, or the WNID that several have."""
    members: tuple[str, ...]
    """The names that became it, the classes that have it, or DATASET: WNID."""


class MixManifest(Config):
    """Everything that decides the bytes of a mix, and what came out."""

    format: int = Field(MIX_FORMAT, ge=MIX_FORMAT, le=MIX_FORMAT)
    """Version of this file."""
    recipe: Recipe
    """The recipe, whole; of pairs it says the polarity of the masks."""
    classes: tuple[str, ...]
    """Class of each label number; the 30 of ILSVRC2015-VID first, then the others by name."""
    class_crops: dict[str, int]
    """Crops of each class."""
    class_collisions: tuple[ClassCollision, ...] = ()
    """Names that became one class, and classes that may be one or two."""
    licences: dict[str, int]
    """Crops under each licence; the empty key holds those of unknown licence."""
    subsets: dict[str, Counts]
    """train and val."""
    duplicates: tuple[DuplicatePair, ...]
    """Found among the sequences that gave crops; empty also where they were not looked for."""
    left_out: dict[str, int]
    """Tracks left out, by reason."""
    left_out_boxes: dict[str, int] = Field(default_factory=dict)
    """Boxes left out of the tracks of wanted classes, by reason."""
    sequences: tuple[SequenceRecord, ...]
    """Every input."""
    failed: tuple[Failure, ...] = ()
    """Inputs that could not be read."""


def read_manifest(mix: Place) -> MixManifest:
    """What the mix in a folder or at an address is made of.

    Raises:
        DataError: it is not there, or not what it should be.
        VersionError: another version of tirdata made it.
    """
    path = mix / "mix.json"
    try:
        return read_json(path, MixManifest)
    except DataError as error:
        try:
            found = json.loads(path.read_bytes())
        except (FileNotFoundError, ValueError):
            raise error from None
    made = found.get("format") if isinstance(found, dict) else None
    if not isinstance(made, int):
        raise DataError(f"{path}: not a mix; expected one made by build-mix")
    if made > MIX_FORMAT:
        raise VersionError(f"{path}: format {made}, made by a newer tirdata; install that one")
    raise VersionError(f"{path}: made by another version of tirdata; build the mix again")
