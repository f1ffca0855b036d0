"""Weights of the local net: those that fit, those of something else, and none."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tirdata.errors import DataError
from tracking.models.local_attention import LocalAttention
from tracking.models.vgg_m import VggM
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.trackers.local_net import (
    TRUNK,
    WHOLE,
    build_local_net,
    fresh_head,
    head_state,
    local_weights,
    trained_head,
)
from tracking.weights.load import shipped, write_weights


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "vgg-m.safetensors"
    torch.manual_seed(0)
    write_weights(path, VggM(), {"model": TRUNK, "lrn": "pymdnet"})
    return path


def test_a_trunk_is_of_both_halves_and_does_not_learn(trunk: Path) -> None:
    model = build_local_net(DualAttentionConfig(weights=trunk))
    assert len(model.trunks) == 1
    torch.manual_seed(0)
    assert torch.equal(model.trunks[0].conv1.weight, VggM().conv1.weight)  # type: ignore[arg-type,union-attr]
    assert model.trunks[0].lrn == "pymdnet"
    assert not any(weight.requires_grad for weight in model.trunks.parameters())
    assert not trained_head(trunk)


def test_weights_of_another_normalisation_are_refused(trunk: Path) -> None:
    with pytest.raises(DataError, match="trained with normalisation pymdnet; the setting lrn says"):
        build_local_net(DualAttentionConfig(weights=trunk, lrn="matconvnet"))


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    write_weights(path, torch.nn.Linear(1, 1), {"model": "mmnet"})
    with pytest.raises(DataError, match="weights of mmnet; expected vgg-m or dual-attention-local"):
        build_local_net(DualAttentionConfig(weights=path))
    write_weights(path, torch.nn.Linear(1, 1), {"model": TRUNK, "lrn": "own"})
    with pytest.raises(DataError, match="normalisation 'own'; expected one of matconvnet"):
        build_local_net(DualAttentionConfig(weights=path))


def test_without_weights_it_takes_those_that_ship() -> None:
    model = build_local_net(DualAttentionConfig())
    first = model.trunks[0].state_dict()["conv1.weight"]
    assert first.dtype == torch.float32
    assert torch.equal(first, load_file(shipped("vgg_m"))["conv1.weight"].float())
    assert local_weights(DualAttentionConfig(random_init=True)) is None


def test_weights_that_are_named_win_over_random_ones(trunk: Path) -> None:
    assert local_weights(DualAttentionConfig(weights=trunk, random_init=True)) == trunk


def test_random_weights_are_those_of_the_seed() -> None:
    def first(seed: int) -> torch.Tensor:
        model = build_local_net(DualAttentionConfig(random_init=True, seed=seed))
        return model.trunks[0].conv1.weight  # type: ignore[return-value,union-attr]

    before = torch.random.get_rng_state()
    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_trained_head_keeps_all_but_its_last_layer(tmp_path: Path) -> None:
    path = tmp_path / "local.safetensors"
    made = LocalAttention(dense=True, share_conv=False, domains=3)
    about = {"model": WHOLE, "lrn": "rt", "fusion": "conv3", "dense": True, "share_conv": False}
    write_weights(path, made, about)
    model = build_local_net(DualAttentionConfig(weights=path))
    assert trained_head(path)
    trained = head_state(model.head)
    fresh_head(model, 5, trained)
    assert torch.equal(model.head.fc4[0].weight, made.head.fc4[0].weight)  # type: ignore[arg-type]
    assert len(model.head.fc6) == 1
    with pytest.raises(DataError, match="trained with dense True; expected False"):
        build_local_net(DualAttentionConfig(weights=path, features="crops"))
    with pytest.raises(DataError, match="trained with fusion conv3; expected fc5"):
        build_local_net(DualAttentionConfig(weights=path, fusion="fc5"))
