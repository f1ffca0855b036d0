"""FLIR radiometric JPEG: the counts in its segments, and which JPEGs are none."""

import io
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.made_flir import (
    PLAIN,
    block,
    counts,
    flir_segments,
    jpeg,
    mutations,
    segment,
    write_jpeg,
)
from tirdata.decode import open_frames
from tirdata.decode.base import HEAD_BYTES, RawFrame, RecordingInfo
from tirdata.decode.flir_jpeg import FlirJpegReader
from tirdata.errors import DecodeError


def read(path: Path) -> tuple[RecordingInfo, list[RawFrame], tuple[str, ...]]:
    with closing(FlirJpegReader.open(path)) as reader:
        return reader.info, list(reader.read()), reader.warnings


def recognised(path: Path) -> bool:
    return FlirJpegReader.recognises(path, path.read_bytes()[:HEAD_BYTES])


@pytest.mark.parametrize("codec", ["rawvideo", "jpegls", "png", "png-swapped"])
def test_the_counts_come_out_as_they_went_in(codec: str, tmp_path: Path) -> None:
    path = write_jpeg(tmp_path / "made.jpg", replace(PLAIN, order=">", codec=codec))
    assert recognised(path)
    info, frames, warnings = read(path)
    assert (len(frames), info.frames, frames[0].time_s, warnings) == (1, 1, 0, ())
    np.testing.assert_array_equal(frames[0].pixels, counts())
    assert (info.container, info.camera, info.sensor) == ("flir-jpeg", "FLIR made 1", True)


def test_a_real_photograph(shared_data: Path) -> None:
    path = shared_data / "containers" / "flir" / "IR_2412.jpg"
    assert recognised(path)
    info, frames, warnings = read(path)
    assert (info.width, info.height, info.bits) == (640, 480, 16)
    assert info.camera == "FLIR SC660"
    assert len(frames) == 1
    assert warnings == ()
    # The first column begins with these in Thermimage's README.
    assert frames[0].pixels[:5, 0].tolist() == [18090, 18074, 18064, 18061, 18081]
    assert (frames[0].pixels.min(), frames[0].pixels.max()) == (17917, 20218)


def test_pieces_may_stand_in_any_order_behind_other_segments(tmp_path: Path) -> None:
    path = tmp_path / "order.jpg"
    pieces = flir_segments(block(counts()))
    others = segment(0xE0, b"JFIF\0") + segment(0xE1, b"Exif\0\0" + bytes(60_000)) + b"\xff\xff"
    path.write_bytes(jpeg(pieces[::-1], before=others))
    assert recognised(path)
    np.testing.assert_array_equal(read(path)[1][0].pixels, counts())


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        (flir_segments(block(counts()))[:-1], "FLIR segments 0-10; expected each of 0 to 11 once"),
        (flir_segments(block(counts()))[1:], "FLIR segments 1-11; expected each of 0 to 11 once"),
        (flir_segments(block(counts())) * 2, "expected each of 0 to 11 once"),
        (flir_segments(block(counts())[:1000]), "needs 2476 bytes|needs 32 bytes"),
        (flir_segments(block(counts(), replace(PLAIN, pixels=False))), "have no raw data record"),
        (flir_segments(b"nothing of that kind" * 9), "no FFF header of version 100 to 199 at 0"),
    ],
    ids=["last missing", "first missing", "twice", "cut", "no raw data", "no block"],
)
def test_what_is_missing_is_named(segments: list[bytes], message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.jpg"
    path.write_bytes(jpeg(segments))
    with pytest.raises(DecodeError, match=message) as error:
        FlirJpegReader.open(path)
    assert str(error.value).startswith(f"{path}: has no whole frame (")


def test_a_folder_of_them_is_a_recording_of_counts(tmp_path: Path) -> None:
    folder = tmp_path / "flight"
    folder.mkdir()
    hotter = replace(PLAIN, planck=(20000.0, *PLAIN.planck[1:]))
    for index, making in enumerate((PLAIN, PLAIN, hotter)):
        data = jpeg(flir_segments(block(counts(seed=index), making)))
        (folder / f"{index:04}.jpg").write_bytes(data)
    with closing(open_frames(folder)) as reader:
        frames, info, warnings = list(reader.read()), reader.info, reader.warnings
    assert (info.sensor, info.bits, info.camera) == (True, 16, "FLIR made 1")
    assert info.radiometry is not None
    assert any("1 pictures have another calibration" in each for each in warnings)
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.pixels, counts(seed=index))


def test_a_picture_without_counts_among_them_is_named(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "0000.jpg")
    (tmp_path / "0001.jpg").write_bytes(ordinary_jpeg())
    with closing(open_frames(tmp_path)) as reader:
        frames = reader.read()
        next(frames)
        with pytest.raises(DecodeError, match=r"0001\.jpg: has 8 bits, those before it 16"):
            next(frames)


def ordinary_jpeg() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(stream, "jpeg")
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        ordinary_jpeg(),
        jpeg([segment(0xE1, b"Exif\0\0"), segment(0xE1, b"FLI")]),
        jpeg([]) + b"".join(flir_segments(block(counts()))),  # behind the picture
        b"\xff\xd8\xff\xe1\x00\x00" + bytes(90),
        b"\xff\xd8\xff\xe1\xff",
        b"\xff\xd8" + b"\xff" * 5000,
        b"\xff\xd8\xff" + b"\xff\x01" * 5000,
        b"\x89PNG\r\n\x1a\n",
    ],
    ids=["ordinary", "other", "behind", "no length", "cut", "fill", "no content", "png"],
)
def test_other_jpegs_are_not_claimed(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.jpg"
    path.write_bytes(data)
    assert not recognised(path)


def test_no_damage_does_more_than_refuse_it(tmp_path: Path) -> None:
    path = tmp_path / "fuzzed.jpg"
    whole = jpeg(flir_segments(block(counts(), replace(PLAIN, codec="jpegls"))))
    for data in mutations(whole, 300, seed=1):
        path.write_bytes(data)
        recognised(path)
        try:
            _, frames, _ = read(path)
        except DecodeError as error:
            assert str(path) in str(error)  # noqa: PT017  # either is right
        else:
            assert len(frames) == 1
