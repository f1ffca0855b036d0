"""WebDataset tar shards, written reproducibly, and an index for random access to every crop.

A sample is a tracklet: ``<key>.json`` and one ``<key>.<frame>.jpg`` a crop. The index holds a line
a sample with the byte range of each crop, so a reader needs no pass over the tar.
"""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from tirdata import files
from tirdata.config import Config
from tirdata.errors import DataError
from tirdata.types import Frame

BLOCK = 512
END = bytes(2 * BLOCK)  # a tar ends with two blocks of zeros


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
    blocks = [_member(f"{sample.key}.json", sample.model_dump_json().encode())]
    offsets: list[int] = []
    position = len(blocks[0])
    for frame, jpeg in zip(sample.frames, jpegs, strict=True):
        offsets.append(position + BLOCK)
        blocks.append(_member(f"{sample.key}.{frame:06d}.jpg", jpeg))
        position += len(blocks[-1])
    return b"".join(blocks), offsets


def _member(name: str, data: bytes) -> bytes:
    info = tarfile.TarInfo(name)  # times and owners stay 0: the same input gives the same bytes
    info.size = len(data)
    header = info.tobuf(tarfile.USTAR_FORMAT)
    return header + data + bytes(-len(data) % BLOCK)


class ShardWriter:
    """Appends samples to shards of at most ``limit`` bytes and keeps the index."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self.shards: list[str] = []
        self._entries: list[str] = []
        self._buffer = io.BytesIO()

    def add(self, sample: Sample, blocks: bytes, offsets: list[int], sizes: list[int]) -> None:
        """Append a sample made by ``members``."""
        if self._buffer.tell() and self._buffer.tell() + len(blocks) > self.limit:
            self._close_shard()
        start = self._buffer.tell()
        entry = Entry(
            sample=sample,
            shard=self._name(),
            offsets=tuple(start + offset for offset in offsets),
            sizes=tuple(sizes),
        )
        self._buffer.write(blocks)
        self._entries.append(entry.model_dump_json())

    def close(self) -> None:
        """Write the last shard and the index.

        Raises:
            StorageError: the disk is full or read-only.
        """
        if self._buffer.tell():
            self._close_shard()
        text = "".join(line + "\n" for line in self._entries)
        files.write_text(self.folder / "index.jsonl", text)

    def _name(self) -> str:
        return f"shard-{len(self.shards):06d}.tar"

    def _close_shard(self) -> None:
        name = self._name()
        files.write_bytes(self.folder / name, self._buffer.getvalue() + END)
        self.shards.append(name)
        self._buffer = io.BytesIO()


class MixReader:
    """Random access to the crops of one subset of a mix."""

    def __init__(self, root: Path, subset: str) -> None:
        self.folder = root / subset
        self.entries = list(_read_index(self.folder / "index.jsonl"))

    def crop(self, entry: Entry, index: int) -> Frame:
        """Crop number ``index`` of a sample, (size + 2 * margin) square.

        Raises:
            DataError: the shard is missing, shorter than the index says, or not a JPEG there.
        """
        path = self.folder / entry.shard
        try:
            with path.open("rb") as file:
                file.seek(entry.offsets[index])
                data = file.read(entry.sizes[index])
        except FileNotFoundError:
            raise DataError(f"{path}: no such shard; build the mix again") from None
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
        if image is None or len(data) != entry.sizes[index]:
            raise DataError(
                f"{path}: no JPEG at byte {entry.offsets[index]} ({entry.sample.key}); "
                "the shard is not the one the index was made for, build the mix again"
            )
        return np.asarray(image, np.uint8)


def _read_index(path: Path) -> Iterator[Entry]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]  # names may hold U+2028
    except FileNotFoundError:
        raise DataError(f"{path}: no such index; expected a mix made by build-mix") from None
    for number, line in enumerate(lines, 1):
        try:
            yield Entry.model_validate_json(line)
        except ValueError as error:
            raise DataError(f"{path}:{number}: not an index line ({error})") from None
