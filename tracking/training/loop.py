"""The training loop: learning rate, forward, backward, step, log, save, in this order."""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from tirdata import files
from tirdata.errors import DataError
from tracking.training.distributed import ALONE, Ranks

SAVE_AFTER_S = 60.0  # a killed run loses at most this much work, whatever the steps take


@dataclass(frozen=True)
class Progress:
    """One step as it is logged."""

    step: int  # steps done
    steps: int  # steps of the whole run
    epoch: int
    lr: float
    loss: float
    parts: dict[str, float]
    pairs_per_s: float


def silent(progress: Progress) -> None:
    """Says nothing of a step."""


class Batch(Protocol):
    """What the loop has to know of a batch."""

    def __len__(self) -> int: ...

    def to(self, device: torch.device) -> Self: ...


AnyBatch = TypeVar("AnyBatch", bound=Batch)
Batch_contra = TypeVar("Batch_contra", bound=Batch, contravariant=True)


class LossFunction(Protocol[Batch_contra]):
    """The parts of the loss of a batch, each averaged over the pairs; their sum is minimised."""

    def __call__(self, model: nn.Module, batch: Batch_contra) -> dict[str, Tensor]: ...


@dataclass(frozen=True)
class Schedule:
    """Exponential decay from epoch to epoch."""

    epochs: int
    steps_per_epoch: int
    first: float
    last: float

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    def rate(self, step: int) -> float:
        """Learning rate of step ``step`` (from 0)."""
        epoch = step // self.steps_per_epoch
        share: float = epoch / max(self.epochs - 1, 1)
        return float(self.first * (self.last / self.first) ** share)


def train(  # noqa: PLR0913
    model: nn.Module,
    batches: Iterator[AnyBatch],
    loss: LossFunction[AnyBatch],
    optimizer: Optimizer,
    *,
    schedule: Schedule,
    done: int,
    device: torch.device,
    log: Path,
    save: Callable[[int], None],
    save_every: int,
    on_step: Callable[[Progress], None],
    ranks: Ranks = ALONE,
) -> None:
    """Train from step ``done`` to the end of ``batches``; the caller sets the modules' modes.

    The learning rate of a parameter group is the schedule's times the group's ``lr_multiplier``.
    Ctrl-C ends it after the step in hand, which is saved. Of several ``ranks`` each has its part of
    every batch, and the first one logs and saves.

    Raises:
        DataError: the loss is not a number; the batch is saved beside the log.
        StorageError: a checkpoint or the log cannot be written.
    """
    step = done
    saved_s = time.monotonic()
    try:
        for batch in batches:
            started = time.perf_counter()
            rate = schedule.rate(step)
            for group in optimizer.param_groups:
                group["lr"] = rate * group["lr_multiplier"]
            with files.undisturbed():  # a step is taken whole or not at all
                parts = _step(model, batch.to(device), loss, optimizer, ranks)
                if parts is None:
                    _refuse(batch, step, log)
                step += 1
            progress = Progress(
                step,
                schedule.steps,
                (step - 1) // schedule.steps_per_epoch,
                rate,
                sum(parts.values()),
                parts,
                ranks.count * len(batch) / (time.perf_counter() - started),
            )
            if not ranks.leads:
                continue
            files.append_line(log, json.dumps(progress.__dict__))
            on_step(progress)
            late = time.monotonic() - saved_s > SAVE_AFTER_S
            if step % save_every == 0 or step == schedule.steps or late:
                save(step)
                saved_s = time.monotonic()
    except KeyboardInterrupt:
        if ranks.leads:
            save(step)
        raise


def _step(
    model: nn.Module,
    batch: AnyBatch,
    loss: LossFunction[AnyBatch],
    optimizer: Optimizer,
    ranks: Ranks,
) -> dict[str, float] | None:
    """The parts of the loss before the step that is taken; None, and no step, if not a number."""
    parts = loss(model, batch)
    values = torch.stack(list(parts.values()))
    means = ranks.mean(values).tolist()
    if not math.isfinite(sum(means)):
        return None
    optimizer.zero_grad(set_to_none=True)
    values.sum().backward()  # type: ignore[no-untyped-call]
    ranks.average_gradients(model.parameters())
    optimizer.step()
    return dict(zip(parts, means, strict=True))


def trim_log(log: Path, done: int) -> None:
    """Keep the lines of the first ``done`` steps: those after the checkpoint come again.

    Raises:
        StorageError: the log cannot be written.
    """
    if log.exists():
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
        files.write_text(log, "".join(lines[:done]))


def _refuse(batch: Batch, step: int, log: Path) -> NoReturn:
    path = log.with_name(f"bad-batch-{step}.pt")
    with files.whole(path) as part:
        torch.save(batch.__dict__, part)
    raise DataError(
        f"step {step}: the loss is not a number; the batch is in {path}, the last checkpoint is "
        "whole; lower --lr-first or look at the batch"
    )
