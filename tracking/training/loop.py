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
from tirdata.errors import DataError, MissingError
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
    pairs_per_s: float  # from batch to batch, waiting included
    waited: float  # share of that time in which the next batch was waited for


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
        MissingError: memory runs out.
        StorageError: a checkpoint or the log cannot be written.
    """
    step = done
    saved_s = time.monotonic()
    clock = _Clock()
    try:
        for batch in batches:
            clock.received()
            rate = schedule.rate(step)
            for group in optimizer.param_groups:
                group["lr"] = rate * group["lr_multiplier"]
            with files.undisturbed():  # a step is taken whole or not at all
                try:
                    parts = _step(model, batch.to(device), loss, optimizer, ranks)
                except (RuntimeError, MemoryError) as error:
                    raise _explained(error, step, len(batch)) from error
                if parts is None:
                    _refuse(batch, step, log)
                step += 1
            waited, seconds = clock.done()
            if not ranks.leads:
                continue
            progress = Progress(
                step,
                schedule.steps,
                (step - 1) // schedule.steps_per_epoch,
                rate,
                sum(parts.values()),
                parts,
                ranks.count * len(batch) / seconds,
                waited / seconds,
            )
            # Not forced to the disk: what is behind the checkpoint comes again.
            files.append_line(log, json.dumps(progress.__dict__), forced=False)
            on_step(progress)
            late = time.monotonic() - saved_s > SAVE_AFTER_S
            if step % save_every == 0 or step == schedule.steps or late:
                save(step)
                saved_s = time.monotonic()
    except KeyboardInterrupt:
        if ranks.leads:
            save(step)
        raise


class _Clock:
    """Seconds from batch to batch, and those of them that went by before the batch came."""

    def __init__(self) -> None:
        self._last = self._came = time.perf_counter()

    def received(self) -> None:
        """A batch is here."""
        self._came = time.perf_counter()

    def done(self) -> tuple[float, float]:
        """Its step is done: seconds waited, seconds in all; the next one begins."""
        now = time.perf_counter()
        found = self._came - self._last, max(now - self._last, 1e-9)
        self._last = now
        return found


def _explained(error: Exception, step: int, pairs: int) -> Exception:
    """``error``, or what to do about too little memory."""
    text = str(error)
    out_of_memory = isinstance(error, MemoryError | torch.cuda.OutOfMemoryError)
    if not out_of_memory and "allocate memory" not in text and "enough memory" not in text:
        return error
    return MissingError(
        f"step {step}: out of memory with {pairs} pairs a step; the last checkpoint is whole. "
        "Begin again in another --out with a smaller --batch or --precision bf16, or end what "
        "else uses the device and give the same command"
    )


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
    means = _on_its_way(ranks.mean(values.detach()))
    optimizer.zero_grad(set_to_none=True)
    # A GPU is at work on this while the loss is looked at.
    values.sum().backward()  # type: ignore[no-untyped-call]
    ranks.average_gradients(model.parameters())
    found = means()
    if not math.isfinite(sum(found)):
        return None
    optimizer.step()
    return dict(zip(parts, found, strict=True))


def _on_its_way(values: Tensor) -> Callable[[], list[float]]:
    """What asks for ``values`` later: a copy that waits for nothing that is queued after it."""
    if values.device.type != "cuda":
        return values.tolist
    copy = torch.empty_like(values, device="cpu", pin_memory=True)
    copy.copy_(values, non_blocking=True)
    here = torch.cuda.Event()  # type: ignore[no-untyped-call]
    here.record()

    def wait() -> list[float]:
        here.synchronize()
        found: list[float] = copy.tolist()
        return found

    return wait


def trim_log(log: Path, done: int) -> None:
    """Keep the lines of steps up to ``done``: those after the checkpoint come again.

    Raises:
        StorageError: the log cannot be written.
    """
    if log.exists():
        kept = []
        for line in log.read_text(encoding="utf-8").splitlines(keepends=True):
            if not line.endswith("\n") or json.loads(line)["step"] > done:
                break
            kept.append(line)
        files.write_text(log, "".join(kept))


def _refuse(batch: Batch, step: int, log: Path) -> NoReturn:
    path = log.with_name(f"bad-batch-{step}.pt")
    with files.whole(path) as part:
        torch.save(batch.__dict__, part)
    raise DataError(
        f"step {step}: the loss is not a number; the batch is in {path}, the last checkpoint is "
        "whole; lower --lr-first or look at the batch"
    )
