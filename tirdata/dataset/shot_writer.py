"""Frames of a shot into a folder that nobody else sees yet: encoded and written by threads.

Encoding and writing let other threads run, so the decoder goes on meanwhile. Only a few frames are
held at any time. Files are not written atomically here: the folder as a whole is, by its move.
"""

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tirdata.dataset.frames import encode_frame, encode_lossless, frame_name, lossless_name
from tirdata.files import storage_error
from tirdata.frames.fingerprint import Fingerprints
from tirdata.types import Frame

_MOST_HELD = 8  # frames that wait to be written
LOSSLESS = "-png"  # behind the name of the folder of the same frames without loss


class ShotWriter:
    """Numbers the frames of one shot from 0; keeps their hashes and the fingerprint of the shot."""

    def __init__(self, folder: Path, pool: ThreadPoolExecutor, *, lossless: bool = False) -> None:
        """Begin a shot; with ``lossless`` its frames go into a second folder too, as PNG.

        Raises:
            StorageError: the folder cannot be made.
        """
        self.folder = folder
        self._png = folder.with_name(folder.name + LOSSLESS) if lossless else None
        self._pool = pool
        self._count = 0
        self._held: deque[Future[str]] = deque()
        self._hashes: list[str] = []
        self._prints = Fingerprints()
        for each in (self.folder, self._png):
            if each is not None:
                _make(each)

    def add(self, frame: Frame, time_s: float) -> None:
        """Store the next frame, which must not change any more; waits while too many are held.

        Raises:
            StorageError: an earlier one cannot be written.
        """
        self._held.append(self._pool.submit(_write, self.folder, self._png, self._count, frame))
        self._count += 1
        self._prints.add(frame, time_s)
        self._let_go(_MOST_HELD)

    def hashes(self) -> tuple[str, ...]:
        """SHA-256 of each JPEG file, when all are written.

        Raises:
            StorageError: one cannot be written.
        """
        self._let_go(0)
        return tuple(self._hashes)

    @property
    def fingerprint(self) -> tuple[str, ...]:
        """Of what is seen, to know it again under another name."""
        return self._prints.result()

    def _let_go(self, most: int) -> None:
        while len(self._held) > most:
            self._hashes.append(self._held.popleft().result())


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise storage_error(folder, error) from error


def _write(folder: Path, png: Path | None, index: int, frame: Frame) -> str:
    path = folder / frame_name(index)
    data = encode_frame(path, frame)
    _store(path, data)
    if png is not None:
        path = png / lossless_name(index)
        _store(path, encode_lossless(path, frame))
    return hashlib.sha256(data).hexdigest()


def _store(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise storage_error(path, error) from error
