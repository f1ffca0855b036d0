"""FLIR sequences and single FFF pictures: counts, times, damage, and nothing that breaks it."""

import resource
import struct
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.made_flir import PLAIN, Making, block, counts, mutations, sequence, write_sequence
from tirdata.decode.base import RawFrame
from tirdata.decode.flir_seq import FlirSeqReader
from tirdata.errors import DecodeError


def read(path: Path) -> tuple[list[RawFrame], tuple[str, ...], str | None]:
    """The frames, the warnings, and the error with which reading ends."""
    frames: list[RawFrame] = []
    try:
        with closing(FlirSeqReader.open(path)) as reader:
            try:
                for frame in reader.read():
                    frames.append(frame)  # noqa: PERF402  # what came before an error counts
            except DecodeError as error:
                return frames, reader.warnings, str(error)
            return frames, reader.warnings, None
    except DecodeError as error:
        return frames, (), str(error)


@pytest.mark.parametrize("codec", ["rawvideo", "jpegls", "png", "png-swapped"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_frames_come_out_as_they_went_in(order: str, codec: str, tmp_path: Path) -> None:
    path = write_sequence(tmp_path / "made.seq", 5, replace(PLAIN, order=order, codec=codec))
    frames, warnings, error = read(path)
    assert error is None
    assert warnings == ()
    assert len(frames) == 5
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.pixels, counts(seed=index))
        assert frame.time_s == pytest.approx(0.04 * index)
        assert frame.since_shutter_s is None


@dataclass(frozen=True)
class Real:
    """A real picture, with what flirpy 0.6.2 reads of it (its own constant is 0.01 K off)."""

    name: str
    size: tuple[int, int]
    first: list[int]
    range: tuple[int, int]
    mean: float
    model: str
    kelvin: float


REAL = [
    Real(
        "frame_be.fff", (640, 512), [2641, 2647, 2653], (2623, 2739), 2696.6266,
        "Duo Pro R", 285.07,
    ),
    Real(
        "frame_le.fff", (320, 240), [18191, 18129, 18114], (17899, 19192), 18020.69,
        "FLIR T420 (with SC", 296.73,
    ),
]  # fmt: skip


@pytest.mark.parametrize("real", REAL, ids=["big-endian", "little-endian"])
def test_real_pictures_of_two_cameras(clips: Path, real: Real) -> None:
    with closing(FlirSeqReader.open(clips / real.name)) as reader:
        (frame,) = list(reader.read())
        info = reader.info
        assert reader.warnings == ()
    assert (info.width, info.height, info.bits, info.sensor) == (*real.size, 16, True)
    assert (info.codec, info.container, info.fps) == ("rawvideo", "flir-seq", 30)
    assert info.camera == real.model
    assert frame.pixels[0, :3].tolist() == real.first
    assert (frame.pixels.min(), frame.pixels.max()) == real.range
    assert frame.pixels.mean() == pytest.approx(real.mean, abs=1e-4)
    assert info.radiometry is not None
    assert info.radiometry.kelvin(frame.pixels).mean() == pytest.approx(real.kelvin, abs=0.01)


def test_a_real_sequence(shared_data: Path) -> None:
    frames, warnings, error = read(shared_data / "containers" / "flir" / "SampleSEQ.seq")
    assert (error, warnings) == (None, ())
    assert [frame.time_s for frame in frames] == [0, 3.967]
    assert [frame.pixels.shape for frame in frames] == [(480, 640)] * 2
    ranges = [(frame.pixels.min(), frame.pixels.max()) for frame in frames]
    assert ranges == [(17220, 20817), (17222, 20640)]


def test_a_real_compressed_sequence_is_decoded_as_another_decoder_does(shared_data: Path) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    path = shared_data / "containers" / "flir" / "SampleCSQ.csq"
    with closing(FlirSeqReader.open(path)) as reader:
        frames = list(reader.read())
        info, warnings = reader.info, reader.warnings
    assert (info.width, info.height, info.codec, info.camera) == (
        1024, 768, "jpegls", "FLIR T1030sc 12__",
    )  # fmt: skip
    assert len(frames) == 8
    assert frames[-1].time_s == pytest.approx(0.234)
    assert warnings == ("the file lacks 4 bytes that follow the last frame",)
    data = path.read_bytes()
    starts = [at for at in range(len(data)) if data.startswith(b"\xff\xd8\xff\xf7", at)]
    for frame, start, end in zip(frames, starts, [*starts[1:], len(data)], strict=True):
        expected = imagecodecs.jpegls_decode(data[start : data.rindex(b"\xff\xd9", start, end) + 2])
        np.testing.assert_array_equal(frame.pixels, expected)


@pytest.mark.parametrize("codec", ["rawvideo", "jpegls", "png-swapped"])
def test_cut_anywhere_whole_frames_come_out_and_then_what_is_missing(
    codec: str, tmp_path: Path
) -> None:
    making = replace(PLAIN, codec=codec)
    data = sequence(3, making)
    ends = np.cumsum([len(block(counts(seed=index), making)) for index in range(3)])
    path = tmp_path / "cut.seq"
    for cut in [*range(0, len(data), 97), *ends, *(ends - 1), *(ends - 9)]:
        path.write_bytes(data[:cut])
        frames, warnings, error = read(path)
        padding = 8 if codec != "rawvideo" else 0
        whole = int(sum(end - padding < cut for end in ends)) if padding else int(sum(ends <= cut))
        assert len(frames) in ({whole, whole - 1} if padding else {whole}), cut
        for index, frame in enumerate(frames):
            np.testing.assert_array_equal(frame.pixels, counts(seed=index))
        if error is None:
            assert cut in ends or "lacks" in warnings[0]
            continue
        expected = f"breaks off after frame {len(frames) - 1} (" if frames else "has no whole frame"
        assert f"cut.seq: {expected}" in error
        assert error.endswith("; expected a whole recording")
        assert "\n" not in error


def test_a_cut_off_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.seq"
    path.write_bytes(sequence(2)[:-100])
    assert read(path)[2] == (
        f"{path}: breaks off after frame 0 (raw data record (type 1) needs 768 bytes at 6168, "
        "the file has 6836); expected a whole recording"
    )


def test_another_size_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sizes.seq"
    path.write_bytes(sequence(2) + block(counts(12, 10)) + sequence(1))
    frames, _, error = read(path)
    assert len(frames) == 2
    assert "after frame 1 (the next one is 12x10, those before 24x16)" in str(error)


def test_what_changes_on_the_way_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "changes.seq"
    others = [
        replace(PLAIN, codec="jpegls"),
        replace(PLAIN, planck=(20000.0, *PLAIN.planck[1:])),
        replace(PLAIN, pixels=False),
        replace(PLAIN, tail=b"between frames"),
        PLAIN,
    ]
    blocks = [
        block(counts(), replace(making, time_ms=PLAIN.time_ms + 40 * index))
        for index, making in enumerate([PLAIN, *others])
    ]
    path.write_bytes(b"".join(blocks))
    frames, warnings, error = read(path)
    assert error is None
    assert len(frames) == 5
    assert warnings == (
        "1 blocks without raw data left out",
        "14 bytes between frames are no FFF block; left out",
        "1 frames are compressed in another way than the first",
        "1 frames have another calibration than the first, whose temperatures are given",
    )


def test_zeros_between_and_after_blocks_are_padding(tmp_path: Path) -> None:
    path = tmp_path / "padded.seq"
    path.write_bytes(sequence(3, replace(PLAIN, tail=bytes(700))))
    frames, warnings, error = read(path)
    assert (len(frames), warnings, error) == (3, (), None)


def test_other_bytes_at_the_end_are_named(tmp_path: Path) -> None:
    path = tmp_path / "more.seq"
    path.write_bytes(sequence(2) + b"not a block at all" * 10)
    frames, _, error = read(path)
    assert len(frames) == 2
    assert "breaks off after frame 1 (180 bytes at 6936 that are no FFF block)" in str(error)


def test_a_damaged_header_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "damaged.seq"
    data = bytearray(sequence(3))
    struct.pack_into("<I", data, 2 * len(data) // 3 + 0x14, 9999)
    path.write_bytes(data)
    frames, _, error = read(path)
    assert len(frames) == 2
    assert "after frame 1 (no FFF header of version 100 to 199 at 6936)" in str(error)


@pytest.mark.parametrize(
    ("making", "message"),
    [
        (replace(PLAIN, pixels=False), "none of its 3 blocks has a raw data record"),
        (replace(PLAIN, magic=b"FFX\0"), "no FFF header"),
    ],
)
def test_no_frame_at_all_is_said(making: Making, message: str, tmp_path: Path) -> None:
    path = write_sequence(tmp_path / "none.seq", 3, making)
    with pytest.raises(DecodeError, match=message) as error:
        FlirSeqReader.open(path)
    assert str(error.value).startswith(f"{path}: has no whole frame (")


@pytest.mark.parametrize("step_ms", [0, -40])
def test_times_that_do_not_go_on_are_counted_by_the_rate(step_ms: int, tmp_path: Path) -> None:
    path = tmp_path / "still.seq"
    path.write_bytes(sequence(4, replace(PLAIN, fps=50), step_ms))
    frames, warnings, _ = read(path)
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.02, 0.04, 0.06])
    assert warnings == ("3 frames have no time that goes on; counted 50/s",)


def test_without_camera_info_there_are_counts_and_a_warning(tmp_path: Path) -> None:
    path = write_sequence(tmp_path / "bare.seq", 3, replace(PLAIN, camera=False))
    with closing(FlirSeqReader.open(path)) as reader:
        frames, info, warnings = list(reader.read()), reader.info, reader.warnings
    assert (info.camera, info.radiometry, info.fps) == (None, None, None)
    assert [frame.time_s for frame in frames] == pytest.approx([0, 1 / 30, 2 / 30])
    assert warnings == (
        "counts have no temperature (no camera info record)",
        "2 frames have no time that goes on; counted 30/s",
    )


def test_frames_taken_while_the_shutter_was_closed_say_so(tmp_path: Path) -> None:
    path = tmp_path / "shutter.seq"
    path.write_bytes(block(counts()) + block(counts(), replace(PLAIN, state=0x20)))
    assert [frame.since_shutter_s for frame in read(path)[0]] == [None, 0.0]


def test_bits_of_the_detector_are_told_where_the_counts_fit(tmp_path: Path) -> None:
    for depth, bits in ((15, 15), (14, 16), (0, 16), (3, 16)):
        path = write_sequence(tmp_path / f"{depth}.seq", 1, replace(PLAIN, depth=depth))
        with closing(FlirSeqReader.open(path)) as reader:
            assert reader.info.bits == bits  # the counts are above 2 ** 14


@pytest.mark.parametrize("codec", ["rawvideo", "jpegls", "png-swapped"])
def test_no_damage_does_more_than_end_the_recording(codec: str, tmp_path: Path) -> None:
    path = tmp_path / "fuzzed.seq"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for data in mutations(sequence(3, replace(PLAIN, codec=codec)), 250, seed=len(codec)):
        path.write_bytes(data)
        frames, _, error = read(path)
        assert frames or error
        assert len(frames) <= 6
        assert all(frame.pixels.dtype == np.uint16 for frame in frames)
        assert all(a.time_s < b.time_s for a, b in pairwise(frames))
        assert error is None or str(path) in error
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes
