"""WebDataset tar shards, written reproducibly, and an index for random access to every crop.

A sample is a tracklet: ``<key>.json`` and one ``<key>.<frame>.jpg`` a crop; of pairs see
``pairs``. The index holds a line a sample with the byte range of each file, so a reader needs no
pass over the tar. Neither writer nor reader holds more than a shard, or a few samples, in memory.
"""

import io
import tarfile
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Protocol, Self, TypeVar, overload

import cv2
import numpy as np

from tirdata import files
from tirdata.config import Config
from tirdata.errors import DataError
from tirdata.mix.shard_files import Shards
from tirdata.remote import Place, RemotePath, local_copy, write_bytes
from tirdata.types import Frame

BLOCK = 512
END = bytes(2 * BLOCK)  # a tar ends with two blocks of zeros
_KEPT = 1024  # lines of an index

Line = TypeVar("Line", bound=Config)


class Sample(Config):
    """One tracklet of a mix."""

    key: str
    """Name of the sample in its shard."""
    domain: str
    """vid or tir."""
    sequence: str
    """Name of the sequence."""
    track: int
    """Id of the track in its sequence."""
    class_name: str
    """Class after the recipe's class map."""
    recording: str
    """Group that is never split between train and validation."""
    frames: tuple[int, ...]
    """Frame numbers."""
    sides: tuple[float, ...]
    """Side in frame pixels of each stored crop."""
    boxes: tuple[tuple[float, float, float, float], ...]
    """x, y, w, h in pixels of each stored crop."""


class Entry(Config):
    """A line of the index: a sample and where its crops lie."""

    sample: Sample
    shard: str
    """File name of the shard."""
    offsets: tuple[int, ...]
    """First byte of each crop's JPEG in the shard."""
    sizes: tuple[int, ...]
    """Bytes of each crop's JPEG."""


def members(sample: Sample, jpegs: list[bytes]) -> tuple[bytes, list[int]]:
    """The sample as tar members, and the offset of each JPEG in them."""
    pairs = zip(sample.frames, jpegs, strict=True)
    return tar_members(sample, [(f"{frame:06d}.jpg", jpeg) for frame, jpeg in pairs])


class Keyed(Protocol):
    """What every kind of sample has."""

    @property
    def key(self) -> str:
        """Name of the sample in its shard."""
        ...

    def model_dump_json(self) -> str:
        """The sample as JSON on one line."""
        ...


def tar_members(sample: Keyed, named: Iterable[tuple[str, bytes]]) -> tuple[bytes, list[int]]:
    """Tar members of ``KEY.json`` and of ``KEY.NAME`` for each file; where each file begins."""
    blocks = [_member(f"{sample.key}.json", sample.model_dump_json().encode())]
    offsets: list[int] = []
    position = len(blocks[0])
    for name, data in named:
        offsets.append(position + BLOCK)
        blocks.append(_member(f"{sample.key}.{name}", data))
        position += len(blocks[-1])
    return b"".join(blocks), offsets


def sample_span(json_bytes: int, offsets: Sequence[int], sizes: Sequence[int]) -> tuple[int, int]:
    """First byte of a sample's members in its shard, and the byte behind them."""
    start = offsets[0] - 2 * BLOCK - _padded(json_bytes)
    return start, offsets[-1] + _padded(sizes[-1])


def _padded(size: int) -> int:
    return size + -size % BLOCK


def _member(name: str, data: bytes) -> bytes:
    info = tarfile.TarInfo(name)  # times and owners stay 0: the same input gives the same bytes
    info.size = len(data)
    header = info.tobuf(tarfile.USTAR_FORMAT)
    return header + data + bytes(-len(data) % BLOCK)


class ShardWriter:
    """Appends samples to shards of at most ``limit`` bytes and keeps the index."""

    def __init__(self, folder: Place, limit: int) -> None:
        """Begin the index.

        Raises:
            StorageError: the disk is full or read-only.
        """
        self.folder = folder
        self.limit = limit
        self.shards: list[str] = []
        self._buffer = io.BytesIO()
        self._index_path = folder / "index.jsonl"
        try:
            self._index = _index_file(self._index_path)
        except OSError as error:
            raise files.storage_error(Path(str(self._index_path)), error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Let go of the index; ``close`` is for a mix that came to its end."""
        self._index.close()

    def add(self, sample: Keyed, blocks: bytes, offsets: list[int], sizes: list[int]) -> None:
        """Append a sample made by ``members``."""
        self.append(sample.model_dump_json(), blocks, offsets, sizes)

    def append(
        self, sample_json: str, blocks: bytes, offsets: Iterable[int], sizes: Iterable[int]
    ) -> None:
        """As ``add``, for a sample that is text already.

        Raises:
            StorageError: the disk is full or read-only.
        """
        if self._buffer.tell() and self._buffer.tell() + len(blocks) > self.limit:
            self._close_shard()
        start = self._buffer.tell()
        places = ",".join(str(start + offset) for offset in offsets)
        lengths = ",".join(map(str, sizes))
        line = (
            f'{{"sample":{sample_json},"shard":"{self._name()}",'
            f'"offsets":[{places}],"sizes":[{lengths}]}}\n'
        )
        self._buffer.write(blocks)
        try:
            self._index.write(line.encode())
        except OSError as error:
            raise files.storage_error(Path(self._index.name), error) from error

    def close(self) -> None:
        """Write the last shard and the index.

        Raises:
            StorageError: the disk is full or read-only.
        """
        if self._buffer.tell():
            self._close_shard()
        try:
            self._index.flush()
            if isinstance(self._index_path, RemotePath):
                self._index_path.put(Path(self._index.name))
            self._index.close()
        except OSError as error:
            raise files.storage_error(Path(self._index.name), error) from error

    def _name(self) -> str:
        return f"shard-{len(self.shards):06d}.tar"

    def _close_shard(self) -> None:
        name = self._name()
        self._buffer.write(END)
        write_bytes(self.folder / name, self._buffer.getbuffer())
        self.shards.append(name)
        self._buffer = io.BytesIO()


def _index_file(path: Place) -> IO[bytes]:
    """The index to write; of an address a local one, brought there when it is whole."""
    if isinstance(path, RemotePath):
        return tempfile.NamedTemporaryFile(prefix="tirdata-index-")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb")


class Entries(Sequence[Line]):
    """The lines of an index, each parsed when it is asked for; the last few are kept."""

    def __init__(self, path: Place, kind: type[Line], cache: Path | None = None) -> None:
        """Look through the whole index once; of an address, through a copy that is kept.

        Raises:
            DataError: it is missing, or a line is wrong.
        """
        try:
            path = local_copy(path, cache)
        except FileNotFoundError:
            raise DataError(f"{path}: no such index; expected a mix made by build-mix") from None
        self._path = path
        self._kind = kind
        self._starts = array("Q", [0])
        self._kept: dict[int, Line] = {}
        for number, line in enumerate(_lines(path), 1):
            _parse(line, kind, path, number)
            self._starts.append(self._starts[-1] + len(line))

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, index: int) -> Line: ...

    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...

    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        kept = self._kept.get(number)
        if kept is not None:
            return kept
        with self._path.open("rb") as file:
            file.seek(self._starts[number])
            line = file.read(self._starts[number + 1] - self._starts[number])
        entry = _parse(line, self._kind, self._path, number + 1)
        if len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[number] = entry
        return entry

    def __iter__(self) -> Iterator[Line]:
        for number, line in enumerate(_lines(self._path), 1):
            yield _parse(line, self._kind, self._path, number)

    def __reduce__(self) -> tuple[object, ...]:
        return _sent, (self._path, self._kind, self._starts)


def _sent(path: Path, kind: type[Line], starts: "array[int]") -> Entries[Line]:
    """The entries in another process, which need not be looked through again."""
    entries: Entries[Line] = Entries.__new__(Entries)
    entries._path, entries._kind, entries._starts, entries._kept = path, kind, starts, {}
    return entries


class MixReader:
    """Random access to the crops of one subset of a mix."""

    def __init__(self, root: Place, subset: str, cache: Path | None = None) -> None:
        """Read the index.

        Args:
            root: folder or address of the mix.
            subset: train or val.
            cache: of an address, folder for copies of whole shards; None = read parts of them.

        Raises:
            DataError: the index is missing or wrong.
        """
        self.entries = Entries(root / subset / "index.jsonl", Entry, cache)
        self.shards = Shards(root / subset, cache)

    def crop(self, entry: Entry, index: int) -> Frame:
        """Crop number ``index`` of a sample, (size + 2 * margin) square.

        Raises:
            DataError: the shard is missing, shorter than the index says, or not a JPEG there.
        """
        data = self.shards.read(entry.shard, entry.offsets[index], entry.sizes[index])
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
        if image is None or len(data) != entry.sizes[index]:
            raise DataError(
                f"{self.shards.folder / entry.shard}: no JPEG at byte {entry.offsets[index]} "
                f"({entry.sample.key}); "
                "the shard is not the one the index was made for, build the mix again"
            )
        return np.asarray(image, np.uint8)


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except FileNotFoundError:
        raise DataError(f"{path}: no such index; expected a mix made by build-mix") from None


def _parse(line: bytes, kind: type[Line], path: Path, number: int) -> Line:
    try:
        return kind.model_validate_json(line)
    except ValueError as error:
        raise DataError(f"{path}:{number}: not an index line ({error})") from None
