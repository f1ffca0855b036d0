"""Headerless frames, one after the other, laid out as a side file says."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np

from tirdata.decode.base import Pixels, RawFrame, RecordingInfo
from tirdata.decode.limits import check_size
from tirdata.decode.side_file import (
    ASSUMED_FPS,
    RawLayout,
    SideFile,
    assumed_rate,
    read_side_file,
    side_file_of,
)
from tirdata.decode.stream import BreakError, FrameStream
from tirdata.errors import DecodeError


class Raw16Reader:
    """Pixels of 8 or 16 bits; how large a frame is stands in ``<name>.toml``, table ``raw``."""

    def __init__(self, path: Path, side: SideFile, layout: RawLayout, file: BinaryIO) -> None:
        self._path = path
        self._side = side
        self._layout = layout
        self._file = file
        self._beyond = 0
        self._size = path.stat().st_size
        self._stream = FrameStream(path, self._decode())

    @staticmethod
    def recognises(path: Path, head: bytes) -> bool:
        """By the side file: it is there and has the table ``raw``."""
        if not head:
            return False
        side = read_side_file(path)
        return side is not None and side.raw is not None

    @classmethod
    def open(cls, path: Path, threads: int = 2) -> Self:  # noqa: ARG003  # nothing to compute
        side = read_side_file(path)
        if side is None or side.raw is None:
            raise DecodeError(f"{side_file_of(path)}: has no table [raw]; expected width, height")
        try:
            check_size(side.raw.width, side.raw.height)
        except DecodeError as error:
            raise DecodeError(f"{side_file_of(path)}: {error}") from None
        file = path.open("rb")
        try:
            return cls(path, side, side.raw, file)
        except BaseException:
            file.close()
            raise

    @property
    def info(self) -> RecordingInfo:
        layout, side = self._layout, self._side
        whole = self._size - layout.header_bytes + layout.gap_bytes
        return RecordingInfo(
            container="raw",
            codec="raw",
            pixel_format={1: "gray", 2: f"gray16{layout.byte_order[0]}e"}[self._dtype.itemsize],
            colour_range="pc",
            width=layout.width,
            height=layout.height,
            bits=self._bits,
            fps=side.fps,
            frames=whole // (self._frame_bytes + layout.gap_bytes),
            sensor=side.of_sensor,
            radiometry=side.radiometry,
            camera=side.camera,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        side = side_file_of(self._path).name
        rate = () if self._side.fps else (assumed_rate(side),)
        if not self._beyond:
            return rate
        return (
            *rate,
            f"{self._beyond} frames have counts of more than {self._bits} bits; "
            f"look at bits and byte_order in {side}",
        )

    def read(self) -> Iterator[RawFrame]:
        yield from self._stream.read()

    def close(self) -> None:
        self._stream.close()
        self._file.close()

    @property
    def _dtype(self) -> np.dtype[np.unsignedinteger]:
        kind = np.dtype(self._layout.dtype)
        return kind.newbyteorder("<" if self._layout.byte_order == "little" else ">")

    @property
    def _bits(self) -> int:
        used = self._layout.bits or 16
        return min(used, 8 * self._dtype.itemsize)

    @property
    def _frame_bytes(self) -> int:
        return self._layout.width * self._layout.height * self._dtype.itemsize

    def _decode(self) -> Generator[RawFrame, None, None]:
        layout, dtype = self._layout, self._dtype
        step_s = 1 / (self._side.fps or ASSUMED_FPS)
        position, number = layout.header_bytes, 0
        while position < self._size:
            self._file.seek(position)
            data = self._file.read(self._frame_bytes)
            if len(data) < self._frame_bytes:
                raise BreakError(
                    f"{len(data)} bytes are left of the {self._frame_bytes} of a frame of "
                    f"{layout.width}x{layout.height} {layout.dtype}"
                )
            stored = np.frombuffer(data, dtype).reshape(layout.height, layout.width)
            pixels: Pixels = stored.astype(dtype.newbyteorder("="))
            self._beyond += int(pixels.max()) >> self._bits != 0
            yield RawFrame(pixels, number * step_s)
            position += self._frame_bytes + layout.gap_bytes
            number += 1
