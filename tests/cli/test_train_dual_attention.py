"""`tirdata train dual-attention`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from cli.main import main
from tests.tracking.training.made_pairs import pair_mix
from tracking.training.global_config import STANDARD_PAIR_AUGMENT, GlobalTrainConfig, PairAugment


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pair_mix(tmp_path_factory.mktemp("mix"))


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """Settings of a run of six small steps."""
    path = tmp_path / "train.toml"
    path.write_text(
        'device = "cpu"\nepochs = 1\nbatch = 2\nwidth = 1\ninput_size = "48x64"\n'
        "[augment]\nflip = 0.5\n"
    )
    return path


def tirdata(*args: object) -> Result:
    line = ["train", "dual-attention", *(str(arg) for arg in args)]
    return CliRunner().invoke(main, line, prog_name="tirdata")


def test_a_run_stops_goes_on_and_is_done(mix: Path, short: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    line = ("--stage", "global", "--mix", mix, "--out", out, "--config", short, "--random-init")
    first = tirdata(*line, "--stop-after", 2)
    assert first.exit_code == 0, first.output
    assert "2 steps done; loss" in first.stdout
    assert "warning: starting from random weights" in first.stderr
    second = tirdata(*line, "--json")
    document = json.loads(second.stdout)
    assert (document["steps"], document["resumed_at"], len(document["losses"])) == (6, 2, 4)
    assert document["weights"] == str(out / "global-attention.safetensors")
    assert "nothing to do: 6 steps are done" in tirdata(*line).stdout


@pytest.mark.parametrize(
    ("flags", "augment"),
    [
        ((), PairAugment(flip=0.5)),
        (("--augment",), STANDARD_PAIR_AUGMENT),
        (("--no-augment",), PairAugment()),
    ],
    ids=["as the file says", "on", "off"],
)
def test_flags_win_over_the_file_and_the_rest_stays(
    mix: Path, short: Path, tmp_path: Path, flags: tuple[str, ...], augment: PairAugment
) -> None:
    out = tmp_path / "run"
    result = tirdata(
        "--stage", "global", "--mix", mix, "--out", out, "--config", short, "--stop-after", 1,
        "--random-init", "--seed", 3, "--lr", 0.001, *flags,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    config = GlobalTrainConfig.model_validate_json((out / "config.json").read_text())
    assert (config.seed, config.lr, config.batch, config.augment) == (3, 0.001, 2, augment)


@pytest.mark.parametrize(
    ("flags", "status", "part"),
    [
        ((), 5, "vgg16-397923af.pth"),
        (("--stage", "globe"), 2, "no stage 'globe'; there are: "),
        (("--random-init", "--mask-polarity", "target-black"), 3, "masks are target-white"),
        (("--init", "none.st"), 5, "none.st: no such weights file"),
        (("--random-init", "--input-size", "50x64"), 2, "multiples of 16"),
        (("--random-init", "--precision", "fp16"), 2, "precision"),
        (("--mix", "nosuch"), 2, "neither mix.json nor manifest.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_mistakes_are_one_line_and_their_status(
    mix: Path, short: Path, tmp_path: Path, flags: tuple[str, ...], status: int, part: str
) -> None:
    out = tmp_path / "run"
    result = tirdata(
        "--stage", "global", "--mix", mix, "--out", out, "--config", short, *flags
    )  # fmt: skip
    assert result.exit_code == status, result.output
    last = result.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert part in last
    assert not out.exists()


def test_only_the_first_of_several_processes_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    from cli.training import console_of_rank

    assert not console_of_rank(json=False).quiet
    monkeypatch.setenv("RANK", "1")
    console = console_of_rank(json=True)
    assert (console.quiet, console.json) == (True, False)
