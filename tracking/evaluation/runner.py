"""Running one target in a worker: its repetitions, its frames watched, its tracker kept or dropped.

A tracker that raises is thrown away, so that the next target gets a new one; where a fault has
spoilt the process itself, as CUDA's do, the process is given up with it.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tirdata.errors import DataError, TirDataError, WeightsError, WorkerError
from tirdata.layouts.pairs import visible_half
from tirdata.layouts.pictures import colour_frame
from tirdata.tracker import (
    PairedTracker,
    PairTracker,
    Prediction,
    SequenceTracker,
    TimedTracker,
    Tracker,
    TrackerFactory,
)
from tirdata.types import Box, ColourFrame, Frame, Frames, Sequence
from tracking.evaluation.protocols.base import EvaluationProtocol
from tracking.evaluation.results import Trajectory
from tracking.evaluation.run_files import RunFiles, enough
from tracking.evaluation.targets import Data, Truth, truths_of

PULSE_S = 0.5  # between two signs of life
PULSES = ".running"  # folder of them, in that of the run

_SPOILT = ("CUDA error", "cuDNN error", "CUBLAS_STATUS", "device-side assert")


@dataclass(frozen=True)
class TargetKey:
    """What a worker needs to find one target."""

    name: str
    sequence: str


class Runner:
    """Runs one target and writes its results; one tracker serves all targets of a worker."""

    def __init__(
        self,
        data: Data,
        protocol: EvaluationProtocol,
        factories: Callable[[int], TrackerFactory],
        files: RunFiles,
        repetitions: int,
    ) -> None:
        """``factories`` gives the one of each repetition: their seeds differ."""
        self.data, self.protocol, self.files = data, protocol, files
        self.factories, self.repetitions = factories, repetitions
        self._tracker: Tracker | None = None
        self._built: TrackerFactory | None = None

    def __call__(self, key: TargetKey) -> None:
        """Run the repetitions of a target that are not there yet.

        Raises:
            DataError: its frames cannot be read.
            WeightsError: the tracker cannot be built.
            StorageError: a result cannot be written.
            WorkerError: it has spoilt the process.
        """
        layout = self.data.reader
        sequence = layout.read_one(self.data.root, key.sequence)
        found = truths_of(
            sequence, machine_boxes=self.protocol.machine_boxes, sizes=self.protocol.sizes
        )
        truth = next(truth for truth in found if truth.name == key.name)
        done = self.files.done(truth, self.repetitions)
        with Pulse.of(self.files.folder, key.name) as pulse:
            while not enough(done, self.repetitions):
                with self._thrown_away_on_failure(key.name):
                    tracker = self._tracker_of(len(done))
                    run = self._run(tracker, sequence, truth, pulse.beat)
                self.files.write(key.name, run, len(done))
                done.append(run)

    def _run(
        self, tracker: Tracker, sequence: Sequence, truth: Truth, on_frame: Callable[[], None]
    ) -> Trajectory:
        watched = WatchedFrames(sequence.frames, truth.stop, on_frame)
        if isinstance(tracker, PairTracker) and sequence.visible is not None:
            tracker = paired(tracker, watched, visible_half(sequence, "RGB-T"), truth)
        if not isinstance(tracker, SequenceTracker | TimedTracker):
            return self.protocol.run(tracker, watched, truth)
        guided = GuidedTracker(tracker, watched)
        trajectory = self.protocol.run(guided, watched, truth)
        if trajectory.seconds is None:
            return trajectory
        seconds = trajectory.seconds.copy()
        for index, took_s in guided.seconds.items():
            seconds[index] = took_s
        return replace(trajectory, seconds=seconds)

    def _tracker_of(self, repetition: int) -> Tracker:
        factory = self.factories(repetition)
        if self._tracker is None or factory != self._built:
            self._tracker, self._built = None, factory  # the one before is let go first
            try:
                self._tracker = factory()
            except DataError as error:
                raise WeightsError(str(error)) from error
        return self._tracker

    @contextmanager
    def _thrown_away_on_failure(self, name: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._tracker = None
            text = str(error)
            if any(word in text for word in _SPOILT):
                what = text.strip().splitlines()[0]
                raise WorkerError(f"{name}: {type(error).__name__}: {what}") from error
            named = name in text or isinstance(error, WeightsError)
            if isinstance(error, TirDataError) and not named:
                raise type(error)(f"{name}: {text}") from error
            raise


class WatchedFrames:
    """Frames up to ``stop``, counted as they are read; knows which one was read last."""

    def __init__(self, frames: Frames, stop: int, on_frame: Callable[[], None]) -> None:
        self._frames, self._stop, self._on_frame = frames, stop, on_frame
        self.paths: tuple[Path, ...] = tuple(getattr(frames, "paths", ()))[:stop]
        self.index = -1
        self.frame: Frame | None = None

    def __len__(self) -> int:
        return self._stop

    def __getitem__(self, index: int, /) -> Frame:
        frame = self._frames[index]
        self.index, self.frame = index, frame
        self._on_frame()
        return frame


class GuidedTracker:
    """A tracker that is told where it is, if it asks for that, and what it said of its time."""

    took_s: float  # there only if the tracker has one, too

    def __init__(self, tracker: Tracker, frames: WatchedFrames) -> None:
        self.tracker, self.frames = tracker, frames
        self.seconds: dict[int, float] = {}
        if isinstance(tracker, TimedTracker):
            self.took_s = tracker.took_s

    def init(self, frame: Frame, box: Box) -> None:
        """Start the tracker."""
        index = self._attend(frame)
        self.tracker.init(frame, box)
        self._time(index)

    def track(self, frame: Frame) -> Prediction:
        """What the tracker says."""
        index = self._attend(frame)
        prediction = self.tracker.track(frame)
        self._time(index)
        return prediction

    def _attend(self, frame: Frame) -> int:
        index = self.frames.index
        if isinstance(self.tracker, SequenceTracker):
            if frame is not self.frames.frame:
                raise RuntimeError("a protocol shows a tracker the frame that it has read last")
            self.tracker.attend(self.frames, index)
        return index

    def _time(self, index: int) -> None:
        if isinstance(self.tracker, TimedTracker):
            self.seconds[index] = self.took_s = self.tracker.took_s


def paired(
    tracker: PairTracker, frames: WatchedFrames, visible: Frames, truth: Truth
) -> PairedTracker:
    """A tracker of pairs as one of the thermal frames of a target."""

    def beside(frame: Frame) -> ColourFrame:
        if frame is not frames.frame:
            raise RuntimeError("a protocol shows a tracker the frame that it has read last")
        return colour_frame(visible, frames.index)

    def visible_box(_: Box) -> Box | None:
        if truth.visible is None or np.isnan(truth.visible[frames.index]).any():
            return None
        return Box(*(float(value) for value in truth.visible[frames.index]))

    return PairedTracker(tracker, beside, visible_box)


@dataclass
class Pulse:
    """Signs of life of one target, in a file that the process of the run reads."""

    path: Path
    name: str
    frames: int = 0
    _said_s: float = field(default_factory=time.monotonic)

    @classmethod
    @contextmanager
    def of(cls, folder: Path, name: str) -> "Iterator[Pulse]":
        """One that is gone when the block ends."""
        path = folder / PULSES / hashlib.sha256(name.encode()).hexdigest()[:16]
        try:
            yield cls(path, name)
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def beat(self) -> None:
        """One more frame was read; a sign that cannot be written is no fault."""
        self.frames += 1
        now = time.monotonic()
        if now - self._said_s >= PULSE_S:
            self._said_s = now
            with suppress(OSError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.write_text(json.dumps([self.name, self.frames]), "utf-8")


def read_pulses(folder: Path) -> dict[str, int]:
    """Frames read so far of each target that is running."""
    found: dict[str, int] = {}
    for path in (folder / PULSES).glob("*"):
        with suppress(OSError, ValueError):
            name, frames = json.loads(path.read_text("utf-8"))
            found[str(name)] = int(frames)
    return found


def clear_pulses(folder: Path) -> None:
    """Take the signs of a run away that was ended."""
    for path in (folder / PULSES).glob("*"):
        with suppress(OSError):
            path.unlink()
    with suppress(OSError):
        (folder / PULSES).rmdir()
