"""Places that are no folders of this machine: addresses that fsspec knows (s3://, gs://, sftp://…).

The one file that knows fsspec. An address behaves like a path in the few things that mixes ask of
one; a file comes to its name when all its bytes are there. What no other process may see half done
is written under other names first and moved, its manifest last.
"""

import hashlib
import importlib
import os
import posixpath
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from tirdata import files
from tirdata.errors import DataError, MissingError, StorageError, UsageError

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(::|://)")
_LOCAL: Final = ("file://", "local://")
_CACHE: Final = "tirdata"  # in the user's folder for such


@dataclass(frozen=True, order=True)
class RemotePath:
    """A file or folder at an address; small, and the same in every process."""

    address: str

    def __str__(self) -> str:
        return self.address

    def __truediv__(self, name: str) -> "RemotePath":
        return RemotePath(f"{self.address.rstrip('/')}/{name}")

    @property
    def name(self) -> str:
        """The last part."""
        return posixpath.basename(self.address.rstrip("/"))

    @property
    def parent(self) -> "RemotePath":
        """The folder that it is in."""
        return RemotePath(posixpath.dirname(self.address.rstrip("/")))

    def exists(self) -> bool:
        """Whether something has this address, or begins with it."""
        system, path = _system(self.address)
        with _told(self):
            return bool(system.exists(path))

    def is_file(self) -> bool:
        """Whether it is a file."""
        system, path = _system(self.address)
        with _told(self):
            return bool(system.isfile(path))

    def names(self) -> list[str]:
        """Names of what lies in it, sorted; none where it is not there."""
        system, path = _system(self.address)
        with _told(self):
            try:
                found = system.ls(path, detail=False, refresh=True)
            except TypeError:  # not every system knows of refreshing
                found = system.ls(path, detail=False)
            except FileNotFoundError:
                return []
        return sorted({posixpath.basename(each.rstrip("/")) for each in found})

    def read_bytes(self) -> bytes:
        """All of a file.

        Raises:
            FileNotFoundError: there is none.
            DataError: it cannot be read.
        """
        system, path = _system(self.address)
        with _told(self):
            return bytes(system.cat_file(path))

    def read_at(self, offset: int, size: int) -> bytes:
        """A part of a file; fewer bytes where it is shorter.

        Raises:
            FileNotFoundError: there is none.
            DataError: it cannot be read, or not in parts.
        """
        system, path = _system(self.address)
        with _told(self):
            data = bytes(system.cat_file(path, start=offset, end=offset + size))
        if len(data) > size:
            raise DataError(
                f"{self}: the server hands out whole files only; keep copies with --cache"
            )
        return data

    def open(self, mode: str = "rb") -> IO[bytes]:
        """A file to be read from its beginning.

        Raises:
            FileNotFoundError: there is none.
            DataError: it cannot be opened.
        """
        system, path = _system(self.address)
        with _told(self):
            return system.open(path, mode)  # type: ignore[no-any-return]

    def state(self) -> str:
        """Something that changes when the file does: size, time, tag, as far as they are known."""
        system, path = _system(self.address)
        with _told(self):
            found = system.info(path)
        known = (found.get(each) for each in ("size", "ETag", "etag", "mtime", "created", "md5"))
        return "|".join(str(each) for each in known)

    def put(self, path: Path) -> None:
        """Bring a local file there.

        Raises:
            StorageError: it cannot be written.
        """
        system, there = _system(self.address)
        with _told(self, StorageError):
            system.makedirs(posixpath.dirname(there), exist_ok=True)
            system.put_file(str(path), there)

    def move(self, to: "RemotePath") -> None:
        """Give a file another address in the same place.

        Raises:
            StorageError: it cannot be moved.
        """
        system, here = _system(self.address)
        _, there = _system(to.address)
        with _told(to, StorageError):
            system.makedirs(posixpath.dirname(there), exist_ok=True)
            system.mv(here, there)

    def remove(self) -> None:
        """Remove a file, or a folder with all that is in it; nothing where it is not there.

        Raises:
            StorageError: it cannot be removed.
        """
        system, path = _system(self.address)
        with _told(self, StorageError):
            try:
                system.rm(path, recursive=True)
            except FileNotFoundError:
                return


Place: TypeAlias = Path | RemotePath


def place(text: str | Path) -> Place:
    """What a user means: a path of this machine, or an address.

    Raises:
        MissingError: the package for it is not installed.
        UsageError: no such kind of address.

    >>> place("mixes/first"), place("file:///mixes/first")
    (PosixPath('mixes/first'), PosixPath('/mixes/first'))
    """
    said = str(text)
    if isinstance(text, Path) or not _ADDRESS.match(said):
        return Path(text)
    for prefix in _LOCAL:
        if said.startswith(prefix):
            return Path(said.removeprefix(prefix))
    _system(said)
    return RemotePath(said)


def write_bytes(where: Place, data: bytes | memoryview) -> None:
    """Write a file, which is there whole or not at all.

    Raises:
        StorageError: it cannot be written.
    """
    if isinstance(where, Path):
        files.write_bytes(where, data)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        where.put(Path(file.name))


def read_at(where: Place, offset: int, size: int) -> bytes:
    """A part of a file; fewer bytes where it is shorter.

    Raises:
        FileNotFoundError: there is none.
        OSError: a local one cannot be read.
        DataError: a remote one cannot be read, or not in parts.
    """
    if isinstance(where, RemotePath):
        return where.read_at(offset, size)
    with where.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def local_copy(where: Place, cache: Path | None = None) -> Path:
    """The file itself if it is a local one, else a copy, kept until the remote one changes.

    Args:
        where: the file.
        cache: folder of copies; None = the user's own (``XDG_CACHE_HOME``).

    Raises:
        FileNotFoundError: there is none.
        DataError: it cannot be read.
        StorageError: the copy cannot be written.
    """
    if isinstance(where, Path):
        return where
    key = hashlib.sha256(f"{where}|{where.state()}".encode()).hexdigest()[:32]
    copy = (cache_folder() if cache is None else cache) / f"{key}-{where.name}"
    if not copy.is_file():
        with (
            files.whole(copy) as part,
            where.open() as source,
            part.open("wb") as target,
            _told(where),
        ):
            shutil.copyfileobj(source, target, 1 << 20)
    return copy


def cache_folder() -> Path:
    """Where copies and unfinished work for remote places lie on this machine."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / _CACHE


def _system(address: str) -> tuple[Any, str]:
    """The file system of an address, as fsspec has it, and the path in there."""
    try:
        core = importlib.import_module("fsspec.core")
    except ModuleNotFoundError:
        raise MissingError(
            f"{address}: fsspec is not installed; pip install 'tirdata[remote]'"
        ) from None
    try:
        system, path = core.url_to_fs(address)
    except ImportError as error:
        raise MissingError(f"{address}: {error}; install what it asks for with pip") from None
    except ValueError as error:
        raise UsageError(f"{address}: {error}; expected a folder or an address") from None
    return system, path


@contextmanager
def _told(where: RemotePath, kind: type[DataError | StorageError] = DataError) -> Iterator[None]:
    """Say what went wrong in our words; that a file is missing stays what it is."""
    try:
        yield
    except (FileNotFoundError, TypeError, DataError, StorageError):
        raise
    except Exception as error:
        what = "read" if kind is DataError else "written"
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise kind(
            f"{where}: cannot be {what} ({said}); is the address right and yours?"
        ) from error
