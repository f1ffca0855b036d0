"""Video files through PyAV: the luma as it was recorded, with exact times."""

from collections.abc import Callable, Generator, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from tirdata.decode.base import Colours, Pixels, RawFrame, RecordingInfo
from tirdata.decode.containers import container_of, missing_bytes
from tirdata.decode.ffv1 import SliceChecks
from tirdata.decode.jpeg_stream import is_motion_jpeg
from tirdata.decode.limits import MOST_PIXELS, check_size
from tirdata.decode.luma import is_full_range, paint_of, pixels_of
from tirdata.errors import DecodeError

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

_ASSUMED_RATE = Fraction(25)


class VideoReader:
    """One video stream of whatever FFmpeg can demux and decode."""

    def __init__(self, path: Path, container: "InputContainer", stream: "VideoStream") -> None:
        self._path = path
        self._container = container
        self._stream = stream
        self._clock = _Clock(stream.average_rate or stream.guessed_rate)
        self._warnings: list[str] = []
        self._cut: str | None = None  # why no packet was taken any more
        self._decoded = self._decode()
        first = next(self._decoded, None)
        if first is None:
            raise DecodeError(f"{path}: has no frame; expected a video")
        self._first: VideoFrame | None = first
        self._info = self._describe(first)

    @staticmethod
    def recognises(path: Path, head: bytes) -> bool:
        return container_of(head) is not None or is_motion_jpeg(path, head)

    @classmethod
    def open(cls, path: Path, threads: int = 2) -> Self:
        """Open the first video stream that is no cover picture.

        Raises:
            DecodeError: there is no such stream, or no whole frame in it.
        """
        import av  # noqa: PLC0415  # 0.2 s that only decoding needs

        try:
            # After "file:" no name is taken for a pattern or another protocol.
            container = av.open(f"file:{path}", metadata_errors="replace")
        except (av.FFmpegError, OSError) as error:
            missing = missing_bytes(path)
            reason = f"the file lacks at least {missing} bytes" if missing else _reason(error)
            raise DecodeError(f"{path}: cannot be opened as video ({reason})") from None
        try:
            stream = _video_stream(path, container)
            _check_size(path, stream)
            stream.codec_context.thread_count = threads
            stream.codec_context.thread_type = "AUTO"
            return cls(path, container, stream)
        except BaseException:
            container.close()
            raise

    @property
    def info(self) -> RecordingInfo:
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self._warnings, *self._clock.warnings)

    def read(self) -> Iterator[RawFrame]:
        frame, self._first = self._first, None
        while frame is not None:
            yield self._raw(frame)
            frame = next(self._decoded, None)

    def close(self) -> None:
        self._decoded.close()
        self._container.close()

    def _raw(self, frame: "VideoFrame") -> RawFrame:
        try:
            pixels, colour = pixels_of(frame)
        except DecodeError as error:
            raise DecodeError(f"{self._path}: {error}") from None
        paint = paint_of(frame)
        if paint is not None and frame.rotation:
            paint = partial(_painted_upright, paint, frame.rotation)
        upright = _upright(pixels, frame.rotation)
        return RawFrame(upright, self._clock.read(frame), colour, paint=paint)

    def _decode(self) -> Generator["VideoFrame", None, None]:
        """Whole frames only; at the end, say what was missing."""
        import av  # noqa: PLC0415

        given = damaged = 0
        try:
            for frame in self._frames():
                if not frame.is_corrupt:
                    given += 1
                    yield frame
                elif given:
                    raise self._broken(given, "the next one is damaged")
                else:  # a recording that begins between two key frames
                    damaged += 1
        except (av.FFmpegError, OSError) as error:
            raise self._broken(given, _reason(error)) from None
        if missing := missing_bytes(self._path):
            raise self._broken(given, f"the file lacks at least {missing} bytes")
        if self._cut is not None:
            raise self._broken(given, f"the next one is {self._cut}")
        if damaged:
            self._warnings.append(f"{damaged} damaged frames before the first key frame left out")
        declared = self._stream.frames
        if given + damaged < declared:
            self._warnings.append(f"{given} frames could be decoded of {declared} declared")

    def _frames(self) -> Iterator["VideoFrame"]:
        slices = SliceChecks() if self._stream.codec_context.name == "ffv1" else None
        for packet in self._container.demux(self._stream):
            if packet.is_corrupt:
                self._cut = "cut off"
            elif slices is not None and not slices.is_whole(bytes(packet)):
                self._cut = "damaged"
            if self._cut is not None:  # flush what the decoder holds of the packets before
                yield from self._stream.codec_context.decode(None)
                return
            yield from self._stream.codec_context.decode(packet)

    def _broken(self, given: int, reason: str) -> DecodeError:
        after = f"breaks off after frame {given - 1}" if given else "has no whole frame"
        return DecodeError(f"{self._path}: {after} ({reason}); expected a whole recording")

    def _describe(self, frame: "VideoFrame") -> RecordingInfo:
        rate = self._stream.average_rate or self._stream.guessed_rate
        turned = frame.rotation % 180 != 0
        if frame.interlaced_frame:
            self._warnings.append("interlaced; frames are kept woven")
        bits = frame.format.components[0].bits
        if frame.format.is_rgb and bits > 8:
            self._warnings.append(f"colours of {bits} bits; the lower {bits - 8} are left out")
        aspect = self._stream.sample_aspect_ratio
        if aspect and aspect != 1:
            self._warnings.append(f"pixels are {aspect} wide, not square; kept as stored")
        return RecordingInfo(
            container=self._container.format.name,
            codec=self._stream.codec_context.name,
            pixel_format=frame.format.name,
            colour_range="pc" if is_full_range(frame) else "tv",
            width=frame.height if turned else frame.width,
            height=frame.width if turned else frame.height,
            bits=bits,
            fps=float(rate) if rate else None,
            frames=self._stream.frames or None,
        )


class _Clock:
    """Presentation times from the first frame on."""

    def __init__(self, rate: Fraction | None) -> None:
        self._step_s = float(1 / (rate or _ASSUMED_RATE))
        self._start: Fraction | None = None
        self._last_s: float | None = None
        self._guessed = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        guess = f"{self._guessed} frames have no time that goes on; counted {1 / self._step_s:g}/s"
        return (guess,) if self._guessed else ()

    def read(self, frame: "VideoFrame") -> float:
        time_s = 0.0 if self._last_s is None else self._last_s + self._step_s
        stamp = None
        if frame.pts is not None and frame.time_base is not None:
            stamp = frame.pts * frame.time_base
            self._start = stamp if self._start is None else self._start
        if stamp is not None and self._start is not None:
            elapsed_s = float(stamp - self._start)
            if self._last_s is None or elapsed_s > self._last_s:
                self._last_s = elapsed_s
                return elapsed_s
        self._guessed += 1
        self._last_s = time_s
        return time_s


def _video_stream(path: Path, container: "InputContainer") -> "VideoStream":
    import av  # noqa: PLC0415

    for stream in container.streams.video:
        if stream.disposition & av.stream.Disposition.attached_pic:
            continue
        if stream.codec_context is None:  # PyAV's types say that there is one
            raise DecodeError(f"{path}: is coded in a way that is not known; expected a video")
        return stream
    raise DecodeError(f"{path}: has no video stream; expected one")


def _painted_upright(paint: Callable[[], Colours], degrees: int) -> Colours:
    return _upright(paint(), degrees).astype(np.uint8, copy=False)


def _check_size(path: Path, stream: "VideoStream") -> None:
    """Refuse frames of absurd size, in the header or later on.

    Raises:
        DecodeError: the header says that they are.
    """
    context = stream.codec_context
    if context.width and context.height:  # else only the first frame says it
        try:
            check_size(context.width, context.height)
        except DecodeError as error:
            raise DecodeError(f"{path}: {error}") from None
    context.options = {"max_pixels": str(MOST_PIXELS)}


def _upright(pixels: Pixels, degrees: int) -> Pixels:
    """Turned as its metadata say, counter-clockwise; only quarter turns are known."""
    quarters = round(degrees / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, quarters)) if quarters else pixels


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
