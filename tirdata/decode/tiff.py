"""TIFF files: single pictures and stacks, page by page."""

from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, Self

from tirdata.decode.base import RawFrame, RecordingInfo
from tirdata.decode.linear import CENTIKELVIN
from tirdata.decode.picture import Picture
from tirdata.decode.side_file import (
    ASSUMED_FPS,
    SideFile,
    assumed_rate,
    read_side_file,
    side_file_of,
)
from tirdata.decode.stream import BreakError, FrameStream, broken_off
from tirdata.decode.tiff_pages import TiffPages, is_tiff


class TiffReader:
    """A frame a page; a side file may give rate, unit and camera."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._side = read_side_file(path) or SideFile()
        self._notes: Counter[str] = Counter()
        self._given = 0
        try:
            self._pages = TiffPages(file, self._side.unit)
        except BreakError as error:
            raise broken_off(path, 0, str(error)) from None
        self._kind = ""
        self._bits = 8
        self._stream = FrameStream(path, self._decode())

    @staticmethod
    def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG004  # the bytes say it all
        return is_tiff(head)

    @classmethod
    def open(cls, path: Path, threads: int = 2) -> Self:  # noqa: ARG003  # a page at a time
        """Open a TIFF.

        Raises:
            DecodeError: it has no whole page.
            MissingError: it is compressed in a way that needs a package that is not here.
        """
        file = path.open("rb")
        try:
            return cls(path, file)
        except BaseException:
            file.close()
            raise

    @property
    def info(self) -> RecordingInfo:
        pixels = self._stream.first.pixels
        side = self._side
        temperatures = side.unit is not None and " float" in self._kind
        return RecordingInfo(
            container="tiff",
            codec=self._kind,
            pixel_format="rgb24" if pixels.ndim == 3 else "gray16le" if self._bits > 8 else "gray",
            colour_range="pc",
            width=pixels.shape[1],
            height=pixels.shape[0],
            bits=self._bits,
            fps=self._fps,
            frames=None,
            sensor=side.of_sensor,
            radiometry=CENTIKELVIN if temperatures else side.radiometry,
            camera=side.camera,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        notes = [f"{count} pages {note}" for note, count in self._notes.items()]
        if self._pages.reduced:
            notes.append(f"{self._pages.reduced} reduced copies of pages left out")
        if self._given > 1 and self._fps is None:
            notes.append(assumed_rate(side_file_of(self._path).name))
        return tuple(notes)

    def read(self) -> Iterator[RawFrame]:
        yield from self._stream.read()

    def close(self) -> None:
        self._stream.close()
        self._file.close()

    @property
    def _fps(self) -> float | None:
        if self._side.fps is None and self._pages.interval_s:
            return 1 / self._pages.interval_s
        return self._side.fps

    def _decode(self) -> Generator[RawFrame, None, None]:
        for page in self._pages.read():
            if not self._given:
                self._kind, self._bits = page.kind, page.bits
            self._check_like_the_first(page)
            if page.note:
                self._notes[page.note] += 1
            time_s = self._given / (self._fps or ASSUMED_FPS)
            self._given += 1
            yield RawFrame(page.pixels, time_s, page.colour)

    def _check_like_the_first(self, page: Picture) -> None:
        if page.bits != self._bits:
            raise BreakError(f"the next one has {page.bits} bits, those before {self._bits}")
