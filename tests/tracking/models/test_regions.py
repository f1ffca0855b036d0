"""Cutting and aligning against naive loops, and the two ways to features against each other."""

import math

import pytest
import torch
from torch import Tensor

from tracking.models.regions import LATTICE, align, cells, cut, pool, unpool
from tracking.models.vgg_m import STRIDE, VggM, initialise


def bilinear(image: Tensor, x: float, y: float) -> Tensor:
    """The value at (x, y), pixel j's middle at j; neighbours outside are 0."""
    found = torch.zeros(len(image), dtype=image.dtype)
    left, top = math.floor(x), math.floor(y)
    for column, row in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
        if 0 <= column < image.shape[2] and 0 <= row < image.shape[1]:
            weight = (1 - abs(x - column)) * (1 - abs(y - row))
            found += weight * image[:, row, column]
    return found


def test_a_cut_is_a_resize_of_the_box_with_nothing_outside() -> None:
    image = torch.randn(2, 9, 13, dtype=torch.float64)
    boxes = torch.tensor([[1.0, 2.0, 6.0, 5.0], [-3.0, 4.5, 8.0, 7.0]], dtype=torch.float64)
    found = cut(image, boxes, (4, 3))
    for index, (x, y, w, h) in enumerate(boxes.tolist()):
        for row in range(4):
            for column in range(3):
                there = x + (column + 0.5) * w / 3 - 0.5, y + (row + 0.5) * h / 4 - 0.5
                torch.testing.assert_close(found[index, :, row, column], bilinear(image, *there))


def test_a_cut_of_its_own_size_is_a_slice() -> None:
    image = torch.randn(3, 20, 30)
    found = cut(image, torch.tensor([[4.0, 5.0, 7.0, 6.0]]), (6, 7))
    torch.testing.assert_close(found[0], image[:, 5:11, 4:11])


def test_alignment_equals_a_loop_and_is_0_outside() -> None:
    features = torch.randn(4, 6, 8, dtype=torch.float64)
    regions = torch.tensor(
        [[0.5, 1.25, 3.0, 2.5], [-2.0, 0.0, 9.0, 4.0], [20.0, 20.0, 3.0, 3.0]], dtype=torch.float64
    )
    found = align(features, regions)
    for index, (x, y, w, h) in enumerate(regions.tolist()):
        for row in range(LATTICE):
            for column in range(LATTICE):
                there = x + column * (w + 1) / 6, y + row * (h + 1) / 6
                torch.testing.assert_close(found[index, :, row, column], bilinear(features, *there))
    assert (found[2] == 0).all()


def test_alignment_can_be_differentiated_twice() -> None:
    features = torch.randn(1, 4, 4, dtype=torch.float64, requires_grad=True)
    regions = torch.tensor([[0.3, 0.6, 1.5, 1.1]], dtype=torch.float64)
    assert torch.autograd.gradgradcheck(lambda x: align(x, regions, 3) ** 2, features)


def test_what_was_pooled_goes_back_to_where_it_came_from() -> None:
    lattices = torch.randn(3, 5, 7, 7, dtype=torch.float64, requires_grad=True)
    pooled, where = pool(lattices)
    towards = torch.randn_like(pooled)
    expected = torch.autograd.grad(pooled, lattices, towards)[0]
    torch.testing.assert_close(unpool(towards, where), expected)


def test_a_region_on_the_maps_own_lattice_has_the_features_of_its_crop() -> None:
    torch.manual_seed(1)
    trunk = VggM(dense=True)
    initialise(trunk)
    scene = 60 * torch.randn(3, 171, 187)
    # 123 px see 7 cells; a region of 5 cells has its 7 points one cell apart.
    regions = torch.tensor([[0.0, 0.0, 5.0, 5.0], [2.0, 1.0, 5.0, 5.0], [8.0, 6.0, 5.0, 5.0]])
    corners = regions * STRIDE
    corners[:, 2:] = 123.0
    with torch.inference_mode():
        shared = align(trunk(scene[None])[0], regions)
        alone = trunk(cut(scene, corners, (123, 123)))
    torch.testing.assert_close(shared, alone, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shift", [2.5, 4.0])
def test_a_region_between_the_cells_is_close_to_its_crop(shift: float) -> None:
    torch.manual_seed(2)
    trunk = VggM(dense=True)
    initialise(trunk)
    rough = torch.randn(1, 3, 12, 12)
    scene = 60 * torch.nn.functional.interpolate(rough, (187, 187), mode="bicubic")[0]
    corner = 16 + shift
    with torch.inference_mode():
        there = torch.tensor([[corner / STRIDE, corner / STRIDE, 5.0, 5.0]])
        shared = align(trunk(scene[None])[0], there).flatten()
        alone = trunk(cut(scene, torch.tensor([[corner, corner, 123.0, 123.0]]), (123, 123)))
    both = torch.stack([shared, alone.flatten()])
    assert torch.corrcoef(both)[0, 1] > 0.9


def test_cells_of_a_box_that_is_107_pixels_wide() -> None:
    found = cells(torch.tensor([[100.0, 60.0, 107.0, 50.0]], dtype=torch.float64))
    sides = torch.tensor([107 * 1.2 - 75, 1.0], dtype=torch.float64)  # 60 px see less than a cell
    corners = torch.tensor([100 - 10.7, 60 - 5.0], dtype=torch.float64)
    torch.testing.assert_close(found[0], torch.cat([corners, sides]) / 8)
