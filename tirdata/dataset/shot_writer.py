"""Frames of a shot into a folder that nobody else sees yet: encoded and written by threads.

Encoding and writing let other threads run, so the decoder goes on meanwhile. Only a few frames are
held at any time. Files are not written atomically here: the folder as a whole is, by its move.
"""

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tirdata.dataset.frames import encode_frame, frame_name
from tirdata.files import storage_error
from tirdata.types import Frame

_MOST_HELD = 8  # frames that wait to be written


class ShotWriter:
    """Numbers the frames of one shot from 0 and keeps their hashes and times."""

    def __init__(
        self, folder: Path, pool: ThreadPoolExecutor, first_frame: int, size: tuple[int, int]
    ) -> None:
        """Begin a shot of frames of ``size`` (w, h) with frame ``first_frame`` of the recording.

        Raises:
            StorageError: the folder cannot be made.
        """
        self.folder = folder
        self.first_frame = first_frame
        self.width, self.height = size
        self.times_s: list[float] = []
        self._pool = pool
        self._held: deque[Future[str]] = deque()
        self._hashes: list[str] = []
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise storage_error(folder, error) from error

    def add(self, frame: Frame, time_s: float) -> None:
        """Store the next frame; waits while too many are held.

        Raises:
            StorageError: an earlier one cannot be written.
        """
        path = self.folder / frame_name(len(self.times_s))
        self.times_s.append(time_s)
        self._held.append(self._pool.submit(_write, path, frame))
        self._let_go(_MOST_HELD)

    def hashes(self) -> tuple[str, ...]:
        """SHA-256 of each file, when all are written.

        Raises:
            StorageError: one cannot be written.
        """
        self._let_go(0)
        return tuple(self._hashes)

    def _let_go(self, most: int) -> None:
        while len(self._held) > most:
            self._hashes.append(self._held.popleft().result())


def _write(path: Path, frame: Frame) -> str:
    data = encode_frame(path, frame)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise storage_error(path, error) from error
    return hashlib.sha256(data).hexdigest()
