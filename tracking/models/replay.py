"""Work of a GPU recorded once for each number of rows, then given to it as a whole (CUDA graphs).

For one target a pass is some two hundred small pieces of work, and telling the GPU of each takes
longer than doing it.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor

COUNTS: Final = (1, 2, 3, 4, 8, 16, 24, 32, 48, 64)  # what is recorded; others are filled up
WARMING_UP: Final = 3  # runs before a record: libraries choose and allocate in the first ones

Tensors = tuple[Tensor, ...]
Run = Callable[..., Tensors]


class Record(NamedTuple):
    """What was recorded, with the memory that it reads and writes."""

    given: Tensors
    found: Tensors
    replay: Callable[[], None]


class Replayed:
    """``run`` of tensors (n, ...); what it gives is good until it is called again."""

    def __init__(self, run: Run, record: Callable[[Run, Tensors], Record] | None = None) -> None:
        """Prepare; nothing is recorded yet.

        Args:
            run: gives tensors (n, ...), each row by that row of its arguments alone.
            record: how; None: by CUDA.
        """
        self._run = run
        self._record = record or record_on_gpu
        self._records: dict[tuple[object, ...], Record] = {}

    def __call__(self, *given: Tensor) -> Tensors:
        """What ``run`` makes of ``given``, wherever these lie."""
        count = len(given[0])
        room = next((each for each in COUNTS if each >= count), count)
        shapes = tuple((room, *each.shape[1:]) for each in given)
        if shapes not in self._records:
            self._records[shapes] = self._record(
                self._run,
                tuple(
                    torch.ones(shape, dtype=each.dtype)
                    for shape, each in zip(shapes, given, strict=True)
                ),
            )
        record = self._records[shapes]
        for kept, new in zip(record.given, given, strict=True):
            kept[:count].copy_(new, non_blocking=True)
        record.replay()
        return tuple(each[:count] for each in record.found)


def record_on_gpu(run: Run, examples: Tensors) -> Record:
    """A CUDA graph of ``run`` on what is like ``examples``."""
    given = tuple(each.cuda() for each in examples)
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARMING_UP):
            run(*given)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = run(*given)
    return Record(given, found, graph.replay)
