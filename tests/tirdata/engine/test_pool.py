"""How the pool keeps its workers from map to map, and how they end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.processes import assert_gone, children, helpers, kill
from tirdata.engine.pool import PoolEngine

WORKERS = 2


def square(number: int) -> int:
    return number * number


def die_on_three(number: int) -> int:
    if number == 3:
        os._exit(9)
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def process_of(number: int) -> int:
    return os.getpid()


def process_of_a_while(number: int) -> int:
    time.sleep(0.3)  # long enough for the others to take an item, too
    return os.getpid()


def test_the_pool_says_how_a_worker_ended() -> None:
    outcomes = {o.item: str(o.error) for o in PoolEngine(WORKERS).map(die_on_three, [3, 5])}
    assert "ended with status 9" in outcomes[3]
    assert "ended by signal 9" in outcomes[5]


def test_workers_are_kept_for_the_next_map() -> None:
    before = children()
    engine = PoolEngine(WORKERS)
    first, second = (
        {o.unwrap() for o in engine.map(process_of_a_while, range(4))} for _ in range(2)
    )
    assert len(first) == WORKERS
    assert second == first
    assert children() - before - helpers() == first
    assert {o.unwrap() for o in engine.map(process_of, range(4))} <= first  # other work


def test_a_killed_worker_is_no_worker_of_the_next_map() -> None:
    engine = PoolEngine(WORKERS)
    kept = {o.unwrap() for o in engine.map(process_of_a_while, range(4))}
    for pid in kept:
        kill(pid)
    again = {o.unwrap() for o in engine.map(process_of_a_while, range(4))}
    assert len(again) == WORKERS
    assert not again & kept


@pytest.mark.parametrize("end", ["closed", "dropped"])
def test_the_end_of_an_engine_is_the_end_of_its_workers(end: str) -> None:
    before = children()
    engine = PoolEngine(WORKERS)
    assert len(list(engine.map(square, range(4)))) == 4
    if end == "closed":
        engine.close()
    else:
        del engine
    assert children() - before <= helpers()


LEAVERS = """
import sys
from tirdata.engine.pool import PoolEngine
def half(number): return number / 2
if __name__ == "__main__":
    engine = PoolEngine(2)
    list(engine.map(half, range(4)))
    {end}
"""


@pytest.mark.parametrize("end", ["pass", "1 / 0", "import os; os._exit(1)"])
def test_idle_workers_end_with_the_process_however_it_ends(end: str, tmp_path: Path) -> None:
    script = tmp_path / "leavers.py"
    script.write_text(LEAVERS.replace("{end}", end))
    process = subprocess.Popen(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _, errors = process.communicate(timeout=60)
    assert errors.count("Traceback") == (end == "1 / 0")
    assert_gone(process.pid)


THREADS = """
import os, sys
import cv2, numpy, tirdata.dataset.ingest
from tirdata.engine.pool import PoolEngine
def threads_of_our_parent(_): return len(os.listdir(f"/proc/{os.getppid()}/task"))
if __name__ == "__main__":
    print([o.unwrap() for o in PoolEngine(2).map(threads_of_our_parent, range(2))])
"""


def test_workers_are_forked_from_a_process_without_threads(tmp_path: Path) -> None:
    script = tmp_path / "threads.py"
    script.write_text(THREADS)
    unset = {name: value for name, value in os.environ.items() if not name.endswith("THREADS")}
    output = subprocess.check_output(
        [sys.executable, script], env=unset | {"PYTHONPATH": str(ROOT)}, text=True
    )
    assert output == "[1, 1]\n"
