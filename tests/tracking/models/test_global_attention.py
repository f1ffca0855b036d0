"""VGG-16 and the global attention network: sizes, halves of the first layer, switches."""

import pytest
import torch

from tracking.models.global_attention import GlobalAttention, Normalize
from tracking.models.vgg16 import BLOCKS, Vgg16, layers


def test_vgg16_has_thirteen_layers_and_the_published_number_of_weights() -> None:
    with torch.device("meta"):
        network = Vgg16()
    assert len(layers(64)) == sum(BLOCKS) == 13
    assert sum(value.numel() for value in network.parameters()) == 14_714_688


def test_sizes_are_the_papers() -> None:
    with torch.device("meta"):
        network = GlobalAttention()
        picture = torch.zeros(1, 3, 192, 256)
        assert tuple(network.encode(picture).shape) == (1, 512, 12, 16)
        target = network.see_target(picture, picture)
        assert tuple(target.shape) == (1, 512, 12, 16)
        assert tuple(network(picture, picture, target).shape) == (1, 1, 192, 256)
    first = network.get_parameter("decoder.0.0.weight")
    assert tuple(first.shape) == (512, 2048, 3, 3)
    total = sum(value.numel() for value in network.parameters())
    assert total == pytest.approx(38.9e6, rel=0.002)


def pictures(count: int, size: tuple[int, int] = (32, 48)) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.rand(1, 3, *size, generator=generator) * 255 for _ in range(count)]


@pytest.mark.parametrize("relu", [True, False])
def test_halves_of_the_first_layer_are_the_layer_on_all_four(relu: bool) -> None:
    torch.manual_seed(0)
    network = GlobalAttention(2, decoder_relu=relu).double()
    four = [each.double() for each in pictures(4)]
    ours = network(*four[:2], network.see_target(*four[2:]))
    x = torch.cat([network.encode(each) for each in four], 1)
    for number, block in enumerate(network.decoder):
        if number:
            x = torch.nn.functional.interpolate(x, scale_factor=2.0)
        for conv in block.children():
            x = conv(x).relu() if relu else conv(x)
    torch.testing.assert_close(ours, network.last(x))


def test_without_relus_the_decoder_is_linear() -> None:
    torch.manual_seed(0)
    network = GlobalAttention(2, decoder_relu=False).double()
    one, two, *targets = (each.double() for each in pictures(4))
    target = network.see_target(*targets)

    def through(features: torch.Tensor) -> torch.Tensor:
        network.encode = lambda images: features  # type: ignore[method-assign]
        result: torch.Tensor = network(one, two, target)
        return result

    a, b = (torch.rand(2, 16, 2, 3).double() for _ in range(2))
    middle = through((a + b) / 2)
    torch.testing.assert_close(middle, (through(a) + through(b)) / 2)


@pytest.mark.parametrize(
    ("normalize", "expected"),
    [
        ("imagenet", (255 - 123.675) / 58.395),
        ("matconvnet", 255 - 123.68),
        ("unit_bgr", 0.0),  # blue
    ],
)
def test_grey_levels_are_scaled_as_the_encoder_was_trained(
    normalize: Normalize, expected: float
) -> None:
    network = GlobalAttention(1, normalize=normalize)
    seen = []
    network.encoder.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    red = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    red[:, 0] = 255
    network.encode(red)
    assert seen[0][0, 0, 0, 0].item() == pytest.approx(expected, abs=1e-4)


def test_bf16_is_near_fp32() -> None:
    torch.manual_seed(0)
    network = GlobalAttention(4)
    four = pictures(4)
    with torch.inference_mode():
        exact = network(*four[:2], network.see_target(*four[2:]))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            coarse = network(*four[:2], network.see_target(*four[2:]))
    assert coarse.dtype == torch.bfloat16
    assert (coarse - exact).abs().max() < 0.05 * exact.abs().max()
