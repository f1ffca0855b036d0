"""One writer at a time: an advisory lock on a file, and who holds it."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

_LOCKS = Path("/proc/locks")  # Linux: kind, pid and inode of every lock of this machine
_POLL_S = 0.01


def take(file: IO[bytes], wait_s: float) -> bool:
    """Lock an open file against everybody else until it is closed; False = not within ``wait_s``.

    However the process ends, the lock ends with it.
    """
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        else:
            return True


def holder(file: IO[bytes]) -> str:
    """Who has the lock of an open file, as far as this machine knows."""
    inode = os.fstat(file.fileno()).st_ino
    try:
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    for line in lines:
        words = line.split()
        if len(words) > 5 and words[1] == "FLOCK" and words[5].endswith(f":{inode}"):
            return _named(words[4])
    return "another process"


def _named(pid: str) -> str:
    if pid == str(os.getpid()):
        return f"this process ({pid})"
    try:
        words = Path("/proc", pid, "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return f"process {pid}"
    shown = " ".join(Path(word).name for word in words[:4] if word)
    return f"process {pid} ({shown})" if shown else f"process {pid}"
