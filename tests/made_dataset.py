"""A small dataset on disk, made of made sequences."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tests.made import made_sequence
from tirdata.dataset.card import Card, Source
from tirdata.dataset.frames import FrameWriter
from tirdata.dataset.lists import write_lists
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.types import Track

SIZE = (64, 48)


def made_dataset(root: Path, ids: Sequence[SequenceId], count: int = 6) -> Dataset:
    """A dataset with one made track, its first frame drawn by a person, on each sequence."""
    dataset = Dataset.create(root, "made")
    for each in ids:
        add_made(dataset, each, count)
    write_lists(dataset)
    return dataset


def add_made(dataset: Dataset, sequence: SequenceId, count: int = 6) -> Track:
    """Add one made sequence with its recording; the track that its XML files hold."""
    made = made_sequence(count, size=SIZE, target=(12.0, 9.0), seed=sequence.shot)
    writer = FrameWriter(dataset.frame_dir(sequence))
    for index in range(count):
        writer.write(made.frames[index])
    recording_id = _recording_id(sequence)
    earlier = [each.name for each in dataset.sequence_ids() if _recording_id(each) == recording_id]
    source = Source(
        recording_id=recording_id,
        subset="val" if sequence.subset == "val" else "train",
        number=sequence.recording,
        sha256=recording_id * 4,
        bytes=0,
        title=f"made {sequence.recording}",
        fetched=datetime(2026, 1, 2, tzinfo=UTC),
        sequences=(*earlier, sequence.name),
    )
    dataset.write_source(source)
    dataset.add_sequence(sequence, made_card(recording_id, count, tuple(writer.hashes)))
    track = replace(
        made.tracks[0],
        generated=np.arange(count) > 0,
        confidence=np.linspace(1, 0.5, count),
    )
    dataset.write_tracks(sequence, (track,))
    return track


def made_card(recording_id: str, count: int, hashes: tuple[str, ...]) -> Card:
    """The card of a made sequence of ``count`` frames."""
    return Card(
        recording_id=recording_id,
        title="made",
        first_frame=0,
        last_frame=count - 1,
        frames=count,
        times_s=tuple(index / 25 for index in range(count)),
        width=SIZE[0],
        height=SIZE[1],
        frames_sha256=hashes,
    )


def _recording_id(sequence: SequenceId) -> str:
    return f"{sequence.subset == 'val':d}{sequence.recording:015d}"
