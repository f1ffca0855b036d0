"""What a training does around its loop: going on where it stopped, saving, and who of several does.

``train mmnet`` has more to do there and does it itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple

import torch
from torch import nn
from torch.optim import Optimizer

from tirdata import files
from tirdata.config import Config, to_json
from tracking.training import checkpoint
from tracking.training.distributed import ALONE, Ranks
from tracking.training.loop import AnyBatch, LossFunction, Progress, Schedule, train, trim_log
from tracking.training.run_folder import CHECKPOINT, CONFIG, LOG


class Learning(NamedTuple, Generic[AnyBatch]):
    """What learns, from what and how."""

    model: nn.Module
    """On its device, in training mode."""
    optimizer: Optimizer
    loss: LossFunction[AnyBatch]
    batches: Callable[[range], Iterator[AnyBatch]]
    """Those of some steps, in order: of several processes, this one's part of each."""
    schedule: Schedule
    save_every: int
    """Steps between checkpoints."""


class Steps(NamedTuple):
    """What a call of a run came to."""

    end: int
    """Steps done in all."""
    resumed_at: int
    losses: list[float]
    """Of the steps of this call."""


@dataclass(frozen=True)
class Run:
    """A training, as one process sees it."""

    out: Path
    config: Config
    mix_hash: str
    ranks: Ranks = ALONE
    polarity: str = ""
    """Of the masks that are learned from, where it is masks."""

    def go(
        self,
        learning: Learning[AnyBatch],
        device: torch.device,
        on_step: Callable[[Progress], None],
        stop_after: int | None,
    ) -> Steps:
        """Train from the checkpoint, if there is one, to the end or to step ``stop_after``.

        Raises:
            DataError: the checkpoint is of another training, or the loss is not a number.
            StorageError: a file cannot be written.
        """
        schedule = learning.schedule
        done = self._done(learning)
        end = max(done, min(schedule.steps, stop_after or schedule.steps))
        if self.ranks.leads:
            files.write_text(self.out / CONFIG, to_json(self.config))
            trim_log(self.out / LOG, done)
        losses: list[float] = []

        def note(progress: Progress) -> None:
            losses.append(progress.loss)
            on_step(progress)

        def save(step: int) -> None:
            checkpoint.save(
                self.out / CHECKPOINT, learning.model, learning.optimizer, step, self.config,
                self.mix_hash, polarity=self.polarity,
            )  # fmt: skip

        train(
            learning.model, learning.batches(range(done, end)), learning.loss, learning.optimizer,
            schedule=schedule, done=done, device=device, log=self.out / LOG, save=save,
            save_every=learning.save_every, on_step=note, ranks=self.ranks,
        )  # fmt: skip
        if self.ranks.leads and losses:
            save(end)
        return Steps(end, done, losses)

    def _done(self, learning: Learning[AnyBatch]) -> int:
        """Load the checkpoint, if there is one; the number of steps that are done."""
        path, done = self.out / CHECKPOINT, 0
        if path.exists():
            done = checkpoint.restore(
                path, learning.model, learning.optimizer, self.config, self.mix_hash,
                polarity=self.polarity,
            )  # fmt: skip
        self.ranks.meet()  # all have read what the first one may write over
        return done
