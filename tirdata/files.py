"""Files that are whole or not there: atomic writes, hashes, append-only lines."""

import hashlib
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tirdata.errors import StorageError


def write_bytes(path: Path, data: bytes | memoryview) -> None:
    """Write ``data`` under a temporary name beside ``path``, then rename it.

    Raises:
        StorageError: the folder cannot be made or written, or the disk is full.
    """
    with whole(path) as part:
        part.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """As ``write_bytes``, in UTF-8."""
    write_bytes(path, text.encode("utf-8"))


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` (same suffix), renamed to it when the block ends well.

    Raises:
        StorageError: the folder cannot be made or written, or the disk is full.
    """
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-", suffix=path.suffix)
        os.close(handle)
        part = Path(name)
        part.chmod(0o644)
        yield part
        part.replace(path)
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def append_line(path: Path, line: str, *, forced: bool = True) -> None:
    """Append one line and, if ``forced``, see it on the disk before returning.

    Raises:
        StorageError: the file cannot be written or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(line.encode("utf-8") + b"\n")
            file.flush()
            if forced:
                os.fsync(file.fileno())
    except OSError as error:
        raise storage_error(path, error) from error


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the block ends; for a few files that belong together."""
    if threading.current_thread() is not threading.main_thread():  # nowhere else do they come
        yield
        return
    came: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # its signature
        came.append(number)

    before = {each: signal.signal(each, remember) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in came:
            signal.raise_signal(number)


def sha256(path: Path) -> str:
    """Hex digest of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def storage_error(path: Path, error: OSError) -> StorageError:
    """Our error for a failed write, with what to do."""
    return StorageError(
        f"{path}: cannot write ({error.strerror or error}); "
        "make room or choose a folder you may write to"
    )
