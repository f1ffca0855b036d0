"""Recordings to raw frames: one reader a container format, chosen by the file's first bytes."""

from pathlib import Path

from tirdata.decode.base import HEAD_BYTES, FrameReader
from tirdata.decode.video import VideoReader
from tirdata.errors import DecodeError

READERS: dict[str, type[FrameReader]] = {
    "video": VideoReader,
}


def open_frames(path: Path, threads: int = 2) -> FrameReader:
    """Open a recording by what its first bytes say, never by trying readers in turn.

    Raises:
        DecodeError: the file is missing or empty, or not exactly one reader recognises it.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise DecodeError(f"{path}: cannot be read ({error.strerror}); expected a file") from None
    if not head:
        raise DecodeError(f"{path}: is empty (0 bytes); expected a recording")
    names = [name for name, reader in READERS.items() if reader.recognises(path, head)]
    if not names:
        raise DecodeError(
            f"{path}: is no recording (starts with {_shown(head)}); "
            f"expected {', '.join(READERS)} (mp4, mkv, avi, mov, webm, MPEG-TS, …)"
        )
    if len(names) > 1:
        raise DecodeError(f"{path}: {' and '.join(names)} both claim it; expected one reader")
    return READERS[names[0]].open(path, threads)


def _shown(head: bytes) -> str:
    start = head[:16]
    return repr(start.decode("ascii")) if start.isascii() else start[:8].hex(" ")
