"""The colours of video frames, made when they are asked for."""

from contextlib import closing
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tests.made_video import Coding, ramp, write_video
from tirdata.decode import open_frames
from tirdata.decode.base import RawFrame

MATRICES = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}


def patches(size: int = 32) -> NDArray[np.uint8]:
    """Squares of colours that every range can hold."""
    levels = (40, 128, 215)
    colours = [(r, g, b) for r in levels for g in levels for b in levels]
    rows = np.array(colours, np.uint8).reshape(3, 9, 3)
    return rows.repeat(size, axis=0).repeat(size, axis=1)


def write_yuv(path: Path, picture: NDArray[np.uint8], matrix: int, full: bool, tag: bool) -> Path:
    """Lossless 4:4:4 by a matrix of ours, so that the reader's has another to agree with."""
    kr, kb = MATRICES[matrix]
    rgb = picture.astype(np.float64)
    y = rgb @ np.array([kr, 1 - kr - kb, kb])
    cb, cr = (rgb[..., 2] - y) / (2 * (1 - kb)), (rgb[..., 0] - y) / (2 * (1 - kr))
    planes = [y, cb + 128, cr + 128] if full else [16 + y * 219 / 255, 128 + cb * 224 / 255,
                                                   128 + cr * 224 / 255]  # fmt: skip
    frame = av.VideoFrame.from_ndarray(
        np.stack([np.round(plane) for plane in planes]).astype(np.uint8), format="yuv444p"
    )
    frame.color_range = 2 if full else 1
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv444p"
        stream.codec_context.color_range = 2 if full else 1
        if tag:
            stream.codec_context.colorspace = matrix
            frame.colorspace = matrix
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read(path: Path) -> list[RawFrame]:
    with closing(open_frames(path)) as reader:
        return list(reader.read())


@pytest.mark.parametrize("full", [False, True], ids=["tv", "pc"])
@pytest.mark.parametrize("matrix", MATRICES)
def test_colours_are_made_by_the_matrix_and_range_that_the_file_names(
    matrix: int, full: bool, tmp_path: Path
) -> None:
    picture = patches()
    path = write_yuv(tmp_path / "v.mkv", picture, matrix, full, tag=True)
    apart = np.abs(read(path)[0].colours.astype(int) - picture)
    assert apart.max() <= 3


@pytest.mark.parametrize(("size", "matrix"), [(32, 5), (240, 1)], ids=["small", "720 lines"])
def test_a_file_that_names_no_matrix_is_read_as_players_do(
    size: int, matrix: int, tmp_path: Path
) -> None:
    picture = patches(size)
    path = write_yuv(tmp_path / "v.mkv", picture, matrix, full=False, tag=False)
    assert np.abs(read(path)[0].colours.astype(int) - picture).max() <= 3


def test_chroma_of_half_size_comes_back_smooth(tmp_path: Path) -> None:
    across = np.linspace(40, 215, 128)
    picture = np.stack(
        [np.tile(across, (96, 1)), np.full((96, 128), 128), np.tile(across[::-1], (96, 1))], axis=2
    ).astype(np.uint8)
    path = write_video(tmp_path / "v.mkv", [picture], Coding("ffv1", "yuv420p"))
    assert np.abs(read(path)[0].colours.astype(int) - picture).mean() < 1.5


@pytest.mark.parametrize("pixel_format", ["yuv422p", "yuv420p10le", "yuv444p", "nv12", "bgr0"])
def test_other_formats_have_their_colours_too(pixel_format: str, tmp_path: Path) -> None:
    picture = patches()
    codec = "rawvideo" if pixel_format == "nv12" else "ffv1"
    suffix = ".avi" if pixel_format == "nv12" else ".mkv"
    path = write_video(tmp_path / f"v{suffix}", [picture], Coding(codec, pixel_format))
    inner = np.zeros(picture.shape[:2], bool)
    for row in range(3):
        for column in range(9):
            inner[32 * row + 4 : 32 * row + 28, 32 * column + 4 : 32 * column + 28] = True
    assert np.abs(read(path)[0].colours.astype(int) - picture)[inner].max() <= 6


def test_colours_asked_for_late_are_those_of_their_frame(clips: Path) -> None:
    with closing(open_frames(clips / "V_DRONE_007.mp4")) as reader:
        pairs = [(raw, raw.colours) for raw in reader.read()][:40]
    for raw, at_once in pairs:
        np.testing.assert_array_equal(raw.colours, at_once)


def test_colours_have_the_luma_of_the_pixels(clips: Path) -> None:
    raw = read(clips / "V_DRONE_007.mp4")[10]
    luma = cv2.cvtColor(raw.colours, cv2.COLOR_RGB2GRAY)
    assert np.abs(luma.astype(int) - raw.pixels).mean() < 2


def test_grey_is_the_same_in_all_three(tmp_path: Path) -> None:
    raw = read(write_video(tmp_path / "v.mkv", [ramp()]))[0]
    assert raw.paint is None
    np.testing.assert_array_equal(raw.colours, np.repeat(raw.pixels[..., None], 3, axis=2))


def test_turned_frames_have_turned_colours(tmp_path: Path) -> None:
    picture = patches()
    coding = Coding("libx264", "yuv420p", rotation=90, options=(("crf", "10"),))
    raw = read(write_video(tmp_path / "v.mp4", [picture] * 2, coding))[0]
    assert raw.colours.shape[:2] == raw.pixels.shape
    assert np.abs(raw.colours.astype(int) - np.rot90(picture)).mean() < 4
