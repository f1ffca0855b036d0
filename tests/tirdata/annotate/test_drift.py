"""What a pass is off by at its end is taken off all of it, by distance."""

import numpy as np

from tests.tirdata.annotate.stand_ins import straight
from tirdata.annotate.drift import undrifted
from tirdata.types import Box


def test_steady_drift_and_growth_are_taken_off_whole() -> None:
    truth = straight(11)
    steps = np.arange(11)[:, None]
    growth = np.exp(0.03 * steps)
    middles = truth[:, :2] + truth[:, 2:] / 2 + np.array([0.4, -0.2]) * steps
    off = np.hstack([middles - truth[:, 2:] * growth / 2, truth[:, 2:] * growth])
    found = undrifted(off[1:10], Box(*off[10].tolist()), Box(*truth[10].tolist()))
    assert np.allclose(found, truth[1:10])


def test_a_pass_that_arrived_stays_as_it_is_and_lost_frames_stay_lost() -> None:
    boxes = straight(5)
    boxes[2] = np.nan
    end = Box(*boxes[4].tolist())
    assert np.allclose(undrifted(boxes[:4], end, end), boxes[:4], equal_nan=True)
