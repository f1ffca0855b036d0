"""Human boxes per 1000 frames that a simulated annotator has to give, tracker by tracker.

The protocol is that of `tirdata evaluate TRACKER DATA --protocol effort…`, on annotated real clips:
held out of Svanström's set, antiuav, and VOT-TIR's. Three policies, each at IoU 0.5 and 0.7 (see
docs/effort.md). For each: pooled over clips, the median clip, seconds of processor per 1000 frames,
and how far ours is from each other tracker, with the paired bootstrap over clips. Negative
differences are boxes that ours saves.

Passes are kept under --work: run again, it goes on where it was, and tracks nothing twice.

Run: python benchmarks/effort.py --data ../shared/data --clips 8 --frames 60 --work FOLDER
CSRT and KCF are in opencv-contrib only; NanoTrack needs its two files (--nano FOLDER).
"""

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from benchmarks.annotated import Clip, Take, clips
from benchmarks.passes import Remembering, Store
from tirdata.config import check
from tirdata.files import sha256
from tirdata.tracker import Tracker
from tirdata.types import Floats, Frame
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.bootstrap import draw, interval_of, mean_of
from tracking.evaluation.machine import this_machine
from tracking.evaluation.scores import Summary
from tracking.evaluation.targets import Truth
from tracking.trackers import TRACKERS, tracker_factory

SOURCES = ("svanstrom", "antiuav", "vot-tir")
POLICIES = {"offline": "", "suggest": "-suggest", "online": "-online"}  # to benchmarks
TRIED = ["mmnet", "interpolate", "hold", "kcf", "csrt", "nano"]
BLIND = ("interpolate", "hold")  # they look at no picture, so there is nothing to keep


class Frames:
    """A clip's frames, already in memory."""

    def __init__(self, frames: list[Frame]) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int, /) -> Frame:
        return self._frames[index]


class Result(NamedTuple):
    """One tracker by one benchmark."""

    summary: Summary
    human: Floats  # (clips,)
    frames: Floats  # (clips,)
    seconds: float


def build(name: str, settings: Mapping[str, Any], work: Path) -> Tracker:
    """The tracker with its passes of earlier runs."""
    factory = tracker_factory(name, settings)
    if name in BLIND:
        return factory()
    entry = TRACKERS[name]()
    config = check(settings, entry.config, where=name)
    state = [name, config.model_dump(mode="json"), cv2.__version__]
    state += [sha256(path) for path in entry.files(config)]
    digest = hashlib.sha256(json.dumps(state).encode()).hexdigest()[:12]
    return Remembering(factory, Store(work / f"{name}-{digest}.jsonl"))


def run(benchmark: str, tracker: Tracker, found: Sequence[Clip]) -> Result:
    """Annotate every clip."""
    protocol = open_benchmark(benchmark).build()
    before = getattr(tracker, "seconds", 0.0)
    scores = []
    for clip in found:
        truth = Truth(clip.name, clip.name, 0, clip.boxes)
        trajectory = protocol.run(tracker, Frames(clip.frames), truth)
        scores.append(protocol.score(truth, [trajectory]))
    return Result(
        protocol.summarise(scores),
        np.array([score.values["human_boxes"] for score in scores]),
        np.array([score.frames for score in scores], np.float64),
        getattr(tracker, "seconds", 0.0) - before,
    )


def show(benchmark: str, results: Mapping[str, Result]) -> None:
    """One table; differences are the first tracker's boxes per 1000 frames less each other's."""
    print(f"\n{benchmark}: human boxes per 1000 frames")
    print("tracker        pooled  median  overlap  s/1000  ours less this one (95 %)")
    (ours, first), *_ = results.items()
    draws = draw(len(first.human))
    for name, result in results.items():
        values = result.summary.values
        apart = ""
        if name != ours:
            more = 1000 * (first.human - result.human) / first.frames
            low, high = interval_of(mean_of(more, first.frames)(draws))
            difference = 1000 * float((first.human - result.human).sum() / first.frames.sum())
            apart = f"{difference:+.1f} ({low:+.1f} to {high:+.1f})"
        print(
            f"{name:12s} {values['boxes_per_1000']:8.1f}{values['boxes_per_1000_median']:8.1f}"
            f"{values['mean_overlap']:9.3f}{1000 * result.seconds / result.frames.sum():8.1f}"
            f"  {apart}",
            flush=True,
        )


def main() -> None:
    """Every benchmark, every tracker that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="keeps passes")
    parser.add_argument("--trackers", nargs="*", default=TRIED)
    parser.add_argument("--policies", nargs="*", choices=POLICIES, default=list(POLICIES))
    parser.add_argument("--sources", nargs="*", default=list(SOURCES))
    parser.add_argument("--clips", type=int, default=8, help="of each source at most")
    parser.add_argument("--frames", type=int, default=60, help="of each clip at most")
    parser.add_argument("--every", type=int, default=3, help="frames of the recording")
    parser.add_argument("--part", choices=("val", "test"), default="test")
    parser.add_argument("--nano", type=Path, help="backbone.onnx and head.onnx")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    take = Take(given.every, given.frames, given.clips, given.part)
    found = [clip for source in given.sources for clip in clips(given.data, source, take)]
    print(this_machine("cpu"))
    print(f"{len(found)} clips, {sum(len(clip.frames) for clip in found)} frames")
    files = {"backbone": given.nano, "head": given.nano} if given.nano else {}
    settings = {"nano": {key: folder / f"{key}.onnx" for key, folder in files.items()}}
    there = [name for name in given.trackers if _there(name, settings)]
    trackers = {name: build(name, settings.get(name, {}), given.work) for name in there}
    for policy in given.policies:
        for level in ("", "-0.7"):
            benchmark = f"effort{level}{POLICIES[policy]}"
            show(benchmark, {name: run(benchmark, each, found) for name, each in trackers.items()})


def _there(name: str, settings: Mapping[str, Mapping[str, Any]]) -> bool:
    if name == "nano" and not settings["nano"]:
        print("nano: no --nano; left out")
        return False
    kind = {"csrt": "TrackerCSRT", "kcf": "TrackerKCF"}.get(name)
    if kind and not hasattr(cv2, kind):
        print(f"{name}: not in this build of OpenCV ({cv2.__version__}); left out")
        return False
    return True


if __name__ == "__main__":
    main()
