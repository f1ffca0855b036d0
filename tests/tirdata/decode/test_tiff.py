"""TIFF: every way in which counts are stored comes out exactly; what is damaged is named."""

import struct
import tracemalloc
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from tests.made_pictures import counts
from tests.reading import read, refusal
from tirdata.decode import open_frames, tiff_pages
from tirdata.errors import DecodeError, MissingError

STACK = np.stack(counts())
GREY = (STACK[0] >> 6).astype(np.uint8)


def write(path: Path, data: NDArray[Any], **options: object) -> Path:
    all_options: dict[str, Any] = {"photometric": "minisblack"} | options
    tifffile.imwrite(path, data, **all_options)
    return path


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big-endian"])
@pytest.mark.parametrize("big", [False, True], ids=["classic", "BigTIFF"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": True},
        {"compression": "packbits"},
        {"compression": "lzw"},
        {"compression": "lzw", "predictor": True},
        {"tile": (32, 32), "compression": "zlib"},
        {"rowsperstrip": 5},
        {"truncate": True},
    ],
    ids=lambda options: " ".join(map(str, options.values())) or "plain",
)
def test_counts_come_out_as_they_went_in(
    options: dict[str, Any], big: bool, order: str, tmp_path: Path
) -> None:
    if options.get("compression") == "lzw":
        pytest.importorskip("imagecodecs")
    path = write(tmp_path / "a.tif", STACK, bigtiff=big, byteorder=order, **options)
    info, frames, warnings = read(path)
    assert (info.bits, info.pixel_format, info.sensor) == (16, "gray16le", False)
    assert len(frames) == len(STACK)
    for frame, picture in zip(frames, STACK, strict=True):
        assert frame.pixels.dtype == np.uint16
        assert frame.pixels.dtype.isnative
        np.testing.assert_array_equal(frame.pixels, picture)
    assert warnings == ("nothing says how fast; 25 frames/s assumed: give fps in a.tif.toml",)


def test_an_imagej_stack_brings_its_rate(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", STACK, imagej=True, metadata={"finterval": 0.1})
    info, frames, warnings = read(path)
    assert (info.fps, warnings) == (10, ())
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])


def test_the_frames_of_a_cut_stack_whose_directories_are_lost_are_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", STACK)  # directories of further pages are at its end
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    with closing(open_frames(path)) as reader:
        frames = reader.read()
        for picture in STACK[:3]:
            np.testing.assert_array_equal(next(frames).pixels, picture)
        with pytest.raises(DecodeError, match=r"after frame 2 \(the next one of 6 is cut off\)"):
            next(frames)


@pytest.mark.parametrize(
    ("stored", "options", "expected"),
    [
        (GREY, {}, GREY),
        (GREY, {"photometric": "miniswhite"}, 255 - GREY),
        (STACK[0], {"photometric": "miniswhite"}, 65535 - STACK[0]),
        (GREY > 99, {}, np.where(GREY > 99, 255, 0)),
        (STACK[0].astype(np.int16), {}, STACK[0]),
        (STACK[0].astype(np.uint32), {}, STACK[0]),
        (np.dstack([GREY, GREY // 2, 255 - GREY]), {"photometric": "rgb"},
         np.dstack([GREY, GREY // 2, 255 - GREY])),
        (np.stack([GREY, GREY // 2, 255 - GREY]), {"photometric": "rgb", "planarconfig": 2},
         np.dstack([GREY, GREY // 2, 255 - GREY])),
        (np.dstack([STACK[0]] * 3), {"photometric": "rgb"}, np.dstack([STACK[0] >> 8] * 3)),
        (GREY, {"photometric": "palette",
                "colormap": np.stack([np.arange(256, dtype=np.uint16) * 257] * 3)},
         np.dstack([GREY] * 3)),
        (np.dstack([GREY, GREY]), {"extrasamples": ["unassalpha"], "planarconfig": "contig"}, GREY),
    ],
    ids=["grey", "white is 0", "counts, white is 0", "one bit", "int16", "uint32", "RGB", "planes",
         "RGB of 16 bits", "palette", "alpha"],
)  # fmt: skip
def test_kinds_of_pixels(
    stored: NDArray[Any], options: dict[str, Any], expected: NDArray[Any], tmp_path: Path
) -> None:
    _, frames, _ = read(write(tmp_path / "a.tif", stored, **options))
    assert len(frames) == 1
    np.testing.assert_array_equal(frames[0].pixels, expected)


@pytest.mark.parametrize(
    ("stored", "options", "fault"),
    [
        (STACK[0].astype(np.int16) - 9000, {}, "has counts from -1000 to "),
        (STACK[0].astype(np.uint32) + 60_000, {}, "expected 0 to 65535"),
        (STACK[0].astype(np.float32) / 300, {}, "has fractions, from 26.6667 to 42"),
        (STACK[0].astype(np.complex64), {}, "expected whole numbers"),
        (
            np.dstack([GREY] * 2),
            {"planarconfig": "contig", "extrasamples": ["unspecified"]},
            "samples a pixel",
        ),
        (np.dstack([GREY] * 3), {"photometric": "cielab"}, "has pixels of kind CIELAB"),
    ],
    ids=["negative", "large", "fractions", "complex", "two channels", "lab"],
)
def test_what_is_neither_counts_nor_colours_is_refused(
    stored: NDArray[Any], options: dict[str, Any], fault: str, tmp_path: Path
) -> None:
    assert fault in refusal(write(tmp_path / "a.tif", stored, **options))


def test_temperatures_become_hundredths_of_a_kelvin(tmp_path: Path) -> None:
    kelvin = np.linspace(250, 500, 64 * 80).reshape(64, 80)
    kelvin[0, :3] = np.nan, -5, 9999
    path = write(tmp_path / "a.tif", kelvin)
    path.with_name("a.tif.toml").write_text('unit = "kelvin"\nfps = 9')
    info, frames, warnings = read(path)
    assert (info.sensor, info.bits) == (True, 16)
    assert info.radiometry is not None
    found = info.radiometry.kelvin(frames[0].pixels)
    np.testing.assert_allclose(found[1:], kelvin[1:], atol=0.0051)
    assert found[0, :3] == pytest.approx([0, 0, 655.35])
    assert warnings == (
        "1 pages have pixels that are no number, or not from 0 to 655 kelvin; set to the nearest",
    )


def test_reduced_copies_are_left_out_and_counted(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for picture in STACK[:2]:
            writer.write(picture, photometric="minisblack", metadata=None)
            writer.write(picture[::4, ::4], photometric="minisblack", metadata=None, subfiletype=1)
    _, frames, warnings = read(tmp_path / "a.tif")
    assert len(frames) == 2
    assert warnings[0] == "2 reduced copies of pages left out"


def test_a_page_of_another_depth_ends_the_recording(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for picture in (STACK[0], GREY):
            writer.write(picture, photometric="minisblack", metadata=None)
    message = refusal(tmp_path / "a.tif")
    assert "after frame 0 (the next one has 8 bits, those before 16)" in message


def test_pages_that_lead_back_are_not_read_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for picture in STACK[:2]:
            writer.write(picture, photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path) as whole:
        first, second = (page.offset for page in whole.pages)
    data = bytearray(path.read_bytes())
    entries = struct.unpack_from("<H", data, second)[0]
    struct.pack_into("<I", data, second + 2 + 12 * entries, first)
    path.write_bytes(data)
    assert "after frame 1 (damaged: the next page is an earlier one again)" in refusal(path)


def change_tag(path: Path, tag: int, value: int) -> None:
    with tifffile.TiffFile(path) as whole:
        found = whole.pages.first.tags[tag]
    data = bytearray(path.read_bytes())
    struct.pack_into("<HHII", data, found.offset, tag, 4, 1, value)
    path.write_bytes(data)


def test_a_page_of_absurd_size_is_refused_by_its_header(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", STACK[0])
    change_tag(path, 256, 4_000_000)
    assert "says that a frame has 4000000x64 pixels" in refusal(path)


def test_a_page_that_unpacks_to_far_more_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tiff_pages, "_MUCH", 1_000_000)
    path = write(tmp_path / "a.tif", STACK[0], compression="zlib", metadata=None)
    bomb = zlib.compress(bytes(3_000_000), 1)
    with path.open("ab") as file:
        start = file.tell()
        file.write(bomb)
    change_tag(path, 273, start)
    change_tag(path, 279, len(bomb))
    assert "damaged: unpacks to more than its page" in refusal(path)


def test_without_the_package_for_a_compression_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("imagecodecs")
    path = write(tmp_path / "a.tif", STACK, compression="lzw")
    monkeypatch.setattr(tiff_pages, "find_spec", lambda name: None)
    with pytest.raises(MissingError, match=r"LZW in TIFF; pip install 'tirdata\[thermal\]'"):
        read(path)


def test_a_long_stack_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.repeat(STACK, 20, 0))
    tracemalloc.start()
    try:
        with closing(open_frames(path)) as reader:
            frames = sum(1 for _ in reader.read())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert frames == 120
    assert peak < path.stat().st_size / 2
