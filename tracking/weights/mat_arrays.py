"""MATLAB's level 5 MAT-files with what networks are stored in: structs, cells, arrays of numbers.

After the published description of the format ("MAT-File Format", MathWorks), as
``tirdata.layouts.mat_file``, which reads lists of names; here arrays keep their shape, and may be
hundreds of megabytes.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tirdata.errors import DataError, MissingError

Array: TypeAlias = NDArray[np.float32]
Value: TypeAlias = "Array | str | list[Value] | list[dict[str, Value]] | None"
"""Numbers; characters; a cell's members; a struct array's members; None = of no use to us."""

_HEADER: Final = 128
_MATRIX: Final = 14
_COMPRESSED: Final = 15
_NUMBERS: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8",
                   12: "i8", 13: "u8"}  # fmt: skip
_TEXTS: Final = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
_CELL: Final = 1
_STRUCT: Final = 2
_CHAR: Final = 4
_FIRST_NUMBER: Final = 6  # classes from double to uint64
_LAST_NUMBER: Final = 15


class _Element(NamedTuple):
    kind: int
    data: memoryview


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
    order = {b"IM": "<", b"MI": ">"}.get(bytes(data[126:128]))
    if order is None or not bytes(data[:10]) == b"MATLAB 5.0":
        raise DataError(
            f"{path}: no MAT-file of level 5; expected one (a newer one: save it with -v7 in "
            "MATLAB)"
        )
    try:
        return dict(_variable(each, order) for each in _matrices(data[_HEADER:], order))
    except (struct.error, zlib.error, UnicodeDecodeError, ValueError, IndexError, StopIteration):
        raise DataError(f"{path}: broken off or damaged; expected a whole MAT-file") from None


def _matrices(data: memoryview, order: str) -> Iterator[_Element]:
    for each in _elements(data, order):
        if each.kind == _COMPRESSED:
            yield from _matrices(memoryview(zlib.decompress(each.data)), order)
        elif each.kind == _MATRIX:
            yield each


def _elements(data: memoryview, order: str) -> Iterator[_Element]:
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


def _variable(element: _Element, order: str) -> tuple[str, Value]:
    if not len(element.data):  # an empty cell is written as nothing at all
        return "", np.zeros((0, 0), np.float32)
    flags, shape, name, *parts = _elements(element.data, order)
    (word,) = struct.unpack_from(f"{order}I", flags.data)
    sides = tuple(np.frombuffer(shape.data, f"{order}i4").tolist())
    return bytes(name.data).decode("ascii"), _value(word & 0xFF, sides, parts, order)


def _value(kind: int, shape: tuple[int, ...], parts: list[_Element], order: str) -> Value:
    if kind == _CELL:
        return [_variable(each, order)[1] for each in parts]
    if kind == _STRUCT:
        return _members(parts, order)
    if kind == _CHAR:
        return _characters(parts[0], order) if parts else ""
    if not _FIRST_NUMBER <= kind <= _LAST_NUMBER:
        return None
    if not parts:
        return np.zeros(shape, np.float32)
    flat = np.frombuffer(parts[0].data, order + _NUMBERS[parts[0].kind])
    return np.asarray(flat.reshape(shape, order="F"), np.float32)


def _members(parts: list[_Element], order: str) -> list[dict[str, Value]]:
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


def _characters(element: _Element, order: str) -> str:
    if element.kind in _TEXTS:
        end = {"<": "-le", ">": "-be"}[order] if element.kind > min(_TEXTS) else ""
        return bytes(element.data).decode(_TEXTS[element.kind] + end)
    return "".join(map(chr, np.frombuffer(element.data, order + _NUMBERS[element.kind])))
