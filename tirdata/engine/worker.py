"""One worker process of the pool: what it does, and the handle that the pool holds of it."""

import logging
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, Self

from tirdata.engine.attempt import attempt, label
from tirdata.engine.base import Outcome
from tirdata.errors import TirDataError, WorkerError

# One thread for each library in each worker: the pool is what fills the cores.
THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
PACKAGES = ("tirdata", "tracking")  # whose log records are sent home

Message = tuple[Literal["outcome", "log"], Any]


@dataclass(frozen=True, eq=False)
class Order:
    """What all items of one map have in common; sent to each worker once."""

    work: bytes  # the pickled function
    folder: str  # that relative paths are seen from
    environment: dict[str, str]
    modules: tuple[str, ...]  # where they are looked for
    log_levels: dict[str, int]

    @classmethod
    def of(cls, work: Callable[[Any], Any]) -> Self:
        """The order to do this work here and now."""
        here = str(Path.cwd()), dict(os.environ), tuple(sys.path)
        return cls(pickle.dumps(work), *here, log_levels())

    def enter(self, home: logging.Handler) -> Callable[[Any], Any]:
        """In a worker: make it so; the function. What is logged goes to ``home``."""
        os.chdir(self.folder)
        _set(os.environ, dict.fromkeys(THREAD_COUNTS, "1") | self.environment)
        sys.path[:] = self.modules
        for name, level in self.log_levels.items():
            logger = logging.getLogger(name)
            logger.setLevel(level)
            logger.propagate = False
            logger.handlers = [home]
        work: Callable[[Any], Any] = pickle.loads(self.work)  # noqa: S301 - our parent pickled it
        return work


class Worker:
    """A process that takes one item at a time through a pipe and answers with its outcome.

    Not forked from this process, whose threads of torch or FFmpeg would leave a fork with locked
    locks, but from a process without threads that has imported what they need; see `prepare`.
    """

    def __init__(self) -> None:
        """Start the process."""
        self.item: object = None
        self._order: Order | None = None
        self.busy = False
        self.dead = False
        prepare()
        context = get_context("forkserver")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        try:
            self.process.start()
        finally:
            theirs.close()

    def give(self, item: object, order: Order) -> None:
        """Hand over ``item``, to be worked on by ``order``.

        Raises:
            OSError: the process is no longer there; the item was not begun.
            Exception: the item cannot be pickled.
        """
        self.pipe.send((None if order is self._order else order, item))
        self.item, self.busy, self._order = item, True, order

    def take(self) -> Outcome[Any, Any] | None:
        """The outcome, once there is one; None when the process said something else or nothing."""
        try:
            if not self.pipe.poll() and self.process.exitcode is None:
                return None
            kind, value = self.pipe.recv()
        except (EOFError, OSError):
            self.dead = True
            return self._end(None, WorkerError(f"{label(self.item)}: {self._epitaph()}"))
        except Exception as error:  # the answer cannot be unpickled here
            what = f"its result cannot be read back ({type(error).__name__}: {error})"
            return self._end(None, TirDataError(f"{label(self.item)}: {what}"))
        if kind == "log":
            log_here(value)
            return None
        return self._end(*value)

    def dismiss(self, *, at_once: bool) -> None:
        """Tell the process to end: now, or when it has answered."""
        self.pipe.close()
        if at_once:
            self.process.terminate()

    def bury(self, timeout_s: float) -> None:
        """Wait for the end, and bring it about by force after ``timeout_s``."""
        self.process.join(timeout_s)
        for end in (self.process.terminate, self.process.kill):
            if self.process.exitcode is None:
                end()
                self.process.join(1.0)
        with suppress(ValueError):  # not even SIGKILL ended it
            self.process.close()

    def _end(self, result: object, error: TirDataError | None) -> Outcome[Any, Any]:
        self.busy = False
        self.dead |= isinstance(error, WorkerError)  # as the work itself has said
        return Outcome(self.item, result, error)

    def _epitaph(self) -> str:
        self.process.join(1.0)  # the pipe may close a little earlier than the process ends
        code = self.process.exitcode
        if code is not None and code < 0:
            how = f"was ended by signal {-code} ({signal.strsignal(-code)})"
        else:
            how = f"ended with status {code}"
        return f"the process that worked on it {how}; if memory ran out, use fewer --workers"


def prepare() -> None:
    """Start the process that workers are forked from, unless there is one; does not wait for it.

    It imports what this process has imported of ours while this one goes on, once for all workers.
    """
    ours = sorted(name for name in sys.modules if name.partition(".")[0] == PACKAGES[0])
    get_context("forkserver").set_forkserver_preload(ours)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    unset = [name for name in THREAD_COUNTS if name not in os.environ]
    try:  # what is inherited: no Ctrl-C before it can be ignored, and libraries without threads
        os.environ.update(dict.fromkeys(unset, "1"))
        forkserver.ensure_running()
    finally:
        for name in unset:
            del os.environ[name]
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _set(environment: MutableMapping[str, str], values: dict[str, str]) -> None:
    for name in environment.keys() - values.keys():
        del environment[name]
    environment.update(values)


def serve(pipe: Connection) -> None:
    """The life of a worker process: items in, outcomes out, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pool's business
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    home = _Home(pipe)
    work: Callable[[Any], Any] = repr  # until there is an order
    with suppress(EOFError, OSError):  # the pool has closed its end, or is gone
        while True:
            order, item = pipe.recv()
            if order is not None:
                work = order.enter(home)
            outcome = attempt(work, item)
            home.say(("outcome", (outcome.result, outcome.error)), outcome.item)
            del order, item, outcome  # no memory while it waits for the next map


class _Home(logging.Handler):
    """The worker's end of the pipe, for outcomes and for log records from any thread."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__()
        self._pipe = pipe
        self._one_at_a_time = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args, record.exc_info = self.format(record), None, None
        with suppress(OSError):
            self.say(("log", record), None)

    def say(self, message: Message, item: object) -> None:
        try:
            data = pickle.dumps(message)
        except Exception as error:
            what = f"its result cannot be sent back ({type(error).__name__}: {error})"
            data = pickle.dumps(("outcome", (None, TirDataError(f"{label(item)}: {what}"))))
        with self._one_at_a_time:
            self._pipe.send_bytes(data)


def log_levels() -> dict[str, int]:
    """What is logged here, for workers to log no less and no more."""
    return {name: logging.getLogger(name).getEffectiveLevel() for name in PACKAGES}


def log_here(record: logging.LogRecord) -> None:
    """Handle the record of a worker as one of this process."""
    logger = logging.getLogger(record.name)
    if logger.isEnabledFor(record.levelno):
        logger.handle(record)
