"""Normalising: grey white-hot 8-bit is not touched; what cannot be taken is refused."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.made_video import Coding, ramp, write_video
from tirdata.decode import open_frames
from tirdata.errors import DataError
from tirdata.frames.normalise import check_depth, normalise


def test_white_hot_grey_passes_unharmed(clips: Path) -> None:
    with closing(open_frames(clips / "IR_DRONE_121.mp4")) as reader:
        for frame in reader.read():
            found = normalise(frame.pixels, "white-hot")
            assert found.dtype == np.uint8
            assert found.tobytes() == frame.pixels.tobytes()


def test_black_hot_is_inverted() -> None:
    np.testing.assert_array_equal(normalise(ramp(), "black-hot"), 255 - ramp())


def test_stored_colours_become_their_luma() -> None:
    rgb = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [7, 7, 7]]], np.uint8)
    np.testing.assert_array_equal(normalise(rgb, "white-hot"), [[76, 150, 29, 7]])


def test_counts_of_16_bits_are_refused_before_decoding_and_after(tmp_path: Path) -> None:
    counts = np.full((16, 16), 21_000, np.uint16)
    path = write_video(tmp_path / "raw.mkv", [counts], Coding(pixel_format="gray16le"))
    with (
        closing(open_frames(path)) as reader,
        pytest.raises(DataError, match=r"raw: holds 16-bit counts \(gray16le\); only 8-bit"),
    ):
        check_depth("raw", reader.info)
    with pytest.raises(DataError, match="16-bit counts; expected 8-bit levels"):
        normalise(counts, "white-hot")
