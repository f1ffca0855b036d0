"""FANet: soft-max over positions, a gain that can be learned, and the fusion of both."""

import torch
from torch import nn

from tracking.models.fine_grained import FineGrained, Holistic, PixelLevel


def test_the_gain_starts_at_half_and_its_last_layer_learns_from_the_first_step() -> None:
    torch.manual_seed(0)
    module = Holistic()
    x = torch.randn(2, 64, 53, 53)
    assert module(x).shape == x.shape
    assert module.gain(x).shape == (2, 1, 53, 53)
    torch.testing.assert_close(module.gain(x), torch.full((2, 1, 53, 53), 0.5))

    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    (module(x) - 2 * x).square().mean().backward()
    assert _norm(module.up2) > 1e-3
    optimizer.step()
    optimizer.zero_grad()
    (module(x) - 2 * x).square().mean().backward()
    layers = (module.down1, module.down2, module.up1, module.up2)
    assert all(_norm(layer) > 1e-6 for layer in layers)


def test_the_gain_fits_maps_of_even_side() -> None:
    x = torch.zeros(1, 64, 52, 52)
    assert Holistic().gain(x).shape == (1, 1, 52, 52)


def test_attention_starts_as_the_identity_and_its_weight_learns() -> None:
    torch.manual_seed(0)
    module, x = PixelLevel(), torch.randn(1, 64, 6, 6)
    torch.testing.assert_close(module(x), x, rtol=0, atol=0)
    module(x).square().sum().backward()
    assert module.delta.grad is not None
    assert module.delta.grad.abs() > 0


def test_attention_is_a_softmax_over_the_other_positions() -> None:
    torch.manual_seed(0)
    module, x = PixelLevel().eval(), torch.randn(2, 64, 5, 7)
    with torch.no_grad():
        module.delta.fill_(0.7)
        query, key, value = (
            layer(x).flatten(2) for layer in (module.query, module.key, module.value)
        )
        affinity = torch.einsum("bci,bcj->bij", query, key).softmax(dim=2)
        gathered = torch.einsum("bij,bcj->bci", affinity, value).reshape(x.shape)
        torch.testing.assert_close(module(x), x + 0.7 * module.out(gathered), rtol=0, atol=1e-4)
    assert affinity.std() > 0.01  # not the mean in disguise


def test_attention_weights_of_a_position_sum_to_one() -> None:
    """With one value everywhere, gathering changes nothing; a soft-max over an axis of 1 sums n."""
    module, x = PixelLevel().eval(), torch.randn(1, 64, 6, 6)
    conv = module.value[0]
    assert isinstance(conv, nn.Conv2d)
    assert conv.bias is not None
    with torch.no_grad():
        module.delta.fill_(1.0)
        conv.weight.zero_()
        conv.bias.fill_(0.5)
        added = module(x) - x
        wanted = module.out(module.value(x))
    torch.testing.assert_close(added, wanted, rtol=0, atol=1e-5)
    assert wanted.abs().max() > 0.01


def test_a_lower_scale_flattens_the_attention() -> None:
    torch.manual_seed(0)
    sharp = PixelLevel().eval()
    flat = PixelLevel(scale=0.0).eval()
    flat.load_state_dict(sharp.state_dict())
    x = torch.randn(1, 64, 6, 6)
    with torch.no_grad():
        sharp.delta.fill_(1.0)
        flat.delta.fill_(1.0)
        assert (sharp(x) - x).std(dim=(2, 3)).max() > 0.01
        assert (flat(x) - x).std(dim=(2, 3)).max() < 1e-5


def test_fusion_takes_pixel_level_then_holistic() -> None:
    module = FineGrained().eval()
    conv3 = torch.randn(1, 384, 9, 9)
    assert module.fuse is not None
    with torch.no_grad():
        x = module.reduce(conv3)
        # holistic needs larger maps than this one; let it pass its input through
        module.holistic = nn.Identity()  # type: ignore[assignment]
        both = torch.cat([x, x], dim=1)
        torch.testing.assert_close(module(conv3), module.fuse(both))


def test_each_module_may_be_left_out() -> None:
    conv3 = torch.randn(1, 384, 53, 53)
    for holistic, pixel_level, channels in (
        (True, False, 64),
        (False, True, 64),
        (True, True, 128),
    ):
        module = FineGrained(holistic=holistic, pixel_level=pixel_level).eval()
        assert module.fuse is not None
        assert module.fuse.in_channels == channels
        with torch.inference_mode():
            assert module(conv3).shape == (1, 64, 53, 53)


def _norm(layer: nn.Module) -> float:
    gradient = layer.weight.grad
    assert isinstance(gradient, torch.Tensor)
    return float(gradient.norm())


def test_the_released_attention_adds_one_vector_to_every_position() -> None:
    torch.manual_seed(2)
    attention = PixelLevel(released=True).eval()
    assert "delta" not in dict(attention.named_parameters())
    x = torch.rand(2, 64, 5, 5)
    added = attention(x) - x
    torch.testing.assert_close(added, added[:, :, :1, :1].expand_as(added), rtol=1e-4, atol=1e-4)
    assert added.abs().max() > 0.1


def test_the_released_start_of_the_holistic_module_is_almost_zero() -> None:
    holistic = Holistic(released=True)
    assert all(value.detach().abs().max() < 1e-7 for value in holistic.parameters())
    torch.testing.assert_close(
        holistic.gain(torch.rand(1, 64, 53, 53)), torch.full((1, 1, 53, 53), 0.5)
    )
