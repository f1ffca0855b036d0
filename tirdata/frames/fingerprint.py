"""What a sequence looks like in a few bytes a second: small pictures of frames at fixed times.

Small pictures say more than a hash of 64 bits: two of them can be subtracted. In thermal video the
background often says little (sky, the camera's own text), and what moves says which clip it is.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.errors import DataError
from tirdata.types import Floats, Frame

WIDTH, HEIGHT = 48, 36  # cells of a fingerprint
STEP_S = 0.5  # one sample in this time, as long as there are not too many
MOST = 512  # samples; beyond, every other one goes and the step doubles
FPS = 30.0  # taken for sequences without times

_DETAIL = 4.5  # cells; what varies more slowly is gain, vignetting and sky
_TIME_BYTES = 4  # milliseconds

Pictures = NDArray[np.uint8]  # (n, HEIGHT, WIDTH)
Details = NDArray[np.float32]  # (n, HEIGHT, WIDTH), mean near zero


def fingerprint(frame: Frame) -> bytes:
    """The mean level of each of ``HEIGHT`` x ``WIDTH`` cells, row by row."""
    return cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).tobytes()


def details(pictures: Pictures) -> Details:
    """How each cell differs from its surroundings: without gain jumps and slopes of the sky."""
    plain = pictures.astype(np.float32)
    smooth = [
        cv2.GaussianBlur(each, (0, 0), _DETAIL, borderType=cv2.BORDER_REFLECT) for each in plain
    ]
    return np.asarray(plain - np.asarray(smooth, np.float32).reshape(plain.shape), np.float32)


@dataclass(frozen=True, eq=False)
class Samples:
    """The fingerprints of a sequence."""

    times_s: Floats  # (n,), rising, from the first frame on
    pictures: Pictures  # (n, HEIGHT, WIDTH)
    fps: float | None = None  # of the frames; none = not known, times are as if it were FPS

    def beside(self, other: "Samples") -> "Samples":
        """The same, by the frame rate of ``other`` where the own one is not known."""
        return self.at_rate(other.fps)

    def at_rate(self, fps: float | None) -> "Samples":
        """The same by this frame rate, where the own one is not known."""
        if self.fps is not None or fps is None:
            return self
        return replace(self, times_s=self.times_s * (FPS / fps), fps=fps)


class Fingerprints:
    """Samples the frames of one sequence as they come; holds at most ``MOST`` samples."""

    def __init__(self) -> None:
        self._step_s = STEP_S
        self._first_s: float | None = None
        self._samples: list[tuple[int, float, bytes]] = []  # which step, time, picture

    def due(self, time_s: float) -> bool:
        """Whether ``add`` would take a frame of this time: others need not be made."""
        return self._step(time_s) is not None

    def add(self, frame: Frame, time_s: float) -> None:
        """Look at the next frame, ``time_s`` by any clock; most are not taken."""
        step = self._step(time_s)
        if step is None:
            return
        if self._first_s is None:
            self._first_s = time_s
        self._samples.append((step, time_s - self._first_s, fingerprint(frame)))
        while len(self._samples) > MOST:
            self._step_s *= 2
            self._samples = [(step // 2, *rest) for step, *rest in self._samples if step % 2 == 0]  # type: ignore[misc]

    def result(self) -> tuple[str, ...]:
        """Each sample as base64: milliseconds in four bytes, big end first, then the cells."""
        return tuple(
            base64.b64encode(round(1000 * time_s).to_bytes(_TIME_BYTES, "big") + picture).decode()
            for _, time_s, picture in self._samples
        )

    def _step(self, time_s: float) -> int | None:
        if self._first_s is None:
            return 0
        step = int((time_s - self._first_s) / self._step_s + 1e-3)
        return step if step > self._samples[-1][0] else None


def read_fingerprints(texts: Iterable[str], fps: float | None = None) -> Samples:
    """What ``Fingerprints.result`` wrote, of frames of this rate.

    Raises:
        DataError: a text is something else.
    """
    size = _TIME_BYTES + WIDTH * HEIGHT
    times, pictures = [], []
    for text in texts:
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            data = b""
        if len(data) != size:
            raise DataError(f"fingerprint {text[:20]!r}: expected {size} bytes in base64")
        times.append(int.from_bytes(data[:_TIME_BYTES], "big") / 1000)
        pictures.append(np.frombuffer(data, np.uint8, offset=_TIME_BYTES))
    return Samples(
        np.array(times, np.float64),
        np.array(pictures, np.uint8).reshape(-1, HEIGHT, WIDTH),
        fps,
    )
