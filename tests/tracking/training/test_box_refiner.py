"""Training the box refiner: batches by seed and step, learning, stopping and going on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.tracking.training.made_pairs import pair_mix
from tirdata.config import read_json
from tirdata.errors import UsageError
from tirdata.geometry import overlap
from tirdata.mix.manifest import MixManifest
from tirdata.mix.shards import MixReader
from tirdata.types import Box
from tracking.models.box_refiner import SIZE, BoxRefiner
from tracking.training.box_refiner import CorrectionLoss, build_schedule, pairs_of, train_refiner
from tracking.training.box_refiner_config import RefinerConfig
from tracking.training.box_refiner_data import RefinerPairs, jittered
from tracking.weights.load import read_about


def config_of(**more: object) -> RefinerConfig:
    values = {"steps": 4, "batch": 4, "device": "cpu", "validation": 8, **more}
    return RefinerConfig.model_validate(values)


def pairs(mix: Path, config: RefinerConfig) -> RefinerPairs:
    manifest = read_json(mix / "mix.json", MixManifest)
    return pairs_of(MixReader(mix, "train"), manifest, config, range(9))


def test_a_batch_depends_on_seed_and_step_alone(tiny_mix: Path) -> None:
    first, second = (pairs(tiny_mix, config_of(batch=16)) for _ in range(2))
    again = second.batch(1)
    second.batch(0)
    batch = first.batch(1)
    assert (tuple(batch.z.shape), batch.x.dtype) == ((16, 1, SIZE, SIZE), torch.uint8)
    assert torch.equal(batch.z, again.z)
    assert torch.equal(batch.x, again.x)
    assert torch.equal(batch.off, again.off)
    assert not torch.equal(batch.x, first.batch(2).x)
    assert len(batch.to(torch.device("cpu"))) == 16


def test_what_is_off_says_where_the_object_is(tiny_mix: Path) -> None:
    """The warm object of the second crop lies where the answer says, mirrored or not."""
    plain = config_of(
        batch=40, lost=0.0, anywhere=0.0, contrast=0.0, noise=0.0, blur=0.0, invert=0.0, shrink=0.5
    )
    batch = pairs(tiny_mix, plain).batch(3)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    for crop, off in zip(batch.x[:, 0].numpy().astype(float), batch.off.numpy(), strict=True):
        warm = np.clip(crop - np.percentile(crop, 80), 0, None)
        x, y = ((warm * place).sum() / warm.sum() for place in (columns, rows))
        found = np.array([x + 0.5, y + 0.5]) / (SIZE / 2) - 1  # sides of the box
        np.testing.assert_allclose(found, off[:2], atol=0.25)


def test_lost_boxes_are_beside_the_object(tiny_mix: Path) -> None:
    batch = pairs(tiny_mix, config_of(batch=30, lost=1.0, anywhere=0.0)).batch(0)
    assert batch.lost.all()
    assert (batch.off[:, :2].norm(dim=1) > 0.9).all()


def test_boxes_are_off_as_far_as_asked() -> None:
    random, box = np.random.default_rng(0), Box(10, 10, 20, 10)
    near = config_of(off_least=0.01, off_most=0.02)
    far = config_of(off_least=0.2, off_most=0.3)
    means = []
    for config in (near, far):
        boxes = np.array([jittered(random, box, None, config) for _ in range(200)])
        means.append(overlap(boxes, np.array([box] * 200)).mean())
    assert means[0] > 0.93
    assert 0.3 < means[1] < 0.75
    kept = jittered(random, box, (14.0, 14.0), near)
    assert (kept.w, kept.h) == pytest.approx((14, 14), rel=0.05)


def test_it_learns_a_few_pairs_by_heart(tiny_mix: Path) -> None:
    torch.manual_seed(0)
    config = config_of(batch=4, lost=0.0)
    batch = pairs(tiny_mix, config).batch(0)
    model, loss = BoxRefiner().train(), CorrectionLoss(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(30):
        optimizer.zero_grad()
        value = loss(model, batch)["box"]
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    found = model(model.exemplars(batch.z), batch.x).mean
    assert (found - batch.off).abs().mean() < 0.5 * batch.off.abs().mean()
    with pytest.raises(TypeError, match="BoxRefiner"):
        loss(torch.nn.Linear(1, 1), batch)


def test_a_run_stops_and_goes_on_to_the_same_weights(tiny_mix: Path, tmp_path: Path) -> None:
    straight = train_refiner(tiny_mix, tmp_path / "a", config_of())
    assert (straight.steps, len(straight.losses)) == (4, 4)
    assert straight.overlap_before is not None
    assert straight.overlap_after is not None
    assert 0 <= straight.overlap_after <= 1
    about = read_about(straight.weights)
    assert (about["model"], about["steps"]) == ("box_refiner", 4)
    train_refiner(tiny_mix, tmp_path / "b", config_of(), stop_after=2)
    again = train_refiner(tiny_mix, tmp_path / "b", config_of())
    assert again.resumed_at == 2
    expected = load_file(straight.weights)
    for name, value in load_file(again.weights).items():
        assert torch.equal(value, expected[name]), name


def test_nothing_to_validate_is_said(tiny_mix: Path, tmp_path: Path) -> None:
    result = train_refiner(tiny_mix, tmp_path, config_of(steps=1, validation=0))
    assert (result.overlap_before, result.overlap_after) == (None, None)


def test_the_rate_falls_in_stages() -> None:
    schedule = build_schedule(RefinerConfig())
    assert (schedule.steps, schedule.steps_per_epoch) == (400, 20)
    assert schedule.rate(399) == pytest.approx(RefinerConfig().lr_last)


def test_a_mix_of_pairs_is_refused(tmp_path: Path) -> None:
    mix = pair_mix(tmp_path)
    with pytest.raises(UsageError, match=r"holds \d+ pairs .* --task matching"):
        train_refiner(mix, tmp_path / "run", config_of())
