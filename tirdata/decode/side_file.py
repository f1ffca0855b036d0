"""What a person says of a recording that cannot say it itself: a small TOML file.

It lies beside a file as ``<name>.toml`` and in a folder or zip as ``recording.toml``.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from tirdata.config import Config, check
from tirdata.decode.linear import LinearRadiometry
from tirdata.errors import ConfigError, DecodeError

IN_FOLDER = "recording.toml"
ASSUMED_FPS = 25.0

_MOST_BYTES = 1 << 16


class RawLayout(Config):
    """How the bytes of a headerless file make frames."""

    width: Annotated[int, Field(ge=1)]
    """Of a frame, in pixels."""
    height: Annotated[int, Field(ge=1)]
    """Of a frame, in pixels."""
    dtype: Literal["uint8", "uint16"] = "uint16"
    """Of a pixel."""
    byte_order: Literal["little", "big"] = "little"
    """Of a pixel of 16 bits."""
    bits: Annotated[int, Field(ge=9, le=16)] | None = None
    """How many bits of a pixel of 16 are used: 14 for most cameras; none = all."""
    header_bytes: Annotated[int, Field(ge=0)] = 0
    """What is before the first frame."""
    gap_bytes: Annotated[int, Field(ge=0)] = 0
    """What is between a frame and the next."""


class SideFile(Config):
    """What is known of a recording."""

    fps: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Frames a second; none = 25 are assumed, with a warning."""
    sensor: bool = False
    """Whether the counts are those of a thermal sensor, so that more is warmer."""
    camera: str | None = None
    """Make and model."""
    kelvin_per_count: Annotated[float, Field(gt=0)] | None = None
    """For counts that are temperatures: kelvin = kelvin_per_count * count + kelvin_at_zero."""
    kelvin_at_zero: float = 0.0
    """The temperature that a count of 0 stands for."""
    unit: Literal["celsius", "kelvin"] | None = None
    """Of a TIFF that holds temperatures as fractions (32-bit floats)."""
    raw: RawLayout | None = None
    """Only of a file that has no header."""

    @property
    def radiometry(self) -> LinearRadiometry | None:
        """From counts to kelvin, where it is said."""
        if self.kelvin_per_count is None:
            return None
        return LinearRadiometry(self.kelvin_per_count, self.kelvin_at_zero)

    @property
    def of_sensor(self) -> bool:
        """Whether more counts are warmer: said, or they are temperatures."""
        return self.sensor or self.kelvin_per_count is not None or self.unit is not None


def side_file_of(path: Path) -> Path:
    """Where the side file of a recording lies, if it has one."""
    return path / IN_FOLDER if path.is_dir() else path.with_name(f"{path.name}.toml")


def read_side_file(path: Path) -> SideFile | None:
    """The side file of the recording at ``path``; none = it has none.

    Raises:
        DecodeError: it cannot be read, is not TOML, or says what is not known.
    """
    file = side_file_of(path)
    if not file.is_file():
        return None
    try:
        with file.open("rb") as opened:
            return parse_side_file(opened.read(_MOST_BYTES + 1), str(file))
    except OSError as error:
        raise DecodeError(f"{file}: cannot be read ({error.strerror})") from None


def parse_side_file(data: bytes, where: str) -> SideFile:
    """The bytes of a side file; errors name ``where``.

    Raises:
        DecodeError: they are too many, not TOML, or say what is not known.
    """
    if len(data) > _MOST_BYTES:
        raise DecodeError(f"{where}: has more than {_MOST_BYTES} bytes; expected a few lines")
    try:
        values: dict[str, Any] = tomllib.loads(data.decode("utf-8-sig"))
        return check(values, SideFile, where=where)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"{where}: not TOML ({error})") from None
    except ConfigError as error:
        raise DecodeError(str(error)) from None


def assumed_rate(where: str) -> str:
    """The warning for a recording whose rate nothing says."""
    return f"nothing says how fast; {ASSUMED_FPS:g} frames/s assumed: give fps in {where}"
