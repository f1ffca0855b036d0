"""Training the global network: it learns, repeats, goes on, in two processes too; polarity."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.conftest import ROOT
from tests.made_mix import build, made_trees, recipe_of
from tests.tracking.training.made_pairs import pair, pair_masks, pair_mix
from tirdata.errors import ConfigError, DataError, MissingError, UsageError
from tirdata.geometry import overlap
from tirdata.types import Box, FramePair
from tracking.models.global_attention import GlobalAttention
from tracking.models.vgg16 import Vgg16
from tracking.trackers.global_search import GlobalSearch, GlobalSearchConfig
from tracking.training.global_attention import MaskLoss, build_schedule, train_global
from tracking.training.global_config import STANDARD_PAIR_AUGMENT, GlobalTrainConfig
from tracking.training.loop import Progress
from tracking.training.pair_batches import PairDataset
from tracking.training.pair_sources import open_pairs
from tracking.weights.load import read_about, write_weights

NAME = "global-attention.safetensors"


def config_of(**more: object) -> GlobalTrainConfig:
    """Two epochs of three steps of four small pairs, on a narrow network."""
    values = {
        "epochs": 2, "batch": 4, "lr": 0.01, "input_size": "48x64", "width": 2,
        "random_init": True, "device": "cpu", "checkpoint_every": 2,
        "augment": STANDARD_PAIR_AUGMENT, **more,
    }  # fmt: skip
    return GlobalTrainConfig.model_validate(values)


@pytest.fixture(scope="module")
def straight(mix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("straight")
    train_global(mix, out, config_of())
    return out


def tensors(run: Path) -> dict[str, Tensor]:
    return load_file(run / NAME)


def logged(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_defaults_are_the_papers() -> None:
    config = GlobalTrainConfig()
    assert (config.epochs, config.batch, config.lr) == (50, 20, 5e-5)
    assert (config.input_size, config.width, config.positive_weight) == ((256, 192), 64, 1.0)
    assert not any(config.augment.model_dump().values())
    schedule = build_schedule(config, 7850 + 44660)
    assert schedule.steps == 50 * 2626  # every pair once an epoch, the last batch made full
    assert schedule.rate(0) == schedule.rate(schedule.steps - 1) == 5e-5


def test_a_run_learns_and_leaves_what_a_tracker_takes(mix: Path, tmp_path: Path) -> None:
    plain = config_of(augment={}, epochs=12, lr=0.02, positive_weight=2.0)
    result = train_global(mix, tmp_path, plain)
    losses = [line["loss"] for line in logged(tmp_path)]
    assert (result.steps, len(losses)) == (36, 36)
    assert sum(losses[-3:]) < 0.6 * sum(losses[:3])
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json", "log.jsonl", "checkpoint.pt", NAME,
    }  # fmt: skip
    about = read_about(result.weights)
    assert (about["model"], about["random_init"], about["pairs"]) == (
        "global-attention", True, 12,
    )  # fmt: skip
    search = GlobalSearch(GlobalSearchConfig(weights=result.weights, device="cpu"))
    source, _ = open_pairs(mix)
    shown, box = source.pair(0), Box(60, 50, 40, 30)
    frames = FramePair(shown.thermal[..., 0], shown.visible)
    search.start(frames, box, box)
    assert search.attention(frames).shape == (48, 64)


@pytest.mark.slow  # 120 steps
def test_a_trained_network_finds_a_lost_target_in_a_sequence_that_it_never_saw(
    mix: Path, tmp_path: Path
) -> None:
    config = config_of(
        epochs=40, lr=0.005, width=8, positive_weight=3.0, augment={"flip": 0.5, "zoom": 0.5}
    )
    weights = train_global(mix, tmp_path, config).weights
    new = pair(9, count=8)
    assert new.visible is not None
    frames = [
        FramePair(new.frames[index], np.repeat(new.visible[index][:, :, None], 3, axis=2))
        for index in range(8)
    ]
    truth = new.tracks[0].boxes
    found = {}
    for gate in ("paper", "rescue"):
        settings = {"weights": weights, "device": "cpu", "proposals": {"gate": gate}}
        search = GlobalSearch(GlobalSearchConfig.model_validate(settings))
        search.start(frames[0], Box(*truth[0]), Box(*truth[0]))
        corner = Box(0.0, 0.0, *truth[0, 2:])  # where a lost tracker stays
        found[gate] = search.propose(frames[7], corner, failures=4, count=256)
    assert len(found["paper"]) == 0  # the paper's gate leaves a lost target lost
    expected = np.broadcast_to(truth[7], found["rescue"].shape)
    assert overlap(found["rescue"], expected).max() > 0.6


@pytest.mark.parametrize(("death", "kept"), [(KeyboardInterrupt, 3), (RuntimeError, 2)])
def test_stopped_killed_and_gone_on_with_it_ends_with_the_weights_of_one_go(
    mix: Path, straight: Path, tmp_path: Path, death: type[BaseException], kept: int
) -> None:
    def die(progress: Progress) -> None:
        if progress.step == 3:
            raise death

    first = train_global(mix, tmp_path, config_of(), stop_after=1)
    with pytest.raises(death):
        train_global(mix, tmp_path, config_of(), die)
    last = train_global(mix, tmp_path, config_of())
    assert (first.steps, last.resumed_at, last.steps) == (1, kept, 6)
    theirs = tensors(straight)
    for name, value in tensors(tmp_path).items():
        assert torch.equal(value, theirs[name]), name
    assert [line["loss"] for line in logged(tmp_path)] == [
        line["loss"] for line in logged(straight)
    ]


def test_a_finished_run_has_nothing_to_do(mix: Path, straight: Path) -> None:
    again = train_global(mix, straight, config_of())
    assert (again.steps, again.resumed_at, again.losses) == (6, 6, [])


@pytest.mark.slow  # a process that imports torch
def test_workers_change_nothing(mix: Path, straight: Path, tmp_path: Path) -> None:
    train_global(mix, tmp_path, config_of(workers=1), stop_after=2)
    assert [line["loss"] for line in logged(tmp_path)] == [
        line["loss"] for line in logged(straight)
    ][:2]


@pytest.mark.slow  # processes that import torch
def test_two_processes_take_the_steps_of_one(mix: Path, straight: Path, tmp_path: Path) -> None:
    program = (
        "import sys, torch; from pathlib import Path; torch.set_num_threads(1)\n"
        "from tracking.training.global_attention import train_global\n"
        "from tracking.training.global_config import GlobalTrainConfig\n"
        "config = GlobalTrainConfig.model_validate_json(Path(sys.argv[3]).read_text())\n"
        "train_global(Path(sys.argv[1]), Path(sys.argv[2]), config, stop_after=4)\n"
        "train_global(Path(sys.argv[1]), Path(sys.argv[2]), config)\n"  # and goes on
    )
    (tmp_path / "run.py").write_text(program)
    (tmp_path / "config.json").write_text(config_of().model_dump_json())
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         tmp_path / "run.py", mix, tmp_path / "out", tmp_path / "config.json"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    ours, theirs = logged(tmp_path / "out"), logged(straight)
    assert [line["step"] for line in ours] == [1, 2, 3, 4, 5, 6]
    assert [line["loss"] for line in ours] == pytest.approx(
        [line["loss"] for line in theirs], rel=1e-4
    )
    expected = tensors(straight)
    for name, value in tensors(tmp_path / "out").items():
        torch.testing.assert_close(value, expected[name], rtol=2e-3, atol=2e-4)


def test_a_batch_that_processes_cannot_share_is_refused() -> None:
    from tracking.training.distributed import Ranks

    assert list(Ranks(1, 2).slice_of(4)) == [2, 3]
    with pytest.raises(ConfigError, match="batch 5 cannot be shared by 2 processes"):
        Ranks(0, 2).slice_of(5)


def test_other_masks_do_not_go_on(mix: Path, straight: Path, tmp_path: Path) -> None:
    black = pair_mix(tmp_path, mask_polarity="target-black")
    with pytest.raises(DataError, match="learned from masks target-white, these are target-black"):
        train_global(black, straight, config_of())
    with pytest.raises(DataError, match="train_label was target, now it is background"):
        train_global(mix, straight, config_of(train_label="background"))


def test_masks_must_be_what_was_asked_for(mix: Path, tmp_path: Path) -> None:
    wrong = config_of(mask_polarity="target-black")
    with pytest.raises(DataError, match="masks are target-white; asked for target-black"):
        train_global(mix, tmp_path / "run", wrong)
    assert not (tmp_path / "run").exists()


def test_learning_the_background_is_learning_the_map_turned_round(mix: Path) -> None:
    source, _ = open_pairs(mix)
    batch = PairDataset(source, config_of(), range(1), range(4)).batch(0)
    torch.manual_seed(0)
    model = GlobalAttention(2)
    plain = MaskLoss(config_of(positive_weight=3.0))(model, batch)["mask"]
    with torch.no_grad():
        model.last.weight.neg_()
        assert model.last.bias is not None
        model.last.bias.neg_()
    turned = MaskLoss(config_of(positive_weight=3.0, train_label="background"))(model, batch)
    assert turned["mask"].item() == pytest.approx(plain.item(), rel=1e-6)


def test_weights_say_which_label_they_learned_and_the_other_is_refused(
    mix: Path, straight: Path, tmp_path: Path
) -> None:
    config = config_of(train_label="background")
    background = train_global(mix, tmp_path / "b", config, stop_after=1).weights
    assert read_about(background)["invert_output"] is True
    assert read_about(straight / NAME)["invert_output"] is False
    with pytest.raises(DataError, match=r"its map means background; this training's is target"):
        train_global(mix, tmp_path / "c", config_of(init=background), stop_after=1)
    gone_on = train_global(mix, tmp_path / "d", config_of(init=straight / NAME), stop_after=1)
    assert gone_on.losses[0] < logged(straight)[0]["loss"]
    assert read_about(gone_on.weights)["random_init"] is True  # its start's start was


def test_it_starts_from_vgg16_and_frozen_blocks_stay(mix: Path, tmp_path: Path) -> None:
    torch.manual_seed(7)
    network = Vgg16(2)
    start = tmp_path / "vgg16.safetensors"
    write_weights(start, network, {"model": "vgg16", "width": 2, "normalize": "matconvnet"})
    config = config_of(init=start, random_init=False, frozen_blocks=2)
    result = train_global(mix, tmp_path / "run", config, stop_after=1)
    about, found = read_about(result.weights), tensors(tmp_path / "run")
    assert (about["normalize"], about["random_init"]) == ("matconvnet", False)
    for name, value in network.state_dict().items():
        frozen = name.startswith(("conv1", "conv2"))
        assert torch.equal(found[f"encoder.{name}"], value) == frozen, name


def test_bf16_is_near_fp32(mix: Path, straight: Path, tmp_path: Path) -> None:
    result = train_global(mix, tmp_path, config_of(precision="bf16"), stop_after=2)
    assert result.losses == pytest.approx([line["loss"] for line in logged(straight)[:2]], rel=0.08)
    assert {value.dtype for value in tensors(tmp_path).values()} == {torch.float32}


def test_without_a_start_the_error_says_where_people_get_it(mix: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"vgg16-397923af\.pth.*weights convert.*--random-init"):
        train_global(mix, tmp_path, config_of(random_init=False))
    assert not list(tmp_path.iterdir())


def test_random_weights_are_a_warning(
    mix: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        train_global(mix, tmp_path, config_of(), stop_after=1)
    assert "starting from random weights" in caplog.text


def test_a_mix_of_crops_and_wrong_weights_are_refused(mix: Path, tmp_path: Path) -> None:
    build(recipe_of(*made_trees(tmp_path, recordings=2, count=3)), tmp_path / "crops")
    with pytest.raises(UsageError, match=r"holds \d+ crops .*--task rgbt"):
        train_global(tmp_path / "crops", tmp_path / "run", config_of())
    write_weights(tmp_path / "w.safetensors", torch.nn.Linear(1, 1), {"model": "mmnet"})
    with pytest.raises(DataError, match="weights of mmnet; expected vgg16 or global-attention"):
        train_global(mix, tmp_path / "run", config_of(init=tmp_path / "w.safetensors"))
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / NAME).write_text("theirs")
    with pytest.raises(UsageError, match=r"is there, but no run's config\.json"):
        train_global(mix, tmp_path / "theirs", config_of())


def test_built_masks_train_as_a_mix_does(tmp_path: Path) -> None:
    masks = pair_masks(tmp_path)
    result = train_global(masks, tmp_path / "run", config_of(), stop_after=1)
    assert read_about(result.weights)["pairs"] == 12


def test_sizes_that_the_network_cannot_take_are_refused() -> None:
    with pytest.raises(ValueError, match="input_size 50x64; the network takes multiples of 16"):
        config_of(input_size="50x64")
