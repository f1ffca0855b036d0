r"""A target that comes back elsewhere: local attention alone, and with the global network's rescue.

Thermal clips that nobody trained on (Svanström's validation tenth and Anti-UAV's 41, each its own
visible half), with frames cut out of the middle: after some frames the target is suddenly more than
``--sides`` of its mean sides away from where it was last seen. Nothing else changes: sky, ground
and camera are those of the clip. A target counts as found again at the first frame after the leap
in which the answer overlaps it by 0.3 or more.

    python -m benchmarks.rgbt_leap --data ../shared/data --work leaps --global-weights W
"""

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.rgbt_ablation import PEERS, Pair, cut_clip, dual, follow, peer
from tirdata.geometry import inside, overlap
from tirdata.layouts.text import read_boxes
from tirdata.types import Boxes
from tracking.evaluation.machine import this_machine

ROWS: dict[str, dict[str, Any]] = {
    "+ local": {},
    "both": {"global": "paper"},
    "both, rescue": {"global": "rescue"},
}
FOUND = 0.3


def leaps(data: Path, given: argparse.Namespace) -> Iterator[Pair]:
    """Clips with a leap, those that have one of so many sides."""
    with (data / "svanstrom" / "tir.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    for kind in dict.fromkeys(row["class"] for row in table):
        ranked = sorted((row for row in table if row["class"] == kind), key=lambda r: r["clip"])
        count = 0
        for row in ranked[int(0.8 * len(ranked)) : int(0.9 * len(ranked))]:
            place = data / "svanstrom" / "tir" / row["clip"]
            start, length = int(row["shot_run_start"]), int(row["shot_run_len"])
            size = int(row["width"]), int(row["height"])
            picks = choose(place, range(start, start + length), size, given)
            if picks and count < given.clips:
                count += 1
                yield cut_clip(place, ".mp4", picks)
    place = data / "antiuav" / "41"
    end = len(read_boxes(place.with_suffix(".txt"), origin=1))
    for start in range(0, end, end // given.clips):
        picks = choose(place, range(start, end), (640, 512), given)
        if picks:
            made = cut_clip(place, ".avi", picks)
            yield Pair(f"antiuav-41-{start}", made.frames, made.thermal, made.visible)


def choose(
    place: Path, span: range, size: tuple[int, int], given: argparse.Namespace
) -> list[int] | None:
    """Numbers of the frames before and after a leap; None where the target never goes so far."""
    boxes = read_boxes(place.with_suffix(".txt"), origin=1)
    usable = inside(boxes, *size)
    before = [*span[:: given.step]][: given.before]
    if len(before) < given.before or not usable[before].all():
        return None
    middles, sides = boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:].mean(axis=1)
    last = before[-1]
    for first in range(last + given.step, min(span.stop, len(boxes))):
        after = [first + given.step * number for number in range(given.after)]
        if after[-1] >= min(span.stop, len(boxes)):
            return None
        far = np.linalg.norm(middles[first] - middles[last]) > given.sides * sides[last]
        if far and usable[after].all():
            return before + after
    return None


def told(boxes: Boxes, truth: Boxes, before: int) -> tuple[float, int | None, float]:
    """Mean overlap before the leap, frames until it was found again, mean overlap afterwards."""
    values = overlap(boxes, truth)
    again = np.flatnonzero(values[before:] >= FOUND)
    return (
        float(values[:before].mean()),
        int(again[0]) if len(again) else None,
        float(values[before:].mean()),
    )


def main() -> None:
    """Run what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True, help="results; a later run goes on")
    parser.add_argument("--global-weights", type=Path, required=True)
    parser.add_argument("--rows", nargs="*", default=[*ROWS, "mmnet"])
    parser.add_argument("--clips", type=int, default=3, help="of each class, and of Anti-UAV's 41")
    parser.add_argument("--sides", type=float, default=6.0)
    parser.add_argument("--before", type=int, default=10, help="frames before the leap")
    parser.add_argument("--after", type=int, default=20, help="frames after it")
    parser.add_argument("--step", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    given.work.mkdir(parents=True, exist_ok=True)
    pairs = list(leaps(given.data, given))
    print(f"{this_machine('cpu')}; {len(pairs)} leaps of more than {given.sides} sides")
    for name in given.rows:
        found = [told(run(given, name, pair), pair.thermal, given.before) for pair in pairs]
        for pair, (old, again, new) in zip(pairs, found, strict=True):
            print(f"  {name}: {pair.name}: {old:.2f} before, found after {again}, {new:.2f} after")
        waits = [each for _, each, _ in found if each is not None]
        before, after = (float(np.mean([row[place] for row in found])) for place in (0, 2))
        wait = np.median(waits) if waits else "-"
        print(f"| {name} | {before:.2f} | {len(waits)} of {len(found)} | {wait} | {after:.2f} |")


def run(given: argparse.Namespace, name: str, pair: Pair) -> Boxes:
    """The boxes of a row on a pair, or those of last time."""
    place = given.work / f"{name} {given.seed} {pair.name}.json"
    if not place.exists():
        if name in PEERS:
            result = peer(name, pair)
        else:
            settings = ROWS[name] | {"seed": given.seed}
            if "global" in settings:
                settings |= {"global_weights": str(given.global_weights)}
            result = follow(dual(settings), pair)
        place.write_text(json.dumps(result.boxes), encoding="utf-8")
    return np.array(json.loads(place.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
