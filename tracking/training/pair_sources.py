"""Pairs of frames with the mask of one target, by number: of a mix, or of built masks."""

from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, Protocol

from tirdata import files
from tirdata.config import read_json
from tirdata.errors import DataError, UsageError
from tirdata.masks.loader import MaskedFrame, MaskedFrames
from tirdata.masks.manifest import NAME, SEQUENCE_NAME, MasksManifest, SequenceMasks
from tirdata.mix.manifest import MixManifest
from tirdata.mix.pair_reader import PairEntry, PairReader, Picture
from tirdata.remote import Place
from tirdata.types import Flags
from tracking.training.opened_mix import open_mix
from tracking.training.pair_checks import check_label, check_samples, seen_target


class LabelledPair(NamedTuple):
    """A pair and where its target is."""

    visible: Picture
    thermal: Picture
    label: Flags  # (h, w), True = target


class Targets(NamedTuple):
    """What the target looks like on the first pair of its track, without surroundings."""

    visible: Picture
    thermal: Picture


class PairSource(Protocol):
    """Labelled pairs by number."""

    polarity: str
    """Of the mask files; labels are the same whatever it is."""
    mask_boxes: str
    """Whose boxes the masks show: visible, thermal or union."""
    left_out: dict[str, int]
    """Sequences that could not be used, by reason."""

    def __len__(self) -> int: ...

    def pair(self, index: int) -> LabelledPair:
        """Pair number ``index``."""
        ...

    def targets(self, index: int) -> Targets:
        """The target of pair number ``index``."""
        ...

    def recording(self, index: int) -> str:
        """Pairs of different recordings show different targets."""
        ...

    def track(self, index: int) -> int:
        """Pairs of one number have one target."""
        ...


class MixPairs:
    """The pairs of the training side of a mix."""

    def __init__(self, mix: Place, manifest: MixManifest, cache: Path | None = None) -> None:
        """Open the shards.

        Raises:
            DataError: it cannot be read, its masks have the other polarity, or a pair has no
                target.
        """
        self.reader = PairReader(mix, "train", cache)
        check_samples(self.reader)
        self.polarity: str = manifest.recipe.mask_polarity
        self.mask_boxes: str = manifest.recipe.mask_boxes
        self.left_out: dict[str, int] = {}
        self._places = [
            (number, index)
            for number, entry in enumerate(self.reader.entries)
            for index in range(len(entry.sample.frames))
        ]

    def __len__(self) -> int:
        return len(self._places)

    def pair(self, index: int) -> LabelledPair:
        """Pair number ``index``."""
        number, place = self._places[index]
        entry = self.reader.entries[number]
        found = self.reader.pair(entry, place)
        frame = entry.sample.frames[place]
        check_label(f"{self.reader.folder}: sample {entry.sample.key}, frame {frame}", found.label)
        return LabelledPair(found.visible, found.thermal, found.label)

    def targets(self, index: int) -> Targets:
        """The target of pair number ``index``."""
        return Targets(*self.reader.target(self._entry(index)))

    def recording(self, index: int) -> str:
        """Pairs of different recordings show different targets."""
        return self._entry(index).sample.recording

    def track(self, index: int) -> int:
        """Pairs of one number have one target."""
        return self._places[index][0]

    def _entry(self, index: int) -> PairEntry:
        entry: PairEntry = self.reader.entries[self._places[index][0]]
        return entry


class MaskPairs:
    """The frames of built masks; sequences with several targets in one mask are left out."""

    def __init__(self, folder: Path) -> None:
        """Open the masks.

        Raises:
            DataError: they cannot be read, or have the other polarity.
        """
        self.masked = MaskedFrames(folder)
        self.polarity: str = self.masked.manifest.settings.polarity
        boxes = self.masked.manifest.settings.boxes
        self.mask_boxes: str = "visible" if boxes == "own" else boxes
        sequences = self.masked.manifest.sequences
        starts = [0, *accumulate(each.frames for each in sequences)]
        usable = [_shows_one_target(folder / each.folder) for each in sequences]
        self._places = [
            (index, start)
            for start, each, one in zip(starts, sequences, usable, strict=False)
            if one
            for index in range(start, start + each.frames)
        ]
        count = usable.count(False)
        self.left_out = {"several targets in one mask (masks --track ID)": count} if count else {}

    def __len__(self) -> int:
        return len(self._places)

    def pair(self, index: int) -> LabelledPair:
        """Pair number ``index``."""
        found = self.masked[self._places[index][0]]
        check_label(self._name(found), found.label)
        return LabelledPair(found.visible, found.thermal, found.label)

    def targets(self, index: int) -> Targets:
        """The target of pair number ``index``: what the boxes show in the first masked frame."""
        first = self.masked[self._places[index][1]]
        name = self._name(first)
        return Targets(*(seen_target(name, half, first.boxes)
                         for half in (first.visible, first.thermal)))  # fmt: skip

    def recording(self, index: int) -> str:
        """Pairs of different recordings show different targets."""
        return str(self._places[index][1])

    def track(self, index: int) -> int:
        """Pairs of one number have one target."""
        return self._places[index][1]

    def _name(self, found: MaskedFrame) -> str:
        return f"{self.masked.folder}: {found.sequence}, frame {found.frame}"


def _shows_one_target(folder: Path) -> bool:
    masks = read_json(folder / SEQUENCE_NAME, SequenceMasks).masks
    return all(len(mask.boxes) == 1 for mask in masks)


def open_pairs(place: Place, cache: Path | None = None) -> tuple[PairSource, str]:
    """The pairs of a mix or of built masks, and a hash of what they are.

    Raises:
        UsageError: it is neither, or a mix of crops.
        DataError: it cannot be read, has no pair, or its masks have the other polarity.
    """
    if isinstance(place, Path) and not (place / "mix.json").exists() and (place / NAME).exists():
        read_json(place / NAME, MasksManifest)
        source: PairSource = MaskPairs(place)
        sha256 = files.sha256(place / NAME)
    elif isinstance(place, Path) and not (place / "mix.json").exists():
        raise UsageError(
            f"{place}: neither mix.json nor {NAME} there; expected what build-mix --task rgbt or "
            "masks made"
        )
    else:
        manifest, sha256 = open_mix(place, "rgbt")
        source = MixPairs(place, manifest, cache)
    if not len(source):
        reasons = "; ".join(f"{count} {name}" for name, count in source.left_out.items())
        raise DataError(f"{place}: no pair to train on ({reasons or 'empty'})")
    return source, sha256
