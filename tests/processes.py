"""Which processes there are: for tests that start some, kill them, or see that they are gone."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not running(pid))


def wait_until(true: Callable[[], bool], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def running(pid: int) -> bool:
    """Whether it is there and no zombie."""
    try:
        _, _, tail = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        return False
    return tail.split()[0] not in "ZX"


def assert_gone(session: int, within_s: float = 5.0) -> None:
    """No process of the session works on; the resource tracker takes a moment to see the end."""
    deadline = time.monotonic() + within_s
    while left := living(session):
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.05)


def living(session: int) -> list[str]:
    """Command lines of the processes of a session that are not dead (a zombie's is empty)."""
    lines = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            _, _, tail = (folder / "stat").read_text().rpartition(")")
            if int(tail.split()[3]) == session and (line := (folder / "cmdline").read_text()):
                lines.append(line.replace("\0", " "))
    return lines


def children() -> set[int]:
    """Processes started by this one or by the process that workers are forked from."""
    return {pid for parent in (os.getpid(), *helpers()) for pid in children_of(parent)}


def children_of(parent: int) -> set[int]:
    """As the kernel lists them."""
    task = Path(f"/proc/{parent}/task")
    return {
        int(pid) for thread in task.iterdir() for pid in (thread / "children").read_text().split()
    }


def helpers() -> set[int]:
    """What multiprocessing keeps as long as this process lives."""
    from multiprocessing import forkserver, resource_tracker

    tracker = resource_tracker._resource_tracker._pid  # type: ignore[attr-defined]
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    return {pid for pid in (tracker, server) if pid}
