"""Frames of a shot into a folder that nobody else sees yet: encoded and written by threads.

Encoding and writing let other threads run, so the decoder goes on meanwhile. Only a few frames are
held at any time. Files are not written atomically here: the folder as a whole is, by its move.
"""

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from tirdata.dataset.frames import encode_frame, frame_name
from tirdata.files import storage_error
from tirdata.types import Frame

_HELD_PER_THREAD = 4


class Crew:
    """The threads that write, for all shots of one recording."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads)
        self._held: deque[Future[str]] = deque()
        self._most = _HELD_PER_THREAD * threads

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def write(self, path: Path, frame: Frame) -> "Future[str]":
        """Write one frame; waits while too many are held.

        Raises:
            StorageError: an earlier one cannot be written.
        """
        future = self._pool.submit(_write, path, frame)
        self._held.append(future)
        if len(self._held) > self._most:
            self._held.popleft().result()
        return future


class ShotWriter:
    """Numbers the frames of one shot from 0 and keeps their hashes and times."""

    def __init__(self, folder: Path, crew: Crew, first_frame: int, frame: Frame) -> None:
        """Begin a shot with ``frame``, which is number ``first_frame`` of the recording.

        Raises:
            StorageError: the folder cannot be made.
        """
        self.folder = folder
        self.first_frame = first_frame
        self.height, self.width = frame.shape
        self.times_s: list[float] = []
        self._crew = crew
        self._written: list[Future[str]] = []
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise storage_error(folder, error) from error

    def add(self, frame: Frame, time_s: float) -> None:
        """Store the next frame.

        Raises:
            StorageError: an earlier one cannot be written.
        """
        path = self.folder / frame_name(len(self.times_s))
        self._written.append(self._crew.write(path, frame))
        self.times_s.append(time_s)

    def hashes(self) -> tuple[str, ...]:
        """SHA-256 of each file, when all are written.

        Raises:
            StorageError: one cannot be written.
        """
        return tuple(future.result() for future in self._written)


def _write(path: Path, frame: Frame) -> str:
    data = encode_frame(path, frame)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise storage_error(path, error) from error
    return hashlib.sha256(data).hexdigest()
