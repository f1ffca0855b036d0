"""What a sequence of any layout looks like, and where it comes from."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tirdata.dataset.duplicates import Portrait, files_sha256, fingerprint_of
from tirdata.dataset.tree import CONFIG_NAME, Dataset, SequenceId
from tirdata.errors import UsageError
from tirdata.layouts import LAYOUTS, open_layout
from tirdata.types import Frames


def provenance(root: Path, name: str) -> tuple[str, str]:
    """What keeps a sequence on one side of a split, and its licence."""
    if (root / CONFIG_NAME).exists():
        card = Dataset.open(root).read_card(SequenceId.parse(name))
        return card.recording_id, card.licence or ""
    # Elsewhere the name is all there is: VVVVV of an ILSVRC name, else the whole name.
    stem = name.rsplit("/", 1)[-1]
    recording = stem[:-3] if stem.startswith("ILSVRC2015_") else stem
    return f"{root.resolve().name}/{recording}", ""


def read_portrait(root: Path, layout: str, name: str) -> Portrait:
    """The portrait of one sequence.

    Raises:
        DataError: the sequence cannot be read.
    """
    return portrait(root, name, LAYOUTS[layout].read_one(root, name).frames)


def portrait(root: Path, name: str, frames: Frames) -> Portrait:
    """As ``read_portrait``, where the sequence is open already.

    Cards of an earlier tirdata have no fingerprint and other layouts have no cards: there the
    frames are read, a few a second.

    Raises:
        DataError: a frame cannot be read.
    """
    recording, _ = provenance(root, name)
    made = Portrait(recording=recording, files_sha256=files_sha256(frames))
    if not (root / CONFIG_NAME).exists():
        return made.model_copy(update={"fingerprint": fingerprint_of(frames)})
    card = Dataset.open(root).read_card(SequenceId.parse(name))
    lasts_s = card.times_s[-1] - card.times_s[0]
    return made.model_copy(
        update={
            "fps": (card.frames - 1) / lasts_s if lasts_s > 0 else None,
            "fingerprint": card.fingerprint or fingerprint_of(frames, card.times_s),
        }
    )


class Sitter(NamedTuple):
    """A sequence to make a portrait of; small, for engines to send."""

    root: Path
    layout: str
    sequence: str

    @property
    def name(self) -> str:
        """Where it lies, for people."""
        return str(self.root / self.sequence)


def sitters(roots: Iterable[Path], layout: str | None = None) -> list[Sitter]:
    """Every sequence of every data set.

    Raises:
        UsageError: a folder is named twice, is not there, or fits no layout.
    """
    found = []
    seen: set[Path] = set()
    for root in roots:
        if root.resolve() in seen:
            raise UsageError(f"{root}: named twice; each would be a duplicate of itself")
        seen.add(root.resolve())
        kind = open_layout(root, layout)
        found += [Sitter(root, kind.name, name) for name in kind.names(root)]
    return found


def sit(sitter: Sitter) -> Portrait:
    """The portrait of a sequence among those of other data sets.

    Raises:
        DataError: the sequence cannot be read.
    """
    made = read_portrait(*sitter)
    # A recording that is in two data sets is in them twice.
    return made.model_copy(update={"recording": f"{sitter.root.resolve()}/{made.recording}"})
