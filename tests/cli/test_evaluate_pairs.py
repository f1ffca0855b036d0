"""`tirdata evaluate dual-attention` on pairs: random weights, none, and thermal frames alone."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from cli.main import main
from tests.made_pairs import FAST
from tests.real_pairs import NAMES, short_pairs
from tests.tracking.training.made_pairs import pair_set
from tracking.models.vgg_m import VggM
from tracking.weights.load import write_weights

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


def test_without_weights_it_takes_those_that_ship(pairs: Path, tmp_path: Path) -> None:
    result = evaluate(pairs, tmp_path, "--protocol", "rgbt234")
    assert result.exit_code == 0, result.output
    assert "RANDOM" not in result.stderr
    run = json.loads((tmp_path / "dual-attention/results/run.json").read_text())
    assert "random_init" not in run["settings"] or run["settings"]["random_init"] is False


def test_weights_that_are_not_there_are_status_5_and_leave_nothing(
    pairs: Path, tmp_path: Path
) -> None:
    result = evaluate(pairs, tmp_path, "--protocol", "rgbt234", "--weights", "none.safetensors")
    assert result.exit_code == 5
    assert "none.safetensors: no such file" in result.stderr
    assert not [*tmp_path.rglob("run.json")]


def test_a_tracker_without_weights_has_no_random_ones(pairs: Path, tmp_path: Path) -> None:
    line = ["evaluate", "hold", str(pairs), "--out", str(tmp_path), "--protocol", "rgbt234"]
    result = CliRunner().invoke(main, [*line, "--random-init"], prog_name="tirdata")
    assert result.exit_code == 2
    assert "random_init" in result.stderr


def spoil(data: Path, how: str) -> None:
    """Make one thing of a set of pairs wrong."""
    frames = sorted(data.rglob("visible/*.jpg"))
    if how == "missing":
        shutil.rmtree(frames[0].parent)
    elif how == "shorter":
        frames[-1].unlink()
    elif how == "grown":
        cv2.imwrite(str(frames[2]), np.zeros((90, 160, 3), np.uint8))
    else:
        for name in ("infrared.txt", "init.txt"):
            for path in data.rglob(name):
                path.write_text("400,300,20,20\n" * len(path.read_text().splitlines()))


@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ("missing", 3, ("visible",)),
        ("shorter", 3, ("visible", "3 frames; expected 4")),
        ("grown", 3, ("a visible frame is 160x90; expected 160x128, as the first",)),
        ("outside", 3, ("outside the 160x128",)),
    ],
)
def test_halves_that_do_not_fit_are_one_line_and_a_status(
    tmp_path: Path, how: str, status: int, words: tuple[str, ...]
) -> None:
    data = pair_set(tmp_path / "pairs", 1)
    spoil(data, how)
    quick = ("--random-init", "--set", "init_steps=1", "--format", "rgbt234")
    result = evaluate(data, tmp_path / "out", "--protocol", "rgbt234", *quick)
    assert result.exit_code == status, result.output
    last = result.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    for word in words:
        assert word in last


def test_an_object_outside_the_visible_half_is_a_warning(tmp_path: Path) -> None:
    data = pair_set(tmp_path / "pairs", 1)
    for path in data.rglob("visible/*.jpg"):  # the left part alone, and of another shape
        picture = cv2.imread(str(path))
        assert picture is not None
        cv2.imwrite(str(path), picture[:, :100])
    for path in data.rglob("visible.txt"):
        path.write_text("-40,50,20,14\n" * len(path.read_text().splitlines()))
    out = tmp_path / "out"
    line = ("--protocol", "rgbt234", "--random-init", "--set", "init_steps=1")
    result = evaluate(data, out, *line)
    assert result.exit_code == 0, result.output
    assert "the object is outside the visible frames at first" in result.stderr


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "vgg-m.safetensors"
    write_weights(path, VggM("pymdnet"), {"model": "vgg-m", "lrn": "pymdnet"})
    return path


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        (
            ("--set", "lrn=matconvnet"),
            3,
            "trained with normalisation pymdnet; the setting lrn says",
        ),
        (("--set", "attention=conv1"), 2, "attention conv1 needs features = crops"),
        (("--set", "profile=slow"), 2, "profile"),
        (("--set", "global_weights=none.safetensors"), 5, "none.safetensors"),
    ],
)
def test_weights_and_settings_that_do_not_fit(
    pairs: Path, tmp_path: Path, trunk: Path, more: tuple[str, ...], status: int, words: str
) -> None:
    result = evaluate(pairs, tmp_path, "--protocol", "rgbt234", "--weights", trunk, *more)
    assert result.exit_code == status, result.output
    last = result.stderr.splitlines()[-1]
    assert words in last


@pytest.mark.slow
def test_real_pairs_of_two_shapes_are_tracked(shared_data: Path, tmp_path: Path) -> None:
    pairs = short_pairs(shared_data, tmp_path / "pairs", 5)
    result = evaluate(
        pairs, tmp_path / "out", "--protocol", "gtot", "--random-init", "--json",
        "--set", "scene_limit=5.0", "--set", "candidates=256", "--set", "init_steps=10",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (tracker,) = json.loads(result.stdout)["trackers"]
    overlaps = [each["values"]["mean_overlap"] for each in tracker["targets"]]
    assert len(overlaps) == len(NAMES)
    assert overlaps[0] > 0.5  # it hardly moves; the others are for trained weights
