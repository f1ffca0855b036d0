"""Parts of the shards of a mix, by place: from open files here, or asked for at an address."""

import os
from collections import OrderedDict
from pathlib import Path
from typing import Final

from tirdata.errors import DataError
from tirdata.remote import Place, local_copy, read_at

_OPEN: Final = 64  # shards that stay open in a process; opening costs more than reading a crop


class Shards:
    """The shards of a subset, of which parts are read; threads and processes may share it."""

    def __init__(self, folder: Place, cache: Path | None = None) -> None:
        """The shards in ``folder``; those of an address are copied to ``cache`` if there is one."""
        self.folder = folder
        self._cache = cache
        self._open: OrderedDict[str, _Open] = OrderedDict()

    def read(self, shard: str, offset: int, size: int) -> bytes:
        """Bytes of a shard; fewer where it is shorter.

        Raises:
            DataError: there is no such shard, or it cannot be read.
            StorageError: its copy cannot be written.
        """
        file = self._open.get(shard)
        if file is None:
            if self._cache is None and not isinstance(self.folder, Path):
                return read_shard(self.folder / shard, offset, size)
            file = self._opened(shard)
        try:
            return file.read(offset, size)
        except OSError as error:
            raise _unreadable(self.folder / shard, error) from None

    def __reduce__(self) -> tuple[object, ...]:
        return Shards, (self.folder, self._cache)

    def _opened(self, shard: str) -> "_Open":
        where = self.folder / shard
        try:
            file = _Open(local_copy(where, self._cache))
        except FileNotFoundError:
            raise _no_shard(where) from None
        except OSError as error:
            raise _unreadable(where, error) from None
        self._open[shard] = file
        if len(self._open) > _OPEN:
            self._open.popitem(last=False)
        return file


class _Open:
    """An open file, closed when nobody reads from it any more."""

    def __init__(self, path: Path) -> None:
        self._number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        number = getattr(self, "_number", None)
        if number is not None:
            os.close(number)

    def read(self, offset: int, size: int) -> bytes:
        """A part; a read may give less than is there."""
        data = os.pread(self._number, size, offset)
        while 0 < len(data) < size:
            more = os.pread(self._number, size - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data


def read_shard(path: Place, offset: int, size: int) -> bytes:
    """Bytes of a shard or an index; fewer where it is shorter.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    try:
        return read_at(path, offset, size)
    except FileNotFoundError:
        raise _no_shard(path) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def _no_shard(path: Place) -> DataError:
    return DataError(f"{path}: no such shard; build the mix again")


def _unreadable(path: Place, error: OSError) -> DataError:
    return DataError(f"{path}: cannot be read ({error.strerror})")
