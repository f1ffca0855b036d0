"""Samples: overlaps in range, counts also when starved, boxes in the frame."""

import numpy as np
import pytest

from tirdata.geometry import centres, overlap
from tirdata.types import Box, Boxes
from tracking.trackers.box_samples import Generator, in_range, near, that_fit, that_overlap

BOX = Box(60.0, 40.0, 30.0, 20.0)
SIZE = (160, 120)


def around(seed: int = 0, box: Box = BOX) -> Generator:
    return Generator(np.random.default_rng(seed), SIZE, box)


def test_positives_and_negatives_have_the_overlaps_that_were_asked_for() -> None:
    made = around()
    good = that_overlap(lambda n: made.gaussian(n, 0.1, 1.2), 50, BOX, 0.7, 1.0)
    bad = that_overlap(lambda n: made.uniform(n, 1.5, 1.2), 200, BOX, 0.0, 0.3)
    assert (len(good), len(bad)) == (50, 200)
    target = np.array([BOX])
    assert (overlap(good, target) >= 0.7).all()
    assert (overlap(bad, target) <= 0.3).all()


def test_starved_it_repeats_what_fits_and_gives_nothing_if_nothing_does() -> None:
    made = around()
    few = that_overlap(lambda n: made.gaussian(n, 0.6, 1.05), 100, BOX, 0.9, 1.0)
    assert len(few) == 100
    assert in_range(few, BOX, 0.9, 1.0).all()
    assert len(np.unique(few, axis=0)) < 100
    none = that_overlap(lambda n: made.gaussian(n, 0.01, 1.0), 10, BOX, 0.0, 0.1)
    assert none.shape == (0, 4)
    assert that_fit(lambda n: made.gaussian(n, 0.1, 1.0), 0, near_it).shape == (0, 4)


def near_it(boxes: Boxes) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return near(boxes, BOX, 5.0)


def test_a_gaussian_moves_by_at_most_so_many_mean_sides() -> None:
    boxes = around().gaussian(2000, 0.6, 1.05)
    moved = np.abs(centres(boxes) - (75.0, 50.0))
    assert 0.5 * 0.6 * 25 < moved.max() <= 0.6 * 25 + 1e-9
    scales = boxes[:, 2] / 30
    assert 1 / 1.05 - 1e-9 <= scales.min() < scales.max() <= 1.05 + 1e-9
    np.testing.assert_allclose(boxes[:, 2] / boxes[:, 3], 1.5)  # no other proportions


def test_uniform_samples_take_other_proportions() -> None:
    boxes = around().uniform(2000, 1.0, 2.0, 1.1)
    shapes = boxes[:, 2] / boxes[:, 3] / 1.5
    assert 1 / 1.1**2 - 1e-9 <= shapes.min() < 0.9
    assert 1.1 < shapes.max() <= 1.1**2 + 1e-9


@pytest.mark.parametrize("count", [1, 40, 500])
def test_samples_of_the_whole_frame_lie_all_over_it(count: int) -> None:
    boxes = around().whole(count, 1.2, 1.1)
    assert boxes.shape == (count, 4)
    assert ((centres(boxes) >= 0) & (centres(boxes) <= SIZE)).all()
    if count == 500:
        assert (centres(boxes).min(axis=0) < (30, 25)).all()
        assert (centres(boxes).max(axis=0) > (130, 95)).all()


def test_valid_boxes_stay_in_the_frame_and_small_ones_may_stay_small() -> None:
    tiny = Box(1.0, 1.0, 6.0, 5.0)
    boxes = around(box=tiny).gaussian(300, 1.5, 1.05, valid=True)
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] >= (6.0, 5.0)).all()  # ten pixels at least would be another object
    assert (boxes[:, 2:] < (6.4, 5.4)).all()


def test_the_same_seed_draws_the_same() -> None:
    np.testing.assert_array_equal(around(3).whole(9, 1.2), around(3).whole(9, 1.2))
