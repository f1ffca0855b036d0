"""The box refiner's network: shapes, what it starts from, and what a camera cannot change."""

import pytest
import torch
from torch import Tensor

from tracking.models.box_refiner import (
    CELLS,
    SIZE,
    WIDTH,
    BoxRefiner,
    Correction,
    polarity,
    standardised,
)


@pytest.fixture(scope="module")
def model() -> BoxRefiner:
    """Random in all layers, in evaluation mode."""
    torch.manual_seed(0)
    made = BoxRefiner()
    torch.nn.init.normal_(made.read[-1].weight, std=0.1)  # type: ignore[arg-type]
    return made.eval()


def pictures(count: int) -> Tensor:
    """Smooth blobs of 100 to 160 grey levels over noise."""
    random = torch.Generator().manual_seed(3)
    noise = torch.randint(40, 60, (count, 1, SIZE, SIZE), generator=random)
    noise[:, :, 20:44, 16:48] += 60
    return noise.to(torch.uint8)


def answer(model: BoxRefiner, z: Tensor, x: Tensor) -> Correction:
    with torch.inference_mode():
        found: Correction = model(model.exemplars(z), x)
    return found


def test_shapes_and_size(model: BoxRefiner) -> None:
    exemplars = model.exemplars(pictures(3))
    assert exemplars.features.shape == (3, WIDTH, CELLS, CELLS)
    assert exemplars.sign.shape == (3, 1, 1, 1)
    found = answer(model, pictures(3), pictures(3))
    assert found.mean.shape == found.doubt.shape == (3, 4)
    assert (found.doubt > 0).all()
    assert sum(each.numel() for each in model.parameters()) < 500_000


def test_before_training_nothing_is_off() -> None:
    found = answer(BoxRefiner().eval(), pictures(2), pictures(2))
    assert (found.mean == 0).all()
    assert (found.doubt == found.doubt[0, 0]).all()


def test_a_flat_crop_gives_numbers(model: BoxRefiner) -> None:
    flat = torch.full((1, 1, SIZE, SIZE), 77, dtype=torch.uint8)
    found = answer(model, flat, pictures(1))
    assert found.mean.isfinite().all()
    assert found.doubt.isfinite().all()


def test_gain_offset_and_polarity_of_the_camera_do_not_count(model: BoxRefiner) -> None:
    z, x = pictures(2), pictures(4)[2:]
    usual = answer(model, z, x)
    assert usual.mean.abs().max() > 0.01
    for other in (
        answer(model, 255 - z, 255 - x),
        answer(model, z.float() * 1.7 - 9, x.float() * 0.6 + 31),
    ):
        torch.testing.assert_close(other.mean, usual.mean, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(other.doubt, usual.doubt, atol=1e-4, rtol=1e-4)


def test_a_row_is_answered_as_if_it_were_alone(model: BoxRefiner) -> None:
    z, x = pictures(3), pictures(6)[3:]
    together = answer(model, z, x)
    alone = answer(model, z[1:2], x[1:2])
    torch.testing.assert_close(together.mean[1:2], alone.mean, atol=1e-5, rtol=1e-5)


def test_a_dark_object_is_known_by_its_middle() -> None:
    values = standardised(torch.cat([pictures(1), 255 - pictures(1)]))
    assert polarity(values).flatten().tolist() == [1.0, -1.0]
    assert values.mean(dim=(2, 3)).abs().max() < 1e-5
