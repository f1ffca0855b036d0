"""`tirdata train`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from cli.main import main
from tests.made_mix import build, made_trees, recipe_of
from tirdata.mix.recipe import Recipe
from tracking.training.config import STANDARD_AUGMENT, Augment, TrainConfig


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mix")
    build(recipe_of(*made_trees(root, recordings=3, count=3)), root / "mix")
    return root / "mix"


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """Settings of a run of two steps."""
    path = tmp_path / "train.toml"
    path.write_text(
        'device = "cpu"\nepochs = 1\npairs_per_epoch = 2\nbatch = 1\n[augment]\nshift = 8\n'
    )
    return path


def tirdata(*args: object) -> Result:
    line = ["train", "mmnet", *(str(arg) for arg in args)]
    return CliRunner().invoke(main, line, prog_name="tirdata")


def _config(run: Path) -> TrainConfig:
    return TrainConfig.model_validate_json((run / "config.json").read_text())


def test_a_run_stops_goes_on_and_is_done(mix: Path, short: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    line = ("--mix", mix, "--out", out, "--config", short)
    first = tirdata(*line, "--stop-after", 1)
    assert first.exit_code == 0, first.output
    assert "1 steps done; loss" in first.stdout
    assert (out / "curves.svg").read_text().startswith("<svg ")
    second = tirdata(*line, "--json")
    assert second.exit_code == 0, second.output
    document = json.loads(second.stdout)
    assert (document["steps"], document["resumed_at"], len(document["losses"])) == (2, 1, 1)
    assert document["weights"] == str(out / "mmnet.safetensors")
    assert "went on at step 1" in second.stderr
    third = tirdata(*line)
    assert third.exit_code == 0
    assert "nothing to do: 2 steps are done" in third.stdout


@pytest.mark.parametrize(
    ("flags", "augment"),
    [
        ((), Augment(shift=8)),
        (("--augment",), STANDARD_AUGMENT),
        (("--no-augment",), Augment()),
    ],
    ids=["as the file says", "on", "off"],
)
def test_flags_win_over_the_file_and_the_rest_stays(
    mix: Path, short: Path, tmp_path: Path, flags: tuple[str, ...], augment: Augment
) -> None:
    out = tmp_path / "run"
    result = tirdata(
        "--mix", mix, "--out", out, "--config", short, "--stop-after", 1, "--branches", "dis",
        "--seed", 3, "--strategy", "only-tir", *flags,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    config = _config(out)
    assert (config.seed, config.strategy, config.branches) == (3, "only-tir", ("dis",))
    assert (config.device, config.batch) == ("cpu", 1)  # the file's, not the options' defaults
    assert config.augment == augment


@pytest.mark.parametrize(
    ("flags", "status", "part"),
    [
        (("--device", "cuda:99"), 5, "device 'cuda:99': not there"),
        (("--device", "gpu"), 5, "device 'gpu': unknown"),
        (("--strategy", "re-train"), 2, "re-train starts from weights; name them with --init"),
        (("--strategy", "guess"), 2, "strategy"),
        (("--branches", "dis,rpn"), 2, "branches.1"),
        (("--precision", "fp16"), 2, "precision"),
        (("--strategy", "re-train", "--init", "nosuch.safetensors"), 5,
         "nosuch.safetensors: no such weights file"),
        (("--mix", "nosuch"), 3, "mix.json: no such file"),
        (("--config", "nosuch.toml"), 2, "nosuch.toml: no such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)  # fmt: skip
def test_mistakes_are_one_line_and_their_status(
    mix: Path, short: Path, tmp_path: Path, flags: tuple[str, ...], status: int, part: str
) -> None:
    result = tirdata("--mix", mix, "--out", tmp_path / "run", "--config", short, *flags)
    assert result.exit_code == status, result.output
    last = result.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert part in last
    assert not (tmp_path / "run").exists()


def test_another_tracker_is_refused(mix: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["train", "kcf", "--mix", str(mix)], prog_name="tirdata")
    assert result.exit_code == 2
    assert "mmnet" in result.stderr


def test_a_mix_of_pairs_is_not_for_it(short: Path, tmp_path: Path) -> None:
    vid, _ = made_trees(tmp_path, recordings=2, count=3)
    build(Recipe(vid=(vid,), task="rgbt"), tmp_path / "pairs")
    result = tirdata("--mix", tmp_path / "pairs", "--out", tmp_path / "run", "--config", short)
    assert result.exit_code == 2
    assert "pairs: holds 6 pairs (task rgbt); this trains on crops: build" in result.stderr
    assert not (tmp_path / "run").exists()
