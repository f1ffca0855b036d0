"""A dataset of one made sequence of which nobody has said anything yet."""

import shutil
from pathlib import Path

import pytest

from tests.tirdata.annotate.stand_ins import bare_dataset
from tirdata.dataset.tree import Dataset, SequenceId


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return bare_dataset(tmp_path_factory.mktemp("untouched") / "data")


@pytest.fixture
def dataset(untouched: Dataset, tmp_path: Path) -> Dataset:
    shutil.copytree(untouched.root, tmp_path / "data")
    return Dataset.open(tmp_path / "data")


@pytest.fixture
def sequence(dataset: Dataset) -> SequenceId:
    return dataset.sequence_ids()[0]
