"""Frames that lie as pictures in a folder, under whatever names, and writing such folders."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.dataset.frames import JPEG_QUALITY, read_frame
from tirdata.errors import DataError
from tirdata.files import write_bytes
from tirdata.types import Boxes, ColourFrame, Frame, Frames

KINDS = (".jpg", ".jpeg", ".png", ".bmp")
_NUMBER = re.compile(r"(\d+)")


class PictureFrames:
    """Picture files as frames, each decoded to grey when it is asked for."""

    def __init__(self, paths: Iterable[Path], fps: float | None = None) -> None:
        self.paths = tuple(paths)
        self.fps = fps  # where the data set says it

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int, /) -> Frame:
        """Decode one frame.

        Raises:
            DataError: the file is missing or not a whole picture.
        """
        return read_frame(self.paths[index])


def list_pictures(folder: Path) -> list[Path]:
    """The pictures of a folder, in the order of the numbers in their names.

    Raises:
        DataError: there is no such folder, or it holds no picture.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected the frames of a sequence")
    pictures = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in KINDS and not path.name.startswith(".")
    ]
    if not pictures:
        raise DataError(f"{folder}: no frames; expected pictures ({', '.join(KINDS)})")
    return sorted(pictures, key=natural)


def natural(path: Path) -> tuple[list[int], str]:
    """A key that puts ``img_2`` before ``img_10``."""
    return [int(digits) for digits in _NUMBER.findall(path.stem)], path.name


def check_numbers(pictures: list[Path], first: int) -> None:
    """See that the last numbers in the names count up from ``first`` without a gap.

    Raises:
        DataError: a frame is missing, or is there twice.
    """
    for expected, path in enumerate(pictures, start=first):
        found = natural(path)[0][-1:]
        if found != [expected]:
            raise DataError(
                f"{path.parent}: no frame {expected}, next is {path.name}; expected frames "
                f"numbered from {first} without gaps"
            )


def check_count(path: Path, boxes: Boxes, pictures: list[Path], folder: Path) -> None:
    """See that the file at ``path`` has a box for each frame of a folder.

    Raises:
        DataError: it has more or fewer.
    """
    if len(boxes) != len(pictures):
        missing = gap_in(pictures) if len(boxes) > len(pictures) else ""
        raise DataError(
            f"{path}: {len(boxes)} boxes; expected {len(pictures)}, one for each frame in "
            f"{folder}{missing}"
        )


def gap_in(pictures: list[Path]) -> str:
    """In words, the first place where the numbers of frames do not follow; mostly there is none."""
    numbers = [natural(path)[0][-1:] or [0] for path in pictures]
    for before, after, path in zip(numbers, numbers[1:], pictures[1:], strict=False):
        if after[0] != before[0] + 1:
            return f"; there is no frame {before[0] + 1} before {path.name}"
    return ""


def write_pictures(
    frames: Frames, folder: Path, name: str, *, first: int = 1, colour: bool = False
) -> None:
    """Write every frame, named by ``name.format(number)`` with numbers from ``first``.

    Frames that are JPEG files already (or PNG, where ``name`` ends so) are copied byte for byte;
    other files keep their colours where ``colour`` is asked for.

    Raises:
        StorageError: a file cannot be written.
    """
    for index in range(len(frames)):
        write_picture(frames, index, folder / name.format(index + first), colour=colour)


def write_picture(frames: Frames, index: int, target: Path, *, colour: bool = False) -> None:
    """Write one frame as ``write_pictures`` does; frames that place themselves are let do so.

    Raises:
        DataError: the frame cannot be read.
        StorageError: the file cannot be written.
    """
    place: Callable[[int, Path], None] | None = getattr(frames, "place", None)
    paths: tuple[Path, ...] = getattr(frames, "paths", ())
    if place is not None:
        place(index, target)
    elif paths and same_kind(paths[index], target):
        write_bytes(target, _bytes(paths[index]))
    else:
        pixels = _in_colour(paths[index]) if colour and paths else frames[index]
        quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        kind = _kind(target)
        made = cv2.imencode(kind, pixels, quality if kind == ".jpg" else [])[1]
        write_bytes(target, made.tobytes())


def colour_frame(frames: Frames, index: int) -> ColourFrame:
    """A frame with its colours, (h, w, 3) red, green, blue; grey thrice where it has no file.

    Raises:
        DataError: the frame cannot be read.
    """
    paths: tuple[Path, ...] = getattr(frames, "paths", ())
    if not paths:
        return np.repeat(frames[index][:, :, None], 3, axis=2)
    return np.ascontiguousarray(_in_colour(paths[index])[:, :, ::-1])


def decode_colour(data: bytes, path: Path) -> ColourFrame:
    """The picture in ``data``, (h, w, 3) red, green, blue.

    Raises:
        DataError: it is none; ``path`` is where it is from.
    """
    return np.ascontiguousarray(_decoded(data, path)[:, :, ::-1])


def same_kind(path: Path, other: Path) -> bool:
    """Whether two files are pictures of one kind by their names, ``.JPEG`` and ``.jpg`` too."""
    return _kind(path) == _kind(other)


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    return ".jpg" if suffix == ".jpeg" else suffix


def _bytes(path: Path) -> bytes:
    """The bytes of a picture's file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot read frame ({error.strerror})") from None


def _in_colour(path: Path) -> NDArray[np.uint8]:
    """The pixels of a picture as OpenCV has them, (h, w, 3) blue, green, red."""
    return _decoded(_bytes(path), path)


def _decoded(data: bytes, path: Path) -> NDArray[np.uint8]:
    pixels = cv2.imdecode(
        np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    )
    if pixels is None:
        raise DataError(f"{path}: not a picture; expected one of {', '.join(KINDS)}")
    return np.asarray(pixels, np.uint8)
