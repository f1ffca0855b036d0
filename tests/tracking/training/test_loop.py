"""The loop on the smallest model there is: one weight that is pulled to 1."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tirdata.errors import DataError
from tracking.training.data import Batch
from tracking.training.loop import Progress, Schedule, silent, train, trim_log

SCHEDULE = Schedule(epochs=3, steps_per_epoch=2, first=0.1, last=0.001)


def _batch(grey: int = 1) -> Batch:
    image = torch.full((2, 1, 4, 4), grey, dtype=torch.uint8)
    return Batch(image, image, torch.zeros(2, 2), torch.zeros(2), torch.zeros(2))


def _loss(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    assert isinstance(model, nn.Linear)
    value = (model.weight - 1).square().sum()
    bad = batch.z.float().mean() > 100
    return {"near": value, "far": 0.5 * value * (math.nan if bad else 1.0)}


@dataclass
class Run:
    """A run of the loop and what it told."""

    folder: Path
    model: nn.Linear = field(default_factory=lambda: nn.Linear(1, 1, bias=False))
    saved: list[int] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)

    def __post_init__(self) -> None:
        nn.init.zeros_(self.model.weight)
        self.optimizer = torch.optim.SGD(
            [{"params": self.model.parameters(), "lr_multiplier": 2.0}], lr=0.0
        )

    def go(self, batches: Iterator[Batch], done: int = 0) -> None:
        """Train; saves every second step."""
        train(
            self.model, batches, _loss, self.optimizer, schedule=SCHEDULE, done=done,
            device=torch.device("cpu"), log=self.folder / "log.jsonl", save=self.saved.append,
            save_every=4, on_step=self.told.append,
        )  # fmt: skip

    @property
    def log(self) -> list[dict[str, object]]:
        """The lines of the log."""
        return [json.loads(line) for line in (self.folder / "log.jsonl").read_text().splitlines()]


def test_the_rate_falls_exponentially_from_epoch_to_epoch() -> None:
    rates = [SCHEDULE.rate(step) for step in range(SCHEDULE.steps)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    assert Schedule(1, 5, 0.1, 0.001).rate(4) == 0.1  # one epoch has but its first rate


def test_every_step_is_logged_told_and_saved_now_and_then(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.go(iter([_batch()] * 6))
    assert [progress.step for progress in run.told] == [1, 2, 3, 4, 5, 6]
    assert [progress.epoch for progress in run.told] == [0, 0, 1, 1, 2, 2]
    assert run.saved == [4, 6]  # every fourth step, and the last
    assert [line["step"] for line in run.log] == [1, 2, 3, 4, 5, 6]
    assert set(run.log[0]) == {
        "step",
        "steps",
        "epoch",
        "lr",
        "loss",
        "parts",
        "pairs_per_s",
        "waited",
    }
    assert run.log[0]["parts"] == {"near": 1.0, "far": 0.5}
    assert run.log[0]["loss"] == 1.5
    losses = [progress.loss for progress in run.told]
    assert losses == sorted(losses, reverse=True)


def test_a_groups_rate_is_the_schedules_times_its_own(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.go(iter([_batch()]))
    # slope -3 at weight 0, rate 0.1, multiplier 2
    assert run.model.weight.item() == pytest.approx(0.6)


def test_going_on_counts_from_what_is_done(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.go(iter([_batch()] * 2), done=4)
    assert [progress.step for progress in run.told] == [5, 6]
    assert [progress.lr for progress in run.told] == pytest.approx([0.001, 0.001])


def test_a_loss_that_is_no_number_stops_before_it_harms_and_keeps_the_batch(
    tmp_path: Path,
) -> None:
    run = Run(tmp_path)
    with pytest.raises(DataError, match=r"step 1: the loss is not a number; .*bad-batch-1\.pt"):
        run.go(iter([_batch(), _batch(200), _batch()]))
    assert run.model.weight.item() == pytest.approx(0.6)  # as the first step left it
    assert len(run.log) == 1
    kept = torch.load(tmp_path / "bad-batch-1.pt", weights_only=True)
    assert kept["z"].float().mean() == 200
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad-batch-1.pt", "log.jsonl"]


def test_a_log_is_cut_to_the_checkpoint(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.go(iter([_batch()] * 6))
    trim_log(tmp_path / "log.jsonl", 4)
    assert [line["step"] for line in run.log] == [1, 2, 3, 4]
    trim_log(tmp_path / "nosuch.jsonl", 4)
    assert not (tmp_path / "nosuch.jsonl").exists()


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    silent(Progress(1, 2, 0, 0.1, 1.0, {}, 1.0, 0.0))
    assert capsys.readouterr() == ("", "")
