"""Two processes that torchrun starts take the steps of one with the same batch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.conftest import ROOT
from tests.tracking.training.test_mmnet import _logged, _tensors
from tirdata.errors import ConfigError
from tracking.training.config import TrainConfig
from tracking.training.distributed import Ranks
from tracking.training.mmnet import train_mmnet

PROGRAM = (
    "import sys, torch; from pathlib import Path; torch.set_num_threads(1)\n"
    "from tracking.training.config import TrainConfig\n"
    "from tracking.training.mmnet import train_mmnet\n"
    "config = TrainConfig.model_validate_json(Path(sys.argv[3]).read_text())\n"
    "for stop in (2, None):\n"  # stops, and goes on
    "    train_mmnet(Path(sys.argv[1]), Path(sys.argv[2]), config, stop_after=stop)\n"
)


def _config(**more: object) -> TrainConfig:
    """All that pairs of a batch share: norms, classes, each other as negatives, noise, pasting."""
    values = {
        "strategy": "only-vid", "epochs": 1, "pairs_per_epoch": 6, "batch": 2, "lr_first": 1e-2,
        "lr_last": 5e-3, "in_batch_negatives": 0.5, "device": "cpu",
        "augment": {"shift": 8, "noise": 3, "paste": 0.3},
    }  # fmt: skip
    return TrainConfig.model_validate({**values, **more})


@pytest.mark.slow  # processes that import torch
def test_two_processes_take_the_steps_of_one(tiny_mix: Path, tmp_path: Path) -> None:
    config = _config()
    train_mmnet(tiny_mix, tmp_path / "one", config)
    (tmp_path / "run.py").write_text(PROGRAM)
    (tmp_path / "config.json").write_text(config.model_dump_json())
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         tmp_path / "run.py", tiny_mix, tmp_path / "two", tmp_path / "config.json"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    ours, theirs = _logged(tmp_path / "two"), _logged(tmp_path / "one")
    assert [line["step"] for line in ours] == [1, 2, 3]
    for line, other in zip(ours, theirs, strict=True):
        assert line["parts"] == pytest.approx(other["parts"], rel=1e-3)
    expected = _tensors(tmp_path / "one")
    for name, value in load_file(tmp_path / "two" / "mmnet.safetensors").items():
        torch.testing.assert_close(value, expected[name], rtol=5e-3, atol=5e-4)


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(ConfigError, match="batch 5 cannot be shared by 2 processes"):
        Ranks(0, 2).slice_of(5)
