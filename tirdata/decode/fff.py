r"""FLIR's FFF block: a header, a directory and records; no number of a file is used unchecked.

Header, 64 bytes, in the byte order in which the version is 100..199:

    0x00  4s   "FFF\0", or "AFF\0" of older science cameras
    0x04  16s  program that wrote it
    0x14  I    version: 100, 101
    0x18  I    where the directory begins; all offsets count from the header's first byte
    0x1c  I    entries of the directory
    0x20  I    next free id
    0x24  H    swap pattern
    0x26  7H   spare
    0x34  2I   reserved; some cameras put the length of the block into the first
    0x3c  I    checksum of header and directory, or 0

Entry of the directory, 32 bytes, in the same order:

    0x00  H    kind of record, 0 = free entry
    0x02  H    variant: of raw data 1 = big-endian, 2 = little-endian, 3 = PNG, 4 = JPEG-LS
    0x04  I    version
    0x08  I    id
    0x0c  I    where the record begins
    0x10  I    its length
    0x14  3I   parent, object, checksum (CRC-32, or 0)

Records have a byte order of their own: their first number is small (2, 3) in it.

The layout is that of FLIR's header file fff.h, as quoted in the ExifTool forum (topic 6763) and
in the notes of ExifTool's FLIR module; docs/formats/flir.md has the whole of it.
"""

import struct
from typing import BinaryIO, NamedTuple

from tirdata.decode.stream import BreakError

MAGICS = (b"FFF\0", b"AFF\0")
HEADER_BYTES = 64
RAW_DATA = 0x01
CAMERA_INFO = 0x20
_ENTRY_BYTES = 32
_MOST_ENTRIES = 1024  # cameras write up to 14
_VERSIONS = range(100, 200)
_CHUNK = 1 << 16
_KINDS = {
    RAW_DATA: "raw data",
    0x05: "gain and dead pixels",
    0x06: "coarse map",
    0x0E: "embedded picture",
    CAMERA_INFO: "camera info",
    0x21: "measurements",
    0x22: "palette",
    0x23: "text",
    0x24: "sound",
    0x2A: "picture in picture",
    0x2B: "position",
    0x2C: "meters",
    0x2E: "parameters",
}


class Record(NamedTuple):
    """One entry of a directory; the record need not be whole."""

    kind: int
    variant: int
    start: int  # in the file
    length: int

    @property
    def name(self) -> str:
        return f"{_KINDS.get(self.kind, 'unknown')} record (type {self.kind})"


class Block(NamedTuple):
    """One header with its directory."""

    start: int
    end: int  # by its own directory; may lie beyond the file's
    records: tuple[Record, ...]  # without free entries

    def find(self, kind: int) -> Record | None:
        """The first record of a kind."""
        return next((each for each in self.records if each.kind == kind), None)


def byte_order(header: bytes) -> str | None:
    """``<`` or ``>`` of a block's header; none = it is not one."""
    if len(header) < HEADER_BYTES or header[:4] not in MAGICS:
        return None
    for order in "<>":
        if struct.unpack_from(f"{order}I", header, 0x14)[0] in _VERSIONS:
            return order
    return None


def read_exactly(file: BinaryIO, start: int, length: int, size: int, what: str) -> bytes:
    """Bytes of a file of ``size`` bytes; nothing is taken before it is known to be there.

    Raises:
        BreakError: the file ends before.
    """
    if start + length > size:
        raise BreakError(f"{what} needs {length} bytes at {start}, the file has {size}")
    file.seek(start)
    data = file.read(length)
    if len(data) < length:
        raise BreakError(f"{what} at {start} could not be read, the file has become shorter")
    return data


def read_block(file: BinaryIO, start: int, size: int) -> Block:
    """The header at ``start`` and its directory.

    Raises:
        BreakError: they are cut off or damaged.
    """
    header = read_exactly(file, start, HEADER_BYTES, size, "FFF header")
    order = byte_order(header)
    if order is None:
        raise BreakError(f"no FFF header of version 100 to 199 at {start}")
    offset, entries = struct.unpack_from(f"{order}2I", header, 0x18)
    if not 1 <= entries <= _MOST_ENTRIES or offset < HEADER_BYTES:
        raise BreakError(
            f"FFF header at {start} says that {entries} records are listed at {offset}"
        )
    data = read_exactly(file, start + offset, entries * _ENTRY_BYTES, size, "FFF directory")
    records = []
    for kind, variant, _, _, where, length in struct.iter_unpack(f"{order}2H4I12x", data):
        record = Record(kind, variant, start + where, length)
        if kind and where < HEADER_BYTES:
            raise BreakError(f"{record.name} of the block at {start} lies in its header")
        if kind:
            records.append(record)
    ends = [record.start + record.length for record in records]
    return Block(start, max([start + offset + len(data), *ends]), tuple(records))


def read_record(file: BinaryIO, record: Record, size: int, most: int) -> bytes:
    """The first ``most`` bytes of a record, which has to be whole in a file of ``size`` bytes.

    Raises:
        BreakError: it is not.
    """
    if record.start + record.length > size:
        raise BreakError(
            f"{record.name} needs {record.length} bytes at {record.start}, the file has {size}"
        )
    return read_exactly(file, record.start, min(record.length, most), size, record.name)


def find_header(file: BinaryIO, start: int, size: int) -> tuple[int | None, bool]:
    """Where the next header begins, and whether all bytes before it, or to the end, are 0."""
    blank = True
    position = start
    while position < size:
        file.seek(position)
        data = file.read(_CHUNK + HEADER_BYTES - 1)
        found = _header_in(data)
        if found is not None:
            return position + found, blank and not any(data[:found])
        blank = blank and not any(data[:_CHUNK])
        position += _CHUNK
    return None, blank


def _header_in(data: bytes) -> int | None:
    """Where a header begins of which all is in ``data``."""
    position = data.find(b"FF\0", 1)
    while position >= 0:
        if byte_order(data[position - 1 : position - 1 + HEADER_BYTES]) is not None:
            return position - 1
        position = data.find(b"FF\0", position + 1)
    return None
