"""Labels and weights of the losses."""

import math

import pytest
import torch
from torch import Tensor

from tracking.training.losses import classification_loss, label_map, matching_loss


def _labels(dx: float = 0.0, dy: float = 0.0) -> Tensor:
    return label_map(torch.tensor([[dx, dy]]))


def test_an_object_in_the_centre_has_13_positive_cells() -> None:
    labels = _labels()
    assert labels.shape == (1, 33, 33)
    assert int((labels > 0).sum()) == 13
    assert set(labels.flatten().tolist()) == {-1.0, 1.0}
    assert labels[0, 16, 18] == labels[0, 14, 16] == 1  # two cells off, inclusive
    assert labels[0, 14, 18] == -1  # but not two and two
    torch.testing.assert_close(labels, labels.transpose(1, 2))


def test_positives_move_with_the_object_right_and_down() -> None:
    rows, columns = torch.nonzero(_labels(5, -3)[0] > 0, as_tuple=True)
    assert (columns.float().mean().item(), rows.float().mean().item()) == (16 + 5, 16 - 3)
    assert len(rows) == 13


def test_half_a_cell_off_the_positives_are_those_around_it() -> None:
    rows, columns = torch.nonzero(_labels(0.5, 0)[0] > 0, as_tuple=True)
    assert len(rows) == 12
    assert columns.float().mean().item() == 16.5


def test_each_object_of_a_batch_has_its_own_map() -> None:
    both = label_map(torch.tensor([[0.0, 0.0], [4.0, 4.0]]))
    torch.testing.assert_close(both, torch.cat([_labels(), _labels(4, 4)]))


def test_positives_and_negatives_weigh_a_half_each() -> None:
    labels = _labels()
    scores = torch.zeros(1, 33, 33, requires_grad=True)
    loss = matching_loss(scores, labels)
    assert loss.shape == (1,)
    assert loss.item() == pytest.approx(math.log(2))
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert scores.grad is not None
    # the logistic loss has slope 1/2 at a score of zero
    assert scores.grad[labels > 0].sum().item() == pytest.approx(-0.25)
    assert scores.grad[labels < 0].sum().item() == pytest.approx(0.25)


def test_a_map_without_positives_weighs_a_half() -> None:
    loss = matching_loss(torch.zeros(1, 33, 33), torch.full((1, 33, 33), -1.0))
    assert loss.item() == pytest.approx(0.5 * math.log(2))


def test_large_scores_neither_overflow_nor_vanish() -> None:
    labels = _labels()
    assert matching_loss(1000 * labels, labels).item() == 0
    assert matching_loss(-1000 * labels, labels).item() == pytest.approx(1000)


def test_pairs_that_are_not_kept_do_not_count() -> None:
    scores = torch.tensor([[2.0, 0.0], [0.0, 5.0]], requires_grad=True)
    labels = torch.tensor([0, 0])
    loss = classification_loss(scores, labels, torch.tensor([1.0, 0.0]))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2)))
    loss.backward()  # type: ignore[no-untyped-call]
    assert scores.grad is not None
    assert scores.grad[1].abs().sum() == 0
    none = classification_loss(scores, labels, torch.zeros(2))
    assert none.item() == 0
