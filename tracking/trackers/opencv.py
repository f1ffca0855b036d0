"""OpenCV's trackers as baselines, where the installed build has them.

CSRT and KCF are in the contrib build of OpenCV 4 only; MIL and Nano are in every build. They take
whole pixels and three channels; only Nano says how sure it is.
"""

import ctypes
from pathlib import Path
from typing import Any

import cv2
from pydantic import Field

from tirdata.config import Config
from tirdata.errors import MissingError
from tirdata.tracker import Prediction
from tirdata.types import Box, Frame

CONTRIB = (
    "pip install 'opencv-contrib-python-headless<5' in an environment of its own, "
    "where it takes the place of opencv-python-headless"
)


class OpencvConfig(Config):
    """CSRT and KCF run with OpenCV's own settings."""


class MilConfig(Config):
    """Settings of MIL."""

    seed: int = Field(1, ge=0, lt=2**31)
    """Of its random numbers, set at every start; 1 is what OpenCV has when nobody sets any."""


class NanoConfig(Config):
    """Settings of NanoTrack."""

    backbone: Path
    """ONNX file of the backbone."""
    head: Path
    """ONNX file of the neck and head."""


class OpencvTracker:
    """What all have in common: whole-pixel boxes, three channels, a box even when it is lost."""

    kind = ""  # OpenCV's name of the class

    def __init__(self, config: Config) -> None:
        self.config = config
        self._tracker: Any = None
        self._box = Box(0.0, 0.0, 1.0, 1.0)
        if not hasattr(cv2, self.kind):
            raise MissingError(
                f"{self.kind}: OpenCV {cv2.__version__} here does not have it; {CONTRIB}"
            )

    def init(self, frame: Frame, box: Box) -> None:
        """Start on ``frame`` at the whole pixels of ``box`` that are inside of it."""
        self._tracker = self.create()
        self._box = box
        self._tracker.init(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR), whole_pixels(frame, box))

    def track(self, frame: Frame) -> Prediction:
        """Where the object is; when OpenCV says that it is lost, the last box with score 0."""
        if self._tracker is None:
            raise RuntimeError("track before init")
        found, box = self._tracker.update(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
        if not found or box[2] <= 0 or box[3] <= 0:
            return Prediction(self._box, 0.0)
        self._box = Box(*(float(value) for value in box))
        return Prediction(self._box, self.score())

    def create(self) -> Any:  # noqa: ANN401 - OpenCV's classes have no common type
        """A fresh tracker of OpenCV."""
        return getattr(cv2, self.kind).create()

    def score(self) -> float:
        """How sure it is of the box it found, 0..1."""
        return 1.0


class CsrtTracker(OpencvTracker):
    """Discriminative correlation filter with channel and spatial reliability."""

    kind = "TrackerCSRT"


class KcfTracker(OpencvTracker):
    """Kernelised correlation filter; keeps the first size."""

    kind = "TrackerKCF"


class MilTracker(OpencvTracker):
    """Boosting over bags of samples; keeps the first size."""

    kind = "TrackerMIL"

    def __init__(self, config: MilConfig) -> None:
        super().__init__(config)
        self.seed = config.seed

    def create(self) -> Any:  # noqa: ANN401
        """A fresh tracker that draws the same numbers each time."""
        cv2.setRNGSeed(self.seed)
        ctypes.CDLL(None).srand(self.seed)  # MIL draws with the C library's rand()
        return super().create()


class NanoTracker(OpencvTracker):
    """NanoTrack, from two ONNX files."""

    kind = "TrackerNano"

    def __init__(self, config: NanoConfig) -> None:
        super().__init__(config)
        for path in (config.backbone, config.head):
            if not path.is_file():
                raise MissingError(f"{path}: no such file; expected an ONNX file of NanoTrack")
        self.files = config

    def create(self) -> Any:  # noqa: ANN401
        """A fresh tracker with both files loaded."""
        parameters = cv2.TrackerNano_Params()  # type: ignore[attr-defined]  # not in its stubs
        parameters.backbone = str(self.files.backbone)
        parameters.neckhead = str(self.files.head)
        return cv2.TrackerNano.create(parameters)

    def score(self) -> float:
        """The network's own."""
        return min(max(float(self._tracker.getTrackingScore()), 0.0), 1.0)


def whole_pixels(frame: Frame, box: Box) -> tuple[int, int, int, int]:
    """The box rounded to pixels and cut to the frame, at least one pixel large."""
    height, width = frame.shape
    left = min(max(round(box.x), 0), width - 1)
    top = min(max(round(box.y), 0), height - 1)
    right = min(max(round(box.x + box.w), left + 1), width)
    bottom = min(max(round(box.y + box.h), top + 1), height)
    return left, top, right - left, bottom - top
