"""Video containers by their first bytes, and how many bytes a cut one lacks."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
_START_CODES = (b"\x00\x00\x01", b"\x00\x00\x00\x01")
_STARTS: tuple[tuple[str, bytes], ...] = (
    ("matroska", b"\x1a\x45\xdf\xa3"),
    ("mpeg-ps", b"\x00\x00\x01\xba"),
    ("mpeg-video", b"\x00\x00\x01\xb3"),
    ("flv", b"FLV\x01"),
    ("ogg", b"OggS"),
    ("asf", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("y4m", b"YUV4MPEG2 "),
    ("ivf", b"DKIF"),
    ("gif", b"GIF8"),
    ("mxf", b"\x06\x0e\x2b\x34\x02\x05\x01\x01"),
    ("nut", b"nut/multimedia container\x00"),
    ("dv", b"\x1f\x07\x00\x3f"),  # 525 lines
    ("dv", b"\x1f\x07\x00\xbf"),  # 625 lines
)


def container_of(head: bytes) -> str | None:
    """Name of the video container that begins with ``head``; none = no video."""
    for name, start in _STARTS:
        if head.startswith(start):
            return name
    if head[4:8] in _MP4_BOXES:
        return "mp4"
    if head[:4] == b"RIFF" and head[8:11] == b"AVI":
        return "avi"
    if _is_transport_stream(head):
        return "mpeg-ts"
    return "elementary" if _is_elementary(head) else None


def missing_bytes(path: Path) -> int:
    """At least how many bytes the file lacks by its own headers; 0 = none, or they do not say."""
    with path.open("rb") as file:
        find = _ENDS.get(container_of(file.read(4096)) or "")
        if find is None:
            return 0
        file.seek(0)
        return max(0, find(file, path.stat().st_size) - path.stat().st_size)


def _is_transport_stream(head: bytes) -> bool:
    """Sync bytes 188 apart, or 192 with the time codes of Blu-ray and AVCHD."""
    return any(
        len(head) > offset + 2 * step and all(head[offset + k * step] == 0x47 for k in range(3))
        for offset, step in ((0, 188), (4, 192))
    )


def _is_elementary(head: bytes) -> bool:
    """H.264 or H.265 without a container: begins with a parameter set, a delimiter or a note.

    (The note is supplemental information, which ``ffmpeg -c copy`` leaves in front.)
    """
    for code in _START_CODES:
        if head.startswith(code) and len(head) > len(code) + 1:
            unit = head[len(code)]
            return (unit & 0x9F) in (6, 7, 9) or (unit >> 1) in (32, 33, 35, 39)
    return False


def _end_of_mp4(file: BinaryIO, size: int) -> int:
    """ISO 14496-12 boxes: size (32 bits), type; size 1 = 64 bits follow, 0 = to the end."""
    position = 0
    while position < size:
        file.seek(position)
        header = file.read(16)
        if len(header) < 8:
            return position + 8
        length: int = struct.unpack(">I", header[:4])[0]
        if length == 1 and len(header) == 16:
            length = struct.unpack(">Q", header[8:])[0]
        if length < 8:  # 0 = the rest of the file; others are no boxes any more
            return size
        position += length
    return position


def _end_of_avi(file: BinaryIO, size: int) -> int:
    """RIFF chunks, one after the other in OpenDML: id, size (32 bits, little-endian)."""
    position = 0
    while position < size:
        file.seek(position)
        header = file.read(8)
        if len(header) < 8 or header[:4] != b"RIFF":
            return size
        length: int = struct.unpack("<I", header[4:])[0]
        if length == 0:  # never finished by the recorder
            return size
        position += 8 + length + (length & 1 if position + 8 + length < size else 0)
    return position


def _end_of_matroska(file: BinaryIO, size: int) -> int:
    """EBML: the header element, then one segment, each an id and a length."""
    file.seek(4)
    length, _ = _read_length(file)
    if length is None:
        return size
    file.seek(length, 1)
    if file.read(4) != b"\x18\x53\x80\x67":
        return size
    length, _ = _read_length(file)
    return size if length is None else file.tell() + length


def _end_of_transport_stream(file: BinaryIO, size: int) -> int:
    """Packets of 188 bytes; with time codes before each, 192."""
    step = 188 if file.read(1) == b"\x47" else 192
    return -(-size // step) * step


def _read_length(file: BinaryIO) -> tuple[int | None, int]:
    """An EBML length and its width in bytes; none = unknown, as in live streams."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None, 1
    width = 9 - first[0].bit_length()
    rest = file.read(width - 1)
    if len(rest) < width - 1:
        return None, width
    value = int.from_bytes(bytes([first[0] & ((1 << (8 - width)) - 1)]) + rest, "big")
    return (None if value == (1 << (7 * width)) - 1 else value), width


_ENDS: dict[str, Callable[[BinaryIO, int], int]] = {
    "mp4": _end_of_mp4,
    "avi": _end_of_avi,
    "matroska": _end_of_matroska,
    "mpeg-ts": _end_of_transport_stream,
}
