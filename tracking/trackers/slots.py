"""Scores of a head in a fixed number of slots: always one shape, which a GPU can record once.

A head is a dozen small pieces of work on a GPU, and telling it of each takes longer than doing it.
Its weights may learn in place: a record reads them where they lie.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor

SLOTS: Final = 512  # local and global candidates of a frame
WARMING_UP: Final = 3  # runs before a record: libraries choose and allocate in the first ones

Run = Callable[[Tensor], Tensor]


class Record(NamedTuple):
    """What was recorded, with the memory that it reads and writes."""

    given: Tensor
    found: Tensor
    replay: Callable[[], None]


class Slots:
    """``run`` of features (n, ...) in parts of ``SLOTS``, recorded at the first call."""

    def __init__(self, run: Run, record: "Callable[[Run, Tensor], Record] | None" = None) -> None:
        """Prepare.

        Args:
            run: gives a row for each row, by that row alone; without gradients or dropout.
            record: how; None: as a CUDA graph.
        """
        self._run = run
        self._how = record or record_on_gpu
        self._record: Record | None = None

    def __call__(self, features: Tensor) -> Tensor:
        """A row for each of ``features``."""
        if self._record is None:
            self._record = self._how(self._run, features.new_zeros(SLOTS, *features.shape[1:]))
        given, found, replay = self._record
        parts = []
        for first in range(0, len(features), SLOTS):
            part = features[first : first + SLOTS]
            given[: len(part)].copy_(part)
            replay()
            parts.append(found[: len(part)].clone())  # the next part writes over it
        return torch.cat(parts)


def record_on_gpu(run: Run, example: Tensor) -> Record:
    """A CUDA graph of ``run`` on features like ``example``."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARMING_UP):
            run(example)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = run(example)
    return Record(example, found, graph.replay)
