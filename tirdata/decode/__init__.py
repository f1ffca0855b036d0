"""Recordings to raw frames: one reader a container format, chosen by the file's first bytes."""

from pathlib import Path

from tirdata.decode.base import HEAD_BYTES, FrameReader
from tirdata.decode.cptv import CptvReader
from tirdata.decode.flir_jpeg import FlirJpegReader
from tirdata.decode.flir_seq import FlirSeqReader
from tirdata.decode.images import ImagesReader
from tirdata.decode.raw16 import Raw16Reader
from tirdata.decode.tiff import TiffReader
from tirdata.decode.video import VideoReader
from tirdata.errors import DecodeError

READERS: dict[str, type[FrameReader]] = {
    "video": VideoReader,
    "images": ImagesReader,
    "tiff": TiffReader,
    "cptv": CptvReader,
    "flir_seq": FlirSeqReader,
    "flir_jpeg": FlirJpegReader,
    "raw16": Raw16Reader,
}


def open_frames(path: Path, threads: int = 2) -> FrameReader:
    """Open a recording by what its first bytes say, never by trying readers in turn.

    A folder has none; it is one of pictures. A side file with a table ``raw`` is a person's word
    that its file has no header, whatever the bytes look like.

    Raises:
        DecodeError: the file is missing or empty, or not exactly one reader recognises it.
        MissingError: it needs a package that is not here.
    """
    head = b"" if path.is_dir() else _head(path)
    names = [name for name, reader in READERS.items() if reader.recognises(path, head)]
    if "raw16" in names:
        names = ["raw16"]
    if not names:
        raise DecodeError(
            f"{path}: is no recording (starts with {_shown(head)}); expected {', '.join(READERS)} "
            f"(mp4, mkv, avi, …; folders and zips of pictures; raw files with a .toml beside them)"
        )
    if len(names) > 1:
        raise DecodeError(f"{path}: {' and '.join(names)} both claim it; expected one reader")
    return READERS[names[0]].open(path, threads)


def _head(path: Path) -> bytes:
    try:
        if not path.is_file() and path.exists():  # a pipe would be waited for
            raise DecodeError(f"{path}: is neither a file nor a folder; expected a recording")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise DecodeError(f"{path}: cannot be read ({error.strerror}); expected a file") from None
    if not head:
        raise DecodeError(f"{path}: is empty (0 bytes); expected a recording")
    return head


def _shown(head: bytes) -> str:
    start = head[:16]
    return repr(start.decode("ascii")) if start.isascii() else start[:8].hex(" ")
