"""Folders, zips and single pictures: which frames, in which order, when, and what is refused."""

import io
import os
import struct
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.made_pictures import counts, made_folder, write_picture
from tests.reading import read, refusal
from tirdata.decode import open_frames, tiff_pages
from tirdata.decode.base import Pixels
from tirdata.decode.images import frame_numbers
from tirdata.decode.picture_files import SUFFIXES
from tirdata.errors import DecodeError, MissingError
from tirdata.fetch.folders import FRAMES

RATE = "nothing says how fast; 25 frames/s assumed: give fps in recording.toml"
GREY = (counts(1)[0] >> 6).astype(np.uint8)


def folder_of(folder: Path, pictures: dict[str, Pixels]) -> Path:
    for name, picture in pictures.items():
        write_picture(folder / name, picture)
    return folder


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def png() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(GREY).save(stream, "PNG")
    return stream.getvalue()


def test_names_are_in_natural_order(tmp_path: Path) -> None:
    _, frames, _ = read(made_folder(tmp_path))  # frame8, frame9, frame10, …
    for frame, picture in zip(frames, counts(), strict=True):
        np.testing.assert_array_equal(frame.pixels, picture)


@pytest.mark.parametrize("threads", [1, 4])
def test_threads_change_nothing(threads: int, tmp_path: Path) -> None:
    with closing(open_frames(made_folder(tmp_path), threads)) as reader:
        frames = list(reader.read())
    assert all((a.pixels == b).all() for a, b in zip(frames, counts(), strict=True))


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["f0.png", "f1.png", "f2.png"], [0, 1, 2]),
        (["007_a.png", "008_a.png", "011_a.png"], [0, 1, 4]),
        (["a10.png", "a20.png", "a40.png"], [0, 1, 3]),
        (["a.png", "b.png"], [0, 1]),
        (["x_8bit.png", "y_8bit.png"], [0, 1]),
        (["1533046293.png", "1533046294.png", "1533056293.png"], [0, 1, 2]),
        (["only7.png"], [0]),
    ],
    ids=["all", "gap", "every tenth", "letters", "no number of a frame", "times", "one"],
)
def test_numbers_in_names_say_which_frame_a_picture_is(
    names: list[str], numbers: list[int]
) -> None:
    assert frame_numbers(names) == numbers


def test_missing_numbers_leave_their_time_free_and_are_counted(tmp_path: Path) -> None:
    folder_of(tmp_path, {f"{number:03d}.png": GREY for number in (0, 1, 4)})
    _, frames, warnings = read(tmp_path)
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.04, 0.16])
    assert warnings == (
        "2 numbers are missing among the names; their time is kept free",
        RATE,
    )


def test_what_is_no_picture_is_counted_and_litter_is_not(tmp_path: Path) -> None:
    folder_of(tmp_path, {f"{number}.png": GREY for number in range(3)})
    for name in ("notes.txt", "boxes.csv", "Thumbs.db", ".hidden.png", "desktop.ini"):
        (tmp_path / name).write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe.png")  # would be waited for
    _, frames, warnings = read(tmp_path)
    assert len(frames) == 3
    assert warnings == ("3 files that are no pictures left out", RATE)


def test_pictures_may_lie_in_the_only_folder_of_a_folder(tmp_path: Path) -> None:
    inside = tmp_path / "clip"
    inside.mkdir()
    folder_of(inside, {"1.png": GREY, "2.png": GREY})
    (tmp_path / "notes.txt").write_bytes(b"x")
    _, frames, warnings = read(tmp_path)
    assert len(frames) == 2
    assert warnings == ("1 files that are no pictures left out", RATE)


def test_pictures_of_several_folders_are_not_one_recording(tmp_path: Path) -> None:
    for name in ("visible", "thermal"):
        (tmp_path / name).mkdir()
        write_picture(tmp_path / name / "1.png", GREY)
    assert "has pictures in 2 folders ('thermal', 'visible')" in refusal(tmp_path)


def test_a_frame_in_two_formats_is_refused(tmp_path: Path) -> None:
    folder_of(tmp_path, {"1.png": GREY, "1.jpg": GREY, "2.png": GREY})
    assert "has 1 frames in two formats ('1')" in refusal(tmp_path)


def test_folders_without_pictures_say_what_is_there(tmp_path: Path) -> None:
    assert "has no picture (it is empty)" in refusal(tmp_path)
    for name in "abcde":
        (tmp_path / f"{name}.txt").write_bytes(b"x")
    assert "what is there: 'a.txt', 'b.txt', 'c.txt' and 2 more" in refusal(tmp_path)


def test_pictures_of_another_size_are_kept_and_said(tmp_path: Path) -> None:
    folder_of(tmp_path, {"1.png": GREY, "2.png": GREY, "3.png": GREY[:32]})
    info, frames, warnings = read(tmp_path)
    assert (info.width, info.height) == (80, 64)
    assert [frame.pixels.shape for frame in frames] == [(64, 80), (64, 80), (32, 80)]
    assert warnings == ("pictures of 2 sizes; each change begins a shot", RATE)


def test_another_depth_ends_the_recording(tmp_path: Path) -> None:
    folder_of(tmp_path, {"1.png": GREY, "2.png": GREY, "3.png": counts(1)[0]})
    assert refusal(tmp_path).endswith(
        "breaks off after frame 1 (3.png: has 16 bits, those before it 8); "
        "expected a whole recording"
    )


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[: len(data) // 2], "2.png: cut off"),
        (lambda data: data[:60] + b"\0\0" + data[62:], "2.png: damaged: checksum of its part"),
        (lambda data: b"", "2.png: is empty (0 bytes)"),
        (lambda data: b"not a picture", "2.png: begins with 6e 6f 74 20 61 20 70 69"),
    ],
    ids=["cut", "flipped", "empty", "text"],
)
def test_a_damaged_picture_is_named(damage: object, reason: str, tmp_path: Path) -> None:
    folder_of(tmp_path, {f"{number}.png": GREY for number in range(5)})
    assert callable(damage)
    (tmp_path / "2.png").write_bytes(damage((tmp_path / "2.png").read_bytes()))
    message = refusal(tmp_path)
    assert "breaks off after frame 1 (" in message
    assert reason in message


def test_what_a_person_says_of_a_folder_is_believed(tmp_path: Path) -> None:
    info, frames, warnings = read(made_folder(tmp_path))
    assert (info.fps, info.sensor, warnings) == (9, True, ())
    assert frames[1].time_s == pytest.approx(1 / 9)
    assert info.radiometry is not None
    assert info.radiometry.kelvin(np.array([29815])) == pytest.approx([298.15])


def test_a_side_file_may_have_a_byte_order_mark(tmp_path: Path) -> None:
    folder = made_folder(tmp_path)
    (folder / "recording.toml").write_text("fps = 5\n", encoding="utf-8-sig")
    assert read(folder)[0].fps == 5


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("fps = 0", "fps: Input should be greater than 0"),
        ("fp = 9", "fp: Extra inputs are not permitted"),
        ("fps = nan", "fps: Input should be a finite number"),
        ("fps 9", "not TOML"),
        ("\xff", "not TOML"),
        ("#" * 70_000, "has more than 65536 bytes"),
    ],
    ids=["0 fps", "unknown", "nan", "no TOML", "no UTF-8", "long"],
)
def test_a_wrong_side_file_is_named(text: str, fault: str, tmp_path: Path) -> None:
    folder = made_folder(tmp_path)
    (folder / "recording.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(DecodeError, match=fault) as error:
        open_frames(folder)
    assert str(error.value).startswith(f"{folder / 'recording.toml'}: ")


def test_a_zip_is_read_where_it_lies(tmp_path: Path) -> None:
    path = zip_of(
        tmp_path / "clip.zip",
        {"a/2.png": png(), "a/10.png": png(), "__MACOSX/a/._2.png": b"x", "a/b.zip": b"PK",
         "a/recording.toml": b"fps = 50"},
    )  # fmt: skip
    info, frames, warnings = read(path)
    assert (len(frames), info.fps) == (2, 50)
    assert frames[1].time_s == pytest.approx(0.02)
    assert warnings == ("1 files that are no pictures left out",)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["../1.png"], "has '../1.png', which leads out of it"),
        (["/etc/1.png"], "has '/etc/1.png', which leads out of it"),
        (["a\\..\\..\\1.png"], "which leads out of it"),
        (["C:\\1.png"], "which leads out of it"),
        (["notes.txt"], "has no picture (what is there: 'notes.txt')"),
        ([], "has no picture (it is empty)"),
        (["a/1.png", "b/1.png"], "has pictures in 2 folders"),
    ],
    ids=["up", "root", "up by backslash", "drive", "no picture", "empty", "two"],
)
def test_a_zip_that_is_no_recording_is_refused(
    names: list[str], fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "clip.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is
            archive.writestr(info, png())
    assert fault in refusal(path)


def test_a_name_twice_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "clip.zip", {"1.png": png(), "2.png": png()})
    data = path.read_bytes().replace(b"2.png", b"1.png")
    path.write_bytes(data)
    assert "has '1.png' twice" in refusal(path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "clip.zip", {"1.png": png()})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)
    assert "is encrypted; unpack it and give the folder" in refusal(path)


def test_a_cut_zip_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "clip.zip", {"1.png": png(), "2.png": png()})
    path.write_bytes(path.read_bytes()[:-30])
    assert "is no whole zip (" in refusal(path)


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (4_000_000_000, "2.bmp: unpacks to 4000000000 bytes; expected at most 256000000"),
        (1000, "2.bmp: damaged: Bad CRC-32"),  # what it really unpacks to is not believed
    ],
    ids=["says so", "lies"],
)
def test_a_zip_bomb_is_stopped(declared: int, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.png", png())
        archive.writestr("2.bmp", bytes(10_000_000))
    data = path.read_bytes().replace(struct.pack("<I", 10_000_000), struct.pack("<I", declared))
    path.write_bytes(data)
    assert f"breaks off after frame 0 ({reason}" in refusal(path)


def test_a_folder_of_tiff_with_temperatures(tmp_path: Path) -> None:
    celsius = np.linspace(-20, 120, 80 * 64, dtype=np.float32).reshape(64, 80)
    for number in range(2):
        tifffile.imwrite(tmp_path / f"{number}.tiff", celsius)
    assert 'say in its side file: unit = "celsius"' in refusal(tmp_path)
    (tmp_path / "recording.toml").write_text('fps = 30\nunit = "celsius"')
    info, frames, warnings = read(tmp_path)
    assert (info.sensor, info.bits, warnings) == (True, 16, ())
    assert info.radiometry is not None
    np.testing.assert_allclose(
        info.radiometry.kelvin(frames[0].pixels) - 273.15, celsius, atol=0.0051
    )


def test_a_stack_among_pictures_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "1.tif", np.stack(counts(2)), photometric="minisblack")
    assert "1.tif: has several pages; give a stack by itself" in refusal(tmp_path)


def test_a_folder_of_fff_files_is_a_recording_of_counts(clips: Path, tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.fff").write_bytes((clips / "frame_le.fff").read_bytes())
    info, frames, _ = read(tmp_path)
    alone = read(clips / "frame_le.fff")
    assert (len(frames), info.sensor, info.bits) == (2, True, 16)
    np.testing.assert_array_equal(frames[1].pixels, alone[1][0].pixels)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "is neither a file nor a folder" in refusal(tmp_path / "pipe.mp4")


def test_what_fetch_takes_for_pictures_is_what_is_read() -> None:
    assert SUFFIXES == FRAMES


def test_the_package_that_a_picture_needs_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("imagecodecs")
    tifffile.imwrite(tmp_path / "1.tif", GREY, compression="lzw")
    monkeypatch.setattr(tiff_pages, "find_spec", lambda name: None)
    with pytest.raises(MissingError, match=r"tirdata\[thermal\]") as error:
        open_frames(tmp_path)
    assert str(error.value).startswith(f"{tmp_path}: 1.tif: needs a package")
