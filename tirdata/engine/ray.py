"""The engine of many machines: items go to a Ray cluster, or to a Ray of its own on this machine.

The one file that knows Ray. What was sent to a worker that died is sent again, a few times.
"""

import importlib.util
import logging
import os
import pickle
import re
import signal
import socket
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tirdata import __version__
from tirdata.engine.attempt import attempt, label
from tirdata.engine.base import Item, Outcome, Result
from tirdata.engine.worker import THREAD_COUNTS, log_here, log_levels
from tirdata.errors import MissingError, TirDataError, UsageError, WorkerError

TRIES = 3  # how many workers an item may take down before it is given up
KNOCK_S = 5.0  # how long a cluster may take to be there at all
STORE_BYTES = 128 * 2**20  # for what workers hand each other; ours is small

_HOST_PORT = re.compile(r"(ray://)?\[?(?P<host>[^/]+?)\]?:(?P<port>\d{1,5})")

_logger = logging.getLogger(__name__)


class RayEngine:
    """Maps over a Ray cluster with ``workers`` items on their way at a time.

    A Ray that this process runs already is used as it is, and left alone afterwards.
    """

    def __init__(self, workers: int, address: str | None = None) -> None:
        """Connect later, when there is an item; to ``address``, else to a Ray of our own.

        Raises:
            MissingError: Ray is not installed.
        """
        if importlib.util.find_spec("ray") is None:
            raise MissingError("--engine ray: Ray is not installed; pip install 'tirdata[cluster]'")
        self.workers = workers
        self.address = address or os.environ.get("RAY_ADDRESS") or None
        self._session: _Session | None = None

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        """As the seam says.

        Raises:
            MissingError: there is no Ray at the address, or it cannot be started here.
            UsageError: this process is connected to another one.
        """
        waiting = iter(items)
        try:
            first = next(waiting)
        except StopIteration:  # without items there is nothing to start a Ray for
            return
        ray = self._connect()
        flight = _Flight(ray, work, self.workers)
        whole = False
        try:
            yield from flight.send(first)
            while True:
                yield from flight.fill(waiting)
                if not flight.tasks:
                    break
                yield from flight.collect()
            whole = True
        finally:
            if not whole:  # left half-way, by an error or Ctrl-C: what is in hand is given up
                flight.cancel()
                self._session = None

    def close(self) -> None:
        """Let go of the connection, if it is ours; the last engine to do so ends it."""
        self._session = None

    def _connect(self) -> ModuleType:
        if self.address is not None and self._session is None:
            _knock(self.address)
        ray = import_ray(own=self.address is None)
        self._session = self._session or _SESSIONS.get(_OURS)
        if self._session is None and not ray.is_initialized():
            self._session = _SESSIONS[_OURS] = _Session(ray, self.address, self.workers)
        if self._session is not None and self._session.address != self.address:
            raise UsageError(
                f"--ray-address {self.address}: this process is connected to "
                f"{self._session.address or 'a Ray of its own'}; one process has one Ray"
            )
        return ray


class _Session:
    """A connection that we made: it ends when the last engine lets go of it, or the process ends.

    A Ray of our own then ends with it, a cluster does not notice.
    """

    def __init__(self, ray: ModuleType, address: str | None, workers: int) -> None:
        self.address = address
        with _signals_kept():
            try:
                _start(ray, address, workers)
            except Exception as error:
                ray.shutdown()
                raise _no_ray(address, error) from error
            except BaseException:  # Ctrl-C while it starts
                ray.shutdown()
                raise
        weakref.finalize(self, ray.shutdown)


_OURS = "ours"
_SESSIONS: weakref.WeakValueDictionary[str, _Session] = weakref.WeakValueDictionary()


def import_ray(*, own: bool) -> ModuleType:
    """Ray, told on its way in to print nothing and, for one of our own, to stay on 127.0.0.1."""
    if "ray" not in sys.modules:
        os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")  # what raylets say of dead workers
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        if own:  # named after where it is the default; elsewhere Ray listens on every interface
            os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    import ray  # noqa: PLC0415  # only where it is asked for: it is large and optional

    return ray


def _start(ray: ModuleType, address: str | None, workers: int) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address is not None:
        ray.init(address=address, **quiet)
        return
    ray.init(
        address="local",  # and not one that happens to run on this machine
        num_cpus=workers,
        include_dashboard=False,
        object_store_memory=STORE_BYTES,
        **quiet,
    )


def _knock(address: str) -> None:
    """See at once that somebody listens there; Ray itself would try for minutes.

    Raises:
        MissingError: nobody does.
    """
    if match := _HOST_PORT.fullmatch(address):
        try:
            socket.create_connection((match["host"], int(match["port"])), KNOCK_S).close()
        except (OSError, OverflowError) as error:
            raise _no_ray(address, error) from None


def _no_ray(address: str | None, error: Exception) -> MissingError:
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return MissingError(
        f"--ray-address {address}: no Ray can be reached there ({what}); see ray status"
        if address
        else f"--engine ray: Ray cannot be started on this machine ({what})"
    )


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself; whoever called us has a use for it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass(frozen=True)
class _Order:
    """What all items of one map have in common; sent to each worker once."""

    work: bytes
    folder: str  # that relative paths are seen from
    version: str
    log_levels: dict[str, int]

    def check(self) -> None:
        """See that the machine this runs on has what the work needs; go to its folder.

        Raises:
            MissingError: another tirdata, or no such folder.
        """
        node = os.uname().nodename
        if self.version != __version__:
            raise MissingError(
                f"node {node}: has tirdata {__version__}; expected {self.version} on every node"
            )
        try:
            os.chdir(self.folder)
        except OSError:
            raise MissingError(
                f"node {node}: has no folder {self.folder}; expected it on every node, "
                f"share it under the same path"
            ) from None


class _Flight:
    """The items of one map that are on their way."""

    def __init__(self, ray: ModuleType, work: Callable[[Any], Any], size: int) -> None:
        self.tasks: dict[Any, tuple[Any, int]] = {}  # the reference of each: its item, its try
        self._ray = ray
        self._size = size
        self._order = ray.put(
            _Order(ray.cloudpickle.dumps(work), str(Path.cwd()), __version__, log_levels())
        )
        # No retries by Ray: for some reasons of dying it tries for ever, and says nothing.
        threads = {name: os.environ.get(name, "1") for name in THREAD_COUNTS}
        # A worker without a share of a GPU would have them all hidden from it.
        environment = {**threads, "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
        self._serve = ray.remote(
            num_cpus=1, max_retries=0, runtime_env={"env_vars": environment}
        )(serve)  # fmt: skip

    def fill(self, waiting: Iterator[Any]) -> Iterator[Outcome[Any, Any]]:
        """Send items until as many as may be are on their way; outcomes of what cannot travel."""
        while len(self.tasks) < self._size:
            try:
                item = next(waiting)
            except StopIteration:
                return
            yield from self.send(item)

    def send(self, item: object, attempts: int = 1) -> Iterator[Outcome[Any, Any]]:
        """Send one item; its outcome, if it cannot travel."""
        try:
            packed = self._ray.cloudpickle.dumps(item)
        except Exception as error:
            what = f"cannot be sent to a worker ({type(error).__name__}: {error})"
            yield Outcome(item, None, TirDataError(f"{label(item)}: {what}"))
        else:
            task = self._serve.remote(self._order, label(item), packed)
            self.tasks[task] = (item, attempts)

    def collect(self) -> Iterator[Outcome[Any, Any]]:
        """Wait until one ends; its outcome, unless it is sent again."""
        (task,), _ = self._ray.wait(list(self.tasks), num_returns=1)
        item, attempts = self.tasks.pop(task)
        errors = self._ray.exceptions
        try:
            result, error, records = pickle.loads(self._ray.get(task))  # noqa: S301  # our worker's
        except (errors.RayTaskError, errors.RuntimeEnvSetupError) as failure:
            yield Outcome(item, None, MissingError(f"{label(item)}: {_unready(failure)}"))
        except errors.RayError as death:
            yield from self._again(item, attempts, death)
        except Exception as failure:  # the answer cannot be unpickled here
            what = f"its result cannot be read back ({type(failure).__name__}: {failure})"
            yield Outcome(item, None, TirDataError(f"{label(item)}: {what}"))
        else:
            for record in records:
                log_here(record)
            yield Outcome(item, result, error)

    def cancel(self) -> None:
        """End what is on its way, by force: it may be in the middle of a long computation."""
        for task in self.tasks:
            with suppress(Exception):
                self._ray.cancel(task, force=True)
        self.tasks.clear()

    def _again(self, item: object, attempts: int, death: Exception) -> Iterator[Outcome[Any, Any]]:
        how = _epitaph(death)
        if attempts < TRIES:
            _logger.warning("%s: %s; runs again (%d of %d)", label(item), how, attempts + 1, TRIES)
            yield from self.send(item, attempts + 1)
            return
        what = f"{how}, {TRIES} times; if memory ran out, use fewer --workers"
        yield Outcome(item, None, WorkerError(f"{label(item)}: {what}"))


def serve(order: _Order, name: str, packed: bytes) -> bytes:
    """In a worker: the result, the error and the log records of one item, pickled."""
    import ray  # noqa: PLC0415  # a worker of Ray has it

    def work(_: str) -> object:
        order.check()
        function, item = pickle.loads(order.work), pickle.loads(packed)  # noqa: S301  # our driver's
        return attempt(function, item)

    with _records(order.log_levels) as records:
        outcome = attempt(work, name)
        inner = outcome.result if isinstance(outcome.result, Outcome) else outcome
        result, error = inner.result, inner.error
    try:
        reply: bytes = ray.cloudpickle.dumps(  # type: ignore[no-untyped-call,unused-ignore]
            (result, error, records)
        )
    except Exception as fault:
        what = f"its result cannot be sent back ({type(fault).__name__}: {fault})"
        return pickle.dumps((None, TirDataError(f"{name}: {what}"), records))
    return reply


class _Keep(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args, record.exc_info = self.format(record), None, None
        self.records.append(record)


@contextmanager
def _records(levels: dict[str, int]) -> Iterator[list[logging.LogRecord]]:
    """The log records of what runs in the block."""
    keep = _Keep()
    for name, level in levels.items():
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.propagate = False
        logger.addHandler(keep)
    try:
        yield keep.records
    finally:
        for name in levels:
            logging.getLogger(name).removeHandler(keep)


def _epitaph(death: Exception) -> str:
    kind = type(death).__name__
    if kind == "OutOfMemoryError":
        return "its worker was ended because the memory of its machine ran out"
    if kind in ("WorkerCrashedError", "LocalRayletDiedError"):
        return "the process that worked on it died"
    return f"its worker was lost ({kind})"


def _unready(failure: Exception) -> str:
    """Why a worker could not even begin: most often tirdata is not there."""
    last = str(failure).strip().splitlines()[-1]
    return f"a worker cannot run it ({last}); expected tirdata {__version__} on every node"
