"""What readers share whose frames come one after the other out of a generator of their own."""

from collections.abc import Generator, Iterator
from pathlib import Path

from tirdata.decode.base import RawFrame
from tirdata.errors import DecodeError


class BreakError(Exception):
    """The recording goes no further; says why, without the file's name."""


def broken_off(path: Path, given: int, reason: str) -> DecodeError:
    """The error of a recording that is not whole and of which ``given`` frames are."""
    after = f"breaks off after frame {given - 1}" if given else "has no whole frame"
    return DecodeError(f"{path}: {after} ({reason}); expected a whole recording")


class FrameStream:
    """The frames of a generator, of which the first is read at once."""

    def __init__(self, path: Path, frames: Generator[RawFrame, None, None]) -> None:
        """Read the first frame; ``frames`` raises ``BreakError`` where the recording is damaged.

        Raises:
            DecodeError: there is none.
        """
        self._path = path
        self._frames = frames
        self._given = 0
        first = self._next()
        if first is None:
            raise DecodeError(f"{path}: has no frame; expected a recording")
        self.first: RawFrame = first
        self._unread: RawFrame | None = first

    def read(self) -> Iterator[RawFrame]:
        """The first frame and those after it, once."""
        frame, self._unread = self._unread, None
        while frame is not None:
            yield frame
            frame = self._next()

    def close(self) -> None:
        """End the generator, which lets go of what it holds."""
        self._frames.close()

    def _next(self) -> RawFrame | None:
        try:
            frame = next(self._frames, None)
        except BreakError as error:
            raise broken_off(self._path, self._given, str(error)) from None
        self._given += frame is not None
        return frame
