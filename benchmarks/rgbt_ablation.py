r"""Dual-attention's parts one by one on real RGB-T pairs, against MMNet and CSRT on one half.

Pairs lie in GTOT's layout with x, y, w, h of both halves; they need not be registered, so answers
are judged on the half that they are boxes of: precision is the share of frames whose centre is less
than 5 px off, success the area under 51 overlaps, of all frames together, as GTOT's toolkit does.
`--clips` takes thermal clips instead, each its own visible half: to choose a start and settings on
other data than the pairs.

One command; what was run already is read from WORK, so it can be stopped and goes on. Trackers from
opencv-contrib are left out where OpenCV has none.

    python -m benchmarks.rgbt_ablation --data ../shared/data --work ablation \
        --starts random shipped --global-weights global.safetensors
"""

import argparse
import csv
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from tirdata.decode import open_frames
from tirdata.geometry import inside, overlap
from tirdata.layouts import LAYOUTS
from tirdata.layouts.text import read_boxes
from tirdata.tracker import Tracker
from tirdata.types import Box, Boxes, Floats, Frame, FramePair
from tracking.evaluation.bootstrap import Draws, draw, interval_of
from tracking.evaluation.machine import this_machine
from tracking.evaluation.measures import centre_errors, matlab_range, share_above
from tracking.trackers import TRACKERS
from tracking.trackers.dual_attention import build_dual_attention
from tracking.trackers.dual_attention_settings import DualAttentionConfig

BLOCK = 20  # frames of the blocks that are drawn for intervals: frames beside depend on each other
NEAR = 5.0  # px
PARTS: dict[str, dict[str, Any]] = {
    "baseline": {"attention": "off"},
    "+ local": {},
    "+ global": {"attention": "off", "global": "paper"},
    "both": {"global": "paper"},
    "both, rescue": {"global": "rescue"},
}
PEERS = ("mmnet", "csrt thermal", "csrt visible")


@dataclass(frozen=True)
class Pair:
    """A sequence in memory."""

    name: str
    frames: list[FramePair]
    thermal: Boxes
    visible: Boxes


@dataclass
class Result:
    """What a tracker did on a sequence."""

    sequence: str
    boxes: list[list[float]]
    start_cpu_s: float
    frame_cpu_s: float
    seconds: dict[str, float] = field(default_factory=dict)


def read_pairs(root: Path, step: int, most: int) -> Iterator[Pair]:
    """Sequences of GTOT's layout with boxes x, y, w, h, every ``step``-th frame."""
    layout = LAYOUTS["gtot-boxes"]
    for found in layout.read(root):
        if found.visible is None:
            raise SystemExit(f"{found.name}: no visible half")
        picks = range(0, len(found.frames), step)[: most or None]
        frames = [FramePair(grey(found.frames[i]), colour(found.visible[i])) for i in picks]
        truth = found.visible_tracks[0].boxes if found.visible_tracks else found.tracks[0].boxes
        yield Pair(found.name, frames, found.tracks[0].boxes[picks], truth[picks])


def read_clips(data: Path, step: int, most: int) -> Iterator[Pair]:
    """Svanström's validation tenth and Anti-UAV's clip 41, thermal alone."""
    by_class: dict[str, list[dict[str, str]]] = {}
    with (data / "svanstrom" / "tir.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_class.setdefault(row["class"], []).append(row)
    for rows in by_class.values():
        ranked = sorted(rows, key=lambda row: row["clip"])
        for row in ranked[int(0.8 * len(ranked)) : int(0.9 * len(ranked))][::8]:
            start, length = int(row["shot_run_start"]), int(row["shot_run_len"])
            place = data / "svanstrom" / "tir" / row["clip"]
            yield cut_clip(place, ".mp4", range(start, start + length, step)[:most])
    yield cut_clip(data / "antiuav" / "41", ".avi", range(0, 1000, step)[:most])


def cut_clip(place: Path, kind: str, picks: Sequence[int]) -> Pair:
    """Some frames of a clip up to the first without a box."""
    boxes = read_boxes(place.with_suffix(".txt"), origin=1)
    reader = open_frames(place.with_suffix(kind))
    held: dict[int, Frame] = {}
    for index, raw in enumerate(reader.read()):
        if index in picks:
            held[index] = raw.pixels.astype(np.uint8)
        if index >= picks[-1]:
            break
    reader.close()
    size = next(iter(held.values())).shape[1::-1]
    usable = inside(boxes, *size)
    kept: list[int] = []
    for index in sorted(held):
        if not usable[index]:
            break
        kept.append(index)
    frames = [FramePair(held[i], np.repeat(held[i][:, :, None], 3, axis=2)) for i in kept]
    return Pair(place.name, frames, boxes[kept], boxes[kept])


def grey(picture: Any) -> Frame:  # noqa: ANN401 - frames of either kind
    """A thermal frame without its copies in other channels."""
    return np.asarray(picture if picture.ndim == 2 else picture[:, :, 0], np.uint8)


def colour(picture: Any) -> Any:  # noqa: ANN401 - frames of either kind
    """A visible frame with three channels."""
    return picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)


def dual(settings: dict[str, Any]) -> DualAttentionConfig:
    """The tracker's settings; ``global`` is which gate, with ``global_weights`` beside it."""
    asked = dict(settings)
    gate = asked.pop("global", None)
    weights = asked.pop("global_weights", None)
    if gate:
        asked |= {"global_weights": weights, "proposals": {"gate": gate}}
    return DualAttentionConfig.model_validate({"device": "cpu"} | asked)


def follow(config: DualAttentionConfig, pair: Pair) -> Result:
    """Run dual-attention over a pair."""
    tracker = build_dual_attention(config)
    begun = time.process_time()
    tracker.init_pair(pair.frames[0], Box(*pair.thermal[0]), Box(*pair.visible[0]))
    started = time.process_time()
    tracker.seconds = {}
    boxes = [list(map(float, pair.thermal[0]))]
    boxes += [list(map(float, tracker.track_pair(each).box)) for each in pair.frames[1:]]
    took = time.process_time() - started
    count = max(len(pair.frames) - 1, 1)
    parts = {name: value / count for name, value in tracker.seconds.items()}
    return Result(pair.name, boxes, started - begun, took / count, parts)


def follow_half(tracker: Tracker, pair: Pair, half: str) -> Result:
    """Run a tracker of single frames over one half."""
    truth = pair.thermal if half == "thermal" else pair.visible
    frames = [
        each.thermal if half == "thermal" else cv2.cvtColor(each.visible, cv2.COLOR_RGB2GRAY)
        for each in pair.frames
    ]
    begun = time.process_time()
    tracker.init(np.asarray(frames[0], np.uint8), Box(*truth[0]))
    started = time.process_time()
    boxes = [list(map(float, truth[0]))]
    boxes += [list(map(float, tracker.track(np.asarray(f, np.uint8)).box)) for f in frames[1:]]
    took = time.process_time() - started
    return Result(pair.name, boxes, started - begun, took / max(len(frames) - 1, 1))


def peer(name: str, pair: Pair) -> Result:
    """Run MMNet or CSRT."""
    kind, _, half = name.partition(" ")
    entry = TRACKERS[kind]()
    config = entry.config.model_validate({"device": "cpu"} if kind == "mmnet" else {})
    return follow_half(entry.build(config), pair, half or "thermal")


def main() -> None:
    """Run what is missing, then print and write the table."""
    given = arguments()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    given.work.mkdir(parents=True, exist_ok=True)
    if given.clips:
        pairs = list(read_clips(given.data, given.step, given.frames))
    else:
        root = given.data / "research-only" / "rgbt"
        pairs = list(read_pairs(root, given.step, given.frames))
    if given.sequences:
        pairs = [pair for pair in pairs if pair.name in given.sequences]
    print(
        f"{this_machine('cpu')}; seeds {given.seeds}; every {given.step}. frame; frames of", end=" "
    )
    print(", ".join(f"{pair.name} {len(pair.frames)}" for pair in pairs))
    table = {}
    for label, todo in rows(given).items():
        found = [one(given.work, label, seed, settings, pair)
                 for seed, settings in todo for pair in pairs]  # fmt: skip
        if all(result is not None for result in found):
            half = "visible" if label.endswith("visible") else "thermal"
            table[label] = scored([each for each in found if each], pairs, half)
            print(line(label, table[label]), flush=True)
    write(given.work, table)


def arguments() -> argparse.Namespace:
    """What the command was told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="results; a later run goes on")
    parser.add_argument("--clips", action="store_true", help="thermal clips, not pairs")
    parser.add_argument("--sequences", nargs="*", help="these alone, to share the work")
    parser.add_argument("--starts", nargs="*", default=["random", "shipped"],
                        help="random, shipped, or weights files")  # fmt: skip
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--peers", nargs="*", default=list(PEERS))
    parser.add_argument("--global-weights", type=Path)
    parser.add_argument("--set", nargs="*", default=[], help="other settings, NAME=JSON")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--step", type=int, default=1, help="every so-manieth frame")
    parser.add_argument("--frames", type=int, default=0, help="of a sequence at most; 0: all")
    given = parser.parse_args()
    if given.clips and not given.frames:
        parser.error("--clips wants --frames")
    return given


Todo = list[tuple[int, dict[str, Any]]]


def rows(given: argparse.Namespace) -> dict[str, Todo]:
    """The rows of the table, each with its seeds and settings."""
    found: dict[str, Todo] = {name: [(0, {})] for name in given.peers}
    extra = {name: json.loads(value) for name, value in (each.split("=") for each in given.set)}
    tail = "".join(f" {name}={value}" for name, value in extra.items())
    for start in given.starts:
        weights: dict[str, Any] = (
            {"random_init": True} if start == "random"
            else {} if start == "shipped" else {"weights": start}
        )  # fmt: skip
        for part in given.parts:
            settings = weights | PARTS[part] | extra
            if "global" in settings:
                if given.global_weights is None:
                    continue
                settings |= {"global_weights": str(given.global_weights)}
            label = f"{part}, {Path(start).stem}{tail}"
            found[label] = [(seed, settings | {"seed": seed}) for seed in given.seeds]
    return found


def one(work: Path, label: str, seed: int, settings: dict[str, Any], pair: Pair) -> Result | None:
    """A run, or what it left behind last time; None where OpenCV lacks the tracker."""
    place = work / f"{label} {seed} {pair.name}.json".replace("/", "_")
    count = len(pair.frames)
    if place.exists():
        found = Result(**json.loads(place.read_text(encoding="utf-8")))
        if len(found.boxes) >= count:  # of more frames: what comes later changes nothing
            return replace(found, boxes=found.boxes[:count])
    if label.startswith("csrt") and not hasattr(cv2, "TrackerCSRT_create"):
        print(f"{label}: not in this build of OpenCV ({cv2.__version__}); left out")
        return None
    result = peer(label, pair) if label in PEERS else follow(dual(settings), pair)
    place.write_text(json.dumps(result.__dict__), encoding="utf-8")
    return result


def scored(found: list[Result], pairs: list[Pair], half: str) -> dict[str, Any]:
    """Precision, success, mean overlap and their intervals, and CPU seconds."""
    truths = {p.name: p.thermal if half == "thermal" else p.visible for p in pairs}
    blocks: list[Floats] = []
    owners: list[str] = []
    for result in found:
        truth, boxes = truths[result.sequence], np.array(result.boxes)
        values = np.stack([overlap(boxes, truth), centre_errors(boxes, truth)], axis=1)
        parts = np.array_split(values, max(len(values) // BLOCK, 1))
        blocks += parts
        owners += [result.sequence] * len(parts)
    together = np.concatenate(blocks)
    precision, success = measures(together)
    drawn = np.array([measures(np.concatenate([blocks[i] for i in pick]))
                      for pick in draws(len(blocks)).picks])  # fmt: skip
    return {
        "precision": precision,
        "success": success,
        "overlap": float(together[:, 0].mean()),
        "precision_95": interval_of(drawn[:, 0]),
        "success_95": interval_of(drawn[:, 1]),
        "by_sequence": {
            name: float(np.concatenate(
                [b for b, owner in zip(blocks, owners, strict=True) if owner == name]
            )[:, 0].mean())
            for name in truths
        },
        "start_cpu_s": float(np.mean([each.start_cpu_s for each in found])),
        "frame_cpu_s": float(np.mean([each.frame_cpu_s for each in found])),
    }  # fmt: skip


def measures(values: Floats) -> tuple[float, float]:
    """Share of frames nearer than 5 px, and the area under the success curve, of (n, 2)."""
    thresholds = matlab_range(0.02, 1.0)
    curve = share_above(values[:, 0], thresholds, len(values))
    area = float(np.trapezoid(curve, thresholds))
    return float((values[:, 1] < NEAR).mean()), area


def draws(count: int) -> Draws:
    """Blocks of frames with replacement; the same for every tracker."""
    return draw(count, resamples=1000)


def line(label: str, row: dict[str, Any]) -> str:
    """A row of a markdown table."""
    spans = [f"{row[key]:.3f} ({row[f'{key}_95'][0]:.2f} to {row[f'{key}_95'][1]:.2f})"
             for key in ("precision", "success")]  # fmt: skip
    each = " / ".join(f"{value:.2f}" for value in row["by_sequence"].values())
    return f"| {label} | {spans[0]} | {spans[1]} | {each} | {row['frame_cpu_s']:.2f} |"


def write(work: Path, table: dict[str, dict[str, Any]]) -> None:
    """The table as JSON and as markdown."""
    head = "| tracker | precision (5 px) | success | mean overlap of each | CPU s a frame |\n"
    text = head + "|---|---|---|---|---|\n"
    text += "\n".join(line(label, row) for label, row in table.items())
    (work / "table.md").write_text(text + "\n", encoding="utf-8")
    (work / "table.json").write_text(json.dumps(table, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
