"""What our engines cost beside `concurrent.futures`, which a killed worker breaks.

Ray's columns: with starting Ray, and on a Ray that runs. Its workers are processes as the pool's
are; on one machine there is nothing to gain by it.
"""

import os
import platform
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tirdata.engine.pool import PoolEngine
from tirdata.engine.ray import RayEngine

WORKERS = 2
ROUNDS = 3


def nothing(item: int) -> int:
    """The least work there is: what remains is the engine's own cost."""
    return item


def busy(item: int) -> int:
    """About 10 ms of arithmetic."""
    return sum(number * number for number in range(150_000)) + item


def with_ours(work: Callable[[int], int], items: Iterable[int]) -> None:
    for outcome in PoolEngine(WORKERS).map(work, items):
        outcome.unwrap()


def with_ray(work: Callable[[int], int], items: Iterable[int]) -> None:
    for outcome in RayEngine(WORKERS).map(work, items):
        outcome.unwrap()


def with_running_ray(count: int, work: Callable[[int], int]) -> float:
    """Seconds on a Ray that has its workers."""
    engine = RayEngine(WORKERS)
    list(engine.map(nothing, range(WORKERS)))
    started = time.perf_counter()
    for outcome in engine.map(work, range(count)):
        outcome.unwrap()
    return time.perf_counter() - started


def with_futures(work: Callable[[int], int], items: Iterable[int]) -> None:
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        for _ in pool.map(work, items):
            pass


def seconds(run: Callable[..., None], work: Callable[[int], int], count: int) -> float:
    started = time.perf_counter()
    run(work, range(count))
    return time.perf_counter() - started


def main() -> None:
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{WORKERS} workers, best of {ROUNDS}, seconds with starting the workers"
    )
    print(f"{'work':<22}{'tirdata':>10}{'futures':>10}{'ray':>10}{'running':>10}")
    for name, work, count in (("2 items", nothing, 2), ("5000 items", nothing, 5000),
                              ("400 items of 10 ms", busy, 400)):  # fmt: skip
        rounds = [
            [*(seconds(run, work, count) for run in (with_ours, with_futures, with_ray)),
             with_running_ray(count, work)]
            for _ in range(ROUNDS)
        ]  # fmt: skip
        best = [min(times) for times in zip(*rounds, strict=True)]
        print(f"{name:<22}" + "".join(f"{time:>10.2f}" for time in best), flush=True)


if __name__ == "__main__":
    main()
