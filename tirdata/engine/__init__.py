"""Where work runs: one function over many independent items."""

from collections.abc import Callable

from tirdata.engine.base import Engine
from tirdata.engine.pool import PoolEngine
from tirdata.engine.serial import SerialEngine
from tirdata.errors import UsageError

ENGINES: dict[str, Callable[[int], Engine]] = {
    "serial": SerialEngine,
    "local": PoolEngine,
}


def build_engine(name: str, workers: int) -> Engine:
    """The engine called ``name``; one local worker is this process.

    Raises:
        UsageError: no engine has that name, or there would be no worker.
    """
    if name not in ENGINES:
        raise UsageError(f"no engine {name!r}; there are: {', '.join(ENGINES)}")
    if workers < 1:
        raise UsageError(f"{workers} workers; expected at least 1")
    return SerialEngine() if name == "local" and workers == 1 else ENGINES[name](workers)
