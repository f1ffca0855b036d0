"""Smoothing leaves steady motion, gaps and people's boxes alone."""

import numpy as np

from tests.tirdata.annotate.stand_ins import straight
from tirdata.annotate.smooth import smooth
from tirdata.types import Box


def test_off_changes_nothing() -> None:
    boxes = straight(5)
    assert smooth(boxes, {}, 0) is boxes


def test_steady_motion_stays() -> None:
    assert np.allclose(smooth(straight(12), {}, 3), straight(12))


def test_jitter_shrinks() -> None:
    random = np.random.default_rng(0)
    noisy = straight(60)
    noisy[:, :2] += random.normal(0, 1, (60, 2))
    before = np.abs(noisy - straight(60))[:, :2].mean()
    after = np.abs(smooth(noisy, {}, 2) - straight(60))[:, :2].mean()
    assert after < 0.75 * before


def test_gaps_stay_and_do_not_mix() -> None:
    boxes = straight(9)
    boxes[4] = np.nan
    boxes[5:, 0] += 40
    smoothed = smooth(boxes, {}, 2)
    assert np.allclose(smoothed, boxes, equal_nan=True)


def test_human_box_pulls_its_neighbours_and_stays_out_of_the_layer() -> None:
    boxes = straight(9)
    boxes[4] = np.nan
    human = {4: Box(9 + 4, 20, 10, 8)}
    smoothed = smooth(boxes, human, 1)
    assert np.isnan(smoothed[4]).all()
    assert smoothed[3, 0] > boxes[3, 0]
    assert np.allclose(smoothed[[0, 1, 7, 8]], boxes[[0, 1, 7, 8]])


def test_a_jerk_is_meant_and_stays() -> None:
    boxes = straight(9)
    boxes[4:, 1] += 6
    smoothed = smooth(boxes, {}, 2)
    assert np.allclose(smoothed[[3, 4], 1], boxes[[3, 4], 1], atol=0.5)
