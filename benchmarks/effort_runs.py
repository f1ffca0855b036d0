"""One tracker on one clip by every benchmark of annotation effort, its passes kept on disk.

Each clip has a file of passes of its own, so that several processes can work at once and a
measurement that was stopped goes on; what follows from the passes (fusing, policies) is always
worked out anew.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import torch

from benchmarks.annotated import Clip
from benchmarks.passes import Remembering, Store
from tirdata.config import check
from tirdata.files import sha256
from tirdata.tracker import Prediction, Tracker
from tirdata.types import Box, Frame
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.protocols.effort import Effort, EffortConfig
from tracking.evaluation.targets import Truth
from tracking.trackers import TRACKERS, tracker_factory
from tracking.trackers.refined import RefinedConfig, RefinedTracker

BLIND = ("interpolate", "hold")  # they look at no picture, so there is nothing to keep


class Frames:
    """A clip's frames, already in memory."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int, /) -> Frame:
        return self._frames[index]


class Tried(NamedTuple):
    """A tracker under the name it has in tables."""

    name: str
    kind: str  # in the registry
    settings: Mapping[str, Any]
    refined: bool = False  # its boxes are made tighter, as by `annotate --refine`


class Outcome(NamedTuple):
    """What one clip took with one tracker by one benchmark."""

    tracker: str
    benchmark: str
    clip: str
    source: str
    human: int
    frames: int
    overlap: float  # mean
    good: float  # share of frames
    seconds: float  # of the processor, for all passes


class Job(NamedTuple):
    """All benchmarks of one tracker on one clip."""

    tried: Tried
    clip: int
    benchmarks: Sequence[str]
    jitter: float
    work: Path


_CLIPS: list[Clip] = []  # what the processes share; they are forked once it is filled


def build(tried: Tried, work: Path, clip: str) -> Tracker:
    """The tracker with its passes of earlier runs over the clip."""
    factory = tracker_factory(tried.kind, tried.settings)
    if tried.kind in BLIND:
        return factory()
    entry = TRACKERS[tried.kind]()
    config = check(tried.settings, entry.config, where=tried.name)
    settings = config.model_dump(mode="json")
    state = [tried.kind, {k: v for k, v in settings.items() if k not in PLACES}, cv2.__version__]
    state += [sha256(path) for path in entry.files(config)]
    digest = hashlib.sha256(json.dumps(state).encode()).hexdigest()[:12]
    kept = Remembering(factory, Store(work / f"{tried.kind}-{digest}" / f"{clip}.jsonl"))
    return Refined(kept, tried) if tried.refined else kept


class Refined(RefinedTracker):
    """The kept passes of a tracker, refined: the head is cheap and looks again each time."""

    def __init__(self, kept: Remembering, tried: Tried) -> None:
        config = RefinedConfig(tracker=tried.kind, settings=dict(tried.settings), device="cpu")
        super().__init__(kept, config)
        self._refining_s = 0.0

    @property
    def seconds(self) -> float:
        """Of the tracker inside and of the head, so far."""
        return float(self.inner.seconds) + self._refining_s

    def init(self, frame: Frame, box: Box) -> None:
        """As the tracker inside."""
        begun = time.process_time()
        super().init(frame, box)
        self._refining_s += time.process_time() - begun

    def track(self, frame: Frame) -> Prediction:
        """As the tracker inside, refined."""
        found = [self.inner.track(frame)]
        begun = time.process_time()
        (refined,) = self._refined([frame], found)
        self._refining_s += time.process_time() - begun
        return refined


PLACES = ("backbone", "head", "weights")  # settings that are known by the hash of their file


def outcomes(
    tried: Sequence[Tried], found: Sequence[Clip], benchmarks: Sequence[str], work: Path,
    jitter: float = 0.0, jobs: int = 1,
) -> Iterator[Outcome]:  # fmt: skip
    """Every tracker on every clip by every benchmark, as they are done."""
    todo = [
        Job(each, clip, benchmarks, jitter, work) for each in tried for clip in range(len(found))
    ]
    _CLIPS[:] = found
    if jobs == 1:
        for job in todo:
            yield from run(job)
        return
    with get_context("fork").Pool(jobs, initializer=_one_thread) as pool:
        for done in pool.imap_unordered(run, todo):
            yield from done


def run(job: Job) -> list[Outcome]:
    """One job."""
    clip = _CLIPS[job.clip]
    tracker = build(job.tried, job.work, clip.name)
    truth = Truth(clip.name, clip.name, 0, clip.boxes)
    done = []
    for benchmark in job.benchmarks:
        protocol = protocol_of(benchmark, job.jitter)
        before = getattr(tracker, "seconds", 0.0)
        score = protocol.score(truth, [protocol.run(tracker, Frames(clip.frames), truth)])
        done.append(
            Outcome(
                job.tried.name, benchmark, clip.name, clip.source,
                int(score.values["human_boxes"]), score.frames,
                round(score.values["mean_overlap"], 4), round(score.values["good_frames"], 4),
                round(getattr(tracker, "seconds", 0.0) - before, 3),
            )
        )  # fmt: skip
    return done


def protocol_of(benchmark: str, jitter: float) -> Effort:
    """The protocol of a benchmark with a person's shaking hand."""
    rules = open_benchmark(benchmark).build().rules  # type: ignore[attr-defined]
    return Effort(EffortConfig.model_validate({**rules.model_dump(), "jitter": jitter}))


def _one_thread() -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
