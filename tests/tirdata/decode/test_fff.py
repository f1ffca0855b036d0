"""The FFF block: both byte orders, and no number of it taken on trust."""

import io
import struct
from dataclasses import replace

import numpy as np
import pytest

from tests.made_flir import PLAIN, block, camera_info, compress, counts, geometry
from tirdata.decode.fff import (
    CAMERA_INFO,
    RAW_DATA,
    Record,
    byte_order,
    find_header,
    read_block,
)
from tirdata.decode.fff_camera import parse_camera
from tirdata.decode.fff_frame import ThermalFrame, begin_frame
from tirdata.decode.fff_pixels import PixelDecoder
from tirdata.decode.stream import BreakError

PICTURE = counts()
# A picture of 8x6 counts of 14 bits, by CharLS; FFmpeg's encoder knows only 16.
FOURTEEN_BITS = bytes.fromhex(
    "ffd8fff7000b0e0006000801011100fff8000d013fff0012004301140040ffda0008010100000000"
    "00000000006ee280c0212022448507814060b0183c4c2e0d02828040e1a044c0e0d0084404480c0c"
    "3c143438f06090485121a121a0e0c3ffd9"
)


def frame_of(data: bytes) -> ThermalFrame | None:
    file = io.BytesIO(data)
    begun = begin_frame(file, read_block(file, 0, len(data)), len(data), PixelDecoder())
    return begun() if begun else None


def pixels_of(content: bytes, width: int = 24, height: int = 16, variant: int = 2) -> ThermalFrame:
    """The frame of a block that holds ``content`` after its geometry."""
    record = geometry(width, height, PLAIN) + content
    entry = struct.pack("<2H7I", RAW_DATA, variant, 100, 1, 96, len(record), 0, 0, 0)
    header = b"FFF\0".ljust(20, b"\0") + struct.pack("<4I", 100, 64, 1, 2)
    frame = frame_of(header.ljust(64, b"\0") + entry + record)
    assert frame is not None
    return frame


@pytest.mark.parametrize("codec", ["rawvideo", "jpegls", "png", "png-swapped"])
@pytest.mark.parametrize("record_order", ["<", ">"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_way_to_store_counts_gives_them_exactly(
    order: str, record_order: str, codec: str
) -> None:
    making = replace(PLAIN, order=order, record_order=record_order, codec=codec)
    making = replace(making, variant=2 if record_order == "<" else 1)
    frame = frame_of(block(PICTURE, making))
    assert frame is not None
    np.testing.assert_array_equal(frame.picture.counts, PICTURE)
    assert frame.picture.counts.dtype == np.uint16
    assert frame.picture.codec == codec.removesuffix("-swapped")
    assert frame.camera.model == "FLIR made 1"
    assert frame.camera.fps == 30
    assert frame.camera.time_ms == PLAIN.time_ms
    assert frame.camera.radiometry is not None
    assert frame.camera.radiometry.constants["planck_o"] == -7340


@pytest.mark.parametrize("variant", [1, 2])
def test_where_directory_and_record_differ_in_byte_order_the_smoother_picture_counts(
    variant: int,
) -> None:
    for kind in ("<u2", ">u2"):
        frame = pixels_of(PICTURE.astype(kind).tobytes(), variant=variant)
        if kind == "<u2" or variant == 1:  # else both say little-endian
            np.testing.assert_array_equal(frame.picture.counts, PICTURE)


def test_samples_of_fewer_bits_are_the_counts_themselves() -> None:
    frame = pixels_of(FOURTEEN_BITS, 8, 6)
    assert frame.picture.bits == 14
    expected = [6002, 6003, 6003, 6001, 6000, 5997, 5994, 5991]
    assert frame.picture.counts[0].tolist() == expected


def test_free_entries_and_other_records_do_not_matter() -> None:
    file = io.BytesIO(block(PICTURE, replace(PLAIN, free=14)))
    found = read_block(file, 0, len(file.getvalue()))
    assert [record.kind for record in found.records] == [CAMERA_INFO, RAW_DATA]
    assert found.end == len(file.getvalue())
    assert found.find(0x22) is None


def test_older_science_cameras_write_another_name() -> None:
    frame = frame_of(block(PICTURE, replace(PLAIN, magic=b"AFF\0")))
    assert frame is not None
    np.testing.assert_array_equal(frame.picture.counts, PICTURE)


def test_humidity_in_percent_is_understood() -> None:
    scene = (*PLAIN.scene[:7], 50.0)
    radiometry = parse_camera(camera_info(4, 3, replace(PLAIN, scene=scene))).radiometry
    assert radiometry is not None
    assert radiometry.constants["humidity"] == 0.5


def test_a_camera_that_is_being_corrected_says_so() -> None:
    assert parse_camera(camera_info(4, 3, replace(PLAIN, state=0x21))).shutter
    assert not parse_camera(camera_info(4, 3, PLAIN)).shutter


def test_samples_that_are_no_counts_have_no_temperature() -> None:
    data = bytearray(camera_info(4, 3, PLAIN))
    data[0x50] = 2
    camera = parse_camera(bytes(data))
    assert camera.radiometry is None
    assert camera.no_radiometry == "samples are of type 2, not counts"


def test_a_short_camera_record_says_what_it_can() -> None:
    camera = parse_camera(camera_info(4, 3, PLAIN)[:0xE0])
    assert camera.model == "FLIR made 1"
    assert camera.radiometry is None
    assert (camera.time_ms, camera.fps) == (None, None)
    assert parse_camera(b"").model is None


def test_a_name_in_no_known_letters_is_none() -> None:
    data = bytearray(camera_info(4, 3, PLAIN))
    data[0xD4:0xD8] = b"\xfe\x01\x02\x03"
    assert parse_camera(bytes(data)).model is None


def header(entries: int = 1, offset: int = 64, version: int = 100) -> bytes:
    data = b"FFF\0".ljust(20, b"\0") + struct.pack("<4I", version, offset, entries, 0)
    return data.ljust(64, b"\0")


def entry(kind: int = RAW_DATA, start: int = 96, length: int = 100) -> bytes:
    return struct.pack("<2H7I", kind, 2, 100, 1, start, length, 0, 0, 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"FFF\0", "FFF header needs 64 bytes at 0, the file has 4"),
        (header(version=7), "no FFF header of version 100 to 199 at 0"),
        (b"X" * 64, "no FFF header"),
        (header(entries=0), "says that 0 records are listed at 64"),
        (header(entries=2**32 - 1), "says that 4294967295 records"),
        (header(offset=3), "are listed at 3"),
        (header(offset=2**32 - 1), "FFF directory needs 32 bytes at 4294967295, the file has 64"),
        (header(entries=3) + entry(), "FFF directory needs 96 bytes at 64, the file has 96"),
        (header() + entry(start=0), r"raw data record \(type 1\) of the block at 0 lies in its h"),
        (header() + entry(length=2**32 - 1), r"raw data record \(type 1\) needs 32 bytes at 96"),
        (header() + entry(length=7) + bytes(7), "raw data record .* has 7 bytes"),
        (header() + entry() + bytes(100), "samples of 0 bytes; expected 2"),
    ],
    ids=[
        "cut header", "version", "other bytes", "no entry", "entries", "directory in header",
        "directory outside", "cut directory", "record in header", "huge record", "small record",
        "zeros",
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_record(data: bytes, message: str) -> None:
    with pytest.raises(BreakError, match=message):
        frame_of(data)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has 0 bytes of no known kind for 24x16 counts; known are plain, JPEG-LS and PNG"),
        (bytes(767), "has 767 bytes of no known kind"),
        (bytes(100_000), "has 100000 bytes for 768 bytes of counts"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "holds a JPEG without a frame header"),
        (b"\xff\xd8\xff\xc0\x00\x0b\x08\0\0\0\0\x01" + bytes(9), "JPEG of type 0xc0; expected JP"),
        (b"\xff\xd8\xff\xf7\x00\x0b\x10\0\x10\0\x18\x03" + bytes(9), "3 components of 16 bits"),
        (b"\xff\xd8\xff\xf7\x00\x0b\x10\xff\xff\xff\xff\x01\xff\xd9", "says that a frame has 655"),
        (compress("jpegls", PICTURE)[:-3], "JPEG-LS picture without an end"),
        (compress("png", PICTURE)[:100], "is no whole png picture"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG that is not 16-bit grey"),
    ],
    ids=[
        "none", "short", "long", "jfif", "baseline", "colour", "huge", "cut jpeg-ls", "cut png",
        "cut png header",
    ],
)  # fmt: skip
def test_counts_that_cannot_be_are_named(content: bytes, message: str) -> None:
    with pytest.raises(BreakError, match=message):
        pixels_of(content)


def test_a_picture_of_another_size_than_its_record_says_counts_and_is_remarked_on() -> None:
    frame = pixels_of(compress("png", counts(12, 10)))
    assert frame.picture.counts.shape == (10, 12)
    assert frame.picture.remarks == ("the picture is 12x10, its record says 24x16",)


def test_edges_that_are_no_pixels_are_remarked_on() -> None:
    data = bytearray(block(PICTURE, replace(PLAIN, camera=False, free=0)))
    struct.pack_into("<H", data, 96 + 14, 1)  # first valid line
    frame = frame_of(bytes(data))
    assert frame is not None
    assert "edges" in frame.picture.remarks[0]


def test_the_byte_order_is_that_in_which_the_version_is_known() -> None:
    assert byte_order(header()) == "<"
    assert byte_order(header(version=int.from_bytes((101).to_bytes(4, "big"), "little"))) == ">"
    assert byte_order(header(version=0)) is None
    assert byte_order(header()[:50]) is None


def test_the_next_header_is_found_wherever_it_begins() -> None:
    for gap in (0, 1, 65_472, 65_473, 65_535, 65_536, 65_600, 200_000):
        for fill in (b"\0", b"F"):
            data = bytes(10) + fill * gap + header()
            found, blank = find_header(io.BytesIO(data), 10, len(data))
            assert found == 10 + gap
            assert blank == (fill == b"\0" or gap == 0)
    assert find_header(io.BytesIO(bytes(99_999)), 0, 99_999) == (None, True)
    assert find_header(io.BytesIO(b"FFF\0" * 20_000), 0, 80_000) == (None, False)


def test_a_record_is_named_by_what_it_is() -> None:
    assert Record(0x22, 1, 0, 0).name == "palette record (type 34)"
    assert Record(0x99, 1, 0, 0).name == "unknown record (type 153)"
