"""A frozen encoder's features: made once, true to the network, and drawn from anew."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.tracking.training.made_pairs import pair_mix
from tirdata.types import Box, FramePair
from tracking.models.global_attention import GlobalAttention
from tracking.models.vgg16 import Vgg16
from tracking.trackers.global_search import GlobalSearch, GlobalSearchConfig
from tracking.training.global_attention import build_model, train_global
from tracking.training.global_config import GlobalTrainConfig
from tracking.training.kept_views import KeptViews
from tracking.training.loop import Progress
from tracking.training.pair_sources import open_pairs
from tracking.weights.load import read_about, write_weights

NAME = "global-attention.safetensors"


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(7)
    path = tmp_path_factory.mktemp("start") / "vgg16.safetensors"
    write_weights(path, Vgg16(2), {"model": "vgg16", "width": 2, "normalize": "matconvnet"})
    return path


def config_of(**more: object) -> GlobalTrainConfig:
    values = {
        "epochs": 4, "batch": 4, "lr": 0.02, "input_size": "48x64", "width": 2,
        "decoder_width": 1, "device": "cpu", "frozen_blocks": 5, "views": 2, **more,
    }  # fmt: skip
    if "init" not in values:
        values["random_init"] = True
    return GlobalTrainConfig.model_validate(values)


EVERYTHING = {
    "negative": 0.2,
    "augment": {"flip": 0.5, "zoom": 0.5, "contrast": 0.2, "noise": 4, "invert": 0.3, "drop": 0.3,
                "paste": 0.7},
}  # fmt: skip


def test_without_changes_features_are_those_of_the_pictures(mix: Path) -> None:
    source, _ = open_pairs(mix)
    config = config_of()
    model, _ = build_model(config)
    kept = KeptViews(model, source, config)
    batch = kept.batch(0, range(4))
    from tracking.training.pair_batches import PairDataset

    pictures = PairDataset(source, config, range(1), range(4)).batch(0)
    with torch.no_grad():
        asked = model.see_target(pictures.target_visible, pictures.target_thermal)
        expected = model(pictures.visible, pictures.thermal, asked)
        found = model.decode(batch.features, model.take_target(batch.target))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(batch.label, pictures.label)


def test_a_view_is_encoded_once_and_lent_halves_are_one_picture(tmp_path: Path) -> None:
    lent = pair_mix(tmp_path)
    source, _ = open_pairs(lent)
    halves = source.pair
    source.pair = lambda index: halves(index)._replace(  # type: ignore[method-assign]
        visible=halves(index).thermal
    )
    config = config_of(**EVERYTHING)
    model, _ = build_model(config)
    seen = []
    model.encoder.register_forward_pre_hook(lambda module, given: seen.append(len(given[0])))
    kept = KeptViews(model, source, config)
    first = [kept.batch(step, range(4)) for step in range(6)]  # two epochs: all views of 12 pairs
    views = len(seen)
    again = [kept.batch(step, range(4)) for step in range(6, 12)]
    assert set(seen) == {1}
    assert views <= 1 + 24 + 2 * 3 * 4  # grey, views, targets of both halves as they are turned
    assert len(seen) - views <= 2 * 3 * 4
    whole = torch.cat([batch.features for batch in first])
    same = (whole[:, :16] == whole[:, 16:]).flatten(1).all(1)
    assert 0 < same.sum() < len(same)  # but where a half was dropped
    assert not all(
        torch.equal(one.label, other.label) for one, other in zip(first, again, strict=True)
    )  # asked for others


def test_it_learns_goes_on_and_the_tracker_takes_it(
    mix: Path, start: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = config_of(init=start, divide_features=4.0, **EVERYTHING)

    def die(progress: Progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    straight = train_global(mix, tmp_path / "a", config)
    with pytest.raises(KeyboardInterrupt):
        train_global(mix, tmp_path / "b", config, die)
    assert train_global(mix, tmp_path / "b", config).resumed_at == 5
    ours, theirs = (load_file(tmp_path / name / NAME) for name in "ab")
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    encoder = load_file(start)
    for name, value in encoder.items():
        divided = 4.0 if name.startswith("conv5_3") else 1.0
        assert torch.equal(ours[f"encoder.{name}"], value / divided), name
    about = read_about(straight.weights)
    assert (about["decoder_width"], about["width"], about["random_init"]) == (1, 2, False)
    with caplog.at_level(logging.WARNING):
        search = GlobalSearch(GlobalSearchConfig(weights=straight.weights, device="cpu"))
    assert search.model.get_parameter("decoder.0.0.weight").shape == (8, 64, 3, 3)
    source, _ = open_pairs(mix)
    shown, box = source.pair(0), Box(60, 50, 40, 30)
    frames = FramePair(shown.thermal[..., 0], shown.visible)
    search.start(frames, box, box)
    assert search.attention(frames).shape == (48, 64)


def test_a_loss_falls_on_kept_features(mix: Path, tmp_path: Path) -> None:
    result = train_global(mix, tmp_path, config_of(epochs=20, views=1, decoder_width=2))
    assert np.mean(result.losses[-6:]) < 0.7 * np.mean(result.losses[:6])


def test_features_of_an_encoder_that_learns_cannot_be_kept() -> None:
    with pytest.raises(ValueError, match=r"views 2 with frozen_blocks 4; .* set frozen_blocks = 5"):
        config_of(frozen_blocks=4)


def test_a_narrow_decoder_is_half_of_the_network_at_most() -> None:
    with torch.device("meta"):
        network = GlobalAttention(decoder_width=16)
        picture = torch.zeros(1, 3, 192, 256)
        asked = network.see_target(picture, picture)
        assert tuple(asked.shape) == (1, 128, 12, 16)
        assert tuple(network(picture, picture, asked).shape) == (1, 1, 192, 256)
    decoder = sum(value.numel() for value in network.decoder.parameters())
    assert decoder < 0.25 * 14.7e6
