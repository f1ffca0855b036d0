"""Damaged files of every format: frames or an error of ours, soon, and in little memory."""

import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

MOST_MB = 500


def fuzz(count: int, seed: int) -> None:
    """In a process of its own: what hangs or crashes it, or takes all memory, is seen here."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzzing", str(count), str(seed)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-3000:]
    assert done.stderr == ""  # decoders may not write to the screen
    peak = re.search(r"^peak (\d+) MB$", done.stdout, re.MULTILINE)
    assert peak is not None
    assert int(peak[1]) < MOST_MB


def test_damaged_recordings_give_frames_or_one_of_our_errors() -> None:
    fuzz(20, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 4))
def test_many_damaged_recordings_give_frames_or_one_of_our_errors(seed: int) -> None:
    fuzz(1000, seed)
