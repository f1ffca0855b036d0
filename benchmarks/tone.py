"""Tone curves beside the usual ways to 8 bits: flicker, clipping, contrast of targets, time.

    python -m benchmarks.tone ../shared/data/containers/cptv

The peers look at each frame alone: stretching from its lowest to its highest count, stretching
between two of its percentiles, and CLAHE of OpenCV on 16 bits.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np

from tirdata.decode import open_frames
from tirdata.decode.base import Counts
from tirdata.frames.histogram import CountHistogram
from tirdata.frames.rolling import SLEW, RollingCurve, level_changes
from tirdata.frames.tone import fit_curve
from tirdata.types import Frame
from tracking.evaluation.machine import this_machine

Boxes: TypeAlias = dict[int, tuple[int, int, int, int]]  # x, y, w, h by number of frame
Method: TypeAlias = Callable[[list[Counts]], list[Frame]]


class Clip(NamedTuple):
    """Counts of a camera that stands still, and where a target is."""

    name: str
    frames: list[Counts]
    boxes: Boxes


def min_max(frames: list[Counts]) -> list[Frame]:
    return [stretched(frame, float(frame.min()), float(frame.max())) for frame in frames]


def percentiles(frames: list[Counts]) -> list[Frame]:
    return [stretched(frame, *np.percentile(frame, (1, 99))) for frame in frames]


def stretched(frame: Counts, low: float, high: float) -> Frame:
    share = (frame.astype(np.float32) - low) * (255 / max(high - low, 1.0))
    return np.asarray(np.rint(np.clip(share, 0, 255)), np.uint8)


def clahe(frames: list[Counts]) -> list[Frame]:
    equalise = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8))
    found = []
    for frame in frames:
        full = cv2.normalize(frame, None, 0, 65535, cv2.NORM_MINMAX)  # type: ignore[call-overload]
        found.append((np.asarray(equalise.apply(full)) >> 8).astype(np.uint8))
    return found


def one_curve(name: str) -> Method:
    def method(frames: list[Counts]) -> list[Frame]:
        histogram = CountHistogram()
        for frame in frames:
            histogram.add(frame)
        curve = fit_curve(name, histogram)
        return [curve.apply(frame) for frame in frames]

    return method


def rolling(slew: float) -> Method:
    def method(frames: list[Counts]) -> list[Frame]:
        histogram = CountHistogram()
        for frame in frames if slew == 0 else frames[:9]:
            histogram.add(frame)
        curve = RollingCurve(fit_curve("percentile", histogram), slew)
        return [curve.push(frame).apply(frame) for frame in frames]

    return method


METHODS: dict[str, Method] = {
    "min-max a frame": min_max,
    "percentiles a frame": percentiles,
    "CLAHE a frame": clahe,
    "ours: percentile": one_curve("percentile"),
    "ours: plateau": one_curve("plateau"),
    "ours: rolling": rolling(SLEW),
    "ours: rolling, slew 0": rolling(0.0),
}


def made(width: int = 640, height: int = 512, count: int = 60) -> list[Clip]:
    """A still scene with noise, hot pixels, a hot thing that crosses, and a shutter's step."""
    random = np.random.default_rng(1)
    rows = np.linspace(7000, 7900, height)[:, None]
    base = rows + 120 * np.sin(np.arange(width) / 25.0)[None, :]
    target = (width // 3, height // 3, 14, 12)
    x, y, w, h = target
    base[y : y + h, x : x + w] += 150
    hot = random.integers(0, height, 40), random.integers(0, width, 40)
    still, crossed, jumped = [], [], []
    for number in range(count):
        frame = base + random.normal(0, 4, base.shape)
        frame[hot] = random.integers(20_000, 60_000, 40)  # flickering ones
        still.append(np.rint(frame).astype(np.uint16))
        jumped.append(np.rint(frame + (120 if number >= count // 2 else 0)).astype(np.uint16))
        left = (number - 15) * width // 30
        if -90 < left < width:
            frame[height * 2 // 3 : height * 2 // 3 + 110, max(left, 0) : max(left + 90, 0)] += 4000
        crossed.append(np.rint(frame).astype(np.uint16))
    boxes = dict.fromkeys(range(count), target)
    clips = {"made, still": still, "made, hot thing crosses": crossed, "made, shutter": jumped}
    return [Clip(name, frames, boxes) for name, frames in clips.items()]


def real(folder: Path) -> list[Clip]:
    return [clip_of(path) for path in sorted(folder.glob("*.cptv"))]


def clip_of(path: Path) -> Clip:
    with closing(open_frames(path, threads=1)) as reader:
        frames = [np.asarray(frame.pixels, np.uint16) for frame in reader.read()]
    boxes: Boxes = {}
    if path.with_suffix(".txt").exists():
        for track in json.loads(path.with_suffix(".txt").read_text(encoding="utf-8"))["tracks"]:
            for number, box in enumerate(track["positions"], track["frame_start"]):
                boxes[number] = (box["x"], box["y"], box["width"], box["height"])
    return Clip(path.stem, frames, {at: box for at, box in boxes.items() if at < len(frames)})


def clipped(frames: list[Frame]) -> float:
    return float(np.mean([((frame == 0) | (frame == 255)).mean() for frame in frames]))


def contrast(frames: list[Frame], boxes: Boxes) -> tuple[float, float]:
    """Median difference of target and surroundings, in levels and in deviations of those."""
    found = []
    for number, (x, y, w, h) in boxes.items():
        frame = frames[number].astype(float)
        top, left = max(0, y - h), max(0, x - w)
        around = frame[top : y + 2 * h, left : x + 2 * w].copy()
        around[y - top : y - top + h, x - left : x - left + w] = np.nan
        inner = frame[y + h // 4 : y + h - h // 4, x + w // 4 : x + w - w // 4]
        difference = abs(float(np.median(inner)) - float(np.nanmedian(around)))
        found.append((difference, difference / max(1.0, float(np.nanstd(around)))))
    levels, deviations = np.median(found, axis=0) if found else (np.nan, np.nan)
    return float(levels), float(deviations)


def main(folder: Path | None) -> None:
    cv2.setNumThreads(1)
    print(this_machine(None), f"OpenCV on 1 thread, of {cv2.getNumberOfCPUs()}", sep="\n")
    print(f"{'clip':<24}{'method':<22}{'flicker: mean':>14}{'largest':>9}{'clipped':>9}"
          f"{'target':>8}{'/ dev.':>7}{'ms':>7}")  # fmt: skip
    for clip in made() + (real(folder) if folder else []):
        for name, method in METHODS.items():
            method(clip.frames[:3])
            started = time.process_time()
            frames = method(clip.frames)
            spent_ms = (time.process_time() - started) / len(frames) * 1000
            changes = level_changes(frames)
            levels, deviations = contrast(frames, clip.boxes)
            cells = (f"{changes.mean():>14.2f}{changes.max():>9.2f}{clipped(frames):>9.2%}"
                     f"{levels:>8.1f}{deviations:>7.1f}{spent_ms:>7.2f}")  # fmt: skip
            print(f"{clip.name:<24}{name:<22}{cells}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
