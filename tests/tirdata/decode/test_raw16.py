"""Headerless frames: where they lie is what the side file says, to the byte."""

import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.made_pictures import RAW, SIDE, SIZE, counts, made_raw
from tirdata.decode import open_frames
from tirdata.decode.base import RawFrame
from tirdata.errors import DecodeError


def read(path: Path) -> tuple[list[RawFrame], tuple[str, ...]]:
    with closing(open_frames(path)) as reader:
        return list(reader.read()), reader.warnings


def write(folder: Path, data: bytes, side: str) -> Path:
    (folder / "a.bin").write_bytes(data)
    (folder / "a.bin.toml").write_text(side)
    return folder / "a.bin"


def test_header_gaps_and_byte_order_are_minded(tmp_path: Path) -> None:
    frames, warnings = read(made_raw(tmp_path))
    assert warnings == ()
    for frame, picture in zip(frames, counts(), strict=True):
        np.testing.assert_array_equal(frame.pixels, picture)


def test_a_gap_may_also_stand_after_the_last_frame(tmp_path: Path) -> None:
    path = made_raw(tmp_path)
    path.write_bytes(path.read_bytes() + b"gap")
    with closing(open_frames(path)) as reader:
        assert len(list(reader.read())) == reader.info.frames == 6


def test_levels_of_8_bits(tmp_path: Path) -> None:
    levels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    side = '[raw]\nwidth = 4\nheight = 3\ndtype = "uint8"\n'
    path = write(tmp_path, levels.tobytes(), side)
    frames, warnings = read(path)
    np.testing.assert_array_equal([frame.pixels for frame in frames], levels)
    assert frames[0].pixels.dtype == np.uint8
    assert frames[1].time_s == pytest.approx(0.04)
    assert warnings == ("nothing says how fast; 25 frames/s assumed: give fps in a.bin.toml",)


def test_what_is_left_over_is_said(tmp_path: Path) -> None:
    path = made_raw(tmp_path)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(
        DecodeError,
        match=r"after frame 4 \(10233 bytes are left of the 10240 of a frame of 80x64 uint16\)",
    ):
        read(path)


def test_counts_of_more_bits_than_stated_are_told(tmp_path: Path) -> None:
    path = made_raw(tmp_path)
    side = path.with_name(f"{path.name}.toml")
    side.write_text(side.read_text().replace('"big"', '"little"'))
    _, warnings = read(path)
    assert warnings == (
        "6 frames have counts of more than 14 bits; look at bits and byte_order in flight.raw.toml",
    )


def test_the_side_file_counts_more_than_what_the_bytes_look_like(tmp_path: Path) -> None:
    picture = counts(1)[0]
    width, height = SIZE
    data = b"\0\0\1\xb3" + picture.astype("<u2").tobytes()[4:]  # as MPEG video begins
    path = write(tmp_path, data, f"[raw]\nwidth = {width}\nheight = {height}\n")
    frames, _ = read(path)
    np.testing.assert_array_equal(frames[0].pixels[1:], picture[1:])
    np.testing.assert_array_equal(frames[0].pixels[0, 2:], picture[0, 2:])


@pytest.mark.parametrize(
    ("side", "fault"),
    [
        ("[raw]\nwidth = 80\n", "raw.height: Field required"),
        ("[raw]\nwidth = 0\nheight = 64\n", "raw.width: Input should be greater than or equal to"),
        ("[raw]\nwidth = 9000000\nheight = 9000000\n", "says that a frame has 9000000x9000000"),
        ('[raw]\nwidth = 8\nheight = 6\ndtype = "f4"\n', "raw.dtype: Input should be 'uint8' or"),
        ("[raw]\nwidth = 8\nheight = 6\nbits = 17\n", "raw.bits: Input should be less than"),
        ("raw = 5\n", "raw: "),
    ],
    ids=["no height", "no width", "absurd", "fractions", "bits", "no table"],
)
def test_a_wrong_side_file_is_named(side: str, fault: str, tmp_path: Path) -> None:
    path = write(tmp_path, bytes(1000), side)
    with pytest.raises(DecodeError) as error:
        open_frames(path)
    assert str(error.value).startswith(f"{path}.toml: ")
    assert fault in str(error.value)


def test_a_file_smaller_than_its_header_has_no_frame(tmp_path: Path) -> None:
    path = write(tmp_path, b"abc", RAW)
    with pytest.raises(DecodeError, match="has no frame"):
        open_frames(path)


def test_a_moved_recording_keeps_its_side_file_by_name(tmp_path: Path) -> None:
    path = made_raw(tmp_path)
    shutil.move(path, tmp_path / "other.raw")
    with pytest.raises(DecodeError, match="is no recording"):
        open_frames(tmp_path / "other.raw")
    (tmp_path / "other.raw.toml").write_text(SIDE + RAW)
    assert len(read(tmp_path / "other.raw")[0]) == 6
