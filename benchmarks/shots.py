"""Cuts found in the clips of the drone detection dataset, beside PySceneDetect on the same frames.

The truth is `tests/data/cuts.csv`: frames that a detector took for cuts, each judged by eye. A cut
counts as found when one is made at most two frames from it. Everything else that is made in these
clips is a false cut.
"""

import argparse
import csv
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from scenedetect import AdaptiveDetector, ContentDetector, HistogramDetector, detect
from scenedetect.detector import SceneDetector

from tirdata.decode import open_frames
from tirdata.frames.shots import mark_shots
from tracking.evaluation.machine import this_machine

TRUTH = Path(__file__).parent.parent / "tests" / "data" / "cuts.csv"
NEAR = 2  # frames

Finder = Callable[[Path], list[int]]


@dataclass
class Score:
    """What one finder made of all clips."""

    found: int = 0
    missed: int = 0
    false: list[str] = field(default_factory=list)
    seconds: float = 0.0
    frames: int = 0

    def line(self, name: str) -> str:
        made = self.found + len(self.false)
        precision = self.found / made if made else 1.0
        recall = self.found / max(self.found + self.missed, 1)
        rate = self.frames / self.seconds
        return (
            f"{name:28} {self.found:5} {self.missed:6} {len(self.false):5} "
            f"{precision:9.3f} {recall:6.3f} {rate:8.0f}"
        )


def ours(path: Path) -> list[int]:
    """First frames of shots, by tirdata."""
    with closing(open_frames(path)) as reader:
        marked = mark_shots((raw.pixels for raw in reader.read()), lambda pixels: pixels)
        return [index for index, (_, begins) in enumerate(marked) if begins and index]


def theirs(build: Callable[[], SceneDetector]) -> Finder:
    """The same by a detector of PySceneDetect with its defaults."""

    def find(path: Path) -> list[int]:
        scenes = detect(str(path), build())
        return [start.frame_num for start, _ in scenes[1:]]

    return find


FINDERS: dict[str, Finder] = {
    "tirdata": ours,
    "scenedetect content": theirs(ContentDetector),
    "scenedetect adaptive": theirs(AdaptiveDetector),
    "scenedetect histogram": theirs(HistogramDetector),
}


def truth(kinds: frozenset[str]) -> dict[str, tuple[list[int], list[int]]]:
    """By clip: the cuts of these kinds, and all cuts."""
    clips: dict[str, tuple[list[int], list[int]]] = {}
    with TRUTH.open(newline="") as file:
        for row in csv.DictReader(file):
            wanted, every = clips.setdefault(row["clip"], ([], []))
            if row["is_cut"] == "1":
                every.append(int(row["frame"]))
                if row["what"] in kinds:
                    wanted.append(int(row["frame"]))
    return clips


def judge(score: Score, clip: str, made: list[int], wanted: list[int], every: list[int]) -> None:
    """Count what was made of one clip."""
    hits = [cut for cut in wanted if any(abs(cut - frame) <= NEAR for frame in made)]
    score.found += len(hits)
    score.missed += len(wanted) - len(hits)
    score.false += [
        f"{clip}:{frame}" for frame in made if not any(abs(cut - frame) <= NEAR for cut in every)
    ]


def main() -> None:
    """Every finder on every clip, the finders taking turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with tir/ and visible/")
    parser.add_argument("--every", type=int, default=1, help="take every n-th clip only")
    parser.add_argument("--list", action="store_true", help="name the false cuts")
    arguments = parser.parse_args()
    kinds = {"scene and framing": frozenset({"scene"}), "all": frozenset({"scene", "moment"})}
    scores = {(kind, name): Score() for kind in kinds for name in FINDERS}
    clips = sorted(truth(frozenset()))[:: arguments.every]
    for clip in clips:
        path = next(arguments.data.glob(f"*/{clip}.mp4"))
        for name, find in FINDERS.items():
            started = time.perf_counter()
            made = find(path)
            seconds = time.perf_counter() - started
            for kind, words in kinds.items():
                wanted, every = truth(words)[clip]
                score = scores[kind, name]
                judge(score, clip, made, wanted, every)
                score.seconds += seconds
                with closing(open_frames(path)) as reader:
                    score.frames += reader.info.frames or 0
    machine = this_machine(None)
    print(f"{machine.cpu}, {machine.cores} cores, {machine.system}")
    for kind in kinds:
        print(f"\n{len(clips)} clips, cuts: {kind}")
        print(f"{'':28} {'found':>5} {'missed':>6} {'false':>5} {'precision':>9} recall frames/s")
        for name in FINDERS:
            print(scores[kind, name].line(name))
    if arguments.list:
        for name in FINDERS:
            print(f"\nfalse, {name}: {' '.join(scores['all', name].false)}")


if __name__ == "__main__":
    main()
