"""What every reader does; a new one is tested by being listed in READERS and SAMPLES."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests import made_flir
from tests import made_pictures as made
from tests.conftest import ROOT
from tests.made_video import ramp, write_video
from tirdata.decode import READERS, open_frames
from tirdata.decode.base import HEAD_BYTES, RawFrame
from tirdata.errors import DecodeError
from tirdata.fetch.folders import FRAMES, RECORDINGS

DATA = ROOT / "tests" / "data"


def cut_off(whole: Path, cut: Path) -> None:
    """Seven tenths of a file."""
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) * 7 // 10])


@dataclass(frozen=True)
class Sample:
    """A small recording, with what is known of it."""

    reader: str  # its name in READERS
    source: Path | Callable[[Path], Path]  # a real one, or makes one in a folder
    size: tuple[int, int]
    bits: int  # more than 8 = counts, uint16
    frames: int
    last_s: float
    mean: float  # of the first frame's pixels
    sensor: bool = False
    made: Callable[[Path], Path] | None = None  # one to cut; none = the source itself
    cut: Callable[[Path, Path], None] = cut_off  # makes the second path what is left of the first
    left: bool = True  # whole frames are left when it is cut
    warning: str | None = None  # what the only warning has in it


def made_video(folder: Path) -> Path:
    return write_video(folder / "made.mkv", [ramp()] * 5)


# One for each kind of file, named by it; a reader of several kinds has several.
SAMPLES = {
    "mp4": Sample(
        "video",
        DATA / "IR_DRONE_121.mp4",
        size=(320, 256),
        bits=8,
        frames=312,
        last_s=311 / 30,
        mean=103.4,
        made=made_video,
    ),
    "folder of PNG16": Sample(
        "images",
        made.made_folder,
        size=made.SIZE,
        bits=16,
        frames=6,
        last_s=5 / 9,
        mean=made.MEAN,
        sensor=True,
        cut=made.cut_last_pictures,
    ),
    "zip of PNG16": Sample(
        "images",
        made.made_zip,
        size=made.SIZE,
        bits=16,
        frames=6,
        last_s=5 / 9,
        mean=made.MEAN,
        sensor=True,
        left=False,
    ),
    "folder of JPEG": Sample(
        "images",
        made.made_jpegs,
        size=made.SIZE,
        bits=8,
        frames=6,
        last_s=5 / 30,
        mean=136.33,
        cut=made.cut_last_pictures,
    ),
    "picture": Sample(
        "images",
        made.made_picture,
        size=made.SIZE,
        bits=8,
        frames=1,
        last_s=0,
        mean=136.2,
        left=False,
    ),
    "TIFF stack": Sample(
        "tiff",
        made.made_stack,
        size=made.SIZE,
        bits=16,
        frames=6,
        last_s=5 / 9,
        mean=made.MEAN,
        sensor=True,
    ),
    "CPTV 1": Sample(
        "cptv",
        DATA / "apache-v1.cptv",
        size=(160, 120),
        bits=16,
        frames=30,
        last_s=2.388291,
        mean=2690.95,
        sensor=True,
    ),
    "CPTV 2": Sample(
        "cptv",
        DATA / "apache-v2.cptv",
        size=(160, 120),
        bits=16,
        frames=30,
        last_s=3.307,
        mean=2647.43,
        sensor=True,
    ),
    "raw16": Sample(
        "raw16",
        made.made_raw,
        size=made.SIZE,
        bits=14,
        frames=6,
        last_s=5 / 9,
        mean=made.MEAN,
        sensor=True,
        cut=made.cut_raw,
    ),
    "FFF, little-endian": Sample(
        "flir_seq",
        DATA / "frame_le.fff",
        size=(320, 240),
        bits=16,
        frames=1,
        last_s=0,
        mean=18020.69,
        sensor=True,
        left=False,
    ),
    "FFF, big-endian": Sample(
        "flir_seq",
        DATA / "frame_be.fff",
        size=(640, 512),
        bits=16,
        frames=1,
        last_s=0,
        mean=2696.63,
        sensor=True,
        left=False,
    ),
    "CSQ": Sample(
        "flir_seq",
        made_flir.made_csq,
        size=(24, 16),
        bits=16,
        frames=5,
        last_s=0.16,
        mean=17606.72,
        sensor=True,
    ),
    "radiometric JPEG": Sample(
        "flir_jpeg",
        made_flir.made_jpeg,
        size=(24, 16),
        bits=16,
        frames=1,
        last_s=0,
        mean=17606.72,
        sensor=True,
        left=False,
    ),
}


def read(path: Path) -> list[RawFrame]:
    with closing(open_frames(path)) as reader:
        return list(reader.read())


def test_every_reader_has_a_sample() -> None:
    assert {sample.reader for sample in SAMPLES.values()} == set(READERS)


@pytest.fixture(params=sorted(SAMPLES))
def sample(request: pytest.FixtureRequest) -> Sample:
    return SAMPLES[str(request.param)]


@pytest.fixture
def path(sample: Sample, tmp_path: Path) -> Path:
    return sample.source if isinstance(sample.source, Path) else sample.source(tmp_path)


def test_the_first_bytes_choose_one_reader(sample: Sample, path: Path) -> None:
    head = b"" if path.is_dir() else path.read_bytes()[:HEAD_BYTES]
    names = [name for name, reader in READERS.items() if reader.recognises(path, head)]
    assert names == [sample.reader]


def test_a_folder_does_not_pass_it_over(path: Path) -> None:
    assert path.is_dir() or path.suffix.lower() in RECORDINGS | FRAMES


def test_size_depth_count_times_and_values_are_right(sample: Sample, path: Path) -> None:
    with closing(open_frames(path)) as reader:
        info = reader.info
        frames = list(reader.read())
        warnings = reader.warnings
    assert (info.width, info.height) == sample.size
    assert info.bits == sample.bits
    assert info.frames in (None, sample.frames)
    assert info.sensor == sample.sensor
    assert len(frames) == sample.frames
    assert {frame.pixels.shape[:2] for frame in frames} == {sample.size[::-1]}
    assert {frame.pixels.dtype.name for frame in frames} == {
        "uint16" if sample.bits > 8 else "uint8"
    }
    assert frames[0].time_s == 0
    assert frames[-1].time_s == pytest.approx(sample.last_s, abs=1e-6)
    assert all(a.time_s < b.time_s for a, b in pairwise(frames))
    assert float(frames[0].pixels.mean()) == pytest.approx(sample.mean, abs=0.1)
    assert len(warnings) == (sample.warning is not None)
    assert all(sample.warning is not None and sample.warning in each for each in warnings)


def test_temperatures_rise_with_the_counts(path: Path) -> None:
    with closing(open_frames(path)) as reader:
        radiometry, first = reader.info.radiometry, next(reader.read())
    if radiometry is None:
        pytest.skip("not radiometric")
    kelvin = radiometry.kelvin(np.unique(first.pixels))
    known = kelvin[np.isfinite(kelvin)]
    assert known.size > 0
    assert (np.diff(known) > 0).all()
    assert all(np.isfinite(value) for value in radiometry.constants.values())


def test_reading_again_gives_the_same_frames(path: Path) -> None:
    first, second = read(path), read(path)
    assert [each.time_s for each in first] == [each.time_s for each in second]
    assert all((a.pixels == b.pixels).all() for a, b in zip(first, second, strict=True))


def test_frames_stay_as_they_are_when_the_reader_goes_on(path: Path) -> None:
    with closing(open_frames(path)) as reader:
        frames = reader.read()
        first = next(frames).pixels
        before = first.copy()
        for _ in frames:
            pass
    np.testing.assert_array_equal(first, before)


def test_a_cut_off_recording_gives_its_whole_frames_then_says_after_which(
    sample: Sample, path: Path, tmp_path: Path
) -> None:
    whole = path if sample.made is None else sample.made(tmp_path)
    expected = read(whole)
    cut = tmp_path / f"cut{whole.suffix}"
    sample.cut(whole, cut)
    found: list[RawFrame] = []
    with pytest.raises(DecodeError, match=rf"^{cut}: ") as error:
        found.extend(_read_into(found, cut))
    assert "\n" not in str(error.value)
    assert len(found) < len(expected)
    assert bool(found) == sample.left
    if found:
        assert f"{cut}: breaks off after frame {len(found) - 1} (" in str(error.value)
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
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "has no whole frame"),
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
