"""Work of a GPU recorded once for each number of crops, then given to it as a whole (CUDA graphs).

For one target a pass is some eighty small pieces of work, and telling the GPU of each takes longer
than doing it.
"""

from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

import torch
from torch import Tensor

from tracking.models.alexnet import Features

COUNTS: Final = (1, 2, 3, 4, 8, 16, 24, 32, 48, 64)  # what is recorded; others are filled up
WARMING_UP: Final = 3  # runs before a record: libraries choose and allocate in the first ones

Found = TypeVar("Found")
Run = Callable[[Tensor], Features]


class Record(NamedTuple, Generic[Found]):
    """What was recorded, with the memory that it reads and writes."""

    given: Tensor
    found: Found
    replay: Callable[[], None]


class Replayed:
    """``run`` of crops (n, 1, s, s) uint8; what it gives is good until it is called again."""

    def __init__(
        self, run: Run, record: Callable[[Run, Tensor], Record[Features]] | None = None
    ) -> None:
        """Prepare; nothing is recorded yet.

        Args:
            run: must depend on its argument alone.
            record: how; None: by CUDA.
        """
        self._run = run
        self._record = record or record_on_gpu
        self._records: dict[tuple[int, int], Record[Features]] = {}

    def __call__(self, crops: Tensor) -> Features:
        """Features of ``crops``, wherever these lie."""
        count, side = crops.shape[0], crops.shape[-1]
        room = next((each for each in COUNTS if each >= count), count)
        if (room, side) not in self._records:
            self._records[room, side] = self._record(
                self._run, torch.zeros(room, *crops.shape[1:], dtype=crops.dtype)
            )
        record = self._records[room, side]
        record.given[:count].copy_(crops, non_blocking=True)
        record.replay()
        return Features(record.found.conv3[:count], record.found.conv5[:count])


def record_on_gpu(run: Callable[[Tensor], Found], example: Tensor) -> Record[Found]:
    """A CUDA graph of ``run`` on what is like ``example``."""
    given = example.cuda()
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARMING_UP):
            run(given)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = run(given)
    return Record(given, found, graph.replay)
