"""The ridge against the normal equations, and boxes that come back to the object."""

import numpy as np
import torch

from tirdata.types import Box
from tracking.trackers.box_regression import BoxRegression, comparable, ridge
from tracking.trackers.box_samples import Generator


def test_the_dual_form_equals_the_normal_equations() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(12, 5).double(), torch.randn(12, 4).double()
    weights, intercept = ridge(x, y, alpha=3.0)
    centred = x - x.mean(dim=0)
    expected = torch.linalg.solve(
        centred.T @ centred + 3.0 * torch.eye(5).double(), centred.T @ (y - y.mean(dim=0))
    )
    torch.testing.assert_close(weights, expected)
    torch.testing.assert_close(intercept, y.mean(dim=0) - x.mean(dim=0) @ expected)


def test_boxes_come_back_where_features_tell_how_far_they_are() -> None:
    box = Box(40.0, 30.0, 20.0, 16.0)
    boxes = Generator(np.random.default_rng(0), (200, 160), box).uniform(400, 0.2, 1.2, 1.05)
    boxes = boxes[comparable(boxes, np.array([box]))]

    def features(of: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> torch.Tensor:
        middles = of[:, :2] + of[:, 2:] / 2
        told = np.hstack([(np.array([50.0, 38.0]) - middles) / of[:, 2:], np.log(of[:, 2:])])
        return torch.from_numpy(told * 300).float()

    moved = BoxRegression(features(boxes[:-20]), boxes[:-20], box)(
        features(boxes[-20:]), boxes[-20:]
    )
    np.testing.assert_allclose(moved, np.tile(np.array(box), (20, 1)), atol=0.3)


def test_a_box_that_would_change_too_much_stays() -> None:
    box = np.array([[10.0, 10.0, 20.0, 20.0]])
    regression = BoxRegression(
        torch.zeros(3, 2), np.repeat(box, 3, axis=0), Box(60.0, 10.0, 20, 20)
    )
    np.testing.assert_array_equal(regression(torch.zeros(1, 2), box), box)


def test_comparable_boxes_overlap_and_are_half_to_twice_as_large() -> None:
    one = np.array([[0.0, 0.0, 10.0, 10.0]])
    assert comparable(np.array([[1.0, 0.0, 10.0, 10.0]]), one).all()
    assert not comparable(np.array([[4.0, 0.0, 10.0, 10.0]]), one).any()
    assert not comparable(np.array([[0.0, 0.0, 15.0, 15.0]]), one).any()
