"""Lost and found by score."""

import numpy as np
import pytest

from tirdata.annotate.confidence import found, runs


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.9, 0.8, 0.3], [1, 1, 1]),  # between the thresholds: still there
        ([0.9, 0.1, 0.1, 0.3, 0.3], [1, 0, 0, 0, 0]),  # between them after a loss: still lost
        ([0.9, 0.1, 0.1, 0.3, 0.6], [1, 0, 0, 0, 1]),  # found again
        ([0.9, 0.1, 0.6], [1, 1, 1]),  # a dip of one frame
        ([0.9, 0.8, 0.1], [1, 1, 0]),  # lost in the end, however short
        ([0.1, 0.1, 0.1], [0, 0, 0]),
        ([], []),
    ],
)
def test_lost_and_found(scores: list[float], expected: list[int]) -> None:
    flags = found(np.array(scores), lost_below=0.2, found_above=0.5, bridge_frames=1)
    assert flags.astype(int).tolist() == expected


def test_runs() -> None:
    assert runs(np.array([], dtype=np.bool_)) == []
    assert runs(np.array([True, True])) == [(0, 2)]
    assert runs(np.array([False, True, False, True])) == [(1, 2), (3, 4)]
