"""Read a recording as a whole, or see that it is refused."""

from contextlib import closing
from pathlib import Path

import pytest

from tirdata.decode import open_frames
from tirdata.decode.base import RawFrame, RecordingInfo
from tirdata.errors import DecodeError


def read(path: Path) -> tuple[RecordingInfo, list[RawFrame], tuple[str, ...]]:
    """What it says of itself, its frames, and the warnings."""
    with closing(open_frames(path)) as reader:
        frames = list(reader.read())
        return reader.info, frames, reader.warnings


def refusal(path: Path) -> str:
    """The message of the error that it ends with, which is one line and begins with its path."""
    with pytest.raises(DecodeError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    return str(error.value)
