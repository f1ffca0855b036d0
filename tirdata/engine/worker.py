"""One worker process of the pool: what it does, and the handle that the pool holds of it."""

import logging
import os
import pickle
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Literal

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


class Worker:
    """A process that takes one item at a time through a pipe and answers with its outcome.

    Not forked: threads of torch or FFmpeg in this process would leave a fork with locked locks.
    """

    def __init__(self, work: bytes) -> None:
        """Start the process; ``work`` is the pickled work function."""
        self.item: object = None
        self.busy = False
        self.dead = False
        self.pipe, theirs = get_context("spawn").Pipe()
        self.process = get_context("spawn").Process(
            target=serve, args=(theirs, work, log_levels()), daemon=True
        )
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()  # inherits the mask: no Ctrl-C before it can be ignored
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            theirs.close()

    def give(self, item: object) -> None:
        """Hand over ``item``.

        Raises:
            OSError: the process is no longer there; the item was not begun.
            Exception: the item cannot be pickled.
        """
        self.pipe.send(item)
        self.item, self.busy = item, True

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


def serve(pipe: Connection, work: bytes, log_levels: dict[str, int]) -> None:
    """The life of a worker process: items in, outcomes out, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pool's business
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    for name in THREAD_COUNTS:
        os.environ.setdefault(name, "1")
    home = _Home(pipe)
    for name, level in log_levels.items():
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.propagate = False
        logger.addHandler(home)
    function: Callable[[Any], Any] = pickle.loads(work)  # noqa: S301 - our parent pickled it
    with suppress(EOFError, OSError):  # the pool has closed its end, or is gone
        while True:
            outcome = attempt(function, pipe.recv())
            home.say(("outcome", (outcome.result, outcome.error)), outcome.item)


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
