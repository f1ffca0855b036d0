"""The three branches together: sizes, counts of parameters, what may be left out."""

from collections.abc import Iterable

import pytest
import torch
from torch import Tensor, nn

from tracking.models.mmnet import BRANCHES, MMNet, conv5_cells


@pytest.fixture(scope="module")
def model() -> MMNet:
    torch.manual_seed(0)
    return MMNet().eval()


def _count(parameters: Iterable[Tensor]) -> int:
    return sum(parameter.numel() for parameter in parameters)


def test_templates_are_17_and_21_cells_and_both_responses_33(model: MMNet) -> None:
    with torch.inference_mode():
        features = model.embed(torch.rand(1, 1, 255, 255))
        templates = model.templates(features)
        responses = model.responses(templates, features)
    assert features.conv3.shape == (1, 64, 53, 53)
    assert features.conv5.shape == (1, 64, 49, 49)
    assert templates.discriminative.shape == (1, 64, 17, 17)
    assert templates.fine_grained is not None
    assert templates.fine_grained.shape == (1, 64, 21, 21)
    assert responses.fine_grained is not None
    assert responses.discriminative.shape == responses.fine_grained.shape == (1, 33, 33)
    torch.testing.assert_close(
        responses.total, responses.discriminative + responses.fine_grained, rtol=0, atol=0
    )
    assert model.classify(features).shape == (1, 30)


@pytest.mark.parametrize("side", [191, 195, 207])
def test_other_legal_inputs_give_the_same_response(side: int) -> None:
    model = MMNet(input_size=side).eval()
    with torch.inference_mode():
        features = model.embed(torch.rand(1, 1, side, side))
        assert model.responses(model.templates(features), features).total.shape == (1, 33, 33)


@pytest.mark.parametrize(("side", "cells"), [(255, 49), (251, 48), (259, 50), (191, 33)])
def test_cells_of_legal_inputs(side: int, cells: int) -> None:
    assert conv5_cells(side) == cells


@pytest.mark.parametrize("side", [0, -1, 127, 187, 192, 254, 256])
def test_other_inputs_are_refused(side: int) -> None:
    with pytest.raises(ValueError, match=rf"input size {side}: expected 255 \+ 4k, at least 191"):
        MMNet(input_size=side)


def test_parameters_are_counted_as_specified(model: MMNet) -> None:
    fine = model.fine_grained
    assert fine is not None
    assert fine.holistic is not None
    assert fine.pixel_level is not None
    assert fine.fuse is not None
    assert model.classifier is not None
    parts: dict[str, nn.Module] = {
        "backbone": model.backbone,
        "reduction": fine.reduce,
        "pixel-level": fine.pixel_level,
        "holistic": fine.holistic,
        "fusion": fine.fuse,
        "classifier": model.classifier,
    }
    assert {name: _count(part.parameters()) for name, part in parts.items()} == {
        "backbone": 2_004_352 - 2 * 11 * 11 * 96,  # one input plane instead of three
        "reduction": 24_640,
        "pixel-level": 17_025,
        "holistic": 50_669,
        "fusion": 8_256,
        "classifier": 1_950,
    }
    assert _count(model.parameters()) == 2_106_896 - 2 * 11 * 11 * 96


@pytest.mark.parametrize(
    ("branches", "fine", "classes"),
    [
        (("dis",), False, False),
        (("dis", "cls"), False, True),
        (("dis", "cls", "fin"), True, True),
        (("dis", "cls", "hc"), True, True),
        (("dis", "cls", "pc"), True, True),
        (BRANCHES, True, True),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else None,
)
def test_every_row_of_table_1_can_be_built(
    branches: tuple[str, ...], fine: bool, classes: bool
) -> None:
    model = MMNet(branches, input_size=191).eval()
    with torch.inference_mode():
        features = model.embed(torch.rand(1, 1, 191, 191))
        responses = model.responses(model.templates(features), features)
    assert (responses.fine_grained is not None) == fine
    assert responses.total.shape == (1, 33, 33)
    assert (model.classifier is not None) == classes


def test_without_its_branch_classifying_is_refused() -> None:
    model = MMNet(("dis",), input_size=191).eval()
    with torch.inference_mode(), pytest.raises(RuntimeError, match="no classification branch"):
        model.classify(model.embed(torch.rand(1, 1, 191, 191)))


def test_a_crop_answers_itself_in_the_middle(model: MMNet) -> None:
    generator = torch.Generator().manual_seed(2)
    image = torch.rand(1, 1, 255, 255, generator=generator)
    with torch.inference_mode():
        features = model.embed(image)
        responses = model.responses(model.templates(features), features)
    assert divmod(int(responses.total[0].argmax()), 33) == (16, 16)


def test_calibration_starts_as_one_times_minus_a_half(model: MMNet) -> None:
    response = torch.tensor([0.0, 1.0])
    torch.testing.assert_close(model.calibration5(response), torch.tensor([-0.5, 0.5]))
