"""Pictures as frames: a folder of them, a zip read in place, or one file alone."""

import io
import re
from collections import Counter, deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Self

from tirdata.decode.base import RawFrame, RecordingInfo
from tirdata.decode.fff import MAGICS, read_block
from tirdata.decode.fff_camera import Camera, calibration_differs
from tirdata.decode.fff_frame import begin_frame
from tirdata.decode.fff_pixels import PixelDecoder
from tirdata.decode.flir_segments import has_flir_segments, is_radiometric, read_thermal
from tirdata.decode.jpeg_stream import is_motion_jpeg
from tirdata.decode.linear import CENTIKELVIN
from tirdata.decode.picture import Picture, format_of, read_picture
from tirdata.decode.picture_files import FolderFiles, OneFile, PictureFiles, ZipFiles, is_zip
from tirdata.decode.side_file import (
    ASSUMED_FPS,
    IN_FOLDER,
    SideFile,
    assumed_rate,
    side_file_of,
)
from tirdata.decode.stream import BreakError, FrameStream
from tirdata.decode.tiff_pages import TiffPages, is_tiff
from tirdata.errors import MissingError

_LAST_NUMBER = re.compile(r"(\d{1,18})\D*$")
_MOST_GAPS = 10  # times as many numbers as pictures: then they are no numbers of frames


class ImagesReader:
    """A frame a picture, in the natural order of their names."""

    def __init__(self, path: Path, files: PictureFiles, threads: int) -> None:
        self._path = path
        self._files = files
        self._side = files.side or SideFile()
        self._threads = threads
        self._numbers = frame_numbers(files.names)
        self._sizes: Counter[tuple[int, ...]] = Counter()
        self._notes: Counter[str] = Counter()
        self._first: Picture | None = None
        self._stream = FrameStream(path, self._decode())

    @staticmethod
    def recognises(path: Path, head: bytes) -> bool:
        if path.is_dir() or is_zip(head):
            return True
        if format_of(head) is None or is_radiometric(path, head):
            return False
        return not is_motion_jpeg(path, head)

    @classmethod
    def open(cls, path: Path, threads: int = 2) -> Self:
        """Open a folder, a zip or a picture.

        Raises:
            DecodeError: there is no whole picture, or they are not those of one recording.
            MissingError: a TIFF is compressed in a way that needs a package that is not here.
        """
        files: PictureFiles
        if path.is_dir():
            files = FolderFiles(path)
        else:
            with path.open("rb") as file:
                files = ZipFiles(path) if is_zip(file.read(4)) else OneFile(path)
        try:
            return cls(path, files, threads)
        except BaseException:
            files.close()
            raise

    @property
    def info(self) -> RecordingInfo:
        first, side = self._first, self._side
        assert first is not None  # noqa: S101  # there is a first frame, or no reader
        height, width = first.pixels.shape[:2]
        temperatures = side.unit is not None and "float" in first.kind
        thermal = first.thermal or Camera()
        return RecordingInfo(
            container="images",
            codec=first.kind,
            pixel_format="rgb24" if first.pixels.ndim == 3 else _grey_format(first.bits),
            colour_range="pc",
            width=width,
            height=height,
            bits=first.bits,
            fps=side.fps,
            frames=len(self._files.names),
            sensor=side.of_sensor or first.thermal is not None,
            radiometry=CENTIKELVIN if temperatures else side.radiometry or thermal.radiometry,
            camera=side.camera or thermal.model,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        files = self._files
        notes = [f"{count} pictures {note}" for note, count in self._notes.items()]
        if files.left_out:
            notes.append(f"{len(files.left_out)} files that are no pictures left out")
        if len(self._sizes) > 1:
            notes.append(f"pictures of {len(self._sizes)} sizes; each change begins a shot")
        if gaps := self._numbers[-1] + 1 - len(self._numbers):
            notes.append(f"{gaps} numbers are missing among the names; their time is kept free")
        if self._side.fps is None and len(files.names) > 1:
            inside = IN_FOLDER if self._path.is_dir() else side_file_of(self._path).name
            notes.append(assumed_rate(inside))
        return tuple(notes)

    def read(self) -> Iterator[RawFrame]:
        yield from self._stream.read()

    def close(self) -> None:
        self._stream.close()
        self._files.close()

    def _decode(self) -> Generator[RawFrame, None, None]:
        step_s = 1 / (self._side.fps or ASSUMED_FPS)
        numbers = iter(self._numbers)
        for name, picture in self._pictures():
            self._first = self._first or picture
            if picture.bits != self._first.bits:
                raise BreakError(
                    f"{name}: has {picture.bits} bits, those before it {self._first.bits}"
                )
            self._sizes[picture.pixels.shape[:2]] += 1
            if picture.note:
                self._notes[picture.note] += 1
            if calibration_differs(picture.thermal, self._first.thermal):
                self._notes["have another calibration than the first, whose is used"] += 1
            yield RawFrame(picture.pixels, next(numbers) * step_s, picture.colour)

    def _pictures(self) -> Generator[tuple[str, Picture], None, None]:
        """Each with its name; a few are decoded ahead by threads, read by this one."""
        waiting: deque[tuple[str, Future[Picture]]] = deque()
        with ThreadPoolExecutor(self._threads) as pool:
            for name in self._files.names:
                waiting.append((name, self._begin(pool, name)))
                while len(waiting) > (0 if self._first is None else self._threads):
                    yield self._end(*waiting.popleft())
            while waiting:
                yield self._end(*waiting.popleft())

    def _begin(self, pool: ThreadPoolExecutor, name: str) -> Future[Picture]:
        try:
            data = self._files.read(name)
        except BreakError as error:
            failed: Future[Picture] = Future()
            failed.set_exception(error)
            return failed
        return pool.submit(_read, name, data, self._side)

    def _end(self, name: str, begun: Future[Picture]) -> tuple[str, Picture]:
        try:
            return name, begun.result()
        except MissingError as error:
            raise MissingError(f"{self._path}: {error}") from None
        except BreakError as error:
            alone = name == self._path.name and len(self._files.names) == 1
            raise BreakError(str(error) if alone else f"{name}: {error}") from None


def frame_numbers(names: list[str]) -> list[int]:
    """Which frame each picture is, from 0: by the last number in its name, if these count.

    Numbers that repeat, are not steps of one size, or are far more than there are pictures (times
    of day, say) tell nothing; then the pictures are counted.
    """
    counted = list(range(len(names)))
    found = [_LAST_NUMBER.search(PurePosixPath(name).stem) for name in names]
    numbers = [int(each[1]) for each in found if each is not None]
    if len(numbers) < len(names) or len(names) < 2:
        return counted
    steps = [b - a for a, b in pairwise(numbers)]
    step = min(steps)
    if step < 1 or any(each % step for each in steps):
        return counted
    frames = [(number - numbers[0]) // step for number in numbers]
    return frames if frames[-1] < _MOST_GAPS * len(names) else counted


def _read(name: str, data: bytes, side: SideFile) -> Picture:
    if not data:
        raise BreakError("is empty (0 bytes)")
    file = io.BytesIO(data)
    if has_flir_segments(file):  # counts lie behind the picture
        stored, thermal = read_thermal(file)
        return Picture(stored.counts, 16, f"FLIR JPEG {stored.codec}", thermal=thermal)
    if data.startswith(MAGICS):
        begun = begin_frame(file, read_block(file, 0, len(data)), len(data), PixelDecoder())
        if begun is None:
            raise BreakError("has no raw data record")
        stored, thermal = begun()
        return Picture(stored.counts, 16, f"FLIR FFF {stored.codec}", thermal=thermal)
    if not is_tiff(data):
        return read_picture(data)
    file.name = name
    pages = TiffPages(file, side.unit).read()
    first = next(pages, None)
    if first is None:
        raise BreakError("has no page")
    if next(pages, None) is not None:
        raise BreakError("has several pages; give a stack by itself")
    return first


def _grey_format(bits: int) -> str:
    return "gray16le" if bits > 8 else "gray"
