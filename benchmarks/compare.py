r"""MMNet against OpenCV's trackers on recordings not trained on, and where overlap is lost.

Every tracker starts at the same true box and sees the same frames. What each found is kept in
--out, a file a clip, so trackers may be run one after another, also by other environments (CSRT and
KCF are in opencv-contrib before 5 only). The tables are of all that lie there for the clips asked
for, cut to the frames asked for: what was followed for longer need not be followed again.
Differences are paired over clips, with a 95 % bootstrap interval.

    pip install "opencv-contrib-python-headless<5"    # in an environment of its own; there:
    python -m benchmarks.compare --out work --trackers csrt kcf \
        "NanoTrack v2: nano backbone=B.onnx head=H.onnx"
    python -m benchmarks.compare --trackers mmnet "mmnet profile=fast" --out work

Sources: the last tenth of Svanström's thermal clips, Anti-UAV's clip 41 (it validates), two
sequences of VOT-TIR, TASS, and a daylight clip of Anti-UAV; those that are not there are left out
and named. A setting is given as for `tirdata track --set`; what stands before a colon is the name
in the tables.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

from benchmarks.annotated import Clip, Take
from benchmarks.compare_tables import Outcome, page
from benchmarks.following import follow, held_out_clips
from tirdata import files
from tirdata.config import read_json, to_json
from tirdata.errors import MissingError, TirDataError
from tracking.evaluation.choice import TrackerChoice
from tracking.evaluation.machine import this_machine

FRAMES = {"svanstrom": 40, "antiuav-41": 150, "vot-tir": 150, "tass": 60, "antiuav-day": 150}
"""Most of each clip: the small sky clips are many, the others few and longer."""


class Spec(NamedTuple):
    """A tracker with settings, and what it is called in tables."""

    label: str
    choice: TrackerChoice

    @property
    def folder(self) -> str:
        """Of its results."""
        return "".join(char if char.isalnum() or char in "-.=" else "_" for char in self.label)


def spec_of(text: str) -> Spec:
    """`[LABEL: ]NAME key=value …`; without a label it is called so, less the folders of files."""
    label, found, rest = text.partition(": ")
    name, *settings = (rest if found else text).split()
    short = " ".join([name, *(word.rpartition("/")[2] for word in settings)])
    choice = TrackerChoice(name, dict(word.split("=", 1) for word in settings))
    return Spec(label if found else short, choice)


def run_tracker(spec: Spec, clips: Sequence[Clip], out: Path) -> None:
    """Follow every clip that is not done yet by these very settings from this very start.

    Raises:
        MissingError: this OpenCV has no such tracker, or a file of it is not there.
    """
    fingerprint = spec.choice.fingerprint()
    tracker = None
    for clip in clips:
        path = out / spec.folder / f"{clip.name}.json"
        start = _digest(clip)
        if path.exists():
            old = read_json(path, Outcome)
            long = len(old.found) >= len(clip.frames) - 1
            if long and (old.fingerprint, old.start) == (fingerprint, start):
                continue
        tracker = tracker or spec.choice.factory()
        followed = follow(tracker, clip)
        outcome = Outcome(
            tracker=spec.label, clip=clip.name, source=clip.source, fingerprint=fingerprint,
            start=start, found=_rows(followed.found), truth=_rows(followed.truth),
            cpu_s=followed.seconds,
        )  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_text(path, to_json(outcome))


def _digest(clip: Clip) -> str:
    """Of the first frame's pixels and its true box."""
    whole = hashlib.sha256(np.ascontiguousarray(clip.boxes[0]).tobytes())
    whole.update(clip.frames[0].tobytes())
    return whole.hexdigest()[:16]


def outcomes(out: Path, clips: Sequence[Clip]) -> list[Outcome]:
    """What lies in a folder for ``clips``, cut to their frames; shorter ones are left out."""
    wanted = {(clip.name, _digest(clip)): len(clip.frames) - 1 for clip in clips}
    found = (read_json(path, Outcome) for path in sorted(out.glob("*/*.json")))
    return [
        each.cut(wanted[key])
        for each in found
        if (key := (each.clip, each.start)) in wanted and len(each.found) >= wanted[key]
    ]


def _rows(boxes: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> list[list[float] | None]:
    return [None if np.isnan(row).any() else [round(float(value), 3) for value in row]
            for row in boxes]  # fmt: skip


def all_clips(
    data: Path, part: str, every: int, share: float, sources: Sequence[str] = tuple(FRAMES)
) -> list[Clip]:
    """Clips of every source that is there; of Svanström's every so many."""
    found: list[Clip] = []
    for source in sources:
        most = FRAMES[source]
        take = Take(every=1, frames=max(2, round(share * most)), part=part)
        clips = held_out_clips(data, source, take)
        if not clips:
            print(f"{source}: not under {data}; left out", flush=True)
        found += clips[::every] if source == "svanstrom" else clips
    return found


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--trackers", nargs="*", default=["mmnet", "mmnet profile=fast"])
    parser.add_argument("--sources", nargs="*", choices=FRAMES, default=list(FRAMES))
    parser.add_argument("--part", choices=("val", "test"), default="test")
    parser.add_argument("--every", type=int, default=1, help="takes every so many sky clips")
    parser.add_argument("--share", type=float, default=1.0, help="of the frames of each clip")
    parser.add_argument("--against", default="mmnet", help="the row that others are compared with")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("compared"))
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> None:
    """Run what is not done, then write the tables of all that is."""
    given = parse(words)
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(given.threads)
    clips = all_clips(given.data, given.part, given.every, given.share, given.sources)
    for text in given.trackers:
        try:
            run_tracker(spec_of(text), clips, given.out)
            print(f"{text}: done", flush=True)
        except MissingError as error:
            print(f"{text}: left out: {error}", flush=True)
    machine = this_machine(None)
    told = page(outcomes(given.out, clips), given.against)
    head = (f"{machine.cpu}, {given.threads} thread(s), no GPU; "
            f"{json.dumps(machine.versions)}")  # fmt: skip
    files.write_text(given.out / "compared.md", f"{head}\n\n{told}")
    print(told)


if __name__ == "__main__":
    try:
        main()
    except TirDataError as error:
        sys.exit(f"error: {error}")
