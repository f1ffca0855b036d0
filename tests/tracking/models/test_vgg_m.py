"""Normalisation by matconvnet's rule, sizes of the maps, and crops against a shared map."""

import numpy as np
import pytest
import torch
from torch import nn

from tracking.models.vgg_m import LRNS, Normalisation, VggM, initialise


@pytest.mark.parametrize("lrn", list(LRNS))
def test_the_normalisation_is_x_over_a_power_of_its_neighbours_squares(lrn: str) -> None:
    window, kappa, alpha, beta = LRNS[lrn]
    x = 50 * torch.randn(2, 9, 3, 4, dtype=torch.float64)
    expected = torch.empty_like(x)
    for channel in range(9):
        first, last = channel - window // 2, channel + (window - 1) // 2
        around = x[:, max(first, 0) : last + 1].square().sum(dim=1)
        expected[:, channel] = x[:, channel] * (kappa + alpha * around) ** -beta
    torch.testing.assert_close(Normalisation(lrn)(x), expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lrn", "torchs"),
    [
        ("matconvnet", nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)),
        ("pymdnet", nn.LocalResponseNorm(2)),
    ],
)
def test_it_equals_torchs_with_alpha_divided_by_the_window(lrn: str, torchs: nn.Module) -> None:
    x = 50 * torch.randn(2, 12, 5, 5)
    torch.testing.assert_close(Normalisation(lrn)(x), torchs(x))  # type: ignore[arg-type]


def test_the_normalisations_of_two_codes_differ() -> None:
    x = torch.full((1, 8, 1, 1), 50.0)
    ours, theirs = Normalisation("matconvnet")(x), Normalisation("pymdnet")(x)
    assert ((ours - theirs).abs() / ours).max() > 0.3


def test_maps_of_a_crop_are_51_25_11_5_3() -> None:
    trunk = VggM()
    sizes = [107]
    with torch.inference_mode():
        x = torch.zeros(1, 3, 107, 107)
        z = trunk.first(x)
        sizes.append(z.shape[-1])
        x = nn.functional.max_pool2d(z, 3, 2)
        sizes.append(x.shape[-1])
        x = trunk.conv2(x)
        sizes.append(x.shape[-1])
        x = nn.functional.max_pool2d(x, 3, 2)
        sizes += [x.shape[-1], trunk.conv3(x).shape[-1]]
    assert sizes == [107, 51, 25, 11, 5, 3]
    assert trunk(torch.zeros(1, 3, 107, 107)).shape == (1, 512, 3, 3)


@pytest.mark.parametrize(("dense", "side", "stride"), [(False, 107, 16), (True, 123, 8)])
def test_a_shared_map_holds_the_features_of_the_crops_cut_from_it(
    dense: bool, side: int, stride: int
) -> None:
    torch.manual_seed(0)
    trunk = VggM(dense=dense)
    initialise(trunk)
    scene = 60 * torch.randn(1, 3, side + 3 * stride, side + 2 * stride)
    with torch.inference_mode():
        whole = trunk(scene)
        for row, column in np.ndindex(4, 3):
            y, x = row * stride, column * stride
            crop = trunk(scene[:, :, y : y + side, x : x + side])
            count = crop.shape[-1]
            there = whole[:, :, row : row + count, column : column + count]
            torch.testing.assert_close(crop, there, rtol=1e-4, atol=1e-4)


def test_both_forms_have_the_same_weights() -> None:
    crops, scenes = VggM(), VggM(dense=True)
    scenes.load_state_dict(crops.state_dict())
