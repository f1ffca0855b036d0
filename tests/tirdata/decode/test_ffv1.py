"""Checksums of FFV1: a slice that was changed is found, whatever FFmpeg makes of it."""

from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest

from tests.made_video import Coding, ramp, write_video
from tests.reading import read
from tirdata.decode import open_frames
from tirdata.decode.ffv1 import SliceChecks
from tirdata.errors import DecodeError

CHECKED = (("level", "3"), ("slicecrc", "1"))
PICTURES = [np.roll(ramp(), 9 * number, axis=1) for number in range(8)]


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("slices", ["4", "9"])
@pytest.mark.parametrize("pixels", ["gray", "gray16le"])
def test_a_changed_byte_ends_the_recording_there(slices: str, pixels: str, tmp_path: Path) -> None:
    pictures = [
        picture.astype(np.uint16) * 99 if "16" in pixels else picture for picture in PICTURES
    ]
    coding = Coding(pixel_format=pixels, options=(*CHECKED, ("slices", slices)))
    path = write_video(tmp_path / "whole.mkv", pictures, coding)
    _, frames, warnings = read(path)
    assert (len(frames), warnings) == (8, ())
    fifth, data = packets(path)[4], bytearray(path.read_bytes())
    data[data.index(fifth) + len(fifth) // 2] ^= 0x55
    path.write_bytes(data)
    message = r"breaks off after frame 3 \(the next one is damaged\)"
    with closing(open_frames(path)) as reader, pytest.raises(DecodeError, match=message):
        list(reader.read())


@pytest.mark.parametrize("options", [(("level", "1"),), (("level", "3"), ("slicecrc", "0"))])
def test_without_checksums_nothing_is_told(
    options: tuple[tuple[str, str], ...], tmp_path: Path
) -> None:
    path = write_video(tmp_path / "plain.mkv", PICTURES, Coding(options=options))
    assert len(read(path)[1]) == 8
    checks = SliceChecks()
    assert all(checks.is_whole(each[:-1] + b"\0") for each in packets(path))


def test_sizes_that_lead_astray_are_damage(tmp_path: Path) -> None:
    path = write_video(tmp_path / "whole.mkv", PICTURES, Coding(options=CHECKED))
    first, second, *_ = packets(path)
    checks = SliceChecks()
    assert checks.is_whole(b"")
    assert checks.is_whole(second[:-9])  # nothing is known yet
    assert checks.is_whole(first)
    assert not checks.is_whole(second[:-9])
