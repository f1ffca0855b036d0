"""Video through PyAV: exact luma, range, depth, colour, times, rotation, damage."""

from contextlib import closing
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tests.made_video import Coding, Picture, ramp, write_video
from tirdata.decode import open_frames, video
from tirdata.decode.base import RawFrame, RecordingInfo
from tirdata.errors import DecodeError

PICTURES = [np.roll(ramp(), shift, 1) for shift in range(5)]


def read(path: Path, threads: int = 2) -> tuple[RecordingInfo, list[RawFrame], tuple[str, ...]]:
    with closing(open_frames(path, threads)) as reader:
        frames = list(reader.read())
        return reader.info, frames, reader.warnings


def expanded(luma: Picture) -> NDArray[np.uint8]:
    """BT.601 luma 16..235 to 0..255, rounded: the definition, not the code under test."""
    levels = (luma.astype(np.float64) - 16) * 255 / 219
    return np.clip(np.floor(levels + 0.5), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("suffix", "coding", "kept"),
    [
        (".mkv", Coding(pixel_format="gray"), True),
        (".mkv", Coding(pixel_format="gray", colour_range=2), True),
        (".mkv", Coding(pixel_format="yuv420p"), False),
        (".mkv", Coding(pixel_format="yuv420p", colour_range=1), False),
        (".mkv", Coding(pixel_format="yuv420p", colour_range=2), True),
        (".mkv", Coding(pixel_format="yuv444p"), False),
        (".avi", Coding(pixel_format="yuv422p"), False),
        (".mp4", Coding("libx264", "yuv420p", options=(("qp", "0"),)), False),
        (".mp4", Coding("libx264", "yuv420p", 2, options=(("qp", "0"),)), True),
        (".mkv", Coding("rawvideo", "yuyv422"), None),
    ],
    ids=[
        "grey", "grey full", "unspecified is tv", "tv", "full", "444", "avi 422", "h264 tv",
        "h264 full", "packed",
    ],
)  # fmt: skip
def test_every_level_of_luma_comes_out_exactly(
    suffix: str, coding: Coding, kept: bool | None, tmp_path: Path
) -> None:
    pictures = PICTURES
    if kept is None:  # packed samples take turns: luma, chroma, luma, chroma
        pictures = [np.dstack([each] * 3) for each in PICTURES]
    _, frames, warnings = read(write_video(tmp_path / f"clip{suffix}", pictures, coding))
    assert len(frames) == len(PICTURES)
    assert warnings == ()
    for frame, picture in zip(frames, PICTURES, strict=True):
        assert frame.pixels.dtype == np.uint8
        assert frame.colour < 1
        if kept is None:  # went through a conversion of 8 bits and back
            assert np.abs(frame.pixels.astype(int) - picture).max() <= 1
        else:
            np.testing.assert_array_equal(frame.pixels, picture if kept else expanded(picture))


@pytest.mark.parametrize(
    ("suffix", "coding"),
    [
        (".avi", Coding("mpeg4", "yuv420p", options=(("qscale", "1"),))),
        (".avi", Coding("mjpeg", "yuvj420p")),
    ],
    ids=["mpeg4", "mjpeg full"],
)
def test_lossy_luma_comes_out_within_its_loss(suffix: str, coding: Coding, tmp_path: Path) -> None:
    smooth = [ramp()] * 3
    _, frames, _ = read(write_video(tmp_path / f"clip{suffix}", smooth, coding))
    expected = ramp() if coding.pixel_format == "yuvj420p" else expanded(ramp())
    assert np.abs(frames[-1].pixels.astype(int) - expected).max() <= 3


@pytest.mark.parametrize("width", [16, 31, 161, 250])
def test_padding_of_lines_is_left_out(width: int, tmp_path: Path) -> None:
    picture = np.random.default_rng(width).integers(0, 256, (33, width), np.uint8)
    _, frames, _ = read(write_video(tmp_path / "clip.mkv", [picture] * 2))
    np.testing.assert_array_equal(frames[1].pixels, picture)


def test_counts_of_16_bits_stay_counts(tmp_path: Path) -> None:
    counts = np.random.default_rng(0).integers(0, 1 << 16, (40, 60), np.uint16)
    coding = Coding(pixel_format="gray16le")
    info, frames, _ = read(write_video(tmp_path / "clip.mkv", [counts] * 2, coding))
    assert info.bits == 16
    np.testing.assert_array_equal(frames[1].pixels, counts)


@pytest.mark.parametrize("colour_range", [1, 2], ids=["tv", "full"])
def test_video_luma_of_10_bits_is_brought_to_8(colour_range: int, tmp_path: Path) -> None:
    codes = np.tile(np.arange(1024, dtype=np.uint16), (16, 1))
    planes = np.vstack([codes, np.full((8, 1024), 512, np.uint16)])  # the chroma is grey
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 1024, 16, "yuv420p10le"
        stream.codec_context.color_range = colour_range
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p10le")
        frame.color_range = colour_range
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    info, frames, _ = read(path)
    assert (info.bits, info.pixel_format) == (10, "yuv420p10le")
    level = codes.astype(float) * 255
    levels = level / 1023 if colour_range == 2 else (level - 64 * 255) / 876
    expected = np.clip(np.floor(levels + 0.5), 0, 255)
    np.testing.assert_array_equal(frames[0].pixels, expected)


def test_stored_colours_come_as_colours_and_say_so(tmp_path: Path) -> None:
    picture = np.dstack([ramp(), ramp() // 2, np.zeros_like(ramp())])
    info, frames, _ = read(write_video(tmp_path / "a.mkv", [picture], Coding(pixel_format="bgr0")))
    assert info.pixel_format == "bgr0"
    np.testing.assert_array_equal(frames[0].pixels, picture)
    assert frames[0].colour > 100
    coding = Coding(pixel_format="yuv420p")
    _, frames, _ = read(write_video(tmp_path / "b.mkv", [picture], coding))
    assert frames[0].pixels.shape == ramp().shape
    assert frames[0].colour > 10


def test_times_are_those_of_the_file(tmp_path: Path) -> None:
    times_ms = [0, 100, 150, 400, 1000]
    path = write_video(tmp_path / "clip.mkv", PICTURES, times_ms=times_ms)
    _, frames, warnings = read(path)
    assert [frame.time_s for frame in frames] == [time / 1000 for time in times_ms]
    assert warnings == ()


def test_times_count_from_the_first_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mkv", PICTURES, times_ms=[700, 740, 780, 820, 860])
    assert [frame.time_s for frame in read(path)[1]] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])


@pytest.mark.parametrize(("degrees", "quarters"), [(90, 1), (180, 2), (-90, 3)])
def test_rotation_in_the_metadata_is_done(degrees: int, quarters: int, tmp_path: Path) -> None:
    coding = Coding("libx264", "yuv420p", 2, rotation=degrees, options=(("qp", "0"),))
    info, frames, _ = read(write_video(tmp_path / "clip.mp4", PICTURES, coding))
    expected = np.rot90(PICTURES[0], quarters)
    assert (info.height, info.width) == expected.shape
    np.testing.assert_array_equal(frames[0].pixels, expected)


def test_threads_change_nothing(clips: Path) -> None:
    one = read(clips / "V_DRONE_007.mp4", 1)[1]
    two = read(clips / "V_DRONE_007.mp4", 2)[1]
    assert len(one) == len(two) == 302
    assert all((a.pixels == b.pixels).all() for a, b in zip(one, two, strict=True))


def test_damage_in_the_middle_ends_the_reading_there(clips: Path, tmp_path: Path) -> None:
    data = bytearray((clips / "IR_DRONE_121.mp4").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    with (
        closing(open_frames(path)) as reader,
        pytest.raises(DecodeError, match=r"breaks off after frame 1\d\d \(the next one is damaged"),
    ):
        list(reader.read())


def test_a_container_without_its_index_says_how_much_is_missing(
    clips: Path, tmp_path: Path
) -> None:
    data = (clips / "IR_DRONE_121.mp4").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[:-1000])
    with pytest.raises(DecodeError, match=r"opened as video .the file lacks at least 1000 bytes"):
        open_frames(path)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(DecodeError, match="no video stream"):
        open_frames(path)


def write_planes(path: Path, pixel_format: str, planes: list[NDArray[Any]], codec: str) -> Path:
    """Frames whose first plane is given, sample for sample; other planes are 0."""
    height, width = planes[0].shape
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        for samples in planes:
            frame = av.VideoFrame(width, height, pixel_format)
            for number, plane in enumerate(frame.planes):
                lines = np.zeros((plane.height, plane.line_size), np.uint8)
                if number == 0:
                    lines[:, : width * samples.itemsize] = samples.view(np.uint8)
                plane.update(lines.tobytes())
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_grey_of_more_than_8_bits_stays_counts(bits: int, tmp_path: Path) -> None:
    counts = np.random.default_rng(bits).integers(0, 1 << bits, (48, 64)).astype("<u2")
    path = write_planes(tmp_path / "a.mkv", f"gray{bits}le", [counts, counts], "ffv1")
    info, frames, _ = read(path)
    assert (info.bits, info.pixel_format) == (bits, f"gray{bits}le")
    assert frames[1].pixels.dtype == np.uint16
    np.testing.assert_array_equal(frames[1].pixels, counts)


def test_colours_of_16_bits_come_as_8(tmp_path: Path) -> None:
    green = np.full((48, 64), 0x8000, "<u2")
    _, frames, _ = read(write_planes(tmp_path / "a.mkv", "gbrp16le", [green], "ffv1"))
    assert frames[0].pixels.dtype == np.uint8
    assert np.abs(frames[0].pixels.astype(int) - [0, 128, 0]).max() <= 1


def test_interlaced_frames_are_kept_woven_and_said(tmp_path: Path) -> None:
    coding = Coding("mpeg2video", "yuv420p", options=(("flags", "+ildct+ilme"), ("top", "1")))
    _, frames, warnings = read(write_video(tmp_path / "a.mpg", PICTURES, coding))
    assert frames[0].pixels.shape == ramp().shape
    assert warnings == ("interlaced; frames are kept woven",)


@pytest.mark.parametrize("rate", ["0:0", "0:1", "25:0"])
def test_a_header_without_a_rate_is_read_at_25(rate: str, tmp_path: Path) -> None:
    path = tmp_path / "a.y4m"
    path.write_bytes(f"YUV4MPEG2 W16 H16 F{rate} Cmono\n".encode() + b"FRAME\n" + bytes(256))
    with path.open("ab") as file:
        file.write(b"FRAME\n" + bytes(256))
    info, frames, _ = read(path)
    assert info.fps == 25
    assert frames[1].time_s == pytest.approx(0.04)


def test_a_header_of_absurd_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.y4m"
    path.write_bytes(b"YUV4MPEG2 W15000 H15000 F25:1 Cmono\nFRAME\n" + bytes(1000))
    with pytest.raises(DecodeError, match="says that a frame has 15000x15000 pixels"):
        open_frames(path)


def test_frames_that_grow_beyond_the_limit_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(video, "MOST_PIXELS", 10_000)  # the header's size is found right
    path = write_video(tmp_path / "a.mkv", PICTURES)
    with pytest.raises(DecodeError, match="has no whole frame"):
        open_frames(path)


def test_motion_jpeg_without_a_container_is_video(tmp_path: Path) -> None:
    coding = Coding("mjpeg", "yuvj420p")
    info, frames, _ = read(write_video(tmp_path / "a.mjpg", [ramp()] * 4, coding))
    assert (info.container, len(frames)) == ("mjpeg", 4)


def test_colours_of_16_bits_are_told_to_lose_half_of_them(tmp_path: Path) -> None:
    deep = Coding(pixel_format="gbrp16le")
    path = write_video(tmp_path / "deep.mkv", [np.full((8, 16, 3), 90, np.uint8)] * 2, deep)
    with closing(open_frames(path)) as reader:
        assert "colours of 16 bits; the lower 8 are left out" in reader.warnings
