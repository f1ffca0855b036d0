"""Scores of a head in a fixed number of slots: always one shape, which a GPU can record once.

A head is a dozen small pieces of work on a GPU, and telling it of each takes longer than doing it.
Its weights may learn in place: a record reads them where they lie.
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from tracking.models.replay import Record, Run, Tensors, record_on_gpu

SLOTS: Final = 512  # local and global candidates of a frame


class Slots:
    """``run`` of features (n, ...) in parts of ``SLOTS``, recorded at the first call."""

    def __init__(
        self,
        run: Callable[[Tensor], Tensor],
        record: Callable[[Run, Tensors], Record] | None = None,
    ) -> None:
        """Prepare.

        Args:
            run: gives a row for each row, by that row alone; without gradients or dropout.
            record: how; None: as a CUDA graph.
        """
        self._run: Run = lambda features: (run(features),)
        self._how = record or record_on_gpu
        self._record: Record | None = None

    def __call__(self, features: Tensor) -> Tensor:
        """A row for each of ``features``."""
        if self._record is None:
            example = features.new_zeros(SLOTS, *features.shape[1:])
            self._record = self._how(self._run, (example,))
        (given,), (found,), replay = self._record
        parts = []
        for first in range(0, len(features), SLOTS):
            part = features[first : first + SLOTS]
            given[: len(part)].copy_(part)
            replay()
            parts.append(found[: len(part)].clone())  # the next part writes over it
        return torch.cat(parts)
