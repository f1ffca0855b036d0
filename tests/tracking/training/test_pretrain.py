"""A backbone's own start: it learns, goes on, and is taken where converted weights are."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.tracking.training.made_pairs import pair_mix
from tirdata.errors import UsageError
from tirdata.mix.shards import MixReader
from tracking.models.vgg16 import Vgg16
from tracking.models.vgg_m import VggM
from tracking.training.class_crops import ClassBatch, ClassCrops, gather_objects
from tracking.training.pretrain import Backbone, ClassLoss, build_schedule, pretrain_backbone
from tracking.training.pretrain_config import PretrainConfig
from tracking.weights.load import load_weights, read_about

NAMES = ["airplane", "drone", "background"]


def config_of(**more: object) -> PretrainConfig:
    values = {
        "steps": 4, "batch": 4, "device": "cpu", "size": 75, "lr_first": 1e-3, "validation": 8,
        **more,
    }  # fmt: skip
    return PretrainConfig.model_validate(values)


def batch_of(mix: Path, config: PretrainConfig, step: int = 0) -> ClassBatch:
    reader = MixReader(mix, "train")
    crops = ClassCrops(reader, gather_objects(reader.entries), NAMES, config, range(9))
    return crops.batch(step)


def test_crops_show_objects_by_class_and_what_is_beside_them(tiny_mix: Path) -> None:
    batch = batch_of(tiny_mix, config_of(batch=60, invert=0.0, contrast=0.0, background=0.3))
    assert (tuple(batch.crops.shape), batch.crops.dtype) == ((60, 1, 75, 75), torch.uint8)
    counts = torch.bincount(batch.labels, minlength=3)
    assert (counts > 8).all()
    middle = batch.crops[:, 0, 30:45, 30:45].float().mean(dim=(1, 2))
    beside = batch.labels == 2
    assert middle[~beside].mean() > middle[beside].mean() + 60  # objects are warm
    assert torch.equal(batch.crops, batch_of(tiny_mix, config_of(
        batch=60, invert=0.0, contrast=0.0, background=0.3)).crops)  # fmt: skip
    assert not torch.equal(batch.crops[:4], batch_of(tiny_mix, config_of(), 1).crops)


def test_the_rate_falls_in_stages() -> None:
    schedule = build_schedule(PretrainConfig())
    assert (schedule.steps, schedule.steps_per_epoch) == (4000, 200)
    assert schedule.rate(0) == 1e-2
    assert schedule.rate(3999) == pytest.approx(1e-4)
    assert build_schedule(config_of(steps=3)).steps == 3


def test_a_run_stops_goes_on_and_its_trunk_is_taken_as_vgg_m(
    tiny_mix: Path, tmp_path: Path
) -> None:
    straight = pretrain_backbone(tiny_mix, tmp_path / "a", config_of())
    assert (straight.steps, len(straight.losses)) == (4, 4)
    assert straight.accuracy is not None
    assert 0 <= straight.accuracy <= 1
    about = read_about(straight.weights)
    assert (about["model"], about["lrn"], about["steps"]) == ("vgg-m", "matconvnet", 4)
    assert about["trained_on"].endswith("airplane, drone, background")
    load_weights(straight.weights, VggM())
    pretrain_backbone(tiny_mix, tmp_path / "b", config_of(), stop_after=2)
    again = pretrain_backbone(tiny_mix, tmp_path / "b", config_of())
    assert again.resumed_at == 2
    expected = load_file(straight.weights)
    for name, value in load_file(again.weights).items():
        assert torch.equal(value, expected[name]), name


def test_vgg16_s_trunk_is_taken_as_vgg16(tiny_mix: Path) -> None:
    torch.manual_seed(0)
    model = Backbone("vgg16", 3)
    assert (model.about["model"], model.about["normalize"]) == ("vgg16", "imagenet")
    assert model.trunk.state_dict().keys() == Vgg16(1).state_dict().keys()
    batch = batch_of(tiny_mix, config_of(batch=2, size=80))
    loss = ClassLoss(config_of())(model, batch)["class"]
    assert loss.isfinite()


def test_a_mix_of_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds \d+ pairs .* --task matching"):
        pretrain_backbone(pair_mix(tmp_path), tmp_path / "run", config_of())
