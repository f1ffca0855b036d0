"""What MMNet's profiles cost in accuracy: success on the same frames, paired by target.

Each profile starts at the first true box of every target and follows for so many frames. Told are
mean success (area under the curve of 21 thresholds), the lowest of any target, and the difference
to the first profile with its interval by a paired bootstrap over targets.

Run: python -m benchmarks.track_accuracy TRUTH…    (datasets, such as held_out.py --part val makes)
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from tirdata.geometry import overlap
from tirdata.layouts import open_layout
from tirdata.types import Box, Boxes, Floats, Sequence
from tracking.evaluation.bootstrap import draw, interval_of, mean_of
from tracking.evaluation.machine import this_machine
from tracking.trackers.mmnet import PROFILES, MMNetConfig, MMNetTracker

THRESHOLDS = np.linspace(0, 1, 21)


def follow(
    tracker: MMNetTracker, sequence: Sequence, boxes: Boxes, count: int
) -> tuple[float, float]:
    """Success of one target, and processor seconds a frame."""
    present = np.flatnonzero(~np.isnan(boxes).any(axis=1))
    start, stop = int(present[0]), min(int(present[0]) + count, len(boxes))
    tracker.init(sequence.frames[start], Box(*boxes[start].tolist()))
    found, took = [], 0.0
    for number in range(start + 1, stop):
        frame = sequence.frames[number]
        before = time.process_time()
        found.append(tracker.track(frame).box)
        took += time.process_time() - before
    truth = boxes[start + 1 : stop]
    known = ~np.isnan(truth).any(axis=1)
    overlaps = overlap(np.array(found)[known], truth[known])
    return float(np.mean([(overlaps > least).mean() for least in THRESHOLDS])), took / len(found)


def targets(roots: list[Path], every: int) -> Iterator[tuple[Sequence, Boxes]]:
    """Every so many sequence's tracks, with the boxes that are true."""
    sequences = [sequence for root in roots for sequence in open_layout(root).read(root)]
    for sequence in sequences[::every]:
        for track in sequence.tracks:
            boxes = np.where(track.generated[:, None], np.nan, track.boxes)
            if (~np.isnan(boxes).any(axis=1)).sum() > 1:
                yield sequence, boxes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truth", type=Path, nargs="+")
    parser.add_argument("--profiles", nargs="*", default=[*PROFILES])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--every", type=int, default=1, help="take every so many sequence")
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    machine = this_machine(given.device)
    print(f"{machine.cpu}, {machine.cores} cores, GPU: {machine.gpu or 'none'}, {machine.versions}")
    success: dict[str, Floats] = {}
    for profile in given.profiles:
        config = MMNetConfig.model_validate({"profile": profile, "device": given.device})
        tracker = MMNetTracker(config)
        rows = np.array(
            [follow(tracker, *target, given.frames) for target in targets(given.truth, given.every)]
        )
        success[profile] = rows[:, 0]
        line = (f"{profile:<10}{config.precision:>6}  success {rows[:, 0].mean():.4f}, "
                f"lowest {rows[:, 0].min():.3f}, {len(rows)} targets, "
                f"{1e3 * rows[:, 1].mean():.0f} CPU ms a frame")  # fmt: skip
        first = success[given.profiles[0]]
        if len(success) > 1:
            change = rows[:, 0] - first
            low, high = interval_of(mean_of(change)(draw(len(change))))
            line += f"; {change.mean():+.4f} ({low:+.4f} to {high:+.4f}) to {given.profiles[0]}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
