"""Fixtures that every test may ask for."""

import importlib.util
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.made import made_sequence
from tirdata.engine.ray import import_ray
from tirdata.types import Sequence

ROOT = Path(__file__).resolve().parent.parent

# Tests never time anything: a loaded machine may be slow.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Started in the background by a shell, we would ignore Ctrl-C, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests for a GPU (`pytest -m gpu`) are skipped where there is none."""
    if item.get_closest_marker("gpu") is not None:
        import torch  # takes a second, and few tests need it

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device")


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


@pytest.fixture(scope="session")
def one_ray() -> Iterator[None]:
    """A Ray of this process that all tests share: starting one takes seconds."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("the extra `cluster` is not installed")
    ray = import_ray(own=True)
    ray.init(
        address="local", num_cpus=2, include_dashboard=False, log_to_driver=False,
        object_store_memory=100_000_000, logging_level=logging.CRITICAL,
    )  # fmt: skip
    yield
    ray.shutdown()
