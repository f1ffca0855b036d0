"""MATLAB's level 5 MAT-files, as far as lists of names and columns of numbers go.

After the published description of the format ("MAT-File Format", MathWorks): a header of 128 bytes,
then elements of a type, a length and data padded to 8 bytes; short ones (up to 4 bytes) have type
and length in one word. Arrays of characters, numbers and cells are read; others are passed over.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.errors import AnnotationError
from tirdata.files import write_bytes

Column: TypeAlias = NDArray[np.float64] | list[str]

_HEADER: Final = 128
_MOST: Final = 64 << 20  # bytes of one variable, unpacked
_MATRIX: Final = 14
_COMPRESSED: Final = 15
_NUMBERS: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8",
                   12: "i8", 13: "u8"}  # fmt: skip
_TEXTS: Final = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
_CELL: Final = 1
_CHAR: Final = 4
_UINT8: Final = 9  # class of arrays that we write


class _Element(NamedTuple):
    kind: int
    data: bytes


def read_columns(path: Path) -> dict[str, Column]:
    """The variables of a file: lists of texts (cells of them) and numbers, flat, by name.

    Raises:
        AnnotationError: it is missing, is no such file, or ends too early.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror})") from None
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None or not data.startswith(b"MATLAB 5.0"):
        raise AnnotationError(
            f"{path}: no MAT-file of level 5; expected one, or save it with -v7 in MATLAB"
        )
    try:
        found = (_variable(each, order) for each in _elements(data[_HEADER:], order))
        return {name: column for each in found if each is not None for name, column in [each]}
    except (struct.error, zlib.error, UnicodeDecodeError, ValueError, IndexError):
        raise AnnotationError(f"{path}: broken off or damaged; expected a whole MAT-file") from None


def write_columns(path: Path, columns: Mapping[str, Sequence[str] | NDArray[np.bool_]]) -> None:
    """Write lists of texts as cells and flags as numbers; each a column, as MATLAB has it.

    Raises:
        StorageError: the file cannot be written.
    """
    head = b"MATLAB 5.0 MAT-file, written by tirdata".ljust(124) + struct.pack("<H2s", 0x100, b"IM")
    parts = [head]
    for name, values in columns.items():
        if isinstance(values, np.ndarray):
            body = _element(2, values.astype("u1").tobytes())
            parts.append(_array(_UINT8, (len(values), 1), name, body))
        else:
            cells = b"".join(
                _array(_CHAR, (1, len(text.encode("utf-16-le")) // 2), "",
                       _element(4, text.encode("utf-16-le")))
                for text in values
            )  # fmt: skip
            parts.append(_array(_CELL, (len(values), 1), name, cells))
    write_bytes(path, b"".join(parts))


def _elements(data: bytes, order: str) -> Iterator[_Element]:
    at = 0
    while at < len(data):
        (word,) = struct.unpack_from(f"{order}I", data, at)
        if word >> 16:  # short: length and type in one word
            kind, length, start, end = word & 0xFFFF, word >> 16, at + 4, at + 8
        else:
            kind, (length,) = word, struct.unpack_from(f"{order}I", data, at + 4)
            start = at + 8
            end = start + length + (0 if kind == _COMPRESSED else -length % 8)
        if start + length > len(data):
            raise ValueError
        yield _Element(kind, data[start : start + length])
        at = end


def _variable(element: _Element, order: str) -> tuple[str, Column] | None:
    if element.kind == _COMPRESSED:
        unpacked = zlib.decompressobj().decompress(element.data, _MOST)
        return _variable(next(_elements(unpacked, order)), order)
    if element.kind != _MATRIX:
        return None
    flags, _, name, *parts = _elements(element.data, order)
    said = name.data.decode("ascii")
    column = _column(flags.data, parts, order)
    return None if column is None else (said, column)


def _column(flags: bytes, parts: list[_Element], order: str) -> Column | None:
    """What an array holds; None = something that we have no use for."""
    (word,) = struct.unpack_from(f"{order}I", flags)
    if word & 0xFF == _CELL:
        return [_text(each, order) for each in parts]
    if word & 0xFF == _CHAR:
        return [_characters(parts[0], order)]
    if parts and parts[0].kind in _NUMBERS and word & 0xFF >= 6:
        return np.frombuffer(parts[0].data, order + _NUMBERS[parts[0].kind]).astype(np.float64)
    return None


def _text(cell: _Element, order: str) -> str:
    flags, _, _, *parts = _elements(cell.data, order)
    (word,) = struct.unpack_from(f"{order}I", flags.data)
    return _characters(parts[0], order) if word & 0xFF == _CHAR and parts else ""


def _characters(element: _Element, order: str) -> str:
    if element.kind in _TEXTS:
        end = {"<": "-le", ">": "-be"}[order] if element.kind > 16 else ""
        return element.data.decode(_TEXTS[element.kind] + end)
    return "".join(map(chr, np.frombuffer(element.data, order + _NUMBERS[element.kind])))


def _element(kind: int, data: bytes) -> bytes:
    return struct.pack("<2I", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def _array(kind: int, shape: tuple[int, int], name: str, body: bytes) -> bytes:
    head = _element(6, struct.pack("<2I", kind, 0)) + _element(5, struct.pack("<2i", *shape))
    return _element(_MATRIX, head + _element(1, name.encode("ascii")) + body)
