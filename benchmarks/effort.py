"""Human boxes per 1000 frames that a simulated annotator has to give, tracker by tracker.

The protocol is that of `tirdata evaluate TRACKER DATA --protocol effort…`, on annotated real clips:
held out of Svanström's set, antiuav, and VOT-TIR's. Three policies, each at IoU 0.5 and 0.7 (see
docs/effort.md). For each: pooled over clips, the median clip, seconds of processor per 1000 frames,
and how far ours (the first tracker) is from each other, with the paired bootstrap over clips.
Negative differences are boxes that ours saves.

Passes are kept under --work: run again, it goes on where it was, and tracks nothing twice.

Run: python -m benchmarks.effort --data ../shared/data --work FOLDER --jobs 2 --table effort.md
CSRT and KCF are in opencv-contrib only; NanoTrack needs its two files (--nano FOLDER).
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2

from benchmarks.annotated import Take, clips
from benchmarks.effort_runs import BLIND, Frames, Outcome, Tried, build, outcomes
from benchmarks.effort_table import tables
from tracking.evaluation.machine import this_machine

__all__ = ["BLIND", "SOURCES", "Frames", "Tried", "build", "tried_of"]

SOURCES = ("svanstrom", "antiuav", "vot-tir")
POLICIES = {"worst-first": "", "suggest": "-suggest", "online": "-online"}  # to benchmarks
LEVELS = ("0.5", "0.7")
TRIED = ["mmnet", "csrt", "kcf", "nano", "interpolate", "hold"]
OF_OPENCV = {"csrt": "TrackerCSRT", "kcf": "TrackerKCF"}


def main() -> None:
    """Every benchmark, every tracker that is there."""
    given = _arguments()
    cv2.setNumThreads(1)
    take = Take(given.every, given.frames, given.clips, given.part)
    found = [clip for source in given.sources for clip in clips(given.data, source, take)]
    counts = f"{len(found)} clips, {sum(len(clip.frames) for clip in found)} frames"
    print(f"{this_machine('cpu')}\n{counts}, jitter {given.jitter}", flush=True)
    chosen = {policy: POLICIES[policy] for policy in given.policies}
    endings = ["" if level == "0.5" else f"-{level}" for level in given.levels]
    wanted = [f"effort{level}{policy}" for policy in chosen.values() for level in endings]
    trackers = tried_of(given.trackers, given.nano, given.set)
    if given.refine:
        seeing = [each for each in trackers if each.kind not in BLIND]
        trackers += [each._replace(name=f"{each.name}, refined", refined=True) for each in seeing]
    done: list[Outcome] = []
    for outcome in outcomes(trackers, found, wanted, given.work, given.jitter, given.jobs):
        done.append(outcome)
        if given.verbose:
            print(*outcome, flush=True)
    order = {each.name: place for place, each in enumerate(trackers)}
    done.sort(key=lambda each: (order[each.tracker], each.benchmark))
    text = tables(done, given.levels, chosen)
    print(text)
    if given.table:
        given.table.write_text(f"{counts}\n\n{text}", encoding="utf-8")


def tried_of(names: Sequence[str], nano: Path | None, changes: Sequence[str] = ()) -> list[Tried]:
    """The trackers that are there; of the others it is said why they are not.

    MMNet runs with its profile fast; ``changes`` are further settings of it, ``name=value``.
    """
    settings: dict[str, Mapping[str, Any]] = {
        "mmnet": {"profile": "fast", **dict(each.split("=", 1) for each in changes)}
    }
    if nano:
        settings["nano"] = {key: nano / f"{key}.onnx" for key in ("backbone", "head")}
    return [Tried(name, name, settings.get(name, {})) for name in names if _there(name, nano)]


def _there(name: str, nano: Path | None) -> bool:
    if name == "nano" and nano is None:
        print("nano: no --nano; left out")
        return False
    if name in OF_OPENCV and not hasattr(cv2, OF_OPENCV[name]):
        print(f"{name}: not in this build of OpenCV ({cv2.__version__}); left out")
        return False
    return True


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="keeps passes")
    parser.add_argument("--trackers", nargs="*", default=TRIED)
    parser.add_argument("--policies", nargs="*", choices=POLICIES, default=list(POLICIES))
    parser.add_argument("--levels", nargs="*", choices=LEVELS, default=list(LEVELS))
    parser.add_argument("--sources", nargs="*", default=list(SOURCES))
    parser.add_argument("--clips", type=int, default=1000, help="of each source at most")
    parser.add_argument("--frames", type=int, default=1000, help="of each clip at most")
    parser.add_argument("--every", type=int, default=3, help="frames of the recording")
    parser.add_argument("--part", choices=("val", "test"), default="test")
    parser.add_argument("--jitter", type=float, default=0.0, help="of the person's hand")
    parser.add_argument("--nano", type=Path, help="folder of backbone.onnx and head.onnx")
    parser.add_argument("--set", nargs="*", default=[], help="settings of mmnet, name=value")
    parser.add_argument("--refine", action="store_true", help="each tracker refined too")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--table", type=Path, help="where to write the tables, in markdown")
    parser.add_argument("--verbose", action="store_true", help="a line a clip")
    return parser.parse_args()


if __name__ == "__main__":
    main()
