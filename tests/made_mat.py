"""MAT-files of networks as MatConvNet writes them: a cell of structs with filters and biases."""

import struct
import zlib
from pathlib import Path

import numpy as np

from tracking.weights.mat_arrays import Array

Layer = tuple[str, Array, Array]  # name, filters (out, in, h, w), bias
_CELL, _STRUCT, _CHAR, _SINGLE = 1, 2, 4, 7


def write_network(
    path: Path, layers: list[Layer], *, old: bool = False, packed: bool = False
) -> None:
    """Write ``layers``, each with a ReLU after it.

    ``old``: with fields filters and biases instead of the cell weights; ``packed``: compressed.
    """
    cells = []
    for name, filters, bias in layers:
        stored = filters.transpose(2, 3, 1, 0)
        pair = (_numbers("", stored), _numbers("", bias.reshape(1, -1)))
        fields = {"type": _text("conv"), "name": _text(name)}
        fields |= (
            {"filters": pair[0], "biases": pair[1]}
            if old
            else {"weights": _array(_CELL, (1, 2), "", b"".join(pair))}
        )
        cells += [_struct("", fields), _struct("", {"type": _text("relu"), "name": _text("relu")})]
    body = _array(_CELL, (1, len(cells)), "layers", b"".join(cells))
    if packed:
        data = zlib.compress(body)
        body = struct.pack("<2I", 15, len(data)) + data
    head = b"MATLAB 5.0 MAT-file, made".ljust(124) + struct.pack("<H2s", 0x100, b"IM")
    path.write_bytes(head + body)


def write_parameters(path: Path, parameters: list[tuple[str, Array]]) -> None:
    """Write ``net.params`` of a DagNN: arrays with MATLAB's order of sides, by name."""
    # A struct array keeps its members' fields one after another.
    names = b"".join(each.ljust(32, b"\0") for each in (b"name", b"value"))
    members = b"".join(_text(name) + _numbers("", value) for name, value in parameters)
    head = _element(6, struct.pack("<2I", _STRUCT, 0))
    head += _element(5, struct.pack("<2i", 1, len(parameters))) + _element(1, b"params")
    body = struct.pack("<HHi", 5, 4, 32) + _element(1, names) + members
    params = _element(14, head + body)
    net = _struct("net", {"params": params})
    start = b"MATLAB 5.0 MAT-file, made".ljust(124) + struct.pack("<H2s", 0x100, b"IM")
    path.write_bytes(start + net)


def _numbers(name: str, values: Array) -> bytes:
    data = np.asfortranarray(values, "<f4").tobytes(order="F")
    return _array(_SINGLE, values.shape, name, _element(7, data))


def _text(text: str) -> bytes:
    return _array(_CHAR, (1, len(text)), "", _element(4, text.encode("utf-16-le")))


def _struct(name: str, fields: dict[str, bytes]) -> bytes:
    width = 32
    names = b"".join(each.encode("ascii").ljust(width, b"\0") for each in fields)
    body = struct.pack("<HHi", 5, 4, width) + _element(1, names) + b"".join(fields.values())
    return _array(_STRUCT, (1, 1), name, body)


def _array(kind: int, shape: tuple[int, ...], name: str, body: bytes) -> bytes:
    head = _element(6, struct.pack("<2I", kind, 0))
    head += _element(5, struct.pack(f"<{len(shape)}i", *shape))
    return _element(14, head + _element(1, name.encode("ascii")) + body)


def _element(kind: int, data: bytes) -> bytes:
    return struct.pack("<2I", kind, len(data)) + data + b"\0" * (-len(data) % 8)
