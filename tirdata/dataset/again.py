"""A recording that is in the dataset asked for again: made again, or only told of otherwise.

With other settings its sequences are made again, and what people drew stays. What is merely said
of it (its title, licence, class …) is written down without looking at a frame.
"""

from collections.abc import Sequence
from typing import Any

from tirdata.config import to_json
from tirdata.dataset.card import Card, Source
from tirdata.dataset.names import SequenceId
from tirdata.dataset.settings import IngestConfig
from tirdata.dataset.tree import Dataset
from tirdata.errors import UsageError
from tirdata.fetch.wanted import Clip, Wanted
from tirdata.files import undisturbed, write_text


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


def said_anew(wanted: Wanted, source: Source, settings: IngestConfig) -> dict[str, Any]:
    """What is said of a recording otherwise than before, by the names that `Source` gives it.

    What is not said any more stays as it was. Of the same bytes from elsewhere nothing is taken:
    two rows would have it their own way in turn.
    """
    if wanted.name not in (source.url, source.path):
        return {}
    said = {
        "title": wanted.title or settings.title,
        "licence": wanted.licence,
        "class_hint": wanted.class_name or settings.class_name,
        "platform": wanted.platform,
        "scene": wanted.scene,
        "notes": wanted.notes,
        "clips": tuple(
            new.model_copy(update={"polarity": old.polarity})  # which the frames were made with
            for new, old in zip(wanted.clips, source.clips, strict=True)
        ),
    }
    return {name: value for name, value in said.items() if value and value != getattr(source, name)}


def write_down(dataset: Dataset, source: Source, changes: dict[str, Any]) -> Source:
    """Change ``source.json`` and the cards by what is said; frames and boxes are not touched.

    Raises:
        StorageError: they cannot be written.
    """
    changed = source.model_copy(update=changes)
    with undisturbed():
        for each in map(SequenceId.parse, source.sequences):
            card = dataset.read_card(each)
            clip = changed.clip_at(card.times_s[0]) or Clip()
            said = {
                "title": clip.title or changed.title,
                "licence": changed.licence,
                "platform": clip.platform or changed.platform,
                "scene": clip.scene or changed.scene,
            }
            write_text(dataset.card_path(each), to_json(card.model_copy(update=said)))
        dataset.write_source(changed)  # last: until then the difference is seen again
    return changed
