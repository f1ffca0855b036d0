"""The pages of a TIFF, one at a time: where they lie is read here, their pixels by tifffile.

Directories are followed from one to the next without trust in any number: a chain that leads out of
the file is cut off, one that leads back is damaged.
"""

import logging
import math
import re
import struct
import zlib
from collections.abc import Generator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from tirdata.decode.base import Counts, Pixels
from tirdata.decode.limits import check_size
from tirdata.decode.picture import Picture
from tirdata.decode.stream import BreakError
from tirdata.errors import DecodeError, MissingError

if TYPE_CHECKING:
    from tifffile import TiffPage

Unit = Literal["celsius", "kelvin"]

_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # + is BigTIFF
_BUILT_IN = (1, 8, 32946, 32773)  # compressions that need no other package
_DEFLATE = (8, 32946)
_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_ALPHA = (1, 2)  # extra samples of other kinds may be anything
_PHOTOMETRIC = 262
_ZERO_CELSIUS_K = {"celsius": 273.15, "kelvin": 0.0}
_DEFLATE_MOST = 1032  # bytes that deflate can make of one
_MUCH = 256_000_000  # bytes; more are looked at before they are unpacked
_IMAGES = re.compile(r"^images=(\d{1,9})$", re.MULTILINE)
_SHAPE = re.compile(r'^\{[^}]*"shape": \[((?:\d{1,9}, )*\d{1,9})\]')
_INTERVAL = re.compile(r"^finterval=([\d.]{1,12}(?:E-?\d{1,2})?)$", re.MULTILINE)
# What tifffile and its decoders raise when they meet bytes that are not as TIFF has them.
_DAMAGE = (
    *(OSError, ValueError, TypeError, LookupError, AttributeError, EOFError, RuntimeError),
    *(ArithmeticError, MemoryError, AssertionError, struct.error, zlib.error),
)


def is_tiff(head: bytes) -> bool:
    """Whether these are the first bytes of a TIFF or BigTIFF."""
    return head.startswith(_MAGICS)


class TiffPages:
    """What a TIFF holds; reduced copies of its pages are left out and counted."""

    def __init__(self, file: BinaryIO, unit: Unit | None = None) -> None:
        """Begin with ``file``, which stays open; ``unit`` is that of temperatures as fractions.

        Raises:
            BreakError: it is no TIFF, or damaged where it begins.
        """
        import tifffile  # noqa: PLC0415  # 0.1 s that only TIFF needs

        # Its remarks on damage would go to the screen; what counts is in our errors.
        logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)
        self.reduced = 0
        self.interval_s: float | None = None  # between frames, where ImageJ wrote it
        self._unit = unit
        self._file = file
        self._size = file.seek(0, 2)
        file.seek(0)
        head = file.read(16)
        if not is_tiff(head):
            raise BreakError("is no TIFF")
        big = head[2:4] in (b"+\0", b"\0+")
        self._order = "<" if head.startswith(b"II") else ">"
        self._offset = f"{self._order}{'Q' if big else 'I'}"
        self._count = f"{self._order}{'Q' if big else 'H'}"
        self._entry = 20 if big else 12
        self._first = self._number(self._offset, 8 if big else 4)
        file.seek(0)
        try:
            self._tiff = tifffile.TiffFile(file)
        except _damage() as error:
            raise BreakError(f"damaged: {_line(error)}") from None

    def read(self) -> Generator[Picture, None, None]:
        """Each page in the order of the file.

        Raises:
            BreakError: the next one is damaged, cut off, or of a kind that is not known.
            MissingError: it is compressed in a way that needs a package that is not here.
        """
        offset, seen = self._first, set[int]()
        while offset:
            if offset in seen:
                raise BreakError("damaged: the next page is an earlier one again")
            seen.add(offset)
            entries = self._number(self._count, offset)
            end = offset + struct.calcsize(self._count) + entries * self._entry
            following = self._number(self._offset, end)
            page = self._page(offset, len(seen))
            if page.subfiletype & 1:
                self.reduced += 1
            else:
                yield self._picture(page)
                if len(seen) == 1 and not 0 < following < self._size:
                    yield from self._behind(page)
            offset = following

    def _number(self, layout: str, offset: int) -> int:
        if offset + struct.calcsize(layout) > self._size:
            raise BreakError("the next one is cut off")
        self._file.seek(offset)
        number: int = struct.unpack(layout, self._file.read(struct.calcsize(layout)))[0]
        return number

    def _page(self, offset: int, number: int) -> "TiffPage":
        """Read a directory, and refuse it if its pixels cannot be there."""
        import tifffile  # noqa: PLC0415

        try:
            self._tiff.filehandle.seek(offset)
            page = tifffile.TiffPage(self._tiff, number)
            if number == 1 and (found := _INTERVAL.search(page.description)):
                self.interval_s = float(found[1])
            if not page.subfiletype & 1:
                self._check(page)
        except DecodeError as error:
            raise BreakError(str(error)) from None
        except _damage() as error:
            raise BreakError(f"damaged: {_line(error)}") from None
        return page

    def _check(self, page: "TiffPage") -> None:
        check_size(page.imagewidth, page.imagelength)
        if page.imagedepth != 1 or page.samplesperpixel > 4 or page.dtype is None:
            raise DecodeError(f"is a page of {page.axes}, {page.samplesperpixel} samples a pixel")
        if page.compression not in _BUILT_IN and find_spec("imagecodecs") is None:
            raise MissingError(
                f"{self._file.name}: needs a package that is not here to read "
                f"{_name(page.compression)} in TIFF; pip install 'tirdata[thermal]'"
            )
        segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
        whole = math.prod(page.chunked)
        if len(segments) < whole or any(size < 1 or start < 8 for start, size in segments):
            raise DecodeError(f"damaged: has {len(segments)} of {whole} parts of its pixels")
        if any(start + size > self._size for start, size in segments):
            raise DecodeError("the next one is cut off")
        if page.compression in _DEFLATE:
            self._check_bomb(segments, page.nbytes)

    def _check_bomb(self, segments: list[tuple[int, int]], most: int) -> None:
        """Refuse what becomes far more than its page."""
        for start, size in segments:
            if size * _DEFLATE_MOST < _MUCH:
                continue
            self._file.seek(start)
            if len(zlib.decompressobj().decompress(self._file.read(size), 2 * most)) == 2 * most:
                raise DecodeError("damaged: unpacks to more than its page")

    def _picture(self, page: "TiffPage") -> Picture:
        try:
            stored = page.asarray(maxworkers=1).reshape(page.shaped)[:, 0]
            return self._levels(page, stored)
        except DecodeError as error:
            raise BreakError(str(error)) from None
        except ModuleNotFoundError as error:
            raise MissingError(
                f"{self._file.name}: needs {error.name} to read {_name(page.compression)} in TIFF; "
                f"pip install 'tirdata[thermal]'"
            ) from None
        except _damage() as error:
            raise BreakError(f"damaged: {_line(error)}") from None

    def _behind(self, page: "TiffPage") -> Generator[Picture, None, None]:
        """Frames that stand behind the first page without directories, or with theirs cut off.

        ImageJ writes large stacks so, and says how many in its description; tifffile gives the
        shape of the whole. Both put the directories of the further pages behind all pixels.
        """
        if page.compression != 1 or page.dtype is None:
            return
        images = 1
        if found := _IMAGES.search(page.description):
            images = int(found[1])
        elif found := _SHAPE.search(page.description):
            pixels = math.prod(map(int, found[1].split(", ")))
            images = pixels // max(1, math.prod(page.shape))
        dtype = page.dtype.newbyteorder(self._order)  # type: ignore[arg-type]
        for number in range(1, images):
            start = page.dataoffsets[0] + number * page.nbytes
            if start + page.nbytes > self._size:
                raise BreakError(f"the next one of {images} is cut off")
            self._file.seek(start)
            stored = np.frombuffer(self._file.read(page.nbytes), dtype).reshape(page.shaped)[:, 0]
            try:
                yield self._levels(page, stored.astype(page.dtype))
            except DecodeError as error:
                raise BreakError(str(error)) from None

    def _levels(self, page: "TiffPage", stored: NDArray[Any]) -> Picture:
        """Samples, (1, h, w, samples) or (samples, h, w, 1), as pixels."""
        kind = f"TIFF {page.dtype} {_name(page.compression)}"
        planes = stored[..., 0] if stored.shape[0] > 1 else np.moveaxis(stored[0], -1, 0)
        meaning = page.photometric if _PHOTOMETRIC in page.tags else _MIN_IS_BLACK
        if meaning == _PALETTE and page.colormap is not None:
            colours = np.moveaxis(page.colormap[:, planes[0]] >> 8, 0, -1)
            return Picture(np.ascontiguousarray(colours, np.uint8), 8, kind)
        if meaning in {_RGB, _YCBCR} and len(planes) >= 3:
            return _colours(planes[:3], kind)
        if meaning not in {_MIN_IS_WHITE, _MIN_IS_BLACK}:
            raise DecodeError(f"has pixels of kind {_name(page.photometric)}; expected grey or RGB")
        if len(planes) - sum(each in _ALPHA for each in page.extrasamples) > 1:
            raise DecodeError(f"has {len(planes)} samples a pixel; expected grey or RGB")
        if planes.dtype.kind == "f":
            return _temperatures(planes[0], self._unit, kind)
        return _grey(planes[0], page.bitspersample, inverted=meaning == _MIN_IS_WHITE, kind=kind)


def _colours(planes: NDArray[Any], kind: str) -> Picture:
    note = None
    if planes.dtype == np.uint16:
        planes, note = planes >> 8, "have colours of 16 bits; the lower 8 are left out"
    if planes.dtype not in (np.uint8, np.uint16):
        raise DecodeError(f"has colours of type {planes.dtype}; expected 8 or 16 bits")
    rgb: NDArray[np.uint8] = np.ascontiguousarray(np.moveaxis(planes, 0, -1), np.uint8)
    return Picture(rgb, 8, kind, note)


def _grey(stored: NDArray[Any], bits: int, *, inverted: bool, kind: str) -> Picture:
    """Whole numbers as counts, or as levels where they have 8 bits and fewer."""
    if stored.dtype.kind not in "uib":
        raise DecodeError(f"has pixels of type {stored.dtype}; expected whole numbers")
    lowest, highest = int(stored.min()), int(stored.max())
    if lowest < 0 or highest > 65535:
        raise DecodeError(f"has counts from {lowest} to {highest}; expected 0 to 65535")
    wide = stored.dtype not in (np.uint8, np.bool_)
    bits = bits if stored.dtype == np.uint16 or bits <= 8 else 16
    levels: Pixels = stored.astype(np.uint16 if wide else np.uint8)
    top = (1 << bits) - 1
    if inverted:
        levels = (top - levels).astype(levels.dtype)
    if bits < 8:
        levels = (levels.astype(np.uint16) * 255 // top).astype(np.uint8)
    return Picture(levels, max(bits, 8) if not wide else max(bits, 9), kind)


def _temperatures(stored: NDArray[Any], unit: Unit | None, kind: str) -> Picture:
    """Temperatures as counts of a hundredth of a kelvin."""
    if unit is None:
        known = stored[np.isfinite(stored)]
        seen = (
            f"from {known.min():.6g} to {known.max():.6g}" if known.size else "none of them known"
        )
        raise DecodeError(
            f"has fractions, {seen}; if they are temperatures, say in its side file: "
            f'unit = "celsius" or unit = "kelvin"'
        )
    centikelvin = (stored.astype(np.float64) + _ZERO_CELSIUS_K[unit]) * 100
    known = np.nan_to_num(centikelvin, nan=0.0, posinf=65535.0, neginf=0.0)
    counts: Counts = np.clip(np.floor(known + 0.5), 0, 65535).astype(np.uint16)
    beyond = not np.isfinite(centikelvin).all() or bool((known < 0).any() or (known > 65535).any())
    note = "have pixels that are no number, or not from 0 to 655 kelvin; set to the nearest"
    return Picture(counts, 16, kind, note if beyond else None)


def _damage() -> tuple[type[Exception], ...]:
    """What is raised on bytes that are not as TIFF has them; evaluated only when it is."""
    import tifffile  # noqa: PLC0415

    return (*_DAMAGE, tifffile.TiffFileError)


def _name(code: int) -> str:
    return str(getattr(code, "name", code))


def _line(error: BaseException) -> str:
    """The message of an error, on one line and not long."""
    return " ".join(str(error).split())[:200] or type(error).__name__
