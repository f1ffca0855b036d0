"""Local recordings: the same bytes under the dataset, as hard links where the disk allows."""

import os
import shutil
from pathlib import Path

from tirdata.errors import DataError, UsageError
from tirdata.fetch.base import Fetched, stored_name
from tirdata.fetch.folders import digest, frames_of, side_file_of, size_and_time
from tirdata.files import storage_error, write_bytes


def check_local(path: Path) -> None:
    """Refuse what is no recording by its outside.

    Raises:
        UsageError: there is no such file or folder.
        DataError: it is empty, no plain file, or cannot be read.
    """
    try:
        there = path.exists()
    except OSError as error:
        raise UsageError(f"{path}: cannot be looked at ({error.strerror})") from None
    if not there:
        raise UsageError(f"{path}: no such file; expected a recording, a link or a sources file")
    folder = path.is_dir()
    files = frames_of(path) if folder else [path]
    if not files:
        raise UsageError(f"{path}: is a folder without pictures; expected a recording")
    _check_name(path)
    for each in files:
        _check_name(each)
        _check_file(each, empty=folder)  # its reader ends the recording at such a picture


def take_local(path: Path, folder: Path, *, keep: bool) -> Fetched:
    """Hash a recording; with ``keep``, also put its bytes into ``folder``.

    Raises:
        StorageError: the bytes cannot be written.
        DataError: the recording changed while it was read.
    """
    before = size_and_time(path)
    name = stored_name(path.name)
    file = _keep(path, folder / name) if keep else path
    try:
        known = digest(file)
        changed = size_and_time(path) != before or size_and_time(file)[0] != before[0]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    if changed:
        raise DataError(f"{path}: changes while it is read; wait until it is finished")
    return Fetched(
        file=file,
        name=name,
        sha256=known,
        bytes=before[0],
        modified_ns=before[1],
        title=path.name if path.is_dir() else path.stem,
    )


def _check_name(path: Path) -> None:
    try:
        path.name.encode()
    except UnicodeEncodeError:  # no XML or JSON can name it
        shown = os.fsencode(path.name).decode(errors="backslashreplace")
        raise DataError(f"{path.parent}/{shown}: is no name in UTF-8; rename it") from None


def _check_file(path: Path, *, empty: bool) -> None:
    if not path.is_file():
        raise DataError(f"{path}: is no plain file; expected a recording")
    try:
        with path.open("rb") as file:
            nothing = not file.read(1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    if nothing and not empty:
        raise DataError(f"{path}: is empty (0 bytes); expected a recording")


def _keep(path: Path, target: Path) -> Path:
    side = side_file_of(path)
    if path.is_dir():
        for each in frames_of(path):
            _link(each, target / each.name)
    else:
        _link(path, target)
        if side is not None:  # people edit it: a link would change with theirs
            write_bytes(target.with_name(f"{target.name}.toml"), side.read_bytes())
    return target


def _link(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(path.resolve(), target)
        except OSError:  # another disk, or one without hard links
            shutil.copyfile(path, target)
    except OSError as error:
        raise storage_error(target, error) from error
