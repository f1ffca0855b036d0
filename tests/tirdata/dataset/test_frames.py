"""Frames as JPEG files."""

import hashlib
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from tirdata.dataset.frames import (
    FrameFiles,
    FrameWriter,
    decode_frame,
    read_frame,
    write_frame,
    write_lossless,
)
from tirdata.errors import DataError, StorageError
from tirdata.types import Frame, Sequence


@pytest.fixture
def folder(tmp_path: Path, made: Sequence) -> Path:
    """A folder with the first five made frames."""
    writer = FrameWriter(tmp_path / "frames")
    for index in range(5):
        writer.write(made.frames[index])
    return tmp_path / "frames"


def test_frames_come_back_nearly_as_they_were(folder: Path, made: Sequence) -> None:
    frames = FrameFiles(folder)
    assert len(frames) == 5
    assert frames.size == (160, 128)
    for index in range(5):
        error = np.abs(frames[index].astype(int) - made.frames[index])
        assert error.mean() < 1.5  # quality 95


def test_files_are_grey_jpegs_with_strict_names(folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"00000{index}.JPEG" for index in range(5)]
    data = (folder / "000000.JPEG").read_bytes()
    assert data[:2] == b"\xff\xd8"
    raw = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert raw is not None
    assert raw.shape == (128, 160)


def test_the_hash_is_that_of_the_file(tmp_path: Path, made: Sequence) -> None:
    found = write_frame(tmp_path / "000000.JPEG", made.frames[0])
    assert found == hashlib.sha256((tmp_path / "000000.JPEG").read_bytes()).hexdigest()


def test_the_writer_keeps_a_lossless_copy_where_asked(tmp_path: Path, made: Sequence) -> None:
    writer = FrameWriter(tmp_path / "jpeg", tmp_path / "png")
    writer.write(made.frames[0])
    writer.write(made.frames[1])
    assert np.array_equal(read_frame(tmp_path / "png" / "000001.png"), made.frames[1])
    assert len(writer.hashes) == len(set(writer.hashes)) == 2


def test_frames_travel_to_another_process(folder: Path) -> None:
    copy = pickle.loads(pickle.dumps(FrameFiles(folder)))  # noqa: S301  # our own bytes
    assert np.array_equal(copy[3], FrameFiles(folder)[3])


def test_a_loop_over_frames_ends(folder: Path) -> None:
    frames = FrameFiles(folder)
    assert len(list(frames)) == 5  # type: ignore[call-overload]  # the old protocol: by index
    with pytest.raises(IndexError, match="it has 5"):
        frames[5]
    with pytest.raises(IndexError):
        frames[-1]


def test_a_missing_frame_is_named_before_any_is_read(folder: Path) -> None:
    (folder / "000002.JPEG").unlink()
    with pytest.raises(DataError, match=r"000002\.JPEG: no such frame; expected 5"):
        FrameFiles(folder, 5)
    with pytest.raises(DataError, match=r"000002\.JPEG: no such frame"):
        FrameFiles(folder)


def test_an_empty_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no frames; expected 000000\.JPEG"):
        FrameFiles(tmp_path)
    with pytest.raises(DataError, match="nothing: no such folder"):
        FrameFiles(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is a file; expected a folder"):
        FrameFiles(tmp_path / "file")


def test_left_overs_of_a_killed_writer_are_no_frames(folder: Path) -> None:
    (folder / ".part-abc.JPEG").write_bytes(b"")
    assert len(FrameFiles(folder)) == 5


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[: len(data) // 2], "JPEG is cut short"),
        (lambda data: b"", r"not an image \(0 bytes\)"),
        (lambda data: b"hello", r"not an image \(5 bytes\)"),
    ],
    ids=["cut", "empty", "text"],
)
def test_a_broken_frame_is_named(folder: Path, damage, message: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    path = folder / "000001.JPEG"
    path.write_bytes(damage(path.read_bytes()))
    frames = FrameFiles(folder)
    with pytest.raises(DataError, match=rf"000001\.JPEG: {message}"):
        frames[1]


def test_a_frame_of_another_size_is_named(folder: Path, made: Sequence) -> None:
    write_frame(folder / "000003.JPEG", made.frames[0][:-8])
    with pytest.raises(DataError, match=r"000003\.JPEG: is 160x120 pixels; expected 160x128"):
        FrameFiles(folder)[3]
    with pytest.raises(DataError, match=r"000000\.JPEG: is 160x128 pixels; expected 80x64"):
        FrameFiles(folder, size=(80, 64))[0]


def test_only_grey_means_a_single_channel(made: Sequence) -> None:
    colour = cv2.cvtColor(made.frames[0], cv2.COLOR_GRAY2BGR)
    data = cv2.imencode(".jpg", colour)[1].tobytes()
    assert decode_frame(data, Path("a.JPEG")).shape == (128, 160)
    with pytest.raises(
        DataError, match=r"a\.JPEG: pixels are \(128, 160, 3\) uint8; expected 8-bit"
    ):
        decode_frame(data, Path("a.JPEG"), only_grey=True)


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path, made: Sequence) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write"):
        write_frame(tmp_path / "file" / "000000.JPEG", made.frames[0])


@pytest.mark.parametrize("frame", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint16)])
def test_only_grey_bytes_are_written(tmp_path: Path, frame: Frame) -> None:
    with pytest.raises(ValueError, match=r"expected \(h, w\) uint8"):
        write_lossless(tmp_path / "a.png", frame)
