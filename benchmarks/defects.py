"""Sensor faults found and repaired: against the truth, planted, and false alarms on clean clips.

    python -m benchmarks.defects ../shared/data --every 3

Truth of a fixed pattern: Lynred's drive is there twice, before and after the camera's correction;
what the first is more than the second, in the mean of all frames, is the pattern.
"""

import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.decode import open_frames
from tirdata.decode.base import Pixels
from tirdata.frames.defects import Defects, find_defects, repair
from tracking.evaluation.machine import this_machine

Plane: TypeAlias = NDArray[np.float32]

SAMPLES = 32
DRIVE = "research-only/lynred"
MOVING = (
    f"{DRIVE}/drive_1.avi",
    f"{DRIVE}/drive_3.avi",
    "svanstrom/tir/IR_HELICOPTER_027.mp4",
    "svanstrom/tir/IR_HELICOPTER_039.mp4",
    "svanstrom/tir/IR_BIRD_013.mp4",
    "antiuav/4.avi",
)


def samples(path: Path) -> tuple[list[int], list[Pixels]]:
    """Frames spread evenly over a recording, at most its first 600, and their numbers."""
    frames: list[Pixels] = []
    with closing(open_frames(path, threads=1)) as reader:
        for frame in reader.read():
            frames.append(frame.pixels)
            if len(frames) == 600:
                break
    numbers = np.unique(np.linspace(0, len(frames) - 1, SAMPLES).round().astype(int)).tolist()
    return numbers, [frames[number] for number in numbers]


def finer(plane: NDArray[Any], radius: float, where: NDArray[np.bool_]) -> float:
    detail = plane.astype(np.float32)
    return float((detail - cv2.GaussianBlur(detail, (0, 0), radius))[where].std())


def removed_db(truth: Plane, found: Plane, radius: float, where: NDArray[np.bool_]) -> float:
    return 20 * float(np.log10(finer(truth, radius, where) / finer(truth - found, radius, where)))


def true_pattern(spoilt: list[Pixels], corrected: list[Pixels]) -> Plane:
    pattern = np.zeros(spoilt[0].shape)
    for _ in range(12):
        left = []
        for raw, clean in zip(spoilt, corrected, strict=True):
            gain, offset = np.polyfit(clean.ravel()[::7], (raw - pattern).ravel()[::7], 1)
            left.append(raw - gain * clean - offset)
        pattern = np.mean(left, axis=0)
        pattern -= pattern.mean()
    return np.asarray(pattern, np.float32)


def mean_less_blur(frames: list[Pixels]) -> Plane:
    """The simplest way: what the mean of all frames has that its blur has not."""
    mean = np.mean(frames, axis=0).astype(np.float32)
    return np.asarray(mean - cv2.GaussianBlur(mean, (0, 0), 3), np.float32)


def column_medians(frames: list[Pixels]) -> Plane:
    """The usual destriping: columns' medians less their own running mean."""
    medians = np.median(np.mean(frames, axis=0), axis=0).astype(np.float32)[None, :]
    offsets = medians - cv2.GaussianBlur(medians, (0, 0), 10, sigmaY=1e-3)
    return np.repeat(offsets, frames[0].shape[0], axis=0)


def ours(frames: list[Pixels]) -> Plane:
    found = find_defects(frames)
    return np.zeros(frames[0].shape, np.float32) if found.pattern is None else found.pattern


WAYS: dict[str, Callable[[list[Pixels]], Plane]] = {
    "mean less blur": mean_less_blur,
    "column medians": column_medians,
    "ours": ours,
}


def away_from(dead: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, np.uint8)
    mask[tuple(dead.T)] = 1
    return np.asarray(cv2.dilate(mask, np.ones((5, 5), np.uint8)) == 0)


def real_pattern(data: Path) -> None:
    _, spoilt = samples(data / DRIVE / "drive_uncorrected.avi")
    _, corrected = samples(data / DRIVE / "drive_1.avi")
    truth = true_pattern(spoilt, corrected)
    found = find_defects(spoilt)
    where = away_from(found.dead, found.shape)
    print(f"\ndrive_uncorrected: {found.describe()}")
    print(f"{'noise removed, dB, finer than':<32}{'2 px':>7}{'5 px':>7}{'10 px':>7}")
    for name, way in WAYS.items():
        pattern = way(spoilt)
        cells = "".join(f"{removed_db(truth, pattern, r, where):>7.1f}" for r in (2, 5, 10))
        print(f"{name:<32}{cells}")


def planted(data: Path) -> None:
    """Stripes and pixels' offsets, and apart from them 200 dead pixels, on clean moving clips."""
    print(f"\n{'planted on':<26}{'dB: ' + ', '.join(WAYS):<40}{'dead: precision':>16}{'recall':>8}")
    for name in MOVING:
        _, frames = samples(data / name)
        random = np.random.default_rng(1)
        height, width = frames[0].shape
        stripes = random.normal(0, 3, (1, width)) + random.normal(0, 1, (height, 1))
        pattern = (stripes + random.normal(0, 2, (height, width))).astype(np.float32)
        spoilt = [np.clip(np.rint(f + pattern), 0, 255).astype(np.uint8) for f in frames]
        stack = np.stack(frames)
        free = (stack.min(axis=0) > 12) & (stack.max(axis=0) < 243)
        gains = [removed_db(pattern, way(list(spoilt)), 20, free) for way in WAYS.values()]
        at = tuple(random.integers(4, (height - 4, width - 4), (200, 2)).T)
        pierced = [frame.copy() for frame in frames]
        for frame in pierced:
            frame[at] = np.where(np.arange(200) % 2, 255, 0)
        listed = find_defects(pierced).dead
        truth = set(zip(*(axis.tolist() for axis in at), strict=True))
        truth |= {tuple(place) for place in find_defects(frames).dead.tolist()}
        hits = sum(tuple(place) in truth for place in listed.tolist())
        cells = "".join(f"{gain:>8.1f}" for gain in gains)
        print(f"{Path(name).stem:<26}{cells:<40}{hits / max(1, len(listed)):>16.3f}"
              f"{hits / len(truth):>8.3f}")  # fmt: skip


def boxes_of(path: Path) -> NDArray[np.float64]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [[float(value) for value in line.split(",")] for line in lines]
    return np.array([row if len(row) == 4 else [np.nan] * 4 for row in rows])


def contrast(frame: Pixels, box: NDArray[np.float64]) -> float:
    """Target less surroundings over the surroundings' deviation."""
    x, y, w, h = (round(value) for value in box)
    inner = frame[max(0, y) : y + h, max(0, x) : x + w].astype(float)
    top, left = max(0, y - h), max(0, x - w)
    around = frame[top : y + 2 * h, left : x + 2 * w].astype(float)
    around[y - top : y - top + h, x - left : x - left + w] = np.nan
    return abs(float(inner.max() - np.nanmean(around))) / max(1.0, float(np.nanstd(around)))


def clean_clips(data: Path, every: int) -> None:
    """What is found in clips of a camera that corrects itself, and what becomes of targets."""
    print(f"\n{'clip':<22}{'col.':>6}{'rows':>6}{'pixels':>7} sure   dead  in boxes   contrast")
    totals = {"clips": 0, "sure": 0, "pattern": 0, "dead": 0, "in boxes": 0}
    for path in sorted((data / "svanstrom" / "tir").glob("*.mp4"))[::every]:
        numbers, frames = samples(path)
        boxes = boxes_of(path.with_suffix(".txt"))[numbers]
        found = find_defects(frames)
        inside = sum(in_a_box(place, boxes) for place in found.dead.tolist())
        shown = [at for at in range(len(frames)) if not np.isnan(boxes[at]).any()]
        after = [repair(frame, found, dead=True, pattern=True) for frame in frames]
        counts = (1, found.sure, found.pattern is not None, len(found.dead), inside)
        totals = {key: totals[key] + int(n) for key, n in zip(totals, counts, strict=True)}
        if found.pattern is None and not len(found.dead):
            continue
        medians = [
            float(np.median([contrast(each[at], boxes[at]) for at in shown])) if shown else np.nan
            for each in (frames, after)
        ]
        print(f"{path.stem:<22}{row(found)}{inside:>10}   {medians[0]:.1f} -> {medians[1]:.1f}")
    print(", ".join(f"{key} {count}" for key, count in totals.items()))


def row(found: Defects) -> str:
    parts = f"{found.columns:>6.1f}{found.rows:>6.1f}{found.pixels:>7.1f}"
    return f"{parts} {found.sure!s:<6}{len(found.dead):>5}"


def in_a_box(place: list[int], boxes: NDArray[np.float64]) -> bool:
    x, y, w, h = boxes.T
    row_, column = place
    return bool(((x - 1 <= column) & (column < x + w) & (y - 1 <= row_) & (row_ < y + h)).any())


def main(data: Path, every: int) -> None:
    cv2.setNumThreads(1)
    print(this_machine(None))
    _, frames = samples(data / DRIVE / "drive_1.avi")
    started = time.process_time()
    find_defects(frames)
    print(f"to look for faults, 32 frames of 640x480: {time.process_time() - started:.2f} s")
    real_pattern(data)
    planted(data)
    clean_clips(data, every)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[3]) if len(sys.argv) > 3 else 3)
