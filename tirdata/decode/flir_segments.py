r"""The FFF block that FLIR cameras put into the APP1 segments of a JPEG.

A segment is 0xff, its marker, the length of the rest (big-endian, itself included). FLIR's are

    0x00  5s  "FLIR\0"
    0x05  B   version, 1
    0x06  B   number of this segment, from 0
    0x07  B   number of the last one
    0x08  ..  a piece of the block

Application segments stand before the picture's data (ISO 10918-1), so reading ends there.
"""

import io
import struct
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from tirdata.decode.fff import read_block
from tirdata.decode.fff_frame import ThermalFrame, begin_frame
from tirdata.decode.fff_pixels import PixelDecoder
from tirdata.decode.stream import BreakError

_START = b"\xff\xd8\xff"
_APP1 = 0xE1
_NO_LENGTH = {0x01, *range(0xD0, 0xD9)}  # markers that stand alone
_ENDS = {0xDA, 0xD9}  # the picture's data, the end
_NAME = b"FLIR\0"
_HEAD_BYTES = 8
_MOST_PIECES = 256
_MOST_SEGMENTS = 2000  # FLIR's pieces, and what others put before


def is_radiometric(path: Path, head: bytes) -> bool:
    """Whether the file, which begins with ``head``, is a JPEG with segments of FLIR's."""
    if not head.startswith(_START):
        return False
    with path.open("rb") as file:
        return has_flir_segments(file)


def has_flir_segments(file: BinaryIO) -> bool:
    """Whether a JPEG has segments of FLIR's; other files have none."""
    return next(_flir_segments(file), None) is not None


def read_thermal(file: BinaryIO) -> ThermalFrame:
    """The counts behind the picture.

    Raises:
        BreakError: they are cut off, damaged, or not there.
    """
    data = _join(list(islice(_flir_segments(file), _MOST_PIECES + 1)))
    block = io.BytesIO(data)
    begun = begin_frame(block, read_block(block, 0, len(data)), len(data), PixelDecoder())
    if begun is None:
        raise BreakError("its FLIR segments have no raw data record")
    return begun()


def _flir_segments(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Number, number of the last and content of each; ends where the file does not go on."""
    file.seek(0)
    if file.read(2) != _START[:2]:
        return
    for _ in range(_MOST_SEGMENTS):
        marker = _next_marker(file)
        if marker is None or marker in _ENDS:
            return
        if marker in _NO_LENGTH:
            continue
        (length,) = struct.unpack(">H", file.read(2).ljust(2, b"\0"))
        if length < 2:
            return
        begin = file.tell()
        if marker == _APP1 and length >= 2 + _HEAD_BYTES:
            head = file.read(_HEAD_BYTES)
            if head.startswith(_NAME):
                content = file.read(length - 2 - _HEAD_BYTES)
                if len(content) == length - 2 - _HEAD_BYTES:
                    yield head[6], head[7], content
        file.seek(begin + length - 2)


def _next_marker(file: BinaryIO) -> int | None:
    """The marker at the file's position; any number of 0xff may stand before it."""
    if file.read(1) != b"\xff":
        return None
    for _ in range(_MOST_SEGMENTS):
        byte = file.read(1)
        if byte != b"\xff":
            return byte[0] if byte else None
    return None


def _join(segments: list[tuple[int, int, bytes]]) -> bytes:
    """The block of which each segment is a piece.

    Raises:
        BreakError: a piece is missing or there twice.
    """
    pieces = {number: content for number, _, content in segments}
    last = max((last for _, last, _ in segments), default=-1)
    if len(pieces) < len(segments) or set(pieces) != set(range(last + 1)):
        raise BreakError(
            f"FLIR segments {_ranges(number for number, _, _ in segments)}; "
            f"expected each of 0 to {last} once"
        )
    return b"".join(pieces[number] for number in range(last + 1))


def _ranges(numbers: Iterator[int]) -> str:
    """As ``0-8, 10``, in ascending order."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{a}-{b}" if b > a else str(a) for a, b in runs)
