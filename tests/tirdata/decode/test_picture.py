"""Kinds of picture files: what is stored comes out, and what is no picture is refused."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.made_pictures import counts, write_picture
from tests.reading import read, refusal
from tirdata.decode.jpeg_stream import end_of_jpeg

GREY = (counts(1)[0] >> 6).astype(np.uint8)


def test_a_picture_of_absurd_size_is_refused_by_its_header(tmp_path: Path) -> None:
    header = struct.pack(">4sIIBBBBB", b"IHDR", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(bytes(1000)), b"IEND"]
    data = b"\x89PNG\r\n\x1a\n"
    for chunk in chunks:
        data += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "1.png").write_bytes(data)
    assert "says that a frame has 100000x100000 pixels; expected 1 to 64000000" in refusal(tmp_path)


def test_kinds_of_pictures(tmp_path: Path) -> None:
    colours = np.dstack([GREY, GREY // 2, 255 - GREY])
    kinds = {
        "one bit": Image.fromarray(GREY > 128),
        "palette": Image.fromarray(colours).quantize(16),
        "transparent": Image.fromarray(np.dstack([colours, GREY])),
        "grey, opaque": Image.fromarray(np.dstack([GREY, np.full_like(GREY, 255)])),
        "grey": Image.fromarray(GREY),
    }
    found = {}
    for name, picture in kinds.items():
        picture.save(tmp_path / f"{name}.png")
        found[name] = read(tmp_path / f"{name}.png")
    assert set(np.unique(found["one bit"][1][0].pixels)) == {0, 255}
    assert found["palette"][1][0].pixels.shape == (64, 80, 3)
    assert found["palette"][1][0].colour > 10
    np.testing.assert_array_equal(found["transparent"][1][0].pixels, colours)
    assert found["transparent"][2] == ("1 pictures are partly transparent; that is left out",)
    np.testing.assert_array_equal(found["grey, opaque"][1][0].pixels, GREY)
    assert found["grey, opaque"][2] == ()
    assert {info.bits for info, _, _ in found.values()} == {8}


def test_colours_of_16_bits_are_told_to_lose_half_of_them(tmp_path: Path) -> None:
    deep = np.full((8, 9, 3), (0x1234, 0x5678, 0), np.uint16)
    _, (frame,), warnings = read(write_picture(tmp_path / "deep.png", deep))
    assert warnings == ("1 pictures have colours of 16 bits; the lower 8 are left out",)
    assert frame.pixels[0, 0].tolist() == [0x12, 0x56, 0]


def test_a_picture_is_turned_as_its_exif_data_say(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    Image.fromarray(GREY).save(tmp_path / "1.png", exif=exif)
    info, frames, _ = read(tmp_path / "1.png")
    assert (info.width, info.height) == (64, 80)
    np.testing.assert_array_equal(frames[0].pixels, np.rot90(GREY, -1))


@pytest.mark.parametrize("digits", [False, True], ids=["bytes", "digits"])
def test_greymaps_keep_their_counts(digits: bool, tmp_path: Path) -> None:
    picture = counts(1)[0]
    raster = (
        " ".join(map(str, picture.flat)).encode() if digits else picture.astype(">u2").tobytes()
    )
    header = b"P%d\n# by hand\n80 64\n16383\n" % (2 if digits else 5)
    (tmp_path / "1.pgm").write_bytes(header + raster)
    info, frames, _ = read(tmp_path / "1.pgm")
    assert info.bits == 14
    np.testing.assert_array_equal(frames[0].pixels, picture)
    (tmp_path / "1.pgm").write_bytes(header + raster[: len(raster) // 2])
    assert "cut off" in refusal(tmp_path / "1.pgm")


def test_an_animation_is_no_picture(tmp_path: Path) -> None:
    first, second = Image.fromarray(GREY), Image.fromarray(255 - GREY)
    first.save(tmp_path / "1.png", save_all=True, append_images=[second])
    assert "is an animation of 2 frames; expected a still picture" in refusal(tmp_path / "1.png")


@pytest.mark.parametrize("kind", [b"P2 9000 9000 65535\n", b"P2 9000 9000 255\n"])
def test_a_picture_in_digits_may_not_be_huge(kind: bytes, tmp_path: Path) -> None:
    (tmp_path / "1.pgm").write_bytes(kind + b"1 2 3")
    assert "says that a frame has 9000x9000 pixels; expected 1 to 4000000" in refusal(
        tmp_path / "1.pgm"
    )


@pytest.mark.parametrize("kind", ["PNG", "PPM"])
def test_pictures_one_after_the_other_in_a_file_are_refused(kind: str, tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(GREY).save(stream, kind)
    (tmp_path / "1.png").write_bytes(stream.getvalue() * 2)
    assert "has several pictures, one after the other" in refusal(tmp_path / "1.png")


def test_a_jpeg_with_a_small_one_in_it_is_a_picture(tmp_path: Path) -> None:
    small = io.BytesIO()
    Image.fromarray(GREY[::4, ::4]).save(small, "JPEG")
    stream = io.BytesIO()
    Image.fromarray(GREY).save(stream, "JPEG", exif=b"Exif\0\0" + small.getvalue())
    (tmp_path / "1.jpg").write_bytes(stream.getvalue())
    assert [frame.pixels.shape for frame in read(tmp_path / "1.jpg")[1]] == [(64, 80)]


@pytest.mark.parametrize("progressive", [False, True])
def test_where_a_jpeg_ends(progressive: bool) -> None:
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8)
    Image.fromarray(noise).save(stream, "JPEG", progressive=progressive, quality=95)
    data = stream.getvalue()
    assert end_of_jpeg(data + b"rest") == len(data)
    assert end_of_jpeg(data[:-2]) is None
