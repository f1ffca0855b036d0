"""Small FLIR files made for a test, with every count known."""

import struct
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.uint16]

PLANCK = (21106.77, 1501.0, 1.0, -7340, 0.012545258)  # R1, B, F, O, R2 of an SC660
AIR = (0.006569, 0.01262, -0.002276, -0.00667, 1.9)


@dataclass(frozen=True)
class Making:
    """How a block is stored."""

    order: str = "<"  # of header and directory
    record_order: str = "<"  # of the records
    codec: str = "rawvideo"  # rawvideo, jpegls, png, png-swapped
    variant: int = 2
    magic: bytes = b"FFF\0"
    time_ms: int = 1_500_000_000_000  # since 1970
    fps: int = 30
    state: int = 0
    camera: bool = True
    pixels: bool = True
    planck: tuple[float, ...] = PLANCK
    scene: tuple[float, ...] = (0.95, 1.0, 293.15, 293.15, 293.15, 1.0, 0.0, 0.5)
    depth: int = 16
    free: int = 2  # entries of the directory that are not used
    tail: bytes = b""  # after the block


PLAIN = Making()


def counts(width: int = 24, height: int = 16, seed: int = 0) -> Counts:
    """A smooth scene of about 20 degrees Celsius with noise in the low bits."""
    noise = np.random.default_rng(seed).integers(0, 8, (height, width))
    slope = np.add.outer(np.arange(height) * 3, np.arange(width) * 7)
    result: Counts = (17_500 + slope + noise + 11 * seed).astype(np.uint16)
    return result


def geometry(width: int, height: int, making: Making) -> bytes:
    values = (2, width, height, 0, 0, 0, width - 1, 0, height - 1, making.depth)
    return struct.pack(f"{making.record_order}10H", *values).ljust(32, b"\0")


def camera_info(width: int, height: int, making: Making) -> bytes:
    data = bytearray(2476)
    order = making.record_order
    r1, b, f, o, r2 = making.planck
    data[:32] = geometry(width, height, making)
    struct.pack_into(f"{order}8f", data, 0x20, *making.scene)
    struct.pack_into(f"{order}I", data, 0x50, 1)
    struct.pack_into(f"{order}3f", data, 0x58, r1, b, f)
    struct.pack_into(f"{order}5f", data, 0x70, *AIR)
    data[0xD4:0xDF] = b"FLIR made 1"
    struct.pack_into(f"{order}if", data, 0x308, int(o), r2)
    struct.pack_into(f"{order}2I", data, 0x384, *divmod(making.time_ms, 1000))
    struct.pack_into(f"{order}5H", data, 0x464, making.fps, 0, 0, making.state, 0)
    return bytes(data)


def compress(codec: str, picture: Counts) -> bytes:
    """One picture by FFmpeg's encoder."""
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.height, encoder.width = picture.shape
    encoder.pix_fmt = "gray16le" if codec == "jpegls" else "gray16be"
    encoder.time_base = Fraction(1, 25)
    stored = picture if codec == "jpegls" else picture.astype(">u2")
    frame = av.VideoFrame(picture.shape[1], picture.shape[0], encoder.pix_fmt)
    plane = frame.planes[0]
    lines = np.zeros((picture.shape[0], plane.line_size), np.uint8)
    lines[:, : 2 * picture.shape[1]] = np.ascontiguousarray(stored).view(np.uint8)
    plane.update(lines.tobytes())
    return b"".join(bytes(each) for each in [*encoder.encode(frame), *encoder.encode(None)])


def raw_data(picture: Counts, making: Making) -> bytes:
    height, width = picture.shape
    if making.codec == "jpegls":
        content = compress("jpegls", picture)
    elif making.codec == "png":
        content = compress("png", picture)
    elif making.codec == "png-swapped":  # as most cameras do
        content = compress("png", picture.byteswap())
    else:
        content = picture.astype(f"{making.record_order}u2").tobytes()
    record = geometry(width, height, making) + content
    return record.ljust(-(-len(record) // 8) * 8, b"\0")


def block(picture: Counts, making: Making = PLAIN) -> bytes:
    """One FFF block: camera info, then raw data."""
    height, width = picture.shape
    records = []
    if making.camera:
        records.append((0x20, 1, camera_info(width, height, making)))
    if making.pixels:
        records.append((0x01, making.variant, raw_data(picture, making)))
    start = 64 + 32 * (len(records) + making.free)
    entries, body = b"", b""
    for index, (kind, variant, data) in enumerate(records, 1):
        values = (kind, variant, 100, index, start + len(body), len(data), 0, 0, 0)
        entries += struct.pack(f"{making.order}2H7I", *values)
        body += data
    entries += bytes(32 * making.free)
    header = making.magic + b"made".ljust(16, b"\0")
    header += struct.pack(f"{making.order}4I", 100, 64, len(entries) // 32, len(records) + 1)
    return header.ljust(64, b"\0") + entries + body + making.tail


def sequence(number: int = 5, making: Making = PLAIN, step_ms: int = 40) -> bytes:
    """Blocks of different pictures, ``step_ms`` apart."""
    return b"".join(
        block(counts(seed=index), replace(making, time_ms=making.time_ms + index * step_ms))
        for index in range(number)
    )


def write_sequence(path: Path, number: int = 5, making: Making = PLAIN) -> Path:
    path.write_bytes(sequence(number, making))
    return path


def made_csq(folder: Path) -> Path:
    return write_sequence(folder / "made.csq", 5, replace(PLAIN, codec="jpegls", variant=4))


def made_jpeg(folder: Path) -> Path:
    return write_jpeg(folder / "made.jpg", replace(PLAIN, order=">"))


def segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def flir_segments(content: bytes, size: int = 300) -> list[bytes]:
    """The APP1 segments of a block, in pieces of ``size`` bytes."""
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    last = len(pieces) - 1
    return [
        segment(0xE1, b"FLIR\0\x01" + bytes([index, last]) + piece)
        for index, piece in enumerate(pieces)
    ]


def jpeg(segments: list[bytes], before: bytes = b"") -> bytes:
    """A JPEG as far as its segments go; its picture is none."""
    return b"\xff\xd8" + before + b"".join(segments) + segment(0xDA, bytes(10)) + b"\x12\xff\xd9"


def write_jpeg(path: Path, making: Making = PLAIN) -> Path:
    path.write_bytes(jpeg(flir_segments(block(counts(), making))))
    return path


def mutations(whole: bytes, number: int, seed: int) -> list[bytes]:
    """Copies with bytes changed, words made absurd, pieces cut out or doubled; some of several."""
    chance = np.random.default_rng(seed)
    return [_mutated(bytearray(whole), chance) for _ in range(number)]


def _mutated(data: bytearray, chance: np.random.Generator) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = int(chance.integers(len(data)))
        near = int(chance.integers(min(400, len(data))))  # headers and directories
        length = int(chance.integers(1, 200))
        kind = int(chance.integers(5))
        if kind == 0:
            data[at] ^= 1 << int(chance.integers(8))
        elif kind == 1:
            data[near] = int(chance.integers(256))
        elif kind == 2:
            word = int(chance.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(data))))
            order = "<" if chance.integers(2) else ">"
            data[near & ~3 : (near & ~3) + 4] = struct.pack(f"{order}I", word)
        elif kind == 3:
            del data[at : at + length]
        else:
            data[at:at] = data[near : near + length]
        data = data or bytearray(b"F")
    return bytes(data)
