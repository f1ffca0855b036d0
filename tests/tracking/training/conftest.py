"""Mixes and masks small enough to train on in a test; not to be changed."""

from pathlib import Path

import pytest

from tests.made_mix import build, made_trees, recipe_of
from tests.tracking.training.made_pairs import pair_masks, pair_mix


@pytest.fixture(scope="session")
def tiny_mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two visible and two thermal recordings to train on, one of each to validate; 191 px crops."""
    root = tmp_path_factory.mktemp("tiny")
    build(recipe_of(*made_trees(root, recordings=3, count=6)), root / "mix")
    return root / "mix"


@pytest.fixture(scope="session")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mix of pairs."""
    return pair_mix(tmp_path_factory.mktemp("mix"))


@pytest.fixture(scope="session")
def masks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of masks of pairs."""
    return pair_masks(tmp_path_factory.mktemp("masks"))
