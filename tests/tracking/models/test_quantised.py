"""Convolutions in eight bits: near enough, and only where they should be."""

import pytest
import torch
from torch import Tensor, nn

from tests.tracking.models.test_inference import _total
from tracking.models.inference import inference_copy
from tracking.models.mmnet import MMNet
from tracking.models.quantised import RoundedConv, quantised

SIDE = 191


@pytest.fixture(scope="module")
def crops() -> Tensor:
    generator = torch.Generator().manual_seed(3)
    coarse = torch.rand(3, 1, 24, 24, generator=generator)
    return nn.functional.interpolate(coarse, (SIDE, SIDE), mode="bicubic").clamp(0, 1) * 255


@pytest.fixture(scope="module")
def ready(crops: Tensor) -> MMNet:
    torch.manual_seed(0)
    model = MMNet(input_size=SIDE)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model.train().embed(crops / 255)
        assert model.fine_grained is not None
        assert model.fine_grained.pixel_level is not None
        model.fine_grained.pixel_level.delta.fill_(0.1)
    return inference_copy(model.eval(), pooling=2)


def test_a_rounded_convolution_is_within_a_step_of_what_it_rounds() -> None:
    torch.manual_seed(1)
    conv = nn.Conv2d(4, 6, 3, groups=2)
    x = torch.randn(1, 4, 9, 9)
    rounded = RoundedConv(conv, float(x.min()), float(x.max()))
    wanted, found = conv(x), rounded(x)
    assert 0 < (found - wanted).abs().max() < 0.02 * wanted.abs().max()
    assert torch.equal(RoundedConv(conv, 0, 0)(torch.zeros_like(x)), conv(torch.zeros_like(x)))


def test_eight_bits_answer_nearly_the_same_and_peak_in_the_same_cell(
    ready: MMNet, crops: Tensor
) -> None:
    before = {name: value.clone() for name, value in ready.state_dict().items()}
    made = quantised(ready, crops[:2])
    wanted, found = _total(ready, crops[2:]), _total(made, crops[2:])
    assert 0 < (found - wanted).abs().max() < 0.03 * wanted.abs().max()
    assert found.argmax() == wanted.argmax()
    assert all(torch.equal(value, before[name]) for name, value in ready.state_dict().items())


def test_every_convolution_before_the_correlation_is_rounded(ready: MMNet, crops: Tensor) -> None:
    made = quantised(ready, crops[:1])
    rounded = {name for name, each in made.named_modules() if isinstance(each, RoundedConv)}
    assert {f"backbone.conv{number}" for number in range(1, 6)} <= rounded
    assert "fine_grained.reduce" in rounded
    assert "classifier" not in rounded
