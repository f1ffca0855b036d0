"""A dataset of one made sequence of which nobody has said anything yet."""

from pathlib import Path

import pytest

from tests.tirdata.annotate.stand_ins import bare_dataset
from tirdata.dataset.tree import Dataset, SequenceId


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return bare_dataset(tmp_path / "data")


@pytest.fixture
def sequence(dataset: Dataset) -> SequenceId:
    return dataset.sequence_ids()[0]
