"""mix.json: what a mix is made of, in whole; written last, so its presence means "done"."""

from pydantic import Field

from tirdata.config import Config
from tirdata.mix.recipe import Recipe


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
    """Crops used."""
    inputs_sha256: str
    """Of its boxes and classes and the sizes of its frames' files."""
    crops_sha256: str
    """Of its samples, byte for byte."""


class Counts(Config):
    """What one side of the mix holds."""

    samples: int
    """Tracklets."""
    crops: int
    """Crops of all tracklets."""
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


class MixManifest(Config):
    """Everything that decides the bytes of a mix, and what came out."""

    format: int = Field(1, ge=1, le=1)
    """Version of this file."""
    recipe: Recipe
    """The recipe, whole."""
    classes: tuple[str, ...]
    """Class of each label number; the 30 of ILSVRC2015-VID first, then the others by name."""
    class_crops: dict[str, int]
    """Crops of each class."""
    licences: dict[str, int]
    """Crops under each licence; the empty key holds those of unknown licence."""
    subsets: dict[str, Counts]
    """train and val."""
    duplicates: tuple[DuplicatePair, ...]
    """Found among the sequences that gave crops; empty also where they were not looked for."""
    left_out: dict[str, int]
    """Tracks left out, by reason."""
    sequences: tuple[SequenceRecord, ...]
    """Every input."""
