"""MATLAB's level 5 MAT-files with what networks are stored in: structs, cells, arrays of numbers.

As ``tirdata.layouts.mat_file``, which reads lists of names; here arrays keep their shape and may be
hundreds of megabytes.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.errors import DataError, MissingError
from tirdata.layouts.mat_elements import (
    CELL,
    CHAR,
    COMPRESSED,
    FIRST_NUMBER,
    HEADER,
    LAST_NUMBER,
    MATRIX,
    NUMBERS,
    STRUCT,
    Element,
    byte_order,
    characters,
    elements,
)

Array: TypeAlias = NDArray[np.float32]
Value: TypeAlias = "Array | str | list[Value] | list[dict[str, Value]] | None"
"""Numbers; characters; a cell's members; a struct array's members; None = of no use to us."""


def read_arrays(path: Path) -> dict[str, Value]:
    """The variables of a file by name.

    Raises:
        MissingError: there is no such file.
        DataError: it is no MAT-file of level 5, or ends too early.
    """
    try:
        data = memoryview(path.read_bytes())
    except OSError as error:
        raise MissingError(f"{path}: cannot be read ({error.strerror})") from None
    order = byte_order(data)
    if order is None:
        raise DataError(
            f"{path}: no MAT-file of level 5; expected one (a newer one: save it with -v7 in "
            "MATLAB)"
        )
    try:
        return dict(_variable(each, order) for each in _matrices(data[HEADER:], order))
    except (struct.error, zlib.error, UnicodeDecodeError, ValueError, IndexError, StopIteration):
        raise DataError(f"{path}: broken off or damaged; expected a whole MAT-file") from None


def _matrices(data: memoryview, order: str) -> Iterator[Element]:
    for each in elements(data, order):
        if each.kind == COMPRESSED:
            yield from _matrices(memoryview(zlib.decompress(each.data)), order)
        elif each.kind == MATRIX:
            yield each


def _variable(element: Element, order: str) -> tuple[str, Value]:
    if not len(element.data):  # an empty cell is written as nothing at all
        return "", np.zeros((0, 0), np.float32)
    flags, shape, name, *parts = elements(element.data, order)
    (word,) = struct.unpack_from(f"{order}I", flags.data)
    sides = tuple(np.frombuffer(shape.data, f"{order}i4").tolist())
    return bytes(name.data).decode("ascii"), _value(word & 0xFF, sides, parts, order)


def _value(kind: int, shape: tuple[int, ...], parts: list[Element], order: str) -> Value:
    if kind == CELL:
        return [_variable(each, order)[1] for each in parts]
    if kind == STRUCT:
        return _members(parts, order)
    if kind == CHAR:
        return characters(parts[0], order) if parts else ""
    if not FIRST_NUMBER <= kind <= LAST_NUMBER:
        return None
    if not parts:
        return np.zeros(shape, np.float32)
    flat = np.frombuffer(parts[0].data, order + NUMBERS[parts[0].kind])
    return np.asarray(flat.reshape(shape, order="F"), np.float32)


def _members(parts: list[Element], order: str) -> list[dict[str, Value]]:
    """The members of a struct array: a length, names of that length, then members' fields."""
    (width,) = struct.unpack_from(f"{order}i", parts[0].data)
    text = bytes(parts[1].data)
    names = [
        text[at : at + width].split(b"\0")[0].decode("ascii") for at in range(0, len(text), width)
    ]
    values = [_variable(each, order)[1] for each in parts[2:]]
    if not names:
        return []
    rows = range(0, len(values), len(names))
    return [dict(zip(names, values[at : at + len(names)], strict=True)) for at in rows]
