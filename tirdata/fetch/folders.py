"""Local folders: the frames of one recording, or recordings of their own, never both at once."""

import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from tirdata.errors import DataError, UsageError
from tirdata.files import sha256

FRAMES = frozenset(  # as the reader of pictures takes them
    {".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".dib", ".pgm", ".ppm", ".pnm", ".pbm",
     ".tif", ".tiff", ".webp", ".jp2", ".j2k", ".fff"}
)  # fmt: skip
RECORDINGS = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg",
     ".vob", ".wmv", ".asf", ".flv", ".ogv", ".ogg", ".3gp", ".mxf", ".y4m", ".mjpeg", ".mjpg",
     ".h264", ".264", ".h265", ".265", ".hevc", ".m2v", ".ivf", ".dv", ".nut", ".qt", ".f4v",
     ".seq", ".csq", ".cptv", ".raw", ".zip"}
)  # fmt: skip
SIDE_FILE = "recording.toml"
_DEEPEST = 16

_log = logging.getLogger(__name__)


def recordings_in(folder: Path) -> list[Path]:
    """The recordings that a folder stands for, sorted by name: itself, or what lies in it.

    A folder with pictures is one recording. One with videos or camera files is as many; so is
    each folder in it, by the same rule. A single picture is a recording by its file: a TIFF may
    hold many frames. Hidden files, and files of other kinds, are none of it.

    Raises:
        UsageError: there is nothing of either kind, or both in one folder.
        DataError: a link in it leads out of it or in a circle, or it is too deep.
    """
    found = list(_walk(folder, folder.resolve(), ()))
    if not found:
        raise UsageError(
            f"{folder}: is a folder without pictures or recordings; expected files such as "
            f"000000.png, flight.mp4 or flight.seq"
        )
    return found


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; no name is too odd to be asked for."""
    try:
        return path.is_dir()
    except OSError:  # too long, or behind a folder that may not be looked into
        return False


def frames_of(folder: Path) -> list[Path]:
    """The files that make a folder one recording, sorted by name: pictures and the side file."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file()
        and not path.name.startswith(".")
        and (path.suffix.lower() in FRAMES or path.name == SIDE_FILE)
    )


def side_file_of(path: Path) -> Path | None:
    """What a person wrote down of a recording that cannot say it itself, if they did."""
    side = path.with_name(f"{path.name}.toml")
    return side if side.is_file() else None


def side_digest(path: Path) -> str | None:
    """SHA-256 of the side file of a recording; none = it has none. A folder's is in ``digest``."""
    side = None if path.is_dir() else side_file_of(path)
    return None if side is None else sha256(side)


def digest(path: Path) -> str:
    """SHA-256 of a file; of a folder, over the sorted names and digests of its frames."""
    if not path.is_dir():
        return sha256(path)
    lines = (f"{sha256(each)}  {each.name}\n" for each in frames_of(path))
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line.encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def size_and_time(path: Path) -> tuple[int, int]:
    """Bytes of a file and when it was last changed, in ns; of a folder, of all its frames."""
    files = frames_of(path) if path.is_dir() else [path]
    states = [each.stat() for each in files]
    newest = max((state.st_mtime_ns for state in states), default=0)
    return sum(state.st_size for state in states), newest


def _walk(folder: Path, root: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    here = folder.resolve()
    if here in above:
        raise DataError(f"{folder}: leads in a circle, to {here}; take the link away")
    if len(above) >= _DEEPEST:
        raise DataError(
            f"{folder}: is {_DEEPEST} folders deep; give the folder with the recordings"
        )
    frames: list[Path] = []
    others: list[Path] = []
    for path in _visible(folder, root):
        if path.is_dir():
            others += _walk(path, root, (*above, here))
        elif path.suffix.lower() in FRAMES:
            frames.append(path)
        elif path.suffix.lower() in RECORDINGS:
            others.append(path)
        else:
            _log.info("%s: passed over, as its name is none of a recording", path)
    if frames and others:
        raise UsageError(
            f"{folder}: holds {len(frames)} pictures and {len(others)} other recordings, such as "
            f"{frames[0].name} and {others[0].relative_to(folder)}; give them one by one"
        )
    if len(frames) == 1:
        yield frames[0]
    elif frames:
        yield folder
    else:
        yield from others


def _visible(folder: Path, root: Path) -> list[Path]:
    """What is in a folder, sorted by name, without what is hidden."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror})") from None
    paths = [folder / name for name in names if name != "__MACOSX"]
    for path in paths:
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise DataError(
                f"{path}: is a link out of {root}, to {path.resolve()}; expected the file itself"
            )
    return paths
