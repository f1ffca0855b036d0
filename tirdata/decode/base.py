"""Reading the raw frames of a recording: the seam.

To add a container format, write a class with ``recognises``, ``open``, ``read`` and ``close`` in
a file of its own and list it in ``READERS``. The first bytes choose the reader of a file; which
files of a folder are recordings is seen from their endings, ``RECORDINGS`` in
``tirdata/fetch/folders.py``, and a new one belongs there too (``CAMERA_SUFFIXES`` in
``tirdata/fetch/download.py`` if links to it are never pages).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

# (h, w) uint8 intensity | (h, w) uint16 counts | (h, w, 3) uint8 red, green, blue
Pixels: TypeAlias = NDArray[np.unsignedinteger[Any]]
Counts: TypeAlias = NDArray[np.uint16]  # (h, w) of a sensor, more is warmer
Colours: TypeAlias = NDArray[np.uint8]  # (h, w, 3) red, green, blue

HEAD_BYTES = 4096  # what ``recognises`` is shown of a file


class RawFrame(NamedTuple):
    """A frame as the recording has it."""

    pixels: Pixels
    time_s: float  # presentation time, the first frame's is 0
    colour: float = 0.0  # mean distance of the pixels from grey, in levels of 0..255
    since_shutter_s: float | None = None  # since the sensor's shutter closed, where the file says
    paint: Callable[[], Colours] | None = None  # the colours, where ``pixels`` are their luma

    @property
    def colours(self) -> Colours:
        """The frame in red, green, blue, (h, w, 3) uint8; grey if it has no colours.

        Not for counts of more than 8 bits.
        """
        if self.paint is not None:
            return self.paint()
        grey = self.pixels.astype(np.uint8, copy=False)
        return grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, axis=2)


class Radiometry(Protocol):
    """From a sensor's counts to the temperature of what is seen."""

    def kelvin(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        """Temperatures in kelvin of ``counts``; rising with them; NaN where none is defined."""
        ...

    @property
    def constants(self) -> dict[str, float]:
        """What the file says of its calibration, by name, for ``source.json``."""
        ...


@dataclass(frozen=True)
class RecordingInfo:
    """What the recording says of itself."""

    container: str
    codec: str
    pixel_format: str
    colour_range: Literal["tv", "pc"]
    width: int  # as read, that is after rotation
    height: int
    bits: int  # of one sample
    fps: float | None
    frames: int | None  # as declared; none = not declared
    sensor: bool = False  # counts of a thermal sensor: more is warmer by how they came about
    radiometry: Radiometry | None = None  # none = counts cannot be turned into kelvin
    camera: str | None = None  # make and model, where the file says so


class FrameReader(Protocol):
    """Gives the frames of one recording, once, from the first to the last."""

    @property
    def info(self) -> RecordingInfo:
        """Known as soon as the reader is open."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of the frames that were read so far."""
        ...

    @staticmethod
    def recognises(path: Path, head: bytes) -> bool:
        """Whether the first bytes, ``head``, are those of this format."""
        ...

    @classmethod
    def open(cls, path: Path, threads: int = 2) -> Self:
        """Open a recording and read its first frame; ``threads`` is an upper bound.

        Raises:
            DecodeError: it has no whole frame.
        """
        ...

    def read(self) -> Iterator[RawFrame]:
        """Every whole frame in order of presentation.

        Raises:
            DecodeError: the recording breaks off or is damaged; says after which frame.
        """
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
