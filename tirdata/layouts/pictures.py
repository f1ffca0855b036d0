"""Frames that lie as pictures in a folder, under whatever names, and writing such folders."""

import re
from collections.abc import Iterable
from pathlib import Path

import cv2

from tirdata.dataset.frames import JPEG_QUALITY, read_frame
from tirdata.errors import DataError
from tirdata.files import write_bytes
from tirdata.types import Frame, Frames

KINDS = (".jpg", ".jpeg", ".png", ".bmp")
_NUMBER = re.compile(r"(\d+)")


class PictureFrames:
    """Picture files as frames, each decoded to grey when it is asked for."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(paths)

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


def write_pictures(frames: Frames, folder: Path, name: str) -> None:
    """Write every frame as JPEG, named by ``name.format(number)`` with numbers from 1.

    Frames that are JPEG files already are copied byte for byte.

    Raises:
        StorageError: a file cannot be written.
    """
    paths: tuple[Path, ...] | None = getattr(frames, "paths", None)
    for index in range(len(frames)):
        target = folder / name.format(index + 1)
        if paths is not None and paths[index].suffix.lower() in (".jpg", ".jpeg"):
            write_bytes(target, paths[index].read_bytes())
        else:
            quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
            write_bytes(target, cv2.imencode(".jpg", frames[index], quality)[1].tobytes())
