"""The backbone: every size of the table, and one input plane that stands for three."""

import math

import pytest
import torch
from torch import Tensor, nn

from tracking.models.alexnet import AlexNet, initialise


def _sizes(model: AlexNet, side: int) -> list[int]:
    """Sides after conv1, pool1, conv2, pool2, conv3, conv4, conv5."""
    sizes: list[int] = []

    def note(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        if module in (model.conv2, model.conv3):
            sizes.append(inputs[0].shape[-1])  # what the pooling before it gave
        sizes.append(output.shape[-1])

    for conv in (model.conv1, model.conv2, model.conv3, model.conv4, model.conv5):
        conv.register_forward_hook(note)
    with torch.inference_mode():
        model.eval()(torch.zeros(1, 1, side, side))
    return sizes


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (255, [123, 61, 57, 55, 53, 51, 49]),
        (191, [91, 45, 41, 39, 37, 35, 33]),
        (251, [121, 60, 56, 54, 52, 50, 48]),
        (127, [59, 29, 25, 23, 21, 19, 17]),
    ],
    ids=["255", "smallest", "even maps", "an exemplar gives the size of a template"],
)
def test_maps_have_the_sizes_of_the_paper(side: int, expected: list[int]) -> None:
    assert _sizes(AlexNet(), side) == expected


def test_conv3_is_tapped_before_its_norm_and_conv5_is_raw() -> None:
    model = AlexNet().eval()
    with torch.inference_mode():
        features = model(torch.rand(1, 1, 127, 127))
    assert features.conv3.shape == (1, 384, 21, 21)
    assert features.conv5.shape == (1, 64, 17, 17)
    assert features.conv3.min() < 0
    assert features.conv5.min() < 0


def test_the_norms_count_as_the_released_code_does() -> None:
    model = AlexNet()
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    assert [norm.num_features for norm in norms] == [96, 256, 384, 384]
    assert all((norm.eps, norm.momentum) == (1e-5, 0.05) for norm in norms)


def test_one_plane_of_0_to_1_stands_for_three_equal_ones_of_0_to_255() -> None:
    three = nn.Conv2d(3, 96, 11, stride=2)
    model = AlexNet()
    with torch.no_grad():
        model.conv1.weight.copy_(255 * three.weight.sum(dim=1, keepdim=True))
        assert three.bias is not None
        assert model.conv1.bias is not None
        model.conv1.bias.copy_(three.bias)
        grey = torch.randint(0, 256, (1, 1, 63, 63)).float()
        expected = three(grey.expand(1, 3, 63, 63))
        torch.testing.assert_close(model.conv1(grey / 255), expected, rtol=1e-4, atol=1e-3)


def test_conv1_starts_as_the_sum_of_three_planes_would() -> None:
    torch.manual_seed(0)
    three = nn.Conv2d(3, 96, 11)
    initialise(three)
    wanted = 255 * three.weight.sum(dim=1)
    assert AlexNet().conv1.weight.std().item() == pytest.approx(wanted.std().item(), rel=0.05)


def test_convolutions_start_by_their_fan_out_with_zero_biases() -> None:
    torch.manual_seed(0)
    model = AlexNet()
    for conv in (model.conv2, model.conv3, model.conv4, model.conv5):
        fan_out = conv.kernel_size[0] ** 2 * conv.out_channels
        assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / fan_out), rel=0.03)
        assert conv.bias is not None
        assert conv.bias.abs().max() == 0
