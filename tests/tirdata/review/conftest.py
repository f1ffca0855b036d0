"""A dataset of two sequences that nobody said anything of, and a server on it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tirdata.annotate.stand_ins import bare_dataset
from tests.tirdata.review.client import Client, serving
from tirdata.dataset.tree import Dataset


@pytest.fixture(scope="session")
def untouched_two(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return bare_dataset(tmp_path_factory.mktemp("two") / "data", sequences=2)


@pytest.fixture
def dataset(untouched_two: Dataset, tmp_path: Path) -> Dataset:
    shutil.copytree(untouched_two.root, tmp_path / "data")
    return Dataset.open(tmp_path / "data")


@pytest.fixture
def name(dataset: Dataset) -> str:
    return dataset.sequence_ids()[0].name


@pytest.fixture
def client(dataset: Dataset) -> Iterator[Client]:
    with serving(dataset) as found:
        yield found
