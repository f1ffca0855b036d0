"""What is learnt of one shot while its frames go by once.

Kept are a few whole frames spread over the shot and a few numbers for each frame, so memory stays
the same however long the shot is.
"""

from typing import NamedTuple

import cv2
import numpy as np

from tirdata.decode.base import Colours, Pixels, RawFrame
from tirdata.frames.histogram import CountHistogram
from tirdata.frames.samples import Samples
from tirdata.frames.steady import Steadiness

COLOUR_LEVELS = 4.0  # mean distance from grey above which a frame counts as coloured
MOST_SAMPLES = 32
_SAMPLE_BYTES = 96 << 20  # of all samples of a shot; frames of 4K get fewer than MOST_SAMPLES
_FEWEST_SAMPLES = 6
_SPREAD_SAMPLES = 8
_SPREAD_STEP = 8  # every so many pixels each way tell how far colours spread


class Sample(NamedTuple):
    """A frame of the shot as it was read."""

    plane: Pixels  # (h, w): levels, luma of colours, or counts
    colours: Colours | None  # of a coloured frame


class Survey:
    """Takes the frames of one shot in order; all have one size and one depth."""

    def __init__(self, first: RawFrame) -> None:
        """A shot that begins with ``first``; frames are given to ``add``, this one too."""
        size = first.pixels.shape[0] * first.pixels.shape[1]
        sample_bytes = size * (first.pixels.itemsize + 3 * is_coloured(first))
        most = min(MOST_SAMPLES, max(_FEWEST_SAMPLES, _SAMPLE_BYTES // max(sample_bytes, 1)))
        self._samples: Samples[Sample] = Samples(most)
        self._spreads: Samples[float] = Samples(_SPREAD_SAMPLES)
        self.steadiness = Steadiness()
        self.histogram = CountHistogram() if first.pixels.dtype != np.uint8 else None
        self.coloured = 0  # frames in colour
        self.numbers: list[int] = []  # in the recording
        self.times_s: list[float] = []

    @property
    def samples(self) -> list[Sample]:
        """Frames spread evenly over the shot so far."""
        return self._samples.items

    @property
    def spread(self) -> float:
        """How far colours spread over a picture of the shot, as ``colour_spread`` has it."""
        return float(np.median(self._spreads.items)) if self._spreads.items else 0.0

    def add(self, number: int, raw: RawFrame, plane: Pixels) -> None:
        """The next frame, number ``number`` of the recording; ``plane`` is ``plane_of`` it."""
        coloured = is_coloured(raw)
        self._samples.add(lambda: Sample(plane, raw.colours if coloured else None))
        if raw.pixels.dtype == np.uint8:
            self._spreads.add(lambda: colour_spread(raw.colours))
        self.steadiness.add(plane, raw.since_shutter_s)
        if self.histogram is not None:
            self.histogram.add(plane)
        self.coloured += coloured
        self.numbers.append(number)
        self.times_s.append(raw.time_s)


def is_coloured(raw: RawFrame) -> bool:
    """Whether the frame has colours worth the name."""
    return raw.colour > COLOUR_LEVELS


def colour_spread(colours: Colours) -> float:
    """How far nine tenths of the pixels are from the middle colour, in levels.

    Thermal video that is grey keeps to one colour, if not always to exact grey: 0 to 2 in all at
    hand. Of an overcast sky in visible light, hardly more colourful in the mean, it is 5 and more.
    """
    some = colours[::_SPREAD_STEP, ::_SPREAD_STEP].astype(np.int16)
    apart = (some[..., ::2] - some[..., 1:2]).reshape(-1, 2)
    off = np.abs(apart - np.median(apart, axis=0)).max(axis=1)
    return float(np.percentile(off, 90))


def plane_of(raw: RawFrame) -> Pixels:
    """The frame as one plane, (h, w): levels, luma (BT.601) of colours, or counts."""
    if raw.pixels.ndim == 3:
        return np.asarray(cv2.cvtColor(raw.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    return raw.pixels
