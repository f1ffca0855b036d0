"""The local stage: it learns, goes on where it stopped, and the tracker takes what it made."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.conftest import ROOT
from tirdata.errors import ConfigError, DataError, MissingError
from tirdata.geometry import overlap
from tirdata.mix.pair_reader import PairReader
from tracking.models.vgg_m import VggM
from tracking.trackers.dual_attention_settings import DualAttentionConfig
from tracking.trackers.local_net import TRUNK, build_local_net, trained_head
from tracking.training import domains as module
from tracking.training.distributed import Ranks
from tracking.training.domains import DomainBatch, DomainDataset, Domains
from tracking.training.local_attention import WEIGHTS, build_model, train_local
from tracking.training.local_config import LocalTrainConfig
from tracking.training.loop import Progress
from tracking.weights.load import read_about, write_weights

SMALL = LocalTrainConfig(
    random_init=True, device="cpu", epochs=3, frames=2, positives=4, negatives=6, share_conv=True
)


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


def test_parts_of_a_step_are_its_frames(mix: Path) -> None:
    whole, reader = batch_of(mix, 1), PairReader(mix, "train")
    for part in (range(1), range(1, 2)):
        made = DomainDataset(reader, Domains.of(reader), SMALL, range(1, 2), part)[0]
        assert isinstance(made, DomainBatch)
        (own,), theirs = made.frames, whole.frames[part.start]
        np.testing.assert_array_equal(own.boxes, theirs.boxes)
        assert torch.equal(own.view.visible, theirs.view.visible)
        assert (made.domain, own.seed) == (whole.domain, theirs.seed)


def test_a_box_that_no_sample_fits_is_named(mix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "that_overlap", lambda *_: np.zeros((0, 4)))
    reader = PairReader(mix, "train")
    found = DomainDataset(reader, Domains.of(reader), SMALL, range(1))[0]
    assert isinstance(found, DataError)
    assert "no sample fits beside the box" in str(found)


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


def test_frames_that_processes_cannot_share_are_refused() -> None:
    with pytest.raises(ConfigError, match="frames 8 cannot be shared by 3 processes evenly"):
        Ranks(0, 3).slice_of(8, "frames")


def test_bf16_is_near_fp32_and_not_the_same(mix: Path, tmp_path: Path) -> None:
    def losses(precision: str) -> list[float]:
        changed = {"precision": precision, "features": "crops"}
        config = LocalTrainConfig.model_validate({**SMALL.model_dump(), **changed})
        return train_local(mix, tmp_path / precision, config, stop_after=2).losses

    full, half = losses("fp32"), losses("bf16")
    assert half == pytest.approx(full, rel=0.02)
    assert half != full


def test_killed_at_any_step_it_goes_on_to_the_same_weights(mix: Path, tmp_path: Path) -> None:
    def die(progress: Progress) -> None:
        if progress.step == 2:
            raise KeyboardInterrupt

    config = SMALL.model_copy(update={"features": "crops"})
    straight = train_local(mix, tmp_path / "straight", config, stop_after=3)
    with pytest.raises(KeyboardInterrupt):
        train_local(mix, tmp_path / "cut", config, die)
    last = train_local(mix, tmp_path / "cut", config, stop_after=3)
    assert (last.resumed_at, last.steps) == (2, 3)
    assert last.weights.read_bytes() == straight.weights.read_bytes()


def test_frozen_convolutions_stay_and_the_head_learns(mix: Path, tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"frozen": True})
    first = load_file(train_local(mix, tmp_path / "run", config, stop_after=1).weights)
    done = train_local(mix, tmp_path / "run", config, stop_after=2)
    last = load_file(done.weights)
    assert done.resumed_at == 1
    changed = {name for name in last if not torch.equal(first[name], last[name])}
    assert changed == {f"head.fc{layer}.0.{kind}" for layer in "45" for kind in ("weight", "bias")}


@pytest.mark.slow  # processes that import torch
def test_two_processes_take_the_steps_of_one(mix: Path, tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"share_conv": False})
    straight = train_local(mix, tmp_path / "one", config, stop_after=3)
    (tmp_path / "run.toml").write_text(
        'device = "cpu"\nrandom_init = true\nepochs = 3\nframes = 2\npositives = 4\nnegatives = 6\n'
    )
    line: list[str | Path] = [
        "-m", "cli", "train", "dual-attention", "--stage", "local", "--mix", mix,
        "--out", tmp_path / "two", "--config", tmp_path / "run.toml", "--stop-after",
    ]  # fmt: skip
    for steps in ("2", "3"):  # and goes on
        done = subprocess.run(
            [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
             *line, steps],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
    log = (tmp_path / "two" / "log.jsonl").read_text().splitlines()
    losses = [json.loads(each)["loss"] for each in log]
    assert losses == pytest.approx(straight.losses, rel=1e-4)
    ours, theirs = (load_file(tmp_path / each / WEIGHTS) for each in ("two", "one"))
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], rtol=2e-3, atol=2e-5)
