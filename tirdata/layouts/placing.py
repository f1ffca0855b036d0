"""Frames of an export: a layout says where each goes, and they are put there later."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from tirdata.errors import UsageError
from tirdata.files import storage_error
from tirdata.layouts.pictures import PictureFrames, same_kind, write_picture
from tirdata.types import Frame, Frames

How: TypeAlias = Literal["copy", "link", "none"]


class PlacedFrames:
    """The same frames, which write down where a layout wants them instead of being written."""

    def __init__(self, frames: Frames, fps: float | None = None) -> None:
        self._frames = frames
        self.paths: tuple[Path, ...] = getattr(frames, "paths", ())
        self.fps = fps
        self.placed: list[tuple[int, Path]] = []

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int, /) -> Frame:
        return self._frames[index]

    def place(self, index: int, target: Path) -> None:
        """Remember where one frame goes."""
        self.placed.append((index, target))


class FramesJob(NamedTuple):
    """The frames of half a sequence, to be put where they go."""

    name: str
    files: tuple[tuple[str, str], ...]  # from, to
    how: How
    colour: bool  # whether what is encoded keeps its colours

    def line(self) -> str:
        """As one line of text."""
        return json.dumps(self)

    @classmethod
    def parse(cls, line: str) -> "FramesJob":
        """What ``line`` wrote."""
        name, files, how, colour = json.loads(line)
        return cls(name, tuple((source, target) for source, target in files), how, colour)


class Placed(NamedTuple):
    """What became of a job."""

    name: str
    bytes: int
    encoded: int  # frames that were of another kind than is written
    sha256: str | None  # of the hashes of the files, in order; None = linked, unread


def jobs_of(name: str, halves: Sequence[PlacedFrames], how: How) -> list[FramesJob]:
    """What is left to do for a sequence once its layout has spoken."""
    found = []
    for place, half in enumerate(halves):
        files = tuple(
            (str(half.paths[index].absolute()), str(target.absolute()))
            for index, target in half.placed
        )
        if files and how != "none":
            found.append(FramesJob(name, files, how, colour=place > 0))
    return found


def place_frames(job: FramesJob) -> Placed:
    """Put frames where they go; files of an earlier call that are whole stay.

    Raises:
        DataError: a frame cannot be read.
        UsageError: a link cannot be made between these two folders.
        StorageError: a file cannot be written.
    """
    size = encoded = 0
    digest = hashlib.sha256()
    for source, target in ((Path(a), Path(b)) for a, b in job.files):
        if not same_kind(source, target):
            encoded += 1
        elif job.how == "link":
            _link(source, target)
            size += target.stat().st_size
            continue
        if not target.exists():  # written under another name first: what is there is whole
            write_picture(PictureFrames((source,)), 0, target, colour=job.colour)
        data = target.read_bytes()
        digest.update(hashlib.sha256(data).digest())
        size += len(data)
    linked = job.how == "link" and encoded < len(job.files)
    return Placed(job.name, size, encoded, None if linked else digest.hexdigest())


def _link(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.unlink()
        os.link(source.resolve(), target)
    except OSError as error:
        if isinstance(error, FileExistsError | FileNotFoundError | PermissionError):
            raise storage_error(target, error) from error
        raise UsageError(
            f"{target}: cannot be a hard link to {source} ({error.strerror}); leave out --link"
        ) from None
