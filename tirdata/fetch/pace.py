"""Politeness that all workers share: bytes per second in all, and downloads from one host.

Workers are processes of their own, so what they share is locked files in one folder.
"""

import fcntl
import hashlib
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tirdata.files import storage_error

PACE_FOLDER = ".pace"  # beside the downloads

_LOOK_AGAIN_S = 0.05
_TIME = struct.Struct("<d")


class Pace:
    """Bytes per second: of this download, and of all of them together."""

    def __init__(self, folder: Path, own: int | None, total: int | None) -> None:
        self._own = own
        self._total = total
        self._free_s = time.monotonic()  # when this download may go on
        self._path = folder / "total"
        if total is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise storage_error(folder, error) from error

    def chunk(self, most: int) -> int:
        """How many bytes to ask for at once: some of them each tenth of a second."""
        limits = [limit for limit in (self._own, self._total) if limit is not None]
        return max(1, min([most, *(limit // 10 for limit in limits)]))

    def wait(self, count: int) -> None:
        """Wait until ``count`` bytes that came are within both limits."""
        now = time.monotonic()
        until = now
        if self._own is not None:
            self._free_s = until = max(now, self._free_s) + count / self._own
        if self._total is not None:
            until = max(until, self._reserve(now, count / self._total))
        time.sleep(max(0.0, until - now))

    def _reserve(self, now: float, span_s: float) -> float:
        """Take the next ``span_s`` of the time of all; the clock is that of the machine."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            known = os.pread(handle, _TIME.size, 0)
            free_s = _TIME.unpack(known)[0] if len(known) == _TIME.size else now
            # A time far ahead is of before the machine was started again.
            start = now if free_s > now + 3600 else max(now, free_s)
            os.pwrite(handle, _TIME.pack(start + span_s), 0)
            return float(start + span_s)
        finally:
            os.close(handle)


@contextmanager
def host_slot(folder: Path, url: str, most: int | None) -> Iterator[None]:
    """Wait until fewer than ``most`` downloads come from the host of ``url``.

    Raises:
        StorageError: the folder cannot be written.
    """
    if most is None:
        yield
        return
    host = hashlib.sha256((urlsplit(url).hostname or "").encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = _free_slot([folder / f"{host}-{number}" for number in range(most)])
    except OSError as error:
        raise storage_error(folder, error) from error
    try:
        yield
    finally:
        os.close(handle)


def _free_slot(paths: list[Path]) -> int:
    while True:
        for path in paths:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
            else:
                return handle
        time.sleep(_LOOK_AGAIN_S)
