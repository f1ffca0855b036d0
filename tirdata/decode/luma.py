"""Decoded video frames to arrays: luma taken as it is and brought to 0..255 by its range.

Colours are made of a frame only when they are asked for.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.decode.base import Colours, Pixels
from tirdata.errors import DecodeError
from tirdata.types import Frame

if TYPE_CHECKING:
    from av import VideoFormat, VideoFrame

_MPEG_RANGE, _FULL_RANGE = 1, 2  # AVColorRange
_UNSPECIFIED = 2  # AVColorSpace
_HIGH_DEFINITION = 720  # lines from which video that names no matrix is BT.709, as players have it
# AVColorSpace: the weights of red and blue in luma
_WEIGHTS = {
    1: (0.2126, 0.0722),  # BT.709
    4: (0.30, 0.11),  # FCC
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020
    10: (0.2627, 0.0593),
}
_BT601 = (0.299, 0.114)
_EVERY = 4  # colour is judged on every fourth chroma sample of every fourth line

# The same samples in another order, so that the luma has a plane of its own.
_REPACKED = {
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "yvyu422": "yuv422p",
    "p010le": "yuv420p10le",
    "p016le": "yuv420p16le",
    "p210le": "yuv422p10le",
    "ya8": "gray",
    "ya16le": "gray16le",
    "monob": "gray",
    "monow": "gray",
}


def pixels_of(frame: "VideoFrame") -> tuple[Pixels, float]:
    """The samples of a frame, and its mean distance from grey in levels of 0..255.

    Video luma becomes uint8 in 0..255; grey of more than 8 bits stays uint16 counts; what was
    stored as colours is red, green, blue.

    Raises:
        DecodeError: the pixel format is none that we know.
    """
    if frame.format.is_rgb or frame.format.has_palette:
        rgb = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        sparse = rgb[::_EVERY, ::_EVERY].astype(np.int16)
        return rgb, float((sparse.max(axis=2) - sparse.min(axis=2)).mean())
    if frame.format.name in _REPACKED:
        frame = frame.reformat(format=_REPACKED[frame.format.name])
    check_format(frame.format)
    bits = frame.format.components[0].bits
    luma = _plane(frame, 0)
    if frame.format.name.startswith("gray") and bits > 8:
        return luma.copy(), 0.0
    return _to_8_bits(luma, bits, full=is_full_range(frame)), _colour(frame, bits)


def paint_of(frame: "VideoFrame") -> Callable[[], Colours] | None:
    """What makes the colours of a frame whose ``pixels`` are luma; none = it has none.

    It holds on to the frame, so it may be called whenever the reader has got.
    """
    if frame.format.is_rgb or frame.format.has_palette or len(frame.format.components) < 3:
        return None
    return partial(_paint, frame)


def _paint(frame: "VideoFrame") -> Colours:
    """Red, green, blue, (h, w, 3), with chroma upsampled by cubic interpolation.

    Samples of chroma are taken to lie amid those of luma, as encoders fed from pictures put them.
    """
    if frame.format.name not in {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p"}:
        full = is_full_range(frame)
        frame = frame.reformat(format="yuv444p" if not full else "yuvj444p")
    luma, blue, red = (np.asarray(_plane(frame, index), np.uint8) for index in range(3))
    size = (frame.width, frame.height)
    if blue.shape != luma.shape:
        red, blue = (
            np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC), np.uint8)
            for plane in (red, blue)
        )
    matrix = _to_colours(_weights(frame), is_full_range(frame))
    return np.asarray(cv2.transform(cv2.merge([luma, red, blue]), matrix), np.uint8)


def _weights(frame: "VideoFrame") -> tuple[float, float]:
    if frame.colorspace == _UNSPECIFIED and frame.height >= _HIGH_DEFINITION:
        return _WEIGHTS[1]
    return _WEIGHTS.get(int(frame.colorspace), _BT601)


@lru_cache
def _to_colours(weights: tuple[float, float], full: bool) -> NDArray[np.float64]:
    """From luma, red and blue chroma codes to red, green, blue levels, (3, 4); ITU-R BT.601 §2."""
    kr, kb = weights
    kg = 1 - kr - kb
    luma, chroma, black = (1.0, 1.0, 0.0) if full else (255 / 219, 255 / 224, 16.0)
    red, blue = 2 * (1 - kr) * chroma, 2 * (1 - kb) * chroma
    rows = np.array([[luma, red, 0.0], [luma, -red * kr / kg, -blue * kb / kg], [luma, 0.0, blue]])
    offset = rows @ np.array([-black, -128.0, -128.0])
    return np.column_stack([rows, offset])


def check_format(video: "VideoFormat") -> None:
    """Refuse what has no luma plane of whole numbers.

    Raises:
        DecodeError: the pixel format is none that we know.
    """
    first = video.components[0]
    known = video.is_rgb or video.has_palette or video.name in _REPACKED
    plane = first.is_luma and first.bits in range(8, 17) and not video.is_bit_stream
    if not known and not (plane and (video.is_planar or len(video.components) == 1)):
        raise DecodeError(f"pixel format {video.name}: not known; expected grey, YUV or RGB")


def is_full_range(frame: "VideoFrame") -> bool:
    """Whether black is 0; video that says nothing is 16..235, grey that says nothing is not."""
    if frame.color_range in {_MPEG_RANGE, _FULL_RANGE}:
        return frame.color_range == _FULL_RANGE
    name = frame.format.name
    return (
        name.startswith(("gray", "ya8", "ya16", "mono", "yuvj"))
        or frame.format.is_rgb
        or frame.format.has_palette
    )


def _plane(frame: "VideoFrame", index: int) -> Pixels:
    """A view of the samples of one plane, without the padding of its lines."""
    plane = frame.planes[index]
    wide = frame.format.components[0].bits > 8
    kind = np.dtype(np.uint16 if wide else np.uint8)
    if wide and frame.format.is_big_endian:
        kind = kind.newbyteorder(">")
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
    samples: Pixels = lines.view(kind)[: plane.height, : plane.width]
    return samples.astype(kind.newbyteorder("="), copy=False)


def _to_8_bits(luma: Pixels, bits: int, *, full: bool) -> Frame:
    if bits == 8:
        return luma.astype(np.uint8) if full else _lookup(luma)
    table = _range_table(bits, full)
    return table[np.minimum(luma, len(table) - 1)]


def _lookup(luma: Pixels) -> Frame:
    result: Frame = cv2.LUT(luma.astype(np.uint8, copy=False), _range_table(8, False)).astype(
        np.uint8, copy=False
    )
    return result


@lru_cache
def _range_table(bits: int, full: bool) -> NDArray[np.uint8]:
    """Luma code to grey level: ITU-R BT.601's 16..235 (of 8 bits), or the whole range."""
    codes = np.arange(1 << bits, dtype=np.float64)
    unit = float(1 << (bits - 8))
    levels = codes * 255 / ((1 << bits) - 1) if full else (codes - 16 * unit) * 255 / (219 * unit)
    table: NDArray[np.uint8] = np.clip(np.floor(levels + 0.5), 0, 255).astype(np.uint8)
    return table


def _colour(frame: "VideoFrame", bits: int) -> float:
    """Mean distance of the chroma samples from their middle, in levels of 8 bits."""
    if len(frame.planes) < 2:
        return 0.0
    middle = 1 << (bits - 1)
    distances = [
        np.abs(_plane(frame, index)[::_EVERY, ::_EVERY].astype(np.int32) - middle).mean()
        for index in range(1, min(3, len(frame.planes)))
    ]
    return float(np.mean(distances)) / (1 << (bits - 8))
