"""Trackers' boxes as they are and made tighter by the learned head, on annotated real clips.

Each tracker goes once through each clip, from the true box of the first frame on; its boxes are
kept under --work. Then: mean IoU, the area under the success curve, and the share of frames with an
IoU of at least 0.5, 0.7 and 0.75, as tracked, refined, with the true centre and with the true size.
`--zoom 1.012` enlarges every frame about the object by so much more than the one before.

CSRT and KCF are in opencv-contrib only; NanoTrack needs its two files (--nano FOLDER).

Run: python -m benchmarks.refine --data ../shared/data --work FOLDER
"""

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from benchmarks.annotated import Clip, Take, clips
from tirdata.geometry import overlap
from tirdata.types import Box, Boxes, Floats, Frame
from tracking.evaluation.machine import this_machine
from tracking.trackers import tracker_factory
from tracking.trackers.refine import Refiner
from tracking.trackers.refined import RefinedConfig

SETS: dict[str, tuple[str, Take]] = {
    "val": ("svanstrom", Take(3, 60, 12, "val")),
    "test": ("svanstrom", Take(3, 60, 12, "test")),
    "antiuav-41": ("antiuav", Take(3, 100)),
    "vot-tir": ("vot-tir", Take(3, 130)),
    "tass": ("tass", Take(1, 60, 10)),
}
TRIED = {"mmnet": {"profile": "fast"}, "csrt": {}, "kcf": {}, "nano": {}}
THRESHOLDS = np.arange(0, 1.01, 0.05)


class Pass(NamedTuple):
    """One tracker through one clip, from its first labelled frame on."""

    clip: Clip
    boxes: Boxes  # (n, 4)
    scores: Floats  # (n,)


def labelled(name: str, data: Path, zoom: float) -> Iterator[Clip]:
    """The clips of a set, from the first frame with a box on."""
    source, take = SETS[name]
    for clip in clips(data, source, take):
        if name == "antiuav-41" and not clip.name.endswith("-41"):
            continue  # the others are trained on
        first = int(np.flatnonzero(~np.isnan(clip.boxes).any(axis=1))[0])
        rest = clip._replace(frames=clip.frames[first:], boxes=clip.boxes[first:])
        yield rest if zoom == 1 else zoomed(rest, zoom)


def zoomed(clip: Clip, rate: float) -> Clip:
    """Every frame enlarged about the object by ``rate`` more than the one before."""
    frames: list[Frame] = []
    boxes = clip.boxes.copy()
    for number, (frame, box) in enumerate(zip(clip.frames, clip.boxes, strict=True)):
        scale = rate**number
        middle = np.nan_to_num(box[:2] + box[2:] / 2)
        matrix = np.array([[scale, 0, (1 - scale) * (middle[0] - 0.5)],
                           [0, scale, (1 - scale) * (middle[1] - 0.5)]])  # fmt: skip
        size = (frame.shape[1], frame.shape[0])
        made = cv2.warpAffine(
            frame, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        frames.append(np.asarray(made, np.uint8))
        boxes[number] = [*(middle - box[2:] * scale / 2), *(box[2:] * scale)]
    return clip._replace(frames=frames, boxes=boxes)


def follow(tracker: str, settings: dict[str, Any], clip: Clip, work: Path, tag: str) -> Pass:
    """The tracker through the clip, or what is kept of it."""
    key = hashlib.sha256(repr((tracker, sorted(settings.items()), tag)).encode()).hexdigest()[:10]
    kept = work / f"{tracker}-{clip.name}-{key}.npy"
    if not kept.exists():
        live = tracker_factory(tracker, settings)()
        live.init(clip.frames[0], Box(*clip.boxes[0].tolist()))
        rows = [(*clip.boxes[0], 1.0)]
        for frame in clip.frames[1:]:
            box, score, _ = live.track(frame)
            rows.append((*box, score))
        work.mkdir(parents=True, exist_ok=True)
        np.save(kept, np.array(rows))
    table = np.load(kept)
    return Pass(clip, table[:, :4], table[:, 4])


def refined(found: Pass, refiner: Refiner, how: RefinedConfig) -> Boxes:
    """The boxes after the head has looked at them, as the tracker ``refined`` does it."""
    clip = found.clip
    exemplar = refiner.exemplars(clip.frames[:1], [Box(*clip.boxes[0].tolist())])
    boxes = found.boxes.copy()
    for number in range(1, len(boxes)):
        if found.scores[number] >= how.above:
            box = Box(*found.boxes[number].tolist())
            (boxes[number],) = refiner.refine(
                exemplar, [clip.frames[number]], [box], trust=how.trust, rounds=how.rounds
            )
    return boxes


def mixed(found: Boxes, truth: Boxes, *, centre: bool) -> Boxes:
    """``found`` with the true centre, or else with the true size."""
    middle, sizes = (truth, found) if centre else (found, truth)
    return np.hstack([middle[:, :2] + middle[:, 2:] / 2 - sizes[:, 2:] / 2, sizes[:, 2:]])


def row(boxes: Sequence[Boxes], passes: Sequence[Pass]) -> str:
    """Mean IoU, success and shares over all frames but the first of each clip, then sizes."""
    overlaps, ratios = [], []
    for own, found in zip(boxes, passes, strict=True):
        truth = found.clip.boxes
        counted = np.flatnonzero(np.isfinite(truth).all(axis=1))[1:]
        overlaps.append(np.nan_to_num(overlap(own, truth)[counted]))
        last = counted[-5:]
        ratios.append(np.median(np.sqrt(own[last, 2] * own[last, 3] / truth[last, 2:].prod(1))))
    values = np.concatenate(overlaps)
    success = (values[:, None] > THRESHOLDS).mean()
    shares = " ".join(f"{100 * (values >= least).mean():6.1f}" for least in (0.5, 0.7, 0.75))
    return f"{values.mean():.3f} {success:.3f} {shares} %   {np.median(ratios):.2f}"


def main() -> None:
    """One table a set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="keeps passes")
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--trackers", nargs="*", choices=TRIED, default=list(TRIED))
    parser.add_argument("--weights", type=Path, help="of the head; default: those that ship")
    parser.add_argument("--trust", type=float, nargs="*")
    parser.add_argument("--rounds", type=int, nargs="*")
    parser.add_argument("--zoom", type=float, default=1.0)
    parser.add_argument("--nano", type=Path, help="folder with backbone.onnx and head.onnx")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    refiner = Refiner(given.weights, "cpu")
    usual = RefinedConfig(tracker="hold")
    print(this_machine("cpu"))
    print("mean IoU, success, IoU at least 0.5, 0.7, 0.75, side over true side at the end (median)")
    for name in given.sets:
        found = list(labelled(name, given.data, given.zoom))
        for tracker in given.trackers:
            settings: dict[str, Any] = dict(TRIED[tracker])
            if tracker == "nano":
                if given.nano is None:
                    continue
                settings = {key: given.nano / f"{key}.onnx" for key in ("backbone", "head")}
            tag = f"{name} {given.zoom}"
            passes = [follow(tracker, settings, clip, given.work, tag) for clip in found]
            show(name, tracker, passes)
            for rounds in given.rounds or [usual.rounds]:
                for trust in given.trust or [usual.trust]:
                    how = usual.model_copy(update={"trust": trust, "rounds": rounds})
                    boxes = [refined(each, refiner, how) for each in passes]
                    label = f"refined, {rounds} rounds, trust {trust}"
                    print(f"{name:11s} {tracker:6s} {label:30s} {row(boxes, passes)}", flush=True)


def show(name: str, tracker: str, passes: Sequence[Pass]) -> None:
    """As tracked, and what a true centre or size would be worth."""
    parts = {
        "as tracked": [each.boxes for each in passes],
        "with the true centre": [mixed(e.boxes, e.clip.boxes, centre=True) for e in passes],
        "with the true size": [mixed(e.boxes, e.clip.boxes, centre=False) for e in passes],
    }
    for label, boxes in parts.items():
        print(f"{name:11s} {tracker:6s} {label:30s} {row(boxes, passes)}", flush=True)


if __name__ == "__main__":
    main()
