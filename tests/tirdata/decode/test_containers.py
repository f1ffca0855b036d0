"""Containers by their first bytes, and what a cut one lacks."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.made_video import Coding, ramp, write_video
from tirdata.decode import open_frames
from tirdata.decode.containers import container_of, missing_bytes

H264 = Coding("libx264", "yuv420p")


@pytest.mark.parametrize(
    ("suffix", "coding", "name"),
    [
        (".mp4", H264, "mp4"),
        (".mov", H264, "mp4"),
        (".mkv", H264, "matroska"),
        (".webm", Coding("libvpx-vp9", "yuv420p"), "matroska"),
        (".avi", Coding("mpeg4", "yuv420p"), "avi"),
        (".ts", H264, "mpeg-ts"),
        (".mpg", Coding("mpeg2video", "yuv420p"), "mpeg-ps"),
        (".flv", H264, "flv"),
        (".h264", H264, "elementary"),
        (".y4m", Coding("wrapped_avframe", "yuv420p"), "y4m"),
    ],
)
def test_a_container_is_known_and_lacks_nothing(
    suffix: str, coding: Coding, name: str, tmp_path: Path
) -> None:
    path = write_video(tmp_path / f"clip{suffix}", [ramp()] * 3, coding)
    assert container_of(path.read_bytes()[:4096]) == name
    assert missing_bytes(path) == 0


@pytest.mark.parametrize("start", ["00000001 0605ff", "000001 06", "00000001 2605", "000001 4e01"])
def test_a_stream_may_begin_with_a_note(start: str) -> None:
    assert container_of(bytes.fromhex(start) + b"\xff" * 20) == "elementary"


@pytest.mark.parametrize(
    ("size", "pixels", "rate"), [((720, 480), "yuv411p", 30), ((720, 576), "yuv420p", 25)]
)
def test_digital_video_of_camcorders_is_read_without_a_container(
    size: tuple[int, int], pixels: str, rate: int, tmp_path: Path
) -> None:
    pictures = [ramp(*size)] * 3
    path = write_video(tmp_path / "clip.dv", pictures, Coding("dvvideo", pixels), rate=rate)
    assert container_of(path.read_bytes()[:4096]) == "dv"
    with closing(open_frames(path)) as reader:
        assert [frame.pixels.shape for frame in reader.read()] == [size[::-1]] * 3


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
@pytest.mark.parametrize("cut", [1, 100, 400])
def test_what_a_cut_file_lacks_is_counted(suffix: str, cut: int, tmp_path: Path) -> None:
    coding = Coding("mpeg4", "yuv420p")
    path = write_video(tmp_path / f"clip{suffix}", [ramp()] * 5, coding)
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    assert 0 < missing_bytes(path) <= cut  # an index behind the data is not counted


def test_a_transport_stream_lacks_the_rest_of_its_last_packet(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.ts", [ramp()] * 5, H264)
    path.write_bytes(path.read_bytes()[:-40])
    assert missing_bytes(path) == 40


@pytest.mark.parametrize(
    "head",
    [b"", b"RIFF\x00\x00\x00\x00WAVEfmt ", b"\xff\xd8\xff\xe0" + bytes(60), b"GGGG", b"%PDF-1.7"],
    ids=["empty", "wave", "jpeg", "four sync bytes", "pdf"],
)
def test_other_files_are_no_container(head: bytes) -> None:
    assert container_of(head) is None
