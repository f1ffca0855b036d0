"""One picture file, from its bytes to pixels as they are stored.

16-bit grey stays counts; everything with colours is red, green, blue of 8 bits. Grey of fewer than
8 bits is spread to 0..255. A picture is turned upright as its EXIF data say.
"""

import io
import re
import struct
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tirdata.decode.base import Pixels
from tirdata.decode.fff_camera import Camera
from tirdata.decode.limits import MOST_PIXELS, check_size
from tirdata.decode.stream import BreakError
from tirdata.errors import DecodeError

Image.MAX_IMAGE_PIXELS = None  # its warning would go to the screen; check_size refuses earlier
MOST_BYTES = 256_000_000  # of one file
_MOST_WRITTEN = 4_000_000  # pixels written out in digits, which take 50 times their memory

_PNG_DEPTH = 24  # where its header has the bits of a sample
_PNG = b"\x89PNG\r\n\x1a\n"
_FORMATS = {  # what Pillow calls them, and how they begin
    "PNG": re.compile(re.escape(_PNG)),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "BMP": re.compile(rb"BM.{4}\x00{4}", re.DOTALL),
    "PPM": re.compile(rb"P[1-6]\s"),
    "WEBP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "JPEG2000": re.compile(rb"\x00\x00\x00\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"),
}
_ORIENTATION = 0x0112
_EVERY = 4  # colour is judged on every fourth pixel of every fourth line
_WITH_ALPHA = ("RGBA", "LA", "PA", "La", "RGBa")
# What Pillow raises when it meets bytes that are not as its formats have them.
_DAMAGE = (
    *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError),
    *(
        OverflowError,
        struct.error,
        zlib.error,
    ),
)
_NUMBERS = rb"(?:\s|#[^\n]*\n)+(\d{1,9})" * 3 + rb"\s"
_GREYMAP = re.compile(rb"P([25])" + _NUMBERS)
_NETPBM = re.compile(rb"P([56])" + _NUMBERS)
_HEAD = 64


class Picture(NamedTuple):
    """The pixels of a picture and what a person should know of them."""

    pixels: Pixels
    bits: int
    kind: str  # format and how it stores pixels, as "PNG I;16"
    note: str | None = None
    thermal: Camera | None = None  # what a thermal camera says of its counts

    @property
    def colour(self) -> float:
        """Mean distance of the pixels from grey, in levels of 0..255."""
        if self.pixels.ndim == 2:
            return 0.0
        sparse = self.pixels[::_EVERY, ::_EVERY].astype(np.int16)
        return float((sparse.max(axis=2) - sparse.min(axis=2)).mean())


def format_of(head: bytes) -> str | None:
    """Name of the picture format that begins with ``head``, TIFF not among them; none = none."""
    return next((name for name, start in _FORMATS.items() if start.match(head)), None)


def read_picture(data: bytes) -> Picture:
    """Decode a picture.

    Raises:
        BreakError: it is damaged, too large, or of a format that is not known.
    """
    name = format_of(data)
    if name is None:
        raise BreakError(f"begins with {data[:8].hex(' ')}, which is no picture known")
    if name == "PPM":
        _check_netpbm(data)
    greymap = _GREYMAP.match(data) if name == "PPM" else None
    if greymap is not None and int(greymap[4]) > 255:
        return _read_greymap(data, greymap)
    if name == "PNG":
        _check_png(data)
    try:
        return _read(data, name)
    except DecodeError as error:
        raise BreakError(str(error)) from None
    except _DAMAGE as error:
        raise BreakError(f"damaged: {_line(error)}") from None


def _read(data: bytes, name: str) -> Picture:
    with Image.open(io.BytesIO(data), formats=[name]) as file:
        written = name == "PPM" and data[1:2] in b"123"
        check_size(*file.size, _MOST_WRITTEN if written else MOST_PIXELS)
        if (frames := getattr(file, "n_frames", 1)) > 1 and file.format != "MPO":
            raise BreakError(f"is an animation of {frames} frames; expected a still picture")
        kind = f"{name} {file.mode}"
        note = None
        image: Image.Image = file
        if file.getexif().get(_ORIENTATION, 1) != 1:
            image = ImageOps.exif_transpose(file)
        if image.mode in _WITH_ALPHA:
            note = "are partly transparent; that is left out"
            note = note if image.getchannel("A").getextrema()[0] < 255 else None  # type: ignore[operator]
        if name == "PNG" and data[_PNG_DEPTH] == 16 and not image.mode.startswith("I"):
            note = note or "have colours of 16 bits; the lower 8 are left out"
        return _picture(image, kind, note)


def _picture(image: Image.Image, kind: str, note: str | None) -> Picture:
    if image.mode.startswith("I"):  # older Pillow has 32 bits for the 16 of a PNG
        counts = np.asarray(image)
        if counts.dtype != np.uint16 and (counts.min() < 0 or counts.max() > 65535):
            raise DecodeError("has values of more than 16 bits; expected 8 or 16")
        return Picture(counts.astype(np.uint16), 16, kind, note)
    if image.mode == "F":
        raise DecodeError("has fractions; expected whole numbers of 8 or 16 bits")
    grey = image.mode in {"1", "L", "LA", "La"}
    levels: NDArray[np.uint8] = np.array(image.convert("L" if grey else "RGB"))
    return Picture(levels, 8, kind, note)


def _read_greymap(data: bytes, header: re.Match[bytes]) -> Picture:
    """PGM of more than 8 bits: highest byte first, or written out in digits."""
    width, height, most = (int(header[group]) for group in (2, 3, 4))
    try:
        check_size(width, height, MOST_PIXELS if header[1] == b"5" else _MOST_WRITTEN)
    except DecodeError as error:
        raise BreakError(str(error)) from None
    if most > 65535:
        raise BreakError(f"has levels up to {most}; expected at most 65535")
    pixels = width * height
    if header[1] == b"5":
        raster = data[header.end() : header.end() + 2 * pixels]
        values = np.frombuffer(raster[: len(raster) // 2 * 2], ">u2")
    else:
        digits = data[header.end() :].split(maxsplit=pixels)[:pixels]
        if not all(each.isdigit() and len(each) <= 5 for each in digits):
            raise BreakError("damaged: something that is no number among the levels")
        values = np.array([int(each) for each in digits], np.int32)
    if values.size < pixels:
        raise BreakError(f"cut off: {values.size} of {pixels} pixels are there")
    if int(values.max()) > most:
        raise BreakError(f"damaged: has a level of {values.max()} where {most} is the highest")
    counts = values.astype(np.uint16).reshape(height, width)
    return Picture(counts, most.bit_length(), "PGM 16")


def _check_png(data: bytes) -> None:
    """Compare the checksum of every chunk, which Pillow does not."""
    position = len(_PNG)
    while position < len(data):
        if position + 12 > len(data):
            break
        size, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + size
        if end + 4 > len(data):
            break
        if zlib.crc32(data[position + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise BreakError(f"damaged: checksum of its part {kind!r} is wrong")
        position = end + 4
        if kind == b"IEND":
            _check_alone(data[position : position + _HEAD], _PNG)
            return
    raise BreakError("cut off")


def _check_netpbm(data: bytes) -> None:
    """Refuse what follows on a binary picture, as pipes of them have it."""
    header = _NETPBM.match(data)
    if header is None:
        return
    width, height, most = (int(header[group]) for group in (2, 3, 4))
    samples = width * height * (3 if header[1] == b"6" else 1)
    end = header.end() + samples * (2 if most > 255 else 1)
    _check_alone(data[end : end + _HEAD].lstrip(), header[0][:2])


def _check_alone(behind: bytes, start: bytes) -> None:
    if behind.startswith(start):
        raise BreakError("has several pictures, one after the other; expected one a file")


def _line(error: BaseException) -> str:
    """The message of an error, on one line."""
    return " ".join(str(error).split()) or type(error).__name__
