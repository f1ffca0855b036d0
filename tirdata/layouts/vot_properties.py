"""What the file ``sequence`` of a VOT sequence says: rate, size and where the frames lie."""

import math
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tirdata.errors import AnnotationError
from tirdata.layouts.regions import PROPERTIES
from tirdata.layouts.text import read_lines

_CHANNELS = "channels."


class Properties(NamedTuple):
    """None, and an empty table, where nothing is said."""

    fps: float | None
    size: tuple[int, int] | None  # (w, h)
    channels: dict[str, str]  # folder below the sequence's, by the name of the channel


def read_properties(folder: Path) -> Properties:
    """The properties of the sequence in ``folder``; other keys than these are passed over.

    Raises:
        AnnotationError: a line or a value is wrong.
    """
    path = folder / PROPERTIES
    if not path.is_file():
        return Properties(None, None, {})
    said: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), start=1):
        key, equals, value = line.strip().partition("=")
        if not key or key.startswith(("#", ";", "[")):
            continue
        if not equals:
            raise AnnotationError(f"{path}: line {number}: {line[:60]!r}; expected key=value")
        said[key.strip().lower()] = value.strip()
    fps = _number(path, said, "fps")
    width, height = _number(path, said, "width"), _number(path, said, "height")
    return Properties(
        fps,
        None if width is None or height is None else (int(width), int(height)),
        {
            key.removeprefix(_CHANNELS): _folder(path, key, value)
            for key, value in said.items()
            if key.startswith(_CHANNELS)
        },
    )


def _number(path: Path, said: dict[str, str], key: str) -> float | None:
    if not said.get(key):
        return None
    try:
        value = float(said[key])
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise AnnotationError(f"{path}: {key}={said[key][:40]}; expected a number above 0")
    return value


def _folder(path: Path, key: str, value: str) -> str:
    """The folder of a pattern such as ``color/%08d.jpg``."""
    pattern = PurePosixPath(value.replace("\\", "/"))
    if pattern.is_absolute() or ".." in pattern.parts:
        raise AnnotationError(f"{path}: {key}={value[:60]} leads out of the folder")
    return pattern.parent.as_posix()
