"""MATLAB's level 5 MAT-files, as far as lists of names and columns of numbers go.

Arrays of characters, numbers and cells are read; others are passed over. ``mat_elements`` has the
format itself; ``tracking.weights.mat_arrays`` reads networks.
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.errors import AnnotationError
from tirdata.files import write_bytes
from tirdata.layouts.mat_elements import (
    CELL,
    CHAR,
    COMPRESSED,
    FIRST_NUMBER,
    HEADER,
    MATRIX,
    NUMBERS,
    Element,
    byte_order,
    characters,
    elements,
)

Column: TypeAlias = NDArray[np.float64] | list[str]

_MOST: Final = 64 << 20  # bytes of one variable, unpacked
_UINT8: Final = 9  # class of arrays that we write


def read_columns(path: Path) -> dict[str, Column]:
    """The variables of a file: lists of texts (cells of them) and numbers, flat, by name.

    Raises:
        AnnotationError: it is missing, is no such file, or ends too early.
    """
    try:
        data = memoryview(path.read_bytes())
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror})") from None
    order = byte_order(data)
    if order is None:
        raise AnnotationError(
            f"{path}: no MAT-file of level 5; expected one, or save it with -v7 in MATLAB"
        )
    try:
        found = (_variable(each, order) for each in elements(data[HEADER:], order))
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
                _array(CHAR, (1, len(text.encode("utf-16-le")) // 2), "",
                       _element(4, text.encode("utf-16-le")))
                for text in values
            )  # fmt: skip
            parts.append(_array(CELL, (len(values), 1), name, cells))
    write_bytes(path, b"".join(parts))


def _variable(element: Element, order: str) -> tuple[str, Column] | None:
    if element.kind == COMPRESSED:
        unpacked = memoryview(zlib.decompressobj().decompress(element.data, _MOST))
        return _variable(next(elements(unpacked, order)), order)
    if element.kind != MATRIX:
        return None
    flags, _, name, *parts = elements(element.data, order)
    said = bytes(name.data).decode("ascii")
    column = _column(flags.data, parts, order)
    return None if column is None else (said, column)


def _column(flags: memoryview, parts: list[Element], order: str) -> Column | None:
    """What an array holds; None = something that we have no use for."""
    (word,) = struct.unpack_from(f"{order}I", flags)
    if word & 0xFF == CELL:
        return [_text(each, order) for each in parts]
    if word & 0xFF == CHAR:
        return [characters(parts[0], order)]
    if parts and parts[0].kind in NUMBERS and word & 0xFF >= FIRST_NUMBER:
        return np.frombuffer(parts[0].data, order + NUMBERS[parts[0].kind]).astype(np.float64)
    return None


def _text(cell: Element, order: str) -> str:
    flags, _, _, *parts = elements(cell.data, order)
    (word,) = struct.unpack_from(f"{order}I", flags.data)
    return characters(parts[0], order) if word & 0xFF == CHAR and parts else ""


def _element(kind: int, data: bytes) -> bytes:
    return struct.pack("<2I", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def _array(kind: int, shape: tuple[int, int], name: str, body: bytes) -> bytes:
    head = _element(6, struct.pack("<2I", kind, 0)) + _element(5, struct.pack("<2i", *shape))
    return _element(MATRIX, head + _element(1, name.encode("ascii")) + body)
