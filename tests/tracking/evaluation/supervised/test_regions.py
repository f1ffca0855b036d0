"""Overlap of regions: against both rasterisers written down pixel by pixel, and by hand."""

import numpy as np
import pytest

from tests.slow_vot import slow_overlap
from tirdata.types import Flags, Floats
from tracking.evaluation.supervised.regions import corners_of, region_overlaps
from tracking.evaluation.supervised.stretches import Rasteriser

LIMITS = [None, (79.0, 59.0)]


def _polygons(kind: str, count: int) -> tuple[Floats, Floats]:
    random = np.random.default_rng(len(kind))
    if kind == "rectangles":
        boxes = np.hstack([random.uniform(-20, 80, (count, 2)), random.uniform(1, 40, (count, 2))])
        a = corners_of(boxes)
        return a, a + random.normal(0, 6, (count, 1, 2))
    if kind == "rotated":
        angles, sizes = random.uniform(0, np.pi, count), random.uniform(2, 30, (count, 2))
        a, b = (_rotated(random, angles + turn, sizes) for turn in (0, 0.3))
        return a, b
    a = random.uniform(-20, 100, (count, 4, 2))  # some cross themselves
    b = a + random.normal(0, 10, a.shape)
    return (a.round(), b.round()) if kind == "whole numbers" else (a, b)


def _rotated(random: np.random.Generator, angles: Floats, sizes: Floats) -> Floats:
    unit = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    turn = np.array([[np.cos(angles), np.sin(angles)], [-np.sin(angles), np.cos(angles)]])
    centre = np.array([40.0, 30.0]) + random.normal(0, 15, (len(angles), 1, 2))
    polygons: Floats = np.einsum("nki,ijn->nkj", unit * sizes[:, None], turn) + centre
    return polygons


@pytest.mark.parametrize("kind", ["rectangles", "rotated", "any", "whole numbers"])
@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("rasteriser", ["rounded", "legacy"])
def test_overlap_is_that_of_the_pixels(
    kind: str, limits: tuple[float, float] | None, rasteriser: Rasteriser
) -> None:
    a, b = _polygons(kind, 60)
    found = region_overlaps(a, b, limits=limits, rasteriser=rasteriser)
    slow = [slow_overlap(*pair, limits, rasteriser) for pair in zip(a, b, strict=True)]
    np.testing.assert_allclose(found, slow, atol=1e-12)
    assert (found > 0.2).sum() > 5


def test_a_rotated_region_has_the_area_of_its_polygon() -> None:
    a, b = _polygons("rotated", 50)
    wide = 20 * np.stack([a, b])  # pixels so small that the rule for edges hardly matters
    found = region_overlaps(*wide)
    for one, other, value in zip(*wide, found, strict=True):
        assert value == pytest.approx(_sampled(one, other), abs=0.03)


def _sampled(a: Floats, b: Floats) -> float:
    low, high = np.minimum(a.min(0), b.min(0)), np.maximum(a.max(0), b.max(0))
    random = np.random.default_rng(0)
    points = random.uniform(low, high, (20000, 2))
    inside = [_inside(polygon, points) for polygon in (a, b)]
    return float((inside[0] & inside[1]).sum() / (inside[0] | inside[1]).sum())


def _inside(polygon: Floats, points: Floats) -> Flags:
    along = np.roll(polygon, -1, axis=0) - polygon
    to = points[:, None] - polygon
    sides = along[:, 0] * to[..., 1] - along[:, 1] * to[..., 0]
    inside: Flags = np.asarray((sides > 0).all(axis=1) | (sides < 0).all(axis=1))
    return inside


def test_rectangles_by_hand() -> None:
    # corners of a rounded region belong to it: 0..4 by 0..4 has 25 pixels, 2..6 shares 9
    a, b = corners_of(np.array([[0.0, 0, 4, 4]])), corners_of(np.array([[2.0, 2, 4, 4]]))
    assert region_overlaps(a, b) == pytest.approx(9 / 41)
    # the right and the upper edge of a legacy one do not: 16 pixels, 4 shared
    assert region_overlaps(a, b, rasteriser="legacy") == pytest.approx(4 / 28)
    less = [
        corners_of(np.array([[x, x, 4.0, 4]]), rectangle_to="x+w-1") for x in (0.0, 2)
    ]  # fmt: skip
    assert region_overlaps(*less) == pytest.approx(4 / 28)


def test_what_lies_outside_the_frame_is_not_counted() -> None:
    a = corners_of(np.array([[-10.0, 0, 20, 9]]))
    b = corners_of(np.array([[0.0, 0, 10, 9]]))
    assert region_overlaps(a, b) == pytest.approx(11 / 21)
    assert region_overlaps(a, b, limits=(99, 99)) == 1


def test_a_frame_one_wider_counts_one_column_more() -> None:
    a = corners_of(np.array([[90.0, 0, 20, 9]]))
    b = corners_of(np.array([[95.0, 0, 20, 9]]))
    assert region_overlaps(a, b, limits=(99, 99)) == pytest.approx(5 / 10)
    assert region_overlaps(a, b, limits=(100, 100)) == pytest.approx(6 / 11)


def test_nan_stays_and_regions_without_size_overlap_nothing() -> None:
    rows = np.array([[0.0, 0, 4, 4], [np.nan] * 4, [0, 0, 0, 0], [500, 0, 4, 4], [1e9, 0, 1e9, 1]])
    truth = corners_of(np.tile([0.0, 0, 4, 4], (5, 1)))
    found = region_overlaps(corners_of(rows), truth, limits=(99, 99))
    np.testing.assert_array_equal(found, [1, np.nan, 0, 0, 0])
    assert region_overlaps(truth[:0], truth[:0]).shape == (0,)


def test_an_enormous_region_costs_no_enormous_memory() -> None:
    huge = corners_of(np.array([[-1e12, -1e12, 2e12, 2e12]]))
    (found,) = region_overlaps(huge, corners_of(np.array([[0.0, 0, 40, 40]])))
    assert 0 < found < 1e-5


def test_corners_are_taken_as_they_are() -> None:
    rows = np.array([[1.0, 2, 3, 4, 5, 6, 7, 8]])
    np.testing.assert_array_equal(corners_of(rows)[0], [[1, 2], [3, 4], [5, 6], [7, 8]])
