"""`tirdata evaluate dual-attention` on pairs: random weights, none, and thermal frames alone."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from cli.main import main
from tests.made_pairs import FAST
from tests.tracking.training.made_pairs import pair_set

SETTINGS = {**FAST, "init_steps": 3, "scene_limit": 2.0}
SET = [
    word
    for name, value in SETTINGS.items()
    if name not in ("random_init", "device")
    for word in ("--set", f"{name}={json.dumps(value)}")
]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def evaluate(data: Path, out: Path, *args: object) -> Result:
    line = ["evaluate", "dual-attention", data, "--out", out, "--device", "cpu", *SET, *args]
    line += ["--engine", "serial", "--workers", 1]
    return CliRunner().invoke(main, [str(word) for word in line], prog_name="tirdata")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pair_set(tmp_path_factory.mktemp("pairs"), 1)


def test_random_weights_are_said_aloud_and_written_into_the_results(
    pairs: Path, tmp_path: Path
) -> None:
    result = evaluate(pairs, tmp_path, "--protocol", "rgbt234", "--random-init", "--json")
    assert result.exit_code == 0, result.output
    assert "warning: dual-attention: RANDOM WEIGHTS" in result.stderr
    document = json.loads(result.stdout)
    assert 0 <= document["scores"]["MSR"] <= 1
    for path in ("dual-attention/scores.json", "dual-attention/results/run.json"):
        assert json.loads((tmp_path / path).read_text())["settings"]["random_init"] is True


def test_without_weights_it_is_status_5_and_nothing_is_left(pairs: Path, tmp_path: Path) -> None:
    result = evaluate(pairs, tmp_path, "--protocol", "rgbt234")
    assert result.exit_code == 5
    assert "weights convert imagenet-vgg-m.mat --from vggm-mat" in result.stderr
    assert not [*tmp_path.rglob("run.json")]


def test_a_tracker_without_weights_has_no_random_ones(pairs: Path, tmp_path: Path) -> None:
    line = ["evaluate", "hold", str(pairs), "--out", str(tmp_path), "--protocol", "rgbt234"]
    result = CliRunner().invoke(main, [*line, "--random-init"], prog_name="tirdata")
    assert result.exit_code == 2
    assert "random_init" in result.stderr


@pytest.mark.slow
def test_real_pairs_of_two_shapes_are_followed(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "research-only" / "rgbt" / "day_drone_a"
    target = tmp_path / "pairs" / source.name
    for half in "iv":
        (target / half).mkdir(parents=True)
        for path in sorted((source / half).iterdir())[:6]:
            shutil.copy(path, target / half)
        truth = (source / f"groundTruth_{half}.txt").read_text().splitlines(keepends=True)
        (target / f"groundTruth_{half}.txt").write_text("".join(truth[:6]))
    result = evaluate(
        tmp_path / "pairs", tmp_path / "out", "--protocol", "gtot", "--random-init", "--json",
        "--set", "scene_limit=5.0", "--set", "candidates=256", "--set", "init_steps=10",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["scores"]["SR"] > 0.5
