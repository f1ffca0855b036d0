"""A small data set in the OTB layout: two made sequences, one of them with two targets."""

from pathlib import Path

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.layouts import LAYOUTS
from tirdata.types import Sequence, Track
from tracking.evaluation.targets import Data


@pytest.fixture
def data(tmp_path: Path) -> Data:
    one = made_sequence(8, size=(96, 72), name="one")
    two = made_sequence(6, size=(96, 72), seed=1, name="two")
    boxes = two.tracks[0].boxes.copy()
    boxes[:2] = np.nan
    none = np.zeros(6, np.bool_)
    tracks = (two.tracks[0], Track(3, "bird", boxes, none, none))
    LAYOUTS["otb"].write([one, Sequence("two", two.frames, tracks)], tmp_path / "data")
    return Data(tmp_path / "data", "otb")
