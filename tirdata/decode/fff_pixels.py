"""The raw data record of an FFF block: 32 bytes of geometry, then counts, plain or compressed.

    0x00  H  bytes of a sample, 2      0x0a  H  first valid column
    0x02  H  width                     0x0c  H  last valid column
    0x04  H  height                    0x0e  H  first valid line
    0x06  H  column in the whole       0x10  H  last valid line
    0x08  H  line in the whole         0x12  H  bits of the detector, or 0

Then 2 * width * height bytes, or a JPEG-LS picture (T1020, CSQ), or a PNG whose 16-bit samples
most cameras store in the wrong byte order. What it is, its first bytes say; the variant of the
directory is not to be relied on.
"""

import struct
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import BinaryIO, NamedTuple

import numpy as np

from tirdata.decode.base import Counts
from tirdata.decode.fff import Record, read_exactly
from tirdata.decode.fff_camera import order_of
from tirdata.decode.limits import check_size
from tirdata.decode.stream import BreakError
from tirdata.errors import DecodeError

_GEOMETRY_BYTES = 32
_SAMPLE_BYTES = 2
_SIXTEEN = 16
_ORDERS = {1: ">", 2: "<"}  # by the variant of the directory
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_JPEG_LS_FRAME = 0xF7
_JPEG_FRAMES = (0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA, 0xCB, _JPEG_LS_FRAME)
_JPEG_END = b"\xff\xd9"
_MOST_MARKERS = 100
_ALIGNED = 8  # compressed pictures are followed by zeros up to a multiple of it
_SLACK = 1 << 16  # bytes by which a compressed picture may be larger than a plain one


class Geometry(NamedTuple):
    """What stands before the counts."""

    order: str
    width: int
    height: int
    bits: int  # of the detector; 16 where the camera does not say
    margins: bool  # lines or columns at the edges are said not to be pixels


class Picture(NamedTuple):
    """The counts of one record."""

    counts: Counts
    codec: str  # rawvideo, jpegls, png
    bits: int
    remarks: tuple[str, ...]


class _Coded(NamedTuple):
    """A compressed picture, by its own header."""

    codec: str
    data: bytes
    size: tuple[int, int]
    bits: int


class PixelDecoder:
    """Decodes the raw data records of one recording, one after the other."""

    def __init__(self, pool: Executor | None = None) -> None:
        """Compressed pictures are decoded by ``pool`` where there is one."""
        self._pool = pool
        self._swaps: dict[str, bool] = {}  # by codec; decided by its first picture

    def begin(self, file: BinaryIO, record: Record, size: int) -> Callable[[], Picture]:
        """Read one record of a file of ``size`` bytes; the result gives what is in it.

        Results are to be asked for in the order of the frames.

        Raises:
            BreakError: it is cut off, damaged, or of a kind that is not known; so does the result.
        """
        geometry = _parse_geometry(_piece(file, record, size, 0, _GEOMETRY_BYTES), record)
        length = record.length - _GEOMETRY_BYTES
        plain = _SAMPLE_BYTES * geometry.width * geometry.height
        if length > 2 * plain + _SLACK:
            raise BreakError(f"{record.name} has {length} bytes for {plain} bytes of counts")
        begin = _piece(file, record, size, _GEOMETRY_BYTES, len(_PNG))
        if begin == _PNG:
            return self._compressed(_png(_payload(file, record, size), record), geometry, record)
        if begin.startswith(_JPEG):
            coded = _jpeg_ls(_payload(file, record, size), record)
            return self._compressed(coded, geometry, record)
        if length < plain:
            raise BreakError(
                f"{record.name} has {length} bytes of no known kind for "
                f"{geometry.width}x{geometry.height} counts; known are plain, JPEG-LS and PNG"
            )
        data = _piece(file, record, size, _GEOMETRY_BYTES, plain)
        return partial(self._plain, data, geometry, record)

    def _plain(self, data: bytes, geometry: Geometry, record: Record) -> Picture:
        counts = np.frombuffer(data, f"{geometry.order}u2").astype(np.uint16)
        counts = counts.reshape(geometry.height, geometry.width)
        if _ORDERS.get(record.variant, geometry.order) != geometry.order:
            counts = self._smoother("rawvideo", counts)
        return Picture(counts, "rawvideo", geometry.bits, _remarks(geometry, counts))

    def _compressed(
        self, coded: _Coded, geometry: Geometry, record: Record
    ) -> Callable[[], Picture]:
        if self._pool is None:
            return partial(self._finish, partial(_decode, coded, record), coded, geometry)
        return partial(
            self._finish, self._pool.submit(_decode, coded, record).result, coded, geometry
        )

    def _finish(self, decoded: Callable[[], Counts], coded: _Coded, geometry: Geometry) -> Picture:
        counts = decoded()
        if coded.codec == "png":
            counts = self._smoother("png", counts)
        else:  # FFmpeg fills the 16 bits of a sample from the top
            counts = counts >> np.uint16(_SIXTEEN - coded.bits)
        bits = min(coded.bits, geometry.bits)
        return Picture(counts, coded.codec, bits, _remarks(geometry, counts))

    def _smoother(self, codec: str, counts: Counts) -> Counts:
        """With bytes exchanged or not, as the first picture is smoother; if alike, exchanged."""
        swapped = counts.byteswap()
        if codec not in self._swaps:
            self._swaps[codec] = roughness(swapped) <= roughness(counts)
        return swapped if self._swaps[codec] else counts


def _decode(coded: _Coded, record: Record) -> Counts:
    """The samples of a picture of 9 to 16 bits in uint16, (h, w)."""
    codec, data, size, _ = coded
    _check(size[0], size[1], record)
    import av  # noqa: PLC0415  # 0.2 s that only decoding needs

    try:
        # A decoder of its own: FFmpeg adds a second PNG to the first.
        context = av.CodecContext.create(codec, "r")
        assert isinstance(context, av.VideoCodecContext)  # noqa: S101  # both are of video
        frames = [*context.decode(av.Packet(data)), *context.decode(None)]
    except (av.FFmpegError, OSError) as error:
        raise BreakError(f"{record.name} is no whole {codec} picture ({error})") from None
    whole = len(frames) == 1 and not frames[0].is_corrupt
    if not whole or (frames[0].width, frames[0].height) != size:
        raise BreakError(f"{record.name} is no whole {codec} picture")
    kind = {"gray16le": "<u2", "gray16be": ">u2"}.get(frames[0].format.name)
    if kind is None:
        raise BreakError(f"{record.name} holds {frames[0].format.name}; expected 16-bit grey")
    plane = frames[0].planes[0]
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
    samples: Counts = lines.view(kind)[: size[1], : size[0]].astype(np.uint16)
    return samples


def roughness(counts: Counts) -> int:
    """Sum of the steps between neighbours: far larger where high and low byte are exchanged."""
    return int(np.abs(np.diff(counts.astype(np.int32), axis=1)).sum(dtype=np.int64))


def _piece(file: BinaryIO, record: Record, size: int, offset: int, length: int) -> bytes:
    """Bytes of a record, which need not be whole; fewer where the record has no more."""
    length = max(0, min(length, record.length - offset))
    return read_exactly(file, record.start + offset, length, size, record.name)


def _payload(file: BinaryIO, record: Record, size: int) -> bytes:
    """What follows the geometry; the zeros that align it may be cut off."""
    lacking = max(0, record.start + record.length - size)
    length = record.length - _GEOMETRY_BYTES - (lacking if lacking < _ALIGNED else 0)
    return _piece(file, record, size, _GEOMETRY_BYTES, length)


def _parse_geometry(head: bytes, record: Record) -> Geometry:
    if len(head) < _GEOMETRY_BYTES:
        raise BreakError(f"{record.name} has {len(head)} bytes")
    order = order_of(head)
    sample, width, height, _, _, left, right, top, bottom, bits = struct.unpack_from(
        f"{order}10H", head
    )
    if sample != _SAMPLE_BYTES:
        raise BreakError(f"{record.name} has samples of {sample} bytes; expected 2")
    _check(width, height, record)
    whole = (left, top, right, bottom) in ((0, 0, width - 1, height - 1), (0, 0, 0, 0))
    return Geometry(order, width, height, bits if 8 < bits < _SIXTEEN else _SIXTEEN, not whole)


def _check(width: int, height: int, record: Record) -> None:
    try:
        check_size(width, height)
    except DecodeError as error:
        raise BreakError(f"{record.name} {error}") from None


def _remarks(geometry: Geometry, counts: Counts) -> tuple[str, ...]:
    height, width = counts.shape
    lines = []
    if (width, height) != (geometry.width, geometry.height):
        lines.append(
            f"the picture is {width}x{height}, its record says {geometry.width}x{geometry.height}"
        )
    if geometry.margins:
        lines.append("the camera says that lines or columns at the edges are no pixels; kept")
    return tuple(lines)


def _png(data: bytes, record: Record) -> _Coded:
    """By IHDR: length, name, width, height (32 bits), bits of a sample, colour type (0 = grey)."""
    header = data[12:26]
    if len(header) < 14 or header[:4] != b"IHDR" or header[12:14] != b"\x10\x00":
        raise BreakError(f"{record.name} holds a PNG that is not 16-bit grey")
    width, height = struct.unpack(">2I", header[4:12])
    return _Coded("png", data, (width, height), _SIXTEEN)


def _jpeg_ls(data: bytes, record: Record) -> _Coded:
    """By the frame header of JPEG-LS (ITU-T T.87): bits of a sample, height, width, components."""
    position = 2
    for _ in range(_MOST_MARKERS):
        if len(data) < position + 10 or data[position] != 0xFF:
            break
        marker = data[position + 1]
        if marker == _JPEG_LS_FRAME:
            bits, height, width, components = struct.unpack_from(">B2HB", data, position + 4)
            if components != 1 or not 8 < bits <= _SIXTEEN:
                raise BreakError(
                    f"{record.name} holds {components} components of {bits} bits; "
                    "expected 1 of 9 to 16"
                )
            if _JPEG_END not in data:
                raise BreakError(f"{record.name} holds a JPEG-LS picture without an end")
            return _Coded("jpegls", data, (width, height), bits)
        if marker in _JPEG_FRAMES:
            raise BreakError(f"{record.name} holds a JPEG of type {marker:#x}; expected JPEG-LS")
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    raise BreakError(f"{record.name} holds a JPEG without a frame header")
