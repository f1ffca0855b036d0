"""One line on a sequence for the queue: how much is there, and how doubtful it is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from tirdata.annotate.drafts import adopted
from tirdata.annotate.events import Entry
from tirdata.annotate.journal import Journal
from tirdata.annotate.replay import HumanTrack, apply, replay, reviewed
from tirdata.config import Config
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import TirDataError
from tirdata.review.doubt import UNSURE_BELOW, KnownDoubts


class Said(NamedTuple):
    """The entries of a journal, and what they make of each track."""

    entries: Sequence[Entry]
    tracks: Mapping[int, HumanTrack]
    doubts: KnownDoubts


class Summary(Config):
    """Of one sequence, as it was when its files had these times and sizes."""

    signature: tuple[int, ...]
    """Times and sizes of the files that it follows from."""
    title: str | None = None
    """What people call the recording."""
    frames: int = 0
    """How many it has."""
    tracks: int = 0
    """How many it has."""
    human: int = 0
    """Boxes of people."""
    doubt: float = 0.0
    """How many frames are expected to be wrong."""
    doubtful: int = 0
    """Machine's boxes with a confidence below 0.5."""
    lost: int = 0
    """Frames without a box where no person said so."""
    pending: int = 0
    """Spans to be propagated."""
    resume: bool = False
    """Some of them in tracks that a tracker was at before."""
    unboxed: tuple[int, ...] = ()
    """Tracks without any box of a person."""
    reviewed: bool = False
    """A person is done with it."""
    entries: int = 0
    """Of the journal."""
    error: str | None = None
    """What is wrong with its files."""

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        sequence: SequenceId,
        signature: tuple[int, ...],
        said: Said | None = None,
    ) -> Self:
        """Work it out from ``said``, or else from the files; ``error`` is what is wrong there."""
        try:
            return cls._of(dataset, sequence, signature, said or _said(dataset, sequence))
        except TirDataError as error:
            return cls(signature=signature, error=str(error))

    @classmethod
    def _of(
        cls, dataset: Dataset, sequence: SequenceId, signature: tuple[int, ...], said: Said
    ) -> Self:
        card = dataset.read_card(sequence)
        entries, tracks, known = said
        found = [known.of(human, card.frames) for human in tracks.values()]
        pending = [span for human in tracks.values() for span in human.pending(card.frames)]
        return cls(
            signature=signature,
            title=card.title,
            frames=card.frames,
            tracks=len(tracks),
            human=sum(len(human.boxes) for human in tracks.values()),
            doubt=round(sum(float(each.doubt.sum()) for each in found), 2)
            if tracks
            else float(card.frames),
            doubtful=sum(int(np.sum(each.unsure < UNSURE_BELOW)) for each in found),
            lost=sum(int(each.lost.sum()) for each in found),
            pending=len(pending),
            resume=any(human.stale(card.frames) for human in tracks.values()),
            unboxed=tuple(human.id for human in tracks.values() if not human.boxes),
            reviewed=reviewed(entries),
            entries=len(entries),
        )


def _said(dataset: Dataset, sequence: SequenceId) -> Said:
    entries = Journal(dataset.journal_path(sequence)).read()
    tracks = replay(entries)
    if not entries:
        for event in adopted(dataset, sequence):
            apply(tracks, event, sequence.name)
    return Said(entries, tracks, KnownDoubts())


def signature_of(dataset: Dataset, sequence: SequenceId) -> tuple[int, ...]:
    """Times and sizes of the files that a summary follows from; two or three calls of the disk."""
    journal = _stat(dataset.journal_path(sequence))
    card = _stat(dataset.card_path(sequence))
    if journal[1] > 0:
        return (*card, *journal)
    return (*card, *_stat(dataset.annotation_dir(sequence)))


def _stat(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
