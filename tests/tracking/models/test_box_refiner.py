"""The box refiner's network: shapes, what it starts from, and what a camera cannot change."""

import pytest
import torch
from torch import Tensor, nn

from tracking.models.box_refiner import (
    PLACES,
    PROFILE,
    SIZE,
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
    assert exemplars.profiles.shape == (3, 2, PROFILE, PLACES)
    assert exemplars.sign.shape == (3, 1, 1, 1)
    found = answer(model, pictures(3), pictures(3))
    assert found.mean.shape == found.doubt.shape == (3, 4)
    assert (found.doubt > 0).all()
    assert sum(each.numel() for each in model.parameters()) < 150_000


def test_before_training_what_fits_best_is_right() -> None:
    """The same crop is off by next to nothing, one that is moved or stretched by so much."""
    torch.manual_seed(0)
    model, z = BoxRefiner().eval(), pictures(1)
    moved, wider = z.roll(5, dims=3), nn.functional.interpolate(z.float(), size=(SIZE, 76))
    still = answer(model, z, z).mean
    assert still.abs().max() < 0.1
    assert (answer(model, z, moved).mean - still)[0, 0] > 0.08
    assert (answer(model, z, wider[..., 6:70]).mean - still)[0, 2] > 0.06


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


def test_rows_and_columns_change_places_with_the_picture() -> None:
    """Along both axes the same weights look, but for the trunk: with a symmetric one they agree."""
    torch.manual_seed(0)
    model = BoxRefiner().eval()
    torch.nn.init.normal_(model.read[-1].weight, std=0.1)  # type: ignore[arg-type]
    for layer in list(model.trunk)[::3]:
        weight = layer.weight.data
        layer.weight.data = (weight + weight.transpose(2, 3)) / 2  # type: ignore[operator]
    z, x = pictures(2), pictures(4)[2:]
    usual = answer(model, z, x)
    turned = answer(model, z.transpose(2, 3), x.transpose(2, 3))
    torch.testing.assert_close(turned.mean, usual.mean[:, [1, 0, 3, 2]], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(turned.doubt, usual.doubt[:, [1, 0, 3, 2]], atol=1e-5, rtol=1e-5)


def test_a_row_is_answered_as_if_it_were_alone(model: BoxRefiner) -> None:
    z, x = pictures(3), pictures(6)[3:]
    together = answer(model, z, x)
    alone = answer(model, z[1:2], x[1:2])
    torch.testing.assert_close(together.mean[1:2], alone.mean, atol=1e-5, rtol=1e-5)


def test_a_dark_object_is_known_by_its_middle() -> None:
    values = standardised(torch.cat([pictures(1), 255 - pictures(1)]))
    assert polarity(values).flatten().tolist() == [1.0, -1.0]
    assert values.mean(dim=(2, 3)).abs().max() < 1e-5
