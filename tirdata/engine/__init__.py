"""Where work runs: one function over many independent items."""

from collections.abc import Callable

from tirdata.engine.base import Engine
from tirdata.engine.pool import PoolEngine
from tirdata.engine.ray import RayEngine
from tirdata.engine.serial import SerialEngine
from tirdata.errors import UsageError

ENGINES: dict[str, Callable[[int], Engine]] = {
    "serial": SerialEngine,
    "local": PoolEngine,
    "ray": RayEngine,
}


def build_engine(name: str, workers: int) -> Engine:
    """The engine called ``name``; one local worker is this process.

    ``ray:ADDRESS`` is the Ray cluster there; ``ray`` alone is the one of the environment variable
    RAY_ADDRESS, or one that is started here.

    Raises:
        UsageError: no engine has that name, or there would be no worker.
        MissingError: what the engine needs is not installed.
    """
    kind, _, address = name.partition(":")
    if kind not in ENGINES or (address and kind != "ray"):
        raise UsageError(f"no engine {name!r}; there are: {', '.join(ENGINES)}")
    if workers < 1:
        raise UsageError(f"{workers} workers; expected at least 1")
    if address:
        return RayEngine(workers, address)
    return SerialEngine() if kind == "local" and workers == 1 else ENGINES[kind](workers)
