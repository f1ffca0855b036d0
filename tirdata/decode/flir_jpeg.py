"""FLIR radiometric JPEG: a picture for the eye with the counts behind it."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Self

from tirdata.decode.base import RawFrame, RecordingInfo
from tirdata.decode.fff_frame import ThermalFrame, describe, remarks
from tirdata.decode.flir_segments import is_radiometric, read_thermal
from tirdata.decode.stream import FrameStream


class FlirJpegReader:
    """One frame of counts; the picture for the eye is not looked at."""

    _thermal: ThermalFrame | None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream = FrameStream(path, self._decode())
        assert self._thermal is not None  # noqa: S101  # or there were no frame
        self._warnings = tuple(remarks(self._thermal))
        self._info = describe(self._thermal, "flir-jpeg", 1)

    @staticmethod
    def recognises(path: Path, head: bytes) -> bool:
        return is_radiometric(path, head)

    @classmethod
    def open(cls, path: Path, threads: int = 2) -> Self:  # noqa: ARG003  # there is one frame
        return cls(path)

    @property
    def info(self) -> RecordingInfo:
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._warnings

    def read(self) -> Iterator[RawFrame]:
        yield from self._stream.read()

    def close(self) -> None:
        self._stream.close()

    def _decode(self) -> Generator[RawFrame, None, None]:
        with self._path.open("rb") as file:
            self._thermal = read_thermal(file)
        yield RawFrame(self._thermal.picture.counts, 0.0)
