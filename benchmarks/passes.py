"""A tracker that never works out the same answer twice: its passes are kept on disk.

What a tracker answers follows from the frame and box it started on and the frames it has seen
since, so these, hashed, are the key. Policies and fusing can then be compared without tracking
again, and a measurement that was stopped goes on.
"""

import hashlib
import json
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tirdata.tracker import Prediction, Tracker, TrackerFactory
from tirdata.types import Box, Frame


class Step(NamedTuple):
    """What became of one frame."""

    box: Box
    score: float
    seconds: float  # of this process's processor
    features: tuple[float, ...]  # of the response, where the tracker has any


class Store:
    """The answers of one tracker in a file that is only appended to."""

    def __init__(self, path: Path) -> None:
        self.steps: dict[str, Step] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = _whole_lines(path)
        for line in whole:
            key, box, score, seconds, features = json.loads(line)
            self.steps[key] = Step(Box(*box), score, seconds, tuple(features))
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def add(self, key: str, step: Step) -> None:
        """Keep one answer."""
        self.steps[key] = step
        box = [round(side, 3) for side in step.box]
        row = (key, box, round(step.score, 5), round(step.seconds, 5), step.features)
        self._file.write(json.dumps(row) + "\n")


def _whole_lines(path: Path) -> list[str]:
    """The lines that were written to their end; a torn last one is cut off."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        path.write_bytes(whole)
    return whole.decode().splitlines()


class Remembering:
    """A tracker with a store. ``seconds`` is what the answers given so far cost when made."""

    def __init__(self, factory: TrackerFactory, store: Store) -> None:
        self.factory, self.store = factory, store
        self.seconds = 0.0
        self.given: list[Step] = []
        self._live: Tracker | None = None
        self._at = ""  # the key after the last frame that the live tracker saw
        self._key = ""
        self._seen: list[Frame] = []

    def init(self, frame: Frame, box: Box) -> None:
        """Start; the tracker itself only where an answer is missing."""
        self._start, self._seen = box, [frame]
        self._key = _hash(repr(tuple(round(float(side), 6) for side in box)).encode(), frame)

    def track(self, frame: Frame) -> Prediction:
        """The answer from the store, or a new one."""
        before, self._key = self._key, _hash(self._key.encode(), frame)
        self._seen.append(frame)
        if self._key not in self.store.steps:
            live = self._catch_up(before)
            begun = time.process_time()
            box, score, _ = live.track(frame)
            self._at = self._key
            took = time.process_time() - begun
            features = tuple(getattr(live, "features", ()))
            self.store.add(self._key, Step(box, float(score), took, features))
        step = self.store.steps[self._key]
        self.seconds += step.seconds
        self.given.append(step)
        return Prediction(step.box, step.score)

    def _catch_up(self, before: str) -> Tracker:
        """The tracker itself, having seen all frames but the last."""
        if self._live is None:
            self._live = self.factory()
        if self._at == before and before:
            return self._live
        first, *others, _ = self._seen
        self._live.init(first, self._start)
        for frame in others:
            self._live.track(frame)
        return self._live


def _hash(before: bytes, frame: Frame) -> str:
    return hashlib.blake2b(
        before + np.ascontiguousarray(frame).tobytes(), digest_size=12
    ).hexdigest()
