"""Making the sequences of a recording again, with other settings: what people drew stays."""

from collections.abc import Sequence

from tirdata.dataset.card import Card, Source
from tirdata.dataset.names import SequenceId
from tirdata.dataset.tree import Dataset
from tirdata.errors import UsageError


def is_annotated(dataset: Dataset, source: Source) -> bool:
    """Whether somebody drew or imported anything in a sequence of the recording."""
    ids = [SequenceId.parse(name) for name in source.sequences]
    return any(dataset.journal_path(each).exists() for each in ids)


def check_same_frames(dataset: Dataset, source: Source, cards: Sequence[Card]) -> None:
    """Refuse new sequences in which the boxes of the old ones would lie wrong.

    Raises:
        UsageError: there are others, or they have other frames, another size or another crop.
    """
    if len(cards) != len(source.sequences):
        raise UsageError(
            f"recording {source.recording_id}: would have {len(cards)} sequences; it has "
            f"{len(source.sequences)} with annotations: {_REMEDY}"
        )
    for name, new in zip(source.sequences, cards, strict=True):
        old = dataset.read_card(SequenceId.parse(name))
        if _geometry(old) != _geometry(new):
            raise UsageError(
                f"{name}: would have other frames, another size or another crop, under which its "
                f"annotations do not lie: {_REMEDY}"
            )


_REMEDY = "fetch it into another dataset, or with settings that leave the frames where they are"


def _geometry(card: Card) -> tuple[object, ...]:
    return (card.recording_frames, card.width, card.height, card.crop)
