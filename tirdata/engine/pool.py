"""The engine of one machine: a few worker processes, each with one item in hand.

`concurrent.futures` would do but for one thing: there a worker that dies (out of memory, a crash
in a decoder) breaks the pool and with it the whole run. Here it costs its own item.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from typing import Any

from tirdata.engine.attempt import label
from tirdata.engine.base import Item, Outcome, Result
from tirdata.engine.worker import Order, Worker, prepare
from tirdata.errors import TirDataError, WorkerError

LEAVE_S = 2.0  # how long workers that have nothing more to do may take to end


class PoolEngine:
    """Maps over ``workers`` processes; takes an item from the iterable only when one is free.

    The processes stay for the next map, because starting one takes most of a second. They end with
    the engine, or with this process; those of a map that was left half-way end at once.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._idle: list[Worker] = []
        prepare()
        # Before multiprocessing waits for them at exit, for ever if one does not want to end.
        Finalize(self, _end, (self._idle,), exitpriority=10)

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        crew = _Crew(Order.of(work), self.workers, self._idle)
        waiting = iter(items)
        done: list[Outcome[Item, Result]] = []
        whole = False
        try:
            while True:
                yield from crew.fill(waiting)
                yield from done
                if not crew.busy():
                    break
                done = crew.collect()
            whole = True
        finally:
            if whole:
                crew.rest()
            else:  # left half-way, by an error or Ctrl-C: what is in hand is given up
                crew.stop()

    def close(self) -> None:
        """End the processes."""
        _end(self._idle)


def _end(workers: list[Worker]) -> None:
    """End idle workers, by force those that are not gone after ``LEAVE_S``."""
    leaving, workers[:] = workers[:], []
    for worker in leaving:
        worker.dismiss(at_once=False)
    deadline = time.monotonic() + LEAVE_S
    for worker in leaving:
        worker.bury(max(0.0, deadline - time.monotonic()))


class _Crew:
    """The workers of one map, called or hired when there is an item, replaced when they die."""

    def __init__(self, order: Order, size: int, idle: list[Worker]) -> None:
        self._order = order
        self._size = size
        self._idle = idle  # of the engine: another map may take from it meanwhile
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

    def rest(self) -> None:
        """Keep the workers for the next map, as many as it can use."""
        self._idle += self._workers
        self._workers.clear()
        surplus = self._idle[self._size :]
        del self._idle[self._size :]
        _end(surplus)

    def stop(self) -> None:
        """End all workers now, whatever they do."""
        for worker in self._workers:
            worker.dismiss(at_once=True)
        for worker in self._workers:
            worker.bury(0.0)
        self._workers.clear()

    def _give(self, item: object) -> TirDataError | None:
        for _ in range(2):  # a worker that died idle is not the item's fault
            worker = self._free()
            try:
                worker.give(item, self._order)
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
        self._workers.append(self._called() or Worker())
        return self._workers[-1]

    def _called(self) -> Worker | None:
        """A living worker that an earlier map left."""
        while self._idle:
            worker = self._idle.pop()
            if worker.process.exitcode is None:
                return worker
            worker.dismiss(at_once=True)
            worker.bury(0.0)
        return None

    def _dismiss(self, worker: Worker) -> None:
        self._workers.remove(worker)
        worker.dismiss(at_once=True)
        worker.bury(0.0)
