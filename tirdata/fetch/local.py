"""Local files: the same bytes under the dataset, as a hard link where the disk allows."""

import os
import shutil
from pathlib import Path

from tirdata.errors import DataError, UsageError
from tirdata.fetch.base import Fetched
from tirdata.files import sha256, storage_error


def check_local(path: Path) -> None:
    """Refuse what is no file with something in it.

    Raises:
        UsageError: there is no such file, or it is a folder.
        DataError: it is empty or cannot be read.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; expected a video file (give {path}/*.mp4)")
    if not path.exists():
        raise UsageError(f"{path}: no such file; expected a video file, a link or a sources file")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    if empty:
        raise DataError(f"{path}: is empty (0 bytes); expected a recording")


def take_local(path: Path, folder: Path, *, keep: bool) -> Fetched:
    """Hash a file; with ``keep``, also put its bytes into ``folder``.

    Raises:
        StorageError: the bytes cannot be written.
        DataError: the file changed while it was read.
    """
    before = path.stat()
    file = _link(path, folder) if keep else path
    digest = sha256(file)
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DataError(f"{path}: changes while it is read; wait until it is finished")
    return Fetched(
        file=file,
        name=path.name,
        sha256=digest,
        bytes=before.st_size,
        modified_ns=before.st_mtime_ns,
        title=path.stem,
    )


def _link(path: Path, folder: Path) -> Path:
    target = folder / path.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(path.resolve(), target)
        except OSError:  # another disk, or one without hard links
            shutil.copyfile(path, target)
    except OSError as error:
        raise storage_error(target, error) from error
    return target
