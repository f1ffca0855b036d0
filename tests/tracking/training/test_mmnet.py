"""Training MMNet for a few real steps: it learns, repeats, goes on, and freezes what it should."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from tests.made_mix import build, made_tree, made_trees, named, recipe_of
from tirdata.errors import ConfigError, DataError, MissingError, UsageError
from tirdata.mix.recipe import Recipe
from tracking.models.mmnet import MMNet
from tracking.training.config import STRATEGIES, TrainConfig
from tracking.training.loop import Progress
from tracking.training.mmnet import train_mmnet
from tracking.training.parameters import freeze, hold, parameter_groups
from tracking.weights.load import read_about

FROZEN = STRATEGIES["fine-tune"].frozen


def _config(**more: object) -> TrainConfig:
    """One pair a step, eight steps in two epochs, positives only so that the loss is smooth."""
    values = {
        "epochs": 2, "pairs_per_epoch": 4, "batch": 1, "lr_first": 1e-2, "lr_last": 5e-3,
        "positive": 1.0, "hard_negative": 0.0, "device": "cpu", "checkpoint_every": 3,
    }  # fmt: skip
    return TrainConfig.model_validate({**values, **more})


@pytest.fixture(scope="module")
def straight(tiny_mix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of all eight steps in one go."""
    out = tmp_path_factory.mktemp("straight")
    train_mmnet(tiny_mix, out, _config())
    return out


def _tensors(run: Path) -> dict[str, Tensor]:
    return load_file(run / "mmnet.safetensors")


def _logged(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_the_loss_falls(straight: Path) -> None:
    losses = [line["loss"] for line in _logged(straight)]
    assert len(losses) == 8
    assert sum(losses[-3:]) < 0.95 * sum(losses[:3])


@pytest.mark.parametrize(("death", "kept"), [(KeyboardInterrupt, 4), (RuntimeError, 3)])
def test_stopped_killed_and_gone_on_with_it_ends_with_the_weights_of_one_go(
    tiny_mix: Path, straight: Path, tmp_path: Path, death: type[BaseException], kept: int
) -> None:
    def die(progress: Progress) -> None:
        if progress.step == 4:
            raise death

    first = train_mmnet(tiny_mix, tmp_path, _config(), stop_after=2)
    with pytest.raises(death):
        train_mmnet(tiny_mix, tmp_path, _config(), die)
    assert [line["step"] for line in _logged(tmp_path)] == [1, 2, 3, 4]
    # Ctrl-C saves the step in hand; anything harder leaves the checkpoint of step 3.
    last = train_mmnet(tiny_mix, tmp_path, _config())
    assert (first.steps, last.resumed_at, last.steps) == (2, kept, 8)
    ours, theirs = _tensors(tmp_path), _tensors(straight)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name
    assert [(line["step"], line["loss"]) for line in _logged(tmp_path)] == [
        (line["step"], line["loss"]) for line in _logged(straight)
    ]


@pytest.mark.parametrize("stop_after", [None, 3])
def test_a_finished_run_has_nothing_to_do(
    tiny_mix: Path, straight: Path, stop_after: int | None
) -> None:
    before = _tensors(straight)
    again = train_mmnet(tiny_mix, straight, _config(), stop_after=stop_after)
    assert (again.steps, again.resumed_at, again.losses) == (8, 8, [])
    assert all(torch.equal(value, before[name]) for name, value in _tensors(straight).items())
    assert read_about(again.weights)["steps"] == 8


def test_a_run_leaves_what_it_was_and_nothing_half_written(straight: Path) -> None:
    assert {path.name for path in straight.iterdir()} == {
        "config.json", "log.jsonl", "checkpoint.pt", "mmnet.safetensors",
    }  # fmt: skip
    assert TrainConfig.model_validate_json((straight / "config.json").read_text()) == _config()
    about = read_about(straight / "mmnet.safetensors")
    assert (about["model"], about["input_size"], about["steps"]) == ("mmnet", 191, 8)
    assert about["classes"] == 31  # the 30 of VID and drone
    assert about["train"]["seed"] == 0
    lines = _logged(straight)
    assert set(lines[0]["parts"]) == {"dis", "fin"}  # type: ignore[call-overload]
    assert all(line["pairs_per_s"] > 0 for line in lines)


def test_another_seed_gives_other_weights(tiny_mix: Path, straight: Path, tmp_path: Path) -> None:
    train_mmnet(tiny_mix, tmp_path, _config(seed=1), stop_after=1)
    name = "backbone.conv3.weight"
    assert not torch.equal(_tensors(tmp_path)[name], _tensors(straight)[name])


def test_another_config_does_not_go_on(tiny_mix: Path, straight: Path) -> None:
    before = (straight / "config.json").read_bytes()
    with pytest.raises(DataError, match="batch was 1, now it is 4"):
        train_mmnet(tiny_mix, straight, _config(batch=4))
    assert (straight / "config.json").read_bytes() == before


def test_another_mix_does_not_go_on(straight: Path, tmp_path: Path) -> None:
    recipe = recipe_of(*made_trees(tmp_path, recordings=2), class_map={"drone": "bird"})
    build(recipe, tmp_path / "mix")
    with pytest.raises(DataError, match=r"checkpoint\.pt: made with another mix"):
        train_mmnet(tmp_path / "mix", straight, _config())


@pytest.mark.parametrize("strategy", ["re-train", "fine-tune"])
def test_strategies_that_need_weights_say_so(tiny_mix: Path, tmp_path: Path, strategy: str) -> None:
    with pytest.raises(ConfigError, match=rf"{strategy} starts from weights; .*--init"):
        train_mmnet(tiny_mix, tmp_path, _config(strategy=strategy))
    assert not list(tmp_path.iterdir())


def _begin(name: str) -> bool:
    return name.startswith(FROZEN)


def test_fine_tuning_keeps_the_frozen_bit_by_bit_and_changes_the_rest(
    tiny_mix: Path, straight: Path, tmp_path: Path
) -> None:
    start = straight / "mmnet.safetensors"
    config = _config(strategy="fine-tune", init=start)
    train_mmnet(tiny_mix, tmp_path, config, stop_after=1)
    before, after = _tensors(straight), _tensors(tmp_path)
    kept = {name for name in before if _begin(name)}
    assert "classifier.weight" in kept
    for name in kept:
        assert torch.equal(after[name], before[name]), name
    norms = [name for name in kept if name.endswith(("running_mean", "running_var"))]
    assert len(norms) == 2 * (3 + 3)  # conv1-3, and query, key, value
    moved = {name for name in before if not _begin(name)}
    assert {name.split(".")[0] for name in moved} == {"backbone", "calibration5"}
    for name in moved:
        assert not torch.equal(after[name], before[name]), name


def test_re_training_changes_everything_it_starts_from(
    tiny_mix: Path, straight: Path, tmp_path: Path
) -> None:
    start = straight / "mmnet.safetensors"
    train_mmnet(tiny_mix, tmp_path, _config(strategy="re-train", init=start), stop_after=1)
    before, after = _tensors(straight), _tensors(tmp_path)
    same = {name for name in before if torch.equal(after[name], before[name])}
    # The gains behind a delta that is still tiny move by less than a float can say.
    gains = {f"fine_grained.pixel_level.{name}.1.weight" for name in ("query", "key", "value")}
    assert same <= gains
    # one step of 1e-3 is near where it started: the weights were really loaded
    near = (after["backbone.conv3.weight"] - before["backbone.conv3.weight"]).abs().max()
    assert near < 0.05


def test_a_kept_classification_layer_must_mean_the_same_classes(
    tiny_mix: Path, straight: Path, tmp_path: Path
) -> None:
    tree = made_tree(tmp_path / "thermal", [named(0, count=3), named(1, count=3)])
    build(Recipe(tir=(tree,), crop_size=191, class_map={"drone": "bird"}), tmp_path / "mix")
    start = straight / "mmnet.safetensors"
    config = _config(strategy="fine-tune", init=start)
    with pytest.raises(ConfigError, match="was trained on other classes, and fine-tune keeps"):
        train_mmnet(tmp_path / "mix", tmp_path / "run", config)
    without = _config(strategy="fine-tune", init=start, classification=0.0)
    result = train_mmnet(tmp_path / "mix", tmp_path / "run", without, stop_after=1)
    assert result.steps == 1


def test_weights_of_another_network_are_refused(
    tiny_mix: Path, straight: Path, tmp_path: Path
) -> None:
    config = _config(init=straight / "mmnet.safetensors", branches=["dis"])
    with pytest.raises(DataError, match=r"tensor .* is unknown; the weights are of another model"):
        train_mmnet(tiny_mix, tmp_path, config)


@pytest.mark.parametrize(("strategy", "lacks"), [("only-vid", "vid"), ("only-tir", "tir")])
def test_a_strategy_trains_on_its_domain_alone(tmp_path: Path, strategy: str, lacks: str) -> None:
    other = {"vid": "tir", "tir": "vid"}[lacks]
    tree = made_tree(tmp_path / "data", [named(0, count=3), named(1, count=3)])
    build(Recipe.model_validate({other: (tree,), "crop_size": 191}), tmp_path / "mix")
    with pytest.raises(DataError, match=f"no track of two or more crops in {lacks};"):
        train_mmnet(tmp_path / "mix", tmp_path / "run", _config(strategy=strategy))
    with pytest.raises(DataError, match=f"no track in {lacks}; mix-train learns from vid and tir"):
        train_mmnet(tmp_path / "mix", tmp_path / "run", _config(strategy="mix-train"))


def test_a_gpu_that_is_not_there_is_not_replaced(tiny_mix: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(MissingError, match="device 'cuda': not there") as caught:
        train_mmnet(tiny_mix, tmp_path, _config(device="cuda"))
    assert caught.value.exit_code == 5


def test_a_mix_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mix\.json: no such file"):
        train_mmnet(tmp_path / "nosuch", tmp_path / "run", _config())


def test_bf16_trains_too(tiny_mix: Path, tmp_path: Path) -> None:
    result = train_mmnet(tiny_mix, tmp_path, _config(precision="bf16"), stop_after=1)
    assert 0 < result.losses[0] < 3
    assert all(value.isfinite().all() for value in _tensors(tmp_path).values())


def test_rates_and_decays_are_the_papers() -> None:
    model = MMNet(input_size=191)
    groups = parameter_groups(model, 5e-4)
    found = {
        id(parameter): (group["lr_multiplier"], group["weight_decay"])
        for group in groups
        for parameter in group["params"]
    }
    named_parameters = dict(model.named_parameters())
    assert len(found) == len(named_parameters)
    for name, wanted in {
        "backbone.conv1.weight": (1.0, 5e-4),
        "backbone.conv1.bias": (2.0, 0.0),
        "backbone.norm1.weight": (2.0, 0.0),
        "backbone.norm1.bias": (1.0, 0.0),
        "calibration5.gain": (1.0, 0.0),
        "calibration5.bias": (2.0, 0.0),
        "fine_grained.pixel_level.delta": (1.0, 0.0),
        "fine_grained.holistic.up2.weight": (1.0, 5e-4),
        "classifier.weight": (1.0, 5e-4),
    }.items():
        assert found[id(named_parameters[name])] == wanted, name


def test_frozen_means_no_gradient_and_norms_that_stand_still() -> None:
    model = MMNet(input_size=191)
    freeze(model, FROZEN)
    hold(model, FROZEN)
    trained = {name for name, value in model.named_parameters() if value.requires_grad}
    assert trained == {
        f"{name}.{kind}"
        for name in ("backbone.conv4", "backbone.norm4", "backbone.conv5")
        for kind in ("weight", "bias")
    } | {"calibration5.gain", "calibration5.bias"}
    still = {
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.BatchNorm2d) and not module.training
    }
    assert len(still) == 6
    assert "backbone.norm4" not in still
    assert model.training


@pytest.mark.parametrize("name", ["log.jsonl", "config.json", "mmnet.safetensors"])
def test_somebodys_files_are_not_written_over(tiny_mix: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("theirs")
    with pytest.raises((UsageError, DataError), match=name):
        train_mmnet(tiny_mix, tmp_path, _config())
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "theirs")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 9}, "format 9, made by a newer tirdata; install that one"),
        ({"duplicates": None}, "made by another version of tirdata; build the mix again"),
        ({"format": "one"}, "not a mix; expected one made by build-mix"),
    ],
)
def test_a_mix_of_another_version_says_what_to_do(
    tiny_mix: Path, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    manifest = json.loads((tiny_mix / "mix.json").read_text()) | change
    (tmp_path / "mix.json").write_text(
        json.dumps({name: value for name, value in manifest.items() if value is not None})
    )
    with pytest.raises(DataError, match=words):
        train_mmnet(tmp_path, tmp_path / "run", _config())
    assert not (tmp_path / "run").exists()
