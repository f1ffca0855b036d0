"""The engine of one machine: a few worker processes, each with one item in hand.

`concurrent.futures` would do but for one thing: there a worker that dies (out of memory, a crash
in a decoder) breaks the pool and with it the whole run. Here it costs its own item.
"""

import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import wait
from typing import Any

from tirdata.engine.attempt import label
from tirdata.engine.base import Item, Outcome, Result
from tirdata.engine.worker import Worker
from tirdata.errors import TirDataError, WorkerError

LEAVE_S = 2.0  # how long workers that have nothing more to do may take to end


class PoolEngine:
    """Maps over ``workers`` processes; takes an item from the iterable only when one is free."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        crew = _Crew(pickle.dumps(work), self.workers)
        waiting = iter(items)
        done: list[Outcome[Item, Result]] = []
        leave_s = 0.0  # left half-way, by an error or Ctrl-C: what is in hand is given up
        try:
            while True:
                yield from crew.fill(waiting)
                yield from done
                if not crew.busy():
                    break
                done = crew.collect()
            leave_s = LEAVE_S
        finally:
            crew.stop(leave_s)


class _Crew:
    """The workers of one map, hired when there is an item for them and replaced when they die."""

    def __init__(self, work: bytes, size: int) -> None:
        self._work = work
        self._size = size
        self._workers: list[Worker] = []

    def busy(self) -> list[Worker]:
        """Those with an item in hand."""
        return [worker for worker in self._workers if worker.busy]

    def fill(self, waiting: Iterator[Any]) -> Iterator[Outcome[Any, Any]]:
        """Give items out until every hand is full; outcomes of items that cannot be given."""
        while len(self.busy()) < self._size:
            try:
                item = next(waiting)
            except StopIteration:
                return
            error = self._give(item)
            if error is not None:
                yield Outcome(item, None, error)

    def collect(self) -> list[Outcome[Any, Any]]:
        """Wait until a worker says something or dies; the outcomes that came of it."""
        busy = self.busy()
        wait([worker.pipe for worker in busy] + [worker.process.sentinel for worker in busy])
        outcomes = [outcome for worker in busy if (outcome := worker.take()) is not None]
        for worker in [worker for worker in busy if worker.dead]:
            self._dismiss(worker)
        return outcomes

    def stop(self, leave_s: float) -> None:
        """End all workers, by force those that are not gone after ``leave_s``."""
        for worker in self._workers:
            worker.dismiss(at_once=leave_s == 0)
        deadline = time.monotonic() + leave_s
        for worker in self._workers:
            worker.bury(max(0.0, deadline - time.monotonic()))
        self._workers.clear()

    def _give(self, item: object) -> TirDataError | None:
        for _ in range(2):  # a worker that died idle is not the item's fault
            worker = self._free()
            try:
                worker.give(item)
            except OSError:
                self._dismiss(worker)
            except Exception as error:
                what = f"cannot be sent to a worker ({type(error).__name__}: {error})"
                return TirDataError(f"{label(item)}: {what}")
            else:
                return None
        return WorkerError(f"{label(item)}: no worker process stays alive to take it")

    def _free(self) -> Worker:
        for worker in self._workers:
            if not worker.busy:
                return worker
        self._workers.append(Worker(self._work))
        return self._workers[-1]

    def _dismiss(self, worker: Worker) -> None:
        self._workers.remove(worker)
        worker.dismiss(at_once=True)
        worker.bury(0.0)
