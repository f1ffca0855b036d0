"""What every reader does; a new one is tested by being listed in READERS and SAMPLES."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.made_video import ramp, write_video
from tirdata.decode import READERS, open_frames
from tirdata.decode.base import HEAD_BYTES, RawFrame
from tirdata.errors import DecodeError

DATA = ROOT / "tests" / "data"


@dataclass(frozen=True)
class Sample:
    """A small real recording, with what is known of it."""

    path: Path
    size: tuple[int, int]
    bits: int
    frames: int
    last_s: float
    mean: float  # of the first frame's pixels
    made: Callable[[Path], Path]  # another file of this format


def made_video(folder: Path) -> Path:
    return write_video(folder / "made.mkv", [ramp()] * 5)


SAMPLES = {
    "video": Sample(DATA / "IR_DRONE_121.mp4", (320, 256), 8, 312, 311 / 30, 103.4, made_video),
}


def read(path: Path) -> list[RawFrame]:
    with closing(open_frames(path)) as reader:
        return list(reader.read())


def test_every_reader_has_a_sample() -> None:
    assert set(SAMPLES) == set(READERS)


@pytest.fixture(params=sorted(READERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_first_bytes_choose_one_reader(name: str) -> None:
    sample = SAMPLES[name].path
    head = sample.read_bytes()[:HEAD_BYTES]
    assert [each for each, reader in READERS.items() if reader.recognises(sample, head)] == [name]


def test_size_depth_count_times_and_values_are_right(name: str) -> None:
    sample = SAMPLES[name]
    with closing(open_frames(sample.path)) as reader:
        info = reader.info
        frames = list(reader.read())
        assert reader.warnings == ()
    assert (info.width, info.height) == sample.size
    assert info.bits == sample.bits
    assert info.frames in (None, sample.frames)
    assert len(frames) == sample.frames
    assert {frame.pixels.shape[:2] for frame in frames} == {sample.size[::-1]}
    assert frames[0].time_s == 0
    assert frames[-1].time_s == pytest.approx(sample.last_s, abs=1e-6)
    assert float(frames[0].pixels.mean()) == pytest.approx(sample.mean, abs=0.1)


def test_reading_again_gives_the_same_frames(name: str) -> None:
    first, second = read(SAMPLES[name].path), read(SAMPLES[name].path)
    assert [each.time_s for each in first] == [each.time_s for each in second]
    assert all((a.pixels == b.pixels).all() for a, b in zip(first, second, strict=True))


def test_frames_stay_as_they_are_when_the_reader_goes_on(name: str) -> None:
    with closing(open_frames(SAMPLES[name].path)) as reader:
        frames = reader.read()
        first = next(frames).pixels
        before = first.copy()
        for _ in frames:
            pass
    np.testing.assert_array_equal(first, before)


def test_a_cut_off_recording_gives_its_whole_frames_then_says_after_which(
    name: str, tmp_path: Path
) -> None:
    whole = SAMPLES[name].made(tmp_path)
    expected = read(whole)
    cut = tmp_path / f"cut{whole.suffix}"
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) * 7 // 10])
    found: list[RawFrame] = []
    with pytest.raises(DecodeError, match=rf"{cut.name}: breaks off after frame \d+ \(") as error:
        found.extend(_read_into(found, cut))
    assert 0 < len(found) < len(expected)
    assert f"after frame {len(found) - 1} " in str(error.value)
    for one, other in zip(found, expected, strict=False):
        np.testing.assert_array_equal(one.pixels, other.pixels)


def _read_into(found: list[RawFrame], path: Path) -> list[RawFrame]:
    with closing(open_frames(path)) as reader:
        for frame in reader.read():
            found.append(frame)  # noqa: PERF402  # what came before the error counts
    return []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"no recording at all, only words", "starts with 'no recording at "),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is no recording"),
        (b"\x00" * 500, "is no recording"),
    ],
    ids=["empty", "text", "picture", "zeros"],
)
def test_what_is_no_recording_is_refused_in_one_line(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(DecodeError, match=message) as error:
        open_frames(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match=r"none\.mp4: cannot be read \(No such file"):
        open_frames(tmp_path / "none.mp4")
