"""The local stage: it learns, goes on where it stopped, and the tracker takes what it made."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tracking.training.made_pairs import pair_mix
from tirdata.errors import DataError, MissingError
from tirdata.geometry import overlap
from tirdata.mix.pair_reader import PairReader
from tracking.models.vgg_m import VggM
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.trackers.local_net import TRUNK, build_local_net, trained_head
from tracking.training.domains import DomainBatch, DomainDataset, Domains
from tracking.training.local_attention import build_model, train_local
from tracking.training.local_config import LocalTrainConfig
from tracking.weights.load import read_about, write_weights

SMALL = LocalTrainConfig(
    random_init=True, device="cpu", epochs=3, frames=2, positives=4, negatives=6, share_conv=True
)


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pair_mix(tmp_path_factory.mktemp("mix"))


def batch_of(mix: Path, step: int, config: LocalTrainConfig = SMALL) -> DomainBatch:
    reader = PairReader(mix, "train")
    found = DomainDataset(reader, Domains.of(reader), config, range(step, step + 1))[0]
    assert isinstance(found, DomainBatch)
    return found


def test_a_step_is_of_one_sequence_and_its_samples_overlap_as_they_should(mix: Path) -> None:
    batch = batch_of(mix, 0, SMALL.model_copy(update={"frames": 3, "negatives": 7}))
    assert [each.positives for each in batch.frames] == [1, 1, 2]
    assert [len(each.boxes) - each.positives for each in batch.frames] == [2, 2, 3]
    for frame in batch.frames:
        one = frame.boxes[: frame.positives]
        sides = one[:, 2:] / np.array(frame.size)
        assert ((sides > 0.75) & (sides < 1.35)).all()
        if frame.positives > 1:
            assert overlap(one[:1], one[1:2])[0] > 0.4


def test_each_cycle_has_every_sequence_once_and_a_step_depends_on_nothing_before(
    mix: Path,
) -> None:
    count = len(Domains.of(PairReader(mix, "train")))
    assert {batch_of(mix, step).domain for step in range(count)} == set(range(count))
    again = batch_of(mix, 1)
    np.testing.assert_array_equal(again.frames[0].boxes, batch_of(mix, 1).frames[0].boxes)


def test_a_dropped_half_is_grey_and_an_inverted_one_black_hot(mix: Path) -> None:
    def changed(**augment: float) -> DomainBatch:
        return batch_of(mix, 0, LocalTrainConfig.model_validate(
            {**SMALL.model_dump(), "augment": augment}
        ))  # fmt: skip

    plain, inverted, dropped = changed(), changed(invert=1.0), changed(drop=1.0)
    hot = plain.frames[0].view.thermal.float()
    torch.testing.assert_close(inverted.frames[0].view.thermal.float(), 255 - hot)
    view = dropped.frames[0].view
    assert [bool((half == 128).all()) for half in (view.visible, view.thermal)].count(True) == 1


@pytest.mark.parametrize("features", ["scene", "crops"])
def test_it_stops_goes_on_and_makes_what_the_tracker_takes(
    mix: Path, tmp_path: Path, features: str
) -> None:
    config = LocalTrainConfig.model_validate({**SMALL.model_dump(), "features": features})
    first = train_local(mix, tmp_path / "run", config, stop_after=1)
    second = train_local(mix, tmp_path / "run", config, stop_after=2)
    assert (first.steps, second.steps, second.resumed_at) == (1, 2, 1)
    about = read_about(second.weights)
    assert (about["model"], about["start"]) == ("dual-attention-local", "random")
    wanted = {"weights": second.weights, "features": features}
    model = build_local_net(DualAttentionConfig.model_validate(wanted))
    assert trained_head(second.weights)
    assert not model.trunks[0].conv1.weight.requires_grad  # type: ignore[union-attr]
    whole = train_local(mix, tmp_path / "whole", config, stop_after=2)
    assert whole.losses == first.losses + second.losses
    with pytest.raises(DataError, match=r"lr was 0\.0001, now it is 0\.1"):
        train_local(mix, tmp_path / "run", config.model_copy(update={"lr": 0.1}))


def test_it_starts_from_vgg_m_or_says_where_that_is(tmp_path: Path) -> None:
    plain = SMALL.model_copy(update={"random_init": False})
    with pytest.raises(MissingError, match=r"imagenet-vgg-m\.mat.*name them with --init"):
        build_model(plain, 2)
    path = tmp_path / "vgg-m.safetensors"
    made = VggM()
    write_weights(path, made, {"model": TRUNK, "lrn": "pymdnet", "source_sha256": "ab"})
    model, about = build_model(plain.model_copy(update={"init": path, "share_conv": False}), 2)
    assert (about["lrn"], about["start"], len(model.head.fc6)) == ("pymdnet", "ab", 2)
    assert torch.equal(model.trunks[1].conv3.weight, made.conv3.weight)  # type: ignore[arg-type,union-attr]
    with pytest.raises(DataError, match="trained with normalisation pymdnet; not rt"):
        build_model(plain.model_copy(update={"init": path, "lrn": "rt"}), 2)
