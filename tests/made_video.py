"""Small videos made for a test, with every sample known."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

Picture = NDArray[Any]


@dataclass(frozen=True)
class Coding:
    """How a video is stored; the default keeps every sample."""

    codec: str = "ffv1"
    pixel_format: str = "gray"
    colour_range: int = 0  # AVColorRange: 0 = says nothing, 1 = tv, 2 = full
    rotation: int | None = None  # degrees counter-clockwise, as metadata
    options: tuple[tuple[str, str], ...] = ()


LOSSLESS = Coding()


def ramp(width: int = 250, height: int = 66) -> Picture:
    """Every grey level, from the left to the right."""
    return np.tile(np.arange(width, dtype=np.uint8), (height, 1))


def write_video(
    path: Path,
    pictures: Sequence[Picture],
    coding: Coding = LOSSLESS,
    *,
    rate: int = 30,
    times_ms: Sequence[int] | None = None,
) -> Path:
    """Write ``pictures``: (h, w) are the samples of the luma plane, (h, w, 3) are RGB."""
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(coding.codec, rate=rate, options=dict(coding.options))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, coding.pixel_format
        stream.codec_context.color_range = coding.colour_range
        if times_ms is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if coding.rotation is not None:
            stream.set_display_rotation(coding.rotation)
        for index, picture in enumerate(pictures):
            frame = _frame(picture, coding)
            if times_ms is not None:
                frame.pts, frame.time_base = times_ms[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _frame(picture: Picture, coding: Coding) -> av.VideoFrame:
    if picture.ndim == 3:
        return av.VideoFrame.from_ndarray(picture, format="rgb24")
    if picture.dtype == np.uint16:
        return av.VideoFrame.from_ndarray(picture, format="gray16le")
    height, width = picture.shape
    frame = av.VideoFrame(width, height, coding.pixel_format)
    frame.color_range = coding.colour_range
    for number, plane in enumerate(frame.planes):
        samples = np.full((plane.height, plane.line_size), 128, np.uint8)  # grey chroma
        if number == 0:
            samples[:height, :width] = picture
        plane.update(samples.tobytes())
    return frame
