"""FLIR SEQ and CSQ recordings and single FFF pictures: FFF blocks, one after the other."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO, Self

from tirdata.decode.base import RawFrame, RecordingInfo
from tirdata.decode.fff import HEADER_BYTES, MAGICS, Block, byte_order, find_header, read_block
from tirdata.decode.fff_camera import Camera, calibration_differs
from tirdata.decode.fff_frame import ThermalFrame, begin_frame, describe, remarks
from tirdata.decode.fff_pixels import PixelDecoder
from tirdata.decode.stream import BreakError, FrameStream

_ASSUMED_RATE = 30.0
_PADDING = 8  # what follows the last picture, up to a multiple of this, may be missing


class FlirSeqReader:
    """A few blocks in memory at a time, however long the recording is."""

    _first: ThermalFrame | None = None

    def __init__(self, path: Path, file: BinaryIO, threads: int) -> None:
        self._file = file
        self._size = path.stat().st_size
        self._threads = threads
        self._clock = Clock()
        self._notes = _Notes()
        self._stream = FrameStream(path, self._decode())
        assert self._first is not None  # noqa: S101  # or there were no frame
        self._info = describe(self._first, "flir-seq", None)

    @staticmethod
    def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG004  # the bytes say it all
        return head[:4] in MAGICS

    @classmethod
    def open(cls, path: Path, threads: int = 2) -> Self:
        file = path.open("rb")
        try:
            return cls(path, file, threads)
        except BaseException:
            file.close()
            raise

    @property
    def info(self) -> RecordingInfo:
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self._notes.lines(), *self._clock.warnings)

    def read(self) -> Iterator[RawFrame]:
        yield from self._stream.read()

    def close(self) -> None:
        self._stream.close()
        self._file.close()

    def _decode(self) -> Generator[RawFrame, None, None]:
        """In order; pictures that are compressed are decoded ahead by threads."""
        waiting: deque[Callable[[], ThermalFrame]] = deque()
        with ThreadPoolExecutor(self._threads) as pool:
            for begun in self._begin(PixelDecoder(pool)):
                waiting.append(begun)
                while len(waiting) > (0 if self._first is None else self._threads):
                    yield self._raw(waiting.popleft()())
            while waiting:
                yield self._raw(waiting.popleft()())

    def _begin(self, decoder: PixelDecoder) -> Iterator[Callable[[], ThermalFrame]]:
        """The frames, begun; where the recording breaks off, the last one raises why."""
        try:
            yield from self._blocks(decoder)
        except BreakError as error:
            yield partial(_break, error)

    def _blocks(self, decoder: PixelDecoder) -> Iterator[Callable[[], ThermalFrame]]:
        position: int | None = 0
        frames = 0
        while position is not None:
            block = read_block(self._file, position, self._size)
            begun = begin_frame(self._file, block, self._size, decoder)
            if begun is None:
                self._notes.empty += 1
            else:
                frames += 1
                yield begun
            position = self._next(block)
        if not frames:
            raise BreakError(f"none of its {self._notes.empty} blocks has a raw data record")

    def _raw(self, frame: ThermalFrame) -> RawFrame:
        self._check(frame)
        return RawFrame(
            frame.picture.counts,
            self._clock.read(frame.camera),
            since_shutter_s=0.0 if frame.camera.shutter else None,
        )

    def _check(self, frame: ThermalFrame) -> None:
        """Whether the frame goes with the first."""
        if self._first is None:
            self._first = frame
            self._notes.first(frame)
        if frame.size != self._first.size:
            width, height = self._first.size
            raise BreakError(
                f"the next one is {frame.size[0]}x{frame.size[1]}, those before {width}x{height}"
            )
        self._notes.compare(frame, self._first)

    def _next(self, block: Block) -> int | None:
        """Where the block after ``block`` begins; none = the file ends with it."""
        lacking = block.end - self._size
        if lacking >= _PADDING:
            raise BreakError(f"the file lacks at least {lacking} bytes")
        if lacking > 0:
            self._notes.lacking = lacking
            return None
        self._file.seek(block.end)
        header = self._file.read(HEADER_BYTES)
        if not header or byte_order(header):
            return block.end if header else None
        if header[:4] in MAGICS:  # the next one, cut off or damaged: reading it says how
            return block.end
        found, blank = find_header(self._file, block.end, self._size)
        if found is None and not blank:
            raise BreakError(f"{self._size - block.end} bytes at {block.end} that are no FFF block")
        if not blank:
            self._notes.skipped += (found or self._size) - block.end
        return found


def _break(error: BreakError) -> ThermalFrame:
    raise error


class Clock:
    """Times from the first frame on, by the stamps of the camera where they go on."""

    def __init__(self) -> None:
        self._start_ms: int | None = None
        self._last_s: float | None = None
        self._step_s = 1 / _ASSUMED_RATE
        self._guessed = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        guess = f"{self._guessed} frames have no time that goes on; counted {1 / self._step_s:g}/s"
        return (guess,) if self._guessed else ()

    def read(self, camera: Camera) -> float:
        """Seconds; each later than the one before."""
        if self._last_s is None:
            self._step_s = 1 / (camera.fps or _ASSUMED_RATE)
        if self._start_ms is None:
            self._start_ms = camera.time_ms
        if camera.time_ms is not None and self._start_ms is not None:
            elapsed_s = (camera.time_ms - self._start_ms) / 1000
            if self._last_s is None or elapsed_s > self._last_s:
                self._last_s = elapsed_s
                return elapsed_s
        self._guessed += self._last_s is not None
        self._last_s = 0.0 if self._last_s is None else self._last_s + self._step_s
        return self._last_s


class _Notes:
    """What is counted along the way."""

    def __init__(self) -> None:
        self.empty = 0
        self.skipped = 0
        self.lacking = 0
        self._recalibrated = 0
        self._recoded = 0
        self._lines: list[str] = []

    def first(self, frame: ThermalFrame) -> None:
        """Take up what the first frame has to be remarked on."""
        self._lines = remarks(frame)

    def compare(self, frame: ThermalFrame, first: ThermalFrame) -> None:
        """Count a frame that is stored or calibrated in another way than the first."""
        self._recoded += frame.picture.codec != first.picture.codec
        self._recalibrated += calibration_differs(frame.camera, first.camera)

    def lines(self) -> list[str]:
        counted = {
            f"{self.empty} blocks without raw data left out": self.empty,
            f"{self.skipped} bytes between frames are no FFF block; left out": self.skipped,
            f"the file lacks {self.lacking} bytes that follow the last frame": self.lacking,
            f"{self._recoded} frames are compressed in another way than the first": self._recoded,
            f"{self._recalibrated} frames have another calibration than the first, whose "
            "temperatures are given": self._recalibrated,
        }
        return [*self._lines, *(line for line, count in counted.items() if count)]
