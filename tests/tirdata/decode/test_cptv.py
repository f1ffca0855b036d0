"""CPTV: the counts of the project's own reader, times of frames and of the shutter."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.made_pictures import counts
from tests.reading import read
from tirdata.decode.base import Counts
from tirdata.errors import DecodeError

Fields = dict[str, bytes]


def section(kind: str, fields: Fields) -> bytes:
    packed = b"".join(
        bytes([len(value)]) + letter.encode() + value for letter, value in fields.items()
    )
    return kind.encode() + bytes([len(fields)]) + packed


def number(value: int) -> bytes:
    return struct.pack("<I", value)


def header(**more: bytes) -> bytes:
    fields = {"X": number(80), "Y": number(64), "C": b"\1", "B": b"flir", "E": b"lepton3.5"}
    return b"CPTV\2" + section("H", fields | more)


def frame(before: Counts, now: Counts, bits: int, **fields: bytes) -> bytes:
    """By the definition of the format, bit by bit."""
    change = now.astype(int) - before
    change[1::2] = change[1::2, ::-1]
    flat = change.ravel()
    text = "".join(f"{step & (1 << bits) - 1:0{bits}b}" for step in np.diff(flat).tolist())
    text += "0" * (-len(text) % 8)
    steps = int(text, 2).to_bytes(len(text) // 8, "big")
    pixels = struct.pack("<i", flat[0]) + steps
    return section("F", fields | {"w": bytes([bits]), "f": number(len(pixels))}) + pixels


def write(path: Path, *parts: bytes) -> Path:
    path.write_bytes(gzip.compress(b"".join(parts)))
    return path


BLANK = np.zeros((64, 80), np.uint16)


@pytest.mark.parametrize("name", ["apache-v1", "apache-v2", "hedgehog", "possum"])
def test_counts_are_those_of_the_reader_of_the_cacophony_project(
    name: str, shared_data: Path
) -> None:
    cptv = pytest.importorskip("cptv")
    path = shared_data / "containers" / "cptv" / f"{name}.cptv"
    with path.open("rb") as file:
        theirs = [each for each in cptv.CPTVReader(file) if not each.background_frame]
        expected = [each.pix.copy() for each in theirs]
    _, frames, _ = read(path)
    assert len(frames) == len(expected)
    for ours, pixels in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(ours.pixels, pixels)
    if name != "apache-v1":
        seconds = [each.time_on.total_seconds() for each in theirs]
        shutter = [each.last_ffc_time.total_seconds() for each in theirs]
        assert [each.time_s for each in frames] == pytest.approx(np.subtract(seconds, seconds[0]))
        since = [each.since_shutter_s for each in frames]
        assert since == pytest.approx(np.subtract(seconds, shutter))


def test_a_background_frame_is_none_of_the_recording(shared_data: Path) -> None:
    info, frames, warnings = read(shared_data / "containers" / "cptv" / "possum.cptv")
    assert len(frames) == 160
    assert frames[1].time_s == pytest.approx(0.114)
    assert info.camera == "flir lepton3"
    assert warnings == ("1 background frames, which no camera took, left out",)


def test_the_shutter_closes_within_a_recording(shared_data: Path) -> None:
    _, frames, _ = read(shared_data / "containers" / "cptv" / "hedgehog.cptv")
    since = [each.since_shutter_s or 0.0 for each in frames]
    after = int(np.argmin(since))
    assert since[after] < 1
    assert frames[after].time_s - frames[after - 1].time_s > 1.5  # none are stored meanwhile


@pytest.mark.parametrize("bits", range(13, 26))
def test_steps_of_any_width_come_out(bits: int, tmp_path: Path) -> None:
    pictures = counts(3)
    body = [
        frame(before, now, bits, t=number(1000 + 111 * k))
        for k, (before, now) in enumerate(zip([BLANK, *pictures], pictures, strict=False))
    ]
    _, frames, warnings = read(write(tmp_path / "a.cptv", header(E=b"lepton3"), *body))
    np.testing.assert_array_equal([each.pixels for each in frames], pictures)
    assert [each.time_s for each in frames] == [0, 0.111, 0.222]
    assert warnings == ()


def test_a_lepton_35_is_radiometric_if_its_counts_are(tmp_path: Path) -> None:
    room = np.full((64, 80), 29_815, np.uint16)
    info, _, _ = read(write(tmp_path / "a.cptv", header(), frame(BLANK, room, 17)))
    assert info.radiometry is not None
    assert info.radiometry.kelvin(room[0, :1]) == pytest.approx([298.15])
    info, _, warnings = read(write(tmp_path / "b.cptv", header(), frame(BLANK, room // 10, 17)))
    assert info.radiometry is None
    assert warnings[0] == "flir lepton3.5 with counts that are no centikelvin; no temperatures"
    other = write(tmp_path / "c.cptv", header(E=b"lepton3"), frame(BLANK, room, 17))
    assert read(other)[0].radiometry is None


def test_frames_without_a_time_that_goes_on_are_counted(tmp_path: Path) -> None:
    times = [b"", number(5000), number(5000), number(5250)]
    body = [frame(BLANK, BLANK, 2, **({"t": each} if each else {})) for each in times]
    info, frames, warnings = read(write(tmp_path / "a.cptv", header(Z=b"\x08"), *body))
    assert info.fps == 8
    assert [each.time_s for each in frames] == pytest.approx([0, 0.125, 0.25, 0.375])
    assert warnings[-1] == "2 frames have no time that goes on; counted 8/s"


def test_fields_that_are_not_known_are_passed_over(tmp_path: Path) -> None:
    body = frame(BLANK, counts(1)[0], 16, t=number(1), q=bytes(200))
    _, frames, _ = read(write(tmp_path / "a.cptv", header(q=b"new"), body))
    np.testing.assert_array_equal(frames[0].pixels, counts(1)[0])


def test_what_stands_behind_the_end_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.cptv", header(E=b""), frame(BLANK, BLANK, 2, t=number(1)))
    path.write_bytes(path.read_bytes() + bytes(100))
    assert read(path)[2] == ("100 bytes after the end of the gzip stream left out",)


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ([b"CPTV\3" + section("H", {})], "is CPTV version 3; expected 1 or 2"),
        ([b"CPTV\2"], "has no whole header (the next one is cut off)"),
        ([b"CPTV\2" + section("F", {})], "begins with section b'F'; expected a header"),
        ([header(C=b"\2")], "compression 2; expected 1"),
        ([header(X=number(99_999))], "says that a frame has 99999x64 pixels"),
        ([header(X=b"")], "says that a frame has 0x64 pixels"),
        ([header()], "has no frame"),
        ([header(), section("Q", {})], "has no whole frame (section b'Q' where a frame"),
        ([header(), section("F", {})], "has no whole frame (0 bytes for 5120 pixels of 0 bits)"),
        ([header(), section("F", {"w": b"\x1a", "f": number(16645)})], "of 26 bits"),
        ([header(), section("F", {"w": b"\4", "f": number(99)})], "99 bytes for 5120 pixels"),
        ([header(), section("F", {"w": b"\4", "f": number(2564)})], "cut off"),
    ],
    ids=["version", "no header", "no H", "compression", "huge", "no width", "no frame", "section",
         "no fields", "bits", "short", "cut"],
)  # fmt: skip
def test_what_is_no_whole_recording_is_named(
    parts: list[bytes], fault: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.cptv", *parts)
    with pytest.raises(DecodeError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}: ")
    assert fault in str(error.value)


def test_a_checksum_that_is_wrong_ends_the_recording(clips: Path, tmp_path: Path) -> None:
    data = bytearray((clips / "apache-v2.cptv").read_bytes())
    data[-8:-4] = bytes(4)
    (tmp_path / "a.cptv").write_bytes(data)
    with pytest.raises(
        DecodeError, match=r"after frame 28 \(the next one is damaged: .*data check"
    ):
        read(tmp_path / "a.cptv")
