"""The background: pending spans are propagated one by one, and the XML follows the journal."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tirdata.annotate.annotate import Tracking
from tirdata.annotate.fill import fill, looks
from tirdata.annotate.journal import LOCK_WAIT_S
from tirdata.annotate.pairs import shown
from tirdata.annotate.spans import Span
from tirdata.dataset.lists import write_lists
from tirdata.dataset.tree import Dataset, SequenceId
from tirdata.errors import TirDataError
from tirdata.review.forms import Form
from tirdata.review.hub import Hub
from tirdata.review.opened import Opened, SupersededError
from tirdata.tracker import Prediction, Tracker
from tirdata.types import Box, Frame, Frames

logger = logging.getLogger(__name__)

PROGRESS_S = 0.05


class StoppedSpanError(Exception):
    """Raised in the middle of a span to leave it."""


class Propagator:
    """One thread that works for all sequences, the one that was asked for last first."""

    def __init__(
        self,
        dataset: Dataset,
        tracking: Tracking | None,
        opened: Callable[[SequenceId], Opened],
        hub: Hub,
        on_change: Callable[[SequenceId], None] = lambda _: None,
    ) -> None:
        self._dataset = dataset
        self._tracking = tracking
        self._opened = opened
        self._hub = hub
        self._on_change = on_change
        self._tracker: Tracker | None = None
        self._unlisted: set[SequenceId] = set()  # whose XML changed since the lists were written
        self._wake = threading.Condition()
        self._waiting: list[SequenceId] = []  # the last one is the next
        self._job: _Job | None = None
        self._current: SequenceId | None = None
        self._leave = False  # something else is more urgent
        self._opened_once: set[SequenceId] = set()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="propagator", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Leave the span in hand and end; what was begun is found again at the next start."""
        with self._wake:
            self._ended = True
            self._waiting.clear()
            self._stop("cancelled")
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def request(self, sequence: SequenceId, *, urgent: bool = True) -> None:
        """Bring a sequence up to date: soon, or when there is nothing else to do."""
        with self._wake:
            if urgent:
                self._opened_once.add(sequence)
            if sequence in self._waiting:
                if not urgent:
                    return
                self._waiting.remove(sequence)
            self._waiting.insert(len(self._waiting) if urgent else 0, sequence)
            if urgent and self._current not in (None, sequence):
                self._leave = True
                self._stop("cancelled")
            self._wake.notify()

    def edited(self, opened: Opened) -> None:
        """Somebody said something: leave the span in hand if it is not to be filled any more."""
        spans = opened.pending()
        with self._wake:
            job = self._job
            if job is not None and job.sequence == opened.sequence and job.key not in spans:
                self._stop("edited")
        self.request(opened.sequence)

    def cancel(self, opened: Opened) -> None:
        """Leave a sequence as it is until somebody says something."""
        opened.paused = True
        with self._wake:
            if opened.sequence in self._waiting:
                self._waiting.remove(opened.sequence)
            if self._job is not None and self._job.sequence == opened.sequence:
                self._stop("cancelled")

    def running(self, sequence: SequenceId) -> Form | None:
        """The span of a sequence that is being filled."""
        job = self._job
        return job.form() if job is not None and job.sequence == sequence else None

    def idle(self) -> bool:
        """Whether there is nothing to do."""
        with self._wake:
            return not self._waiting and self._current is None

    def _stop(self, why: str) -> None:
        if self._job is not None:
            self._job.stop = why

    def _work(self) -> None:
        while True:
            with self._wake:
                self._current, self._leave = None, False
                while not self._waiting and not self._ended:
                    self._wake.wait()
                if self._ended:
                    return
                sequence = self._current = self._waiting.pop()
            try:
                self._bring_up(self._opened(sequence))
                if not self._waiting:
                    self._list()
            except TirDataError as error:
                logger.warning("%s: %s", sequence.name, error)
            except Exception:
                logger.exception("%s: propagation failed", sequence.name)

    def _bring_up(self, opened: Opened) -> None:
        self._follow(opened)
        every = opened.sequence in self._opened_once
        if every:
            self._warm()
        while self._tracking is not None and not opened.paused:
            spans = opened.pending(every=every)
            with self._wake:
                if not spans or self._ended:
                    break
                if self._leave:  # and come back after the urgent one
                    if opened.sequence not in self._waiting:
                        self._waiting.insert(-1, opened.sequence)
                    break
            self._fill(opened, *spans[0], self._tracking)
        self._follow(opened)

    def _load(self) -> None:
        if self._tracking is not None and self._tracking.factory and self._tracker is None:
            self._tracker = self._tracking.factory()

    def _warm(self) -> None:
        """Load the tracker before the first box is drawn; a fault is told with a span."""
        try:
            self._load()
        except Exception as error:
            logger.warning("the tracker cannot be loaded: %s", error)

    def _follow(self, opened: Opened) -> None:
        before = opened.xml()
        if before["state"] == "current":
            return
        if opened.follow():
            self._unlisted.add(opened.sequence)
        after = opened.xml()
        if after != before:
            self._hub.send(opened.sequence, "xml", after)
        self._on_change(opened.sequence)

    def _list(self) -> None:
        """Bring the list files up to date, which name the classes of each sequence."""
        if self._unlisted:
            with self._dataset.lock(LOCK_WAIT_S):
                write_lists(self._dataset, self._unlisted)
            self._unlisted.clear()

    def _fill(self, opened: Opened, track: int, span: Span, tracking: Tracking) -> None:
        job = _Job(opened.sequence, track, span, self._hub)
        with self._wake:
            self._job = job
        job.send("started", {"total": job.total})
        message = None
        try:
            self._load()
            frames, watched = _WatchedFrames(opened.frames(), job), None
            if self._tracker is not None:
                place = (self._dataset, opened.sequence, opened.card)
                pictures, tracker = shown(*place, self._tracker, track)
                frames = _WatchedFrames(pictures, job)
                watched = partial(_WatchedTracker, tracker, frames, job)
            event = fill(frames, track, span, replace(tracking, factory=watched))
            opened.store(event, span)
            self._on_change(opened.sequence)
            change = {"tracks": [track], "by": "machine", **opened.head()}
            self._hub.send(opened.sequence, "changed", change)
            why = "done"
        except StoppedSpanError:
            why = job.stop or "cancelled"
        except SupersededError:
            why = "edited"
        except Exception as error:  # a tracker may raise anything, and it is one span only
            why, message = "failed", str(error) or type(error).__name__
            opened.failed[track, span] = message
            self._tracker = None
            logger.warning("%s: track %d: %s", opened.sequence.name, track, message)
        with self._wake:
            self._job = None
        job.send("stopped", {"why": why} | ({"message": message} if message else {}))


class _Job:
    """The span in hand."""

    def __init__(self, sequence: SequenceId, track: int, span: Span, hub: Hub) -> None:
        self.sequence = sequence
        self.key = (track, span)
        self.stop: str | None = None  # why it is to be left
        self.total = looks(span)
        self._hub = hub
        self._done = 0
        self._boxes: list[list[float]] = []
        self._sent = time.monotonic()

    def form(self) -> Form:
        track, span = self.key
        place = {"track": track, "first": span.first, "last": span.last}
        return {**place, "done": self._done, "total": self.total}

    def send(self, name: str, data: Form) -> None:
        track, span = self.key
        place = {"track": track, "first": span.first, "last": span.last}
        self._hub.send(self.sequence, name, {**place, **data})

    def saw(self, frame: int, box: Box, score: float) -> None:
        self._done += 1
        row = [float(side) for side in (*box, score)]
        if all(abs(value) < 1e9 for value in row):  # not NaN, not infinite
            self._boxes.append([frame, *(round(value, 2) for value in row)])
        if time.monotonic() - self._sent >= PROGRESS_S:
            self._sent = time.monotonic()
            self.send("progress", {"done": self._done, "total": self.total, "boxes": self._boxes})
            self._boxes = []


class _WatchedFrames:
    """Frames that end the work when it is to be left, and know which was asked for last."""

    def __init__(self, frames: Frames, job: _Job) -> None:
        self.index = 0
        self._frames, self._job = frames, job

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int, /) -> Frame:
        if self._job.stop is not None:
            raise StoppedSpanError
        self.index = index
        return self._frames[index]


class _WatchedTracker:
    """A tracker that tells what it said."""

    def __init__(self, tracker: Tracker, frames: _WatchedFrames, job: _Job) -> None:
        self._tracker, self._frames, self._job = tracker, frames, job

    def init(self, frame: Frame, box: Box) -> None:
        self._tracker.init(frame, box)

    def track(self, frame: Frame) -> Prediction:
        found = self._tracker.track(frame)
        self._job.saw(self._frames.index, found.box, found.score)
        return found
