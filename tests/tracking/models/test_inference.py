"""The copy that only answers: the same as the model it is made of, which stays as it was."""

import pytest
import torch
from torch import Tensor, nn

from tracking.models.inference import inference_copy
from tracking.models.mmnet import BRANCHES, MMNet

SIDE = 191


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randint(0, 256, (2, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def model(images: Tensor) -> MMNet:
    """Norms that have seen the images, and a delta that makes the attention count."""
    torch.manual_seed(0)
    made = MMNet(input_size=SIDE)
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        made.train().embed(images.float() / 255)
        assert made.fine_grained is not None
        assert made.fine_grained.pixel_level is not None
        made.fine_grained.pixel_level.delta.fill_(0.3)
    return made.eval()


def _total(model: MMNet, images: Tensor) -> Tensor:
    with torch.inference_mode():
        features = model.embed(images)
        return model.answers(model.templates(features), features)


def _difference(made: MMNet, model: MMNet, images: Tensor) -> float:
    """Of responses, as a share of the highest."""
    wanted = _total(model, images.float() / 255)
    own = _total(made, images.to(made.backbone.conv1.weight.dtype))
    return float((own - wanted).abs().max() / wanted.max())


def test_folded_it_answers_the_same_but_for_rounding(model: MMNet, images: Tensor) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    made = inference_copy(model)
    assert _difference(made, model, images) < 1e-4
    assert not any("norm1" in name for name in made.state_dict())
    after = model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_unfolded_it_answers_the_same(model: MMNet, images: Tensor) -> None:
    assert _difference(inference_copy(model, folded=False), model, images) < 1e-4


def test_pooled_keys_and_half_precision_answer_nearly_the_same(
    model: MMNet, images: Tensor
) -> None:
    assert 0 < _difference(inference_copy(model, pooling=2), model, images) < 0.05
    assert 0 < _difference(inference_copy(model, dtype=torch.bfloat16), model, images) < 0.03


def test_an_attention_whose_delta_is_zero_is_left_out(images: Tensor) -> None:
    fresh = MMNet(input_size=SIDE).eval()
    made = inference_copy(fresh)
    assert made.fine_grained is not None
    attention = made.fine_grained.pixel_level
    assert attention is not None
    assert not attention.adds
    x = torch.rand(1, 64, 4, 4)
    assert attention(x) is x


@pytest.mark.parametrize(
    "branches", [("dis",), ("dis", "fin"), ("dis", "hc"), BRANCHES], ids="+".join
)
def test_every_set_of_branches_can_be_made_ready(branches: tuple[str, ...], images: Tensor) -> None:
    model = MMNet(branches, input_size=SIDE).eval()
    with torch.inference_mode():
        assert _difference(inference_copy(model), model, images[:1]) < 1e-4
        features = model.embed(images[:1].float())
        templates = model.templates(features)
        torch.testing.assert_close(
            model.answers(templates, features),
            model.responses(templates, features).total,
            rtol=1e-3, atol=1e-3 * float(model.answers(templates, features).max()),
        )  # fmt: skip
