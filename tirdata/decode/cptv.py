"""CPTV 1 and 2, the recordings of the Cacophony Project's thermal traps.

A gzip stream of sections. Each is a letter (H = header, F = frame), a number of fields, and the
fields: length (1 byte), letter, value (little-endian). The pixels follow a frame's fields: the
first value (32 bits), then a step to each next pixel, as whole numbers of ``w`` bits, packed
without gaps from the highest bit on. Lines run to the right and to the left in turn. What is
stored so is the change since the frame before.
"""

import zlib
from collections.abc import Generator, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tirdata.decode.base import Counts, RawFrame, RecordingInfo
from tirdata.decode.limits import check_size
from tirdata.decode.linear import CENTIKELVIN, LinearRadiometry
from tirdata.decode.stream import BreakError, FrameStream
from tirdata.errors import DecodeError

_MAGIC = b"CPTV"
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 16
_SIP = 1 << 10  # bytes unzipped at once; what becomes of them is lost where they are damaged
_WIDEST = 25  # bits of a step that fit into 32 wherever they begin
_ASSUMED_RATE = 9.0  # of the Lepton
_MOST_PIXELS = 4_000_000  # the cameras have 19,200
_CENTIKELVIN_MODELS = ("lepton3.5",)  # others give counts that drift with the camera
_WARM = 17315  # -100 degrees Celsius in centikelvin; counts that are none lie far below

_Fields = dict[bytes, bytes]


class CptvReader:
    """One recording; background frames are left out and counted."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._bytes = _Unzipped(file)
        self._background = 0
        self._untimed = 0
        self._header = self._read_header()
        self._warnings: list[str] = []
        self._stream = FrameStream(path, self._decode())
        self._info = self._describe()

    @staticmethod
    def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG004  # the bytes say it all
        if head.startswith(_GZIP):
            with suppress(zlib.error):
                head = zlib.decompressobj(31).decompress(head, len(_MAGIC))
        return head.startswith(_MAGIC)

    @classmethod
    def open(cls, path: Path, threads: int = 2) -> Self:  # noqa: ARG003  # one is enough
        file = path.open("rb")
        try:
            return cls(path, file)
        except BaseException:
            file.close()
            raise

    @property
    def info(self) -> RecordingInfo:
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        rate = self._header.fps or _ASSUMED_RATE
        counted = {
            f"{self._background} background frames, which no camera took, left out": (
                self._background
            ),
            f"{self._untimed} frames have no time that goes on; counted {rate:g}/s": self._untimed,
        }
        return (*self._warnings, *(text for text, count in counted.items() if count))

    def read(self) -> Iterator[RawFrame]:
        yield from self._stream.read()

    def close(self) -> None:
        self._stream.close()
        self._file.close()

    def _read_header(self) -> "_Header":
        try:
            magic, version = self._bytes.take(4), self._bytes.take(1)[0]
            if magic != _MAGIC or version not in (1, 2):
                raise DecodeError(f"{self._path}: is CPTV version {version}; expected 1 or 2")
            kind, fields = self._bytes.section()
        except BreakError as error:
            raise DecodeError(f"{self._path}: has no whole header ({error})") from None
        if kind != b"H":
            raise DecodeError(f"{self._path}: begins with section {kind!r}; expected a header")
        try:
            return _Header.of(version, fields)
        except DecodeError as error:
            raise DecodeError(f"{self._path}: {error}") from None

    def _decode(self) -> Generator[RawFrame, None, None]:
        header = self._header
        snake = _snake(header.width, header.height)
        level: NDArray[np.int32] = np.zeros(header.width * header.height, np.int32)
        times = _Times(1 / (header.fps or _ASSUMED_RATE))
        while not self._bytes.at_end():
            kind, fields = self._bytes.section()
            if kind != b"F":
                raise BreakError(f"section {kind!r} where a frame was expected")
            level = level + self._read_steps(fields, level.size)
            if _number(fields, b"g"):
                self._background += 1
                continue
            ticks = _number(fields, b"t")
            time_s, told = times.next(None if ticks is None else ticks / header.ticks_per_s)
            self._untimed += not told
            counts: Counts = level[snake].astype(np.uint16)
            yield RawFrame(counts, time_s, since_shutter_s=_since_shutter(fields))
        if left := self._bytes.left():
            self._warnings.append(f"{left} bytes after the end of the gzip stream left out")

    def _read_steps(self, fields: _Fields, pixels: int) -> NDArray[np.int32]:
        """The change of each pixel, in the order in which they are stored."""
        bits, size = _number(fields, b"w") or 0, _number(fields, b"f") or 0
        expected = 4 + -(-(pixels - 1) * bits // 8)
        if not 1 <= bits <= _WIDEST or size < expected or size > expected + _CHUNK:
            raise BreakError(f"{size} bytes for {pixels} pixels of {bits} bits")
        data = np.frombuffer(self._bytes.take(size), np.uint8)
        steps = np.empty(pixels, np.int32)
        steps[:1] = data[:4].view("<i4")
        steps[1:] = _unpack(data[4:expected], bits, pixels - 1)
        return np.cumsum(steps, dtype=np.int32)

    def _describe(self) -> RecordingInfo:
        header = self._header
        return RecordingInfo(
            container="cptv",
            codec=f"cptv{header.version}",
            pixel_format="gray16le",
            colour_range="pc",
            width=header.width,
            height=header.height,
            bits=16,
            fps=header.fps,
            frames=None,
            sensor=True,
            radiometry=self._radiometry(),
            camera=header.camera,
        )

    def _radiometry(self) -> LinearRadiometry | None:
        if self._header.model.lower().replace(" ", "") not in _CENTIKELVIN_MODELS:
            return None
        if float(np.median(self._stream.first.pixels)) >= _WARM:
            return CENTIKELVIN
        self._warnings.append(
            f"{self._header.camera} with counts that are no centikelvin; no temperatures"
        )
        return None


class _Header(NamedTuple):
    """What is needed of the first section."""

    version: int
    width: int
    height: int
    fps: float | None
    brand: str
    model: str

    @classmethod
    def of(cls, version: int, fields: _Fields) -> Self:
        """From its fields; size and compression have to be there."""
        compression = _number(fields, b"C")
        if compression != 1:
            raise DecodeError(f"compression {compression}; expected 1, the only one there is")
        width, height = _number(fields, b"X") or 0, _number(fields, b"Y") or 0
        check_size(width, height, _MOST_PIXELS)
        brand, model = (fields.get(key, b"").decode("utf-8", "replace") for key in (b"B", b"E"))
        fps = _number(fields, b"Z")
        return cls(version, width, height, float(fps) if fps else None, brand, model)

    @property
    def camera(self) -> str | None:
        return " ".join(part for part in (self.brand, self.model) if part) or None

    @property
    def ticks_per_s(self) -> int:
        """Version 1 counts microseconds of the recording, version 2 milliseconds of the camera."""
        return 1_000_000 if self.version == 1 else 1000


class _Unzipped:
    """What is inside a gzip stream, piece by piece; never more than a piece in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._gzip = zlib.decompressobj(31)
        self._zipped = b""
        self._ready = bytearray()

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        while len(self._ready) < size:
            if not self._fill():
                raise BreakError("the next one is cut off")
        taken = bytes(self._ready[:size])
        del self._ready[:size]
        return taken

    def at_end(self) -> bool:
        """Whether nothing more comes, and gzip's checksum is right."""
        return not self._ready and not self._fill()

    def left(self) -> int:
        """How many bytes stand after the end of the gzip stream."""
        return len(self._gzip.unused_data) + len(self._file.read(_CHUNK))

    def section(self) -> tuple[bytes, _Fields]:
        """The letter of the next section, and its fields."""
        kind, count = self.take(1), self.take(1)[0]
        fields = {}
        for _ in range(count):
            size = self.take(1)[0]
            letter = self.take(1)
            fields[letter] = self.take(size)
        return kind, fields

    def _fill(self) -> bool:
        """Unzip a little; false at the end of the stream."""
        before = len(self._ready)
        while len(self._ready) == before:
            if self._gzip.eof:
                return False
            data = self._zipped or self._file.read(_SIP)
            if not data:
                raise BreakError("the next one is cut off")
            try:
                self._ready += self._gzip.decompress(data, _CHUNK)
            except zlib.error as error:
                raise BreakError(f"the next one is damaged: {error}") from None
            self._zipped = self._gzip.unconsumed_tail
        return True


class _Times:
    """Presentation times from the first frame on."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._start_s: float | None = None
        self._last_s = -step_s

    def next(self, stamp_s: float | None) -> tuple[float, bool]:
        """Time of the next frame, and whether the file told it."""
        if stamp_s is not None and self._start_s is None:
            self._start_s = stamp_s - (self._last_s + self._step_s)
        told = stamp_s is not None and stamp_s - (self._start_s or 0.0) > self._last_s
        if told:
            self._last_s = round((stamp_s or 0.0) - (self._start_s or 0.0), 6)
        else:
            self._last_s += self._step_s
        return self._last_s, told


def _number(fields: _Fields, letter: bytes) -> int | None:
    value = fields.get(letter)
    return None if value is None else int.from_bytes(value[:4], "little")


def _since_shutter(fields: _Fields) -> float | None:
    now_ms, closed_ms = _number(fields, b"t"), _number(fields, b"c")
    if now_ms is None or closed_ms is None or closed_ms > now_ms:
        return None
    return (now_ms - closed_ms) / 1000


def _unpack(packed: NDArray[np.uint8], bits: int, count: int) -> NDArray[np.int32]:
    """``count`` whole numbers of ``bits`` bits, two's complement, highest bit first."""
    byte, used = _places(bits, count)
    padded = np.concatenate([packed, np.zeros(3, np.uint8)]).astype(np.uint32)
    window = padded[byte] << 24
    for further in (1, 2, 3):
        window |= padded[byte + further] << (24 - 8 * further)
    signed: NDArray[np.int32] = (window << used).view(np.int32) >> np.int32(32 - bits)
    return signed


@lru_cache(maxsize=32)
def _places(bits: int, count: int) -> tuple[NDArray[np.intp], NDArray[np.uint32]]:
    """In which byte each number begins, and how many bits of that belong to the one before."""
    start = np.arange(count, dtype=np.int64) * bits
    return (start >> 3).astype(np.intp), (start & 7).astype(np.uint32)


@lru_cache(maxsize=8)
def _snake(width: int, height: int) -> NDArray[np.intp]:
    """Where each pixel, (h, w), stands in the order in which they are stored."""
    order = np.arange(width * height).reshape(height, width)
    order[1::2] = order[1::2, ::-1]
    return order
