"""Portraits: from the card, or of the frames where there is no fingerprint in it."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.made_dataset import made_dataset
from tirdata.dataset.duplicates import (
    duplicate_groups,
    files_sha256,
    find_duplicates,
    fingerprint_of,
)
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import DataError
from tirdata.layouts.portrait import read_portrait

IDS = [SequenceId("train", recording, shot) for recording in range(2) for shot in range(2)]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return made_dataset(tmp_path / "data", IDS)  # shots of one number look the same


def test_a_card_without_a_fingerprint_is_made_up_for_by_its_frames(dataset: Dataset) -> None:
    made = read_portrait(dataset.root, "ilsvrc", IDS[0].name)
    card = dataset.read_card(IDS[0])
    assert made.fingerprint == fingerprint_of(dataset.frames(IDS[0]), card.times_s)
    assert made.recording == card.recording_id
    assert made.fps == pytest.approx(25)


def test_the_fingerprint_of_a_card_is_believed(dataset: Dataset) -> None:
    path = dataset.card_path(IDS[0])
    other = fingerprint_of([np.full((48, 64), 7, np.uint8)])
    path.write_text(json.dumps({**json.loads(path.read_text()), "fingerprint": other}))
    assert read_portrait(dataset.root, "ilsvrc", IDS[0].name).fingerprint == other


def test_the_same_files_are_exact_duplicates_unless_of_one_recording(dataset: Dataset) -> None:
    portraits = [read_portrait(dataset.root, "ilsvrc", each.name) for each in IDS]
    pairs = find_duplicates(portraits)
    assert [(pair.first, pair.second, pair.match.kind) for pair in pairs] == [
        (0, 2, "exact"), (1, 3, "exact"),
    ]  # fmt: skip
    assert duplicate_groups(len(IDS), pairs) == [[0, 2], [1, 3]]
    alone = [each.model_copy(update={"recording": "one"}) for each in portraits]
    assert find_duplicates(alone) == []


def test_frames_without_files_are_known_by_their_pixels() -> None:
    one, two = (np.full((4, 4), level, np.uint8) for level in (1, 2))
    assert files_sha256([one, two]) == files_sha256([one.copy(), two])
    assert files_sha256([one, two]) != files_sha256([two, one])


def test_a_missing_frame_is_named(dataset: Dataset) -> None:
    frames = dataset.frames(IDS[0])
    frames.path(3).unlink()
    with pytest.raises(DataError, match=r"000003\.JPEG: cannot be read"):
        files_sha256(frames)
