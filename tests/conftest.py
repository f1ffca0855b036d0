"""Fixtures that every test may ask for."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.made import made_sequence
from tirdata.types import Sequence

ROOT = Path(__file__).resolve().parent.parent

# Tests never time anything: a loaded machine may be slow.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def clips() -> Path:
    """The folder of small real recordings that ship with the tests."""
    return ROOT / "tests" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data too large to ship, in a folder beside the checkout; skips where there is none."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data beside the checkout: real data not at hand")
    return folder


@pytest.fixture(scope="session")
def made() -> Sequence:
    """The made thermal sequence: 40 frames of 160x128 with one warm blob."""
    return made_sequence()
