"""What MATLAB's level 5 MAT-files are made of: elements of a type, a length and data.

After the published description of the format ("MAT-File Format", MathWorks): a header of 128 bytes
that says the order of bytes, then elements padded to 8 bytes; short ones (up to 4 bytes) have type
and length in one word.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

HEADER: Final = 128  # bytes
MATRIX: Final = 14  # types of elements
COMPRESSED: Final = 15
NUMBERS: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8",
                  12: "i8", 13: "u8"}  # fmt: skip
TEXTS: Final = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
CELL: Final = 1  # classes of arrays
STRUCT: Final = 2
CHAR: Final = 4
FIRST_NUMBER: Final = 6  # from double to uint64
LAST_NUMBER: Final = 15


class Element(NamedTuple):
    """A type, and what it holds."""

    kind: int
    data: memoryview


def byte_order(data: memoryview) -> str | None:
    """``<`` or ``>``, or None where the header is not that of such a file."""
    if bytes(data[:10]) != b"MATLAB 5.0":
        return None
    return {b"IM": "<", b"MI": ">"}.get(bytes(data[126:128]))


def elements(data: memoryview, order: str) -> Iterator[Element]:
    """The elements that follow each other in ``data``.

    Raises:
        ValueError, struct.error: the data end too early.
    """
    at = 0
    while at < len(data):
        (word,) = struct.unpack_from(f"{order}I", data, at)
        if word >> 16:  # short: length and type in one word
            kind, length, start, end = word & 0xFFFF, word >> 16, at + 4, at + 8
        else:
            kind, (length,) = word, struct.unpack_from(f"{order}I", data, at + 4)
            start = at + 8
            end = start + length + (0 if kind == COMPRESSED else -length % 8)
        if start + length > len(data):
            raise ValueError
        yield Element(kind, data[start : start + length])
        at = end


def characters(element: Element, order: str) -> str:
    """The text of an array of characters, stored as text or as numbers."""
    if element.kind in TEXTS:
        end = {"<": "-le", ">": "-be"}[order] if element.kind > min(TEXTS) else ""
        return bytes(element.data).decode(TEXTS[element.kind] + end)
    return "".join(map(chr, np.frombuffer(element.data, order + NUMBERS[element.kind])))
