"""Bytes per second, of one and of all, and downloads from one host, over several workers."""

import threading
import time
from pathlib import Path

import pytest

from tirdata.fetch.pace import Pace, host_slot


def run(work: list[threading.Thread]) -> float:
    start = time.monotonic()
    for each in work:
        each.start()
    for each in work:
        each.join()
    return time.monotonic() - start


@pytest.mark.parametrize(
    ("own", "total", "least_s"),
    [(None, None, 0.0), (100_000, None, 0.2), (None, 100_000, 0.4), (100_000, 1_000_000, 0.2)],
)
def test_two_downloads_of_20_kb_take_their_time(
    own: int | None, total: int | None, least_s: float, tmp_path: Path
) -> None:
    def download() -> None:
        pace = Pace(tmp_path / ".pace", own, total)
        left = 20_000
        while left:
            count = min(left, pace.chunk(1 << 14))
            pace.wait(count)
            left -= count

    assert least_s * 0.9 <= run([threading.Thread(target=download) for _ in range(2)])


def test_a_limit_asks_for_a_little_at_once(tmp_path: Path) -> None:
    assert Pace(tmp_path, None, None).chunk(1 << 14) == 1 << 14
    assert Pace(tmp_path, 1000, None).chunk(1 << 14) == 100
    assert Pace(tmp_path, 5, 1000).chunk(1 << 14) == 1


@pytest.mark.parametrize("most", [1, 2])
def test_no_more_than_some_come_from_one_host(most: int, tmp_path: Path) -> None:
    lock = threading.Lock()
    now: list[int] = []
    seen: list[int] = []

    def download(url: str) -> None:
        with host_slot(tmp_path, url, most):
            with lock:
                now.append(1)
                seen.append(len(now))
            time.sleep(0.05)
            with lock:
                now.pop()

    run([threading.Thread(target=download, args=(f"http://a/{n}",)) for n in range(4)])
    assert max(seen) == most


def test_other_hosts_do_not_wait(tmp_path: Path) -> None:
    with host_slot(tmp_path, "http://a/1", 1), host_slot(tmp_path, "http://b/1", 1):
        pass
    with host_slot(tmp_path, "http://a/1", None), host_slot(tmp_path, "http://a/1", None):
        pass


def test_a_time_of_before_the_machine_started_again_is_forgotten(tmp_path: Path) -> None:
    import struct

    (tmp_path / "total").write_bytes(struct.pack("<d", time.monotonic() + 1e6))
    start = time.monotonic()
    Pace(tmp_path, None, 1_000_000).wait(100)
    assert time.monotonic() - start < 1
