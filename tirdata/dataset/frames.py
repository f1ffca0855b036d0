"""The frames of a sequence as numbered JPEG files, read when asked for, written whole."""

import hashlib
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from tirdata.errors import DataError
from tirdata.files import write_bytes
from tirdata.types import Frame

JPEG_QUALITY = 95
_END_OF_IMAGE = b"\xff\xd9"
_TAIL_BYTES = 64  # some encoders pad behind the end marker
_READ_AS_GREY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION


class FrameFiles:
    """The frames 000000.JPEG, 000001.JPEG, … of one folder, decoded to grey one at a time."""

    def __init__(
        self, folder: Path, count: int | None = None, size: tuple[int, int] | None = None
    ) -> None:
        """List the folder, once.

        Without ``count``, there are as many frames as files; without ``size`` (w, h), all have to
        be as large as the first.

        Raises:
            DataError: the folder or a frame is missing.
        """
        self.folder = folder
        self.count = count_frames(folder) if count is None else count
        self._size = size
        if count is not None:
            _check_listing(folder, count)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int, /) -> Frame:
        """Decode one frame.

        Raises:
            DataError: the file is missing, is not a whole image, or has another size.
        """
        path = self.path(index)
        frame = read_frame(path)
        expected = self._size if index == 0 and self._size is None else self.size
        found = (frame.shape[1], frame.shape[0])
        if expected is not None and found != expected:
            raise DataError(
                f"{path}: is {found[0]}x{found[1]} pixels; expected {expected[0]}x{expected[1]}"
            )
        return frame

    @cached_property
    def size(self) -> tuple[int, int]:
        """(w, h) of the frames in pixels."""
        if self._size is not None:
            return self._size
        height, width = read_frame(self.path(0)).shape
        return width, height

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """The files, in order."""
        return tuple(self.path(index) for index in range(self.count))

    def path(self, index: int) -> Path:
        """The file of one frame.

        Raises:
            IndexError: there is no such frame.
        """
        if not 0 <= index < self.count:
            message = f"frame {index} of {self.folder}; it has {self.count}"
            raise IndexError(message)
        return self.folder / frame_name(index)


class FrameWriter:
    """Writes frames one after the other, numbered from 0, and keeps their hashes."""

    def __init__(self, folder: Path, lossless_folder: Path | None = None) -> None:
        self.folder = folder
        self.lossless_folder = lossless_folder
        self.hashes: list[str] = []

    def write(self, frame: Frame) -> None:
        """Write the next frame.

        Raises:
            StorageError: it cannot be written.
        """
        index = len(self.hashes)
        if self.lossless_folder is not None:
            write_lossless(self.lossless_folder / lossless_name(index), frame)
        self.hashes.append(write_frame(self.folder / frame_name(index), frame))


def frame_name(index: int) -> str:
    """File name of a frame, as ILSVRC2015 has it."""
    return f"{index:06d}.JPEG"


def lossless_name(index: int) -> str:
    """File name of the same frame without loss, under ``Lossless/``."""
    return f"{index:06d}.png"


def count_frames(folder: Path) -> int:
    """How many frames a folder has.

    Raises:
        DataError: there are none, or their numbers have a gap.
    """
    names = _frame_names(folder)
    if not names:
        raise DataError(f"{folder}: no frames; expected {frame_name(0)} and on")
    _check_listing(folder, len(names))
    return len(names)


def read_frame(path: Path) -> Frame:
    """Decode an image file to grey, (h, w).

    Raises:
        DataError: the file is missing or is not a whole image.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such frame") from None
    except OSError as error:
        raise DataError(f"{path}: cannot read frame ({error.strerror})") from None
    return decode_frame(data, path)


def decode_frame(data: bytes, path: Path, *, only_grey: bool = False) -> Frame:
    """The bytes of an image file as grey pixels, (h, w); ``path`` is for the message.

    Raises:
        DataError: they are not a whole image, or with ``only_grey`` not one of a single channel.
    """
    # The JPEG decoder fills what a cut file lacks with grey and says nothing.
    if data[:2] == b"\xff\xd8" and _END_OF_IMAGE not in data[-_TAIL_BYTES:]:
        raise DataError(f"{path}: JPEG is cut short after {len(data)} bytes; fetch it again")
    flags = cv2.IMREAD_UNCHANGED if only_grey else _READ_AS_GREY
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    if pixels is None:
        raise DataError(f"{path}: not an image ({len(data)} bytes); expected a picture")
    if pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise DataError(f"{path}: pixels are {pixels.shape} {pixels.dtype}; expected 8-bit grey")
    return np.asarray(pixels, np.uint8)


def write_frame(path: Path, frame: Frame) -> str:
    """Write one frame as a single-channel JPEG; its SHA-256.

    Raises:
        StorageError: it cannot be written.
    """
    return _write(path, encode_frame(path, frame))


def encode_frame(path: Path, frame: Frame) -> bytes:
    """One frame as a single-channel JPEG; ``path`` is for the message."""
    return _encode(path, frame, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def write_lossless(path: Path, frame: Frame) -> str:
    """Write one frame as a single-channel PNG; its SHA-256.

    Raises:
        StorageError: it cannot be written.
    """
    return _write(path, encode_lossless(path, frame))


def encode_lossless(path: Path, frame: Frame) -> bytes:
    """One frame as a single-channel PNG; ``path`` is for the message."""
    return _encode(path, frame, ".png", [])


def _encode(path: Path, frame: Frame, kind: str, settings: list[int]) -> bytes:
    if frame.ndim != 2 or frame.dtype != np.uint8 or frame.size == 0:
        message = f"{path}: frame is {frame.shape} {frame.dtype}; expected (h, w) uint8"
        raise ValueError(message)
    return cv2.imencode(kind, frame, settings)[1].tobytes()


def _write(path: Path, encoded: bytes) -> str:
    write_bytes(path, encoded)
    return hashlib.sha256(encoded).hexdigest()


def _frame_names(folder: Path) -> list[str]:
    try:
        return [
            path.name
            for path in folder.iterdir()
            if path.suffix == ".JPEG" and not path.name.startswith(".")
        ]
    except FileNotFoundError:
        raise DataError(f"{folder}: no such folder of frames") from None
    except NotADirectoryError:
        raise DataError(f"{folder}: is a file; expected a folder of frames") from None


def _check_listing(folder: Path, count: int) -> None:
    names = frozenset(_frame_names(folder))
    for index in range(count):
        if frame_name(index) not in names:
            raise DataError(
                f"{folder / frame_name(index)}: no such frame; expected {count} frames "
                f"numbered from {frame_name(0)} without gaps"
            )
