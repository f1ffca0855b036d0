"""How often the object that a person would draw first is among the first five boxes proposed.

Frames of annotated real clips: the first, and one and two thirds through, each with the frames four
earlier and later where there are any. Beside ours, in the same run: OpenCV's SimpleBlobDetector and
MSER on both polarities, their boxes with our margin and in the order of how far they stand out.

Run: python -m benchmarks.candidates --data ../shared/data
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.annotated import SOURCES, Clip, Take, clips
from tirdata.annotate.candidates import MARGIN, candidates
from tirdata.geometry import overlap
from tirdata.types import Boxes, Frame
from tracking.evaluation.machine import this_machine

COUNT = 5
GROWN = np.array([-MARGIN, -MARGIN, 2 * MARGIN, 2 * MARGIN])
EVERY = 4  # frames of the clips, and so the gap to the frames before and after
Propose = Callable[[Frame, Frame | None, Frame | None], Boxes]


def ours(frame: Frame, before: Frame | None, after: Frame | None) -> Boxes:
    """What annotate offers."""
    return _rows([each.box for each in candidates(frame, before, after, COUNT)])


def without_motion(frame: Frame, before: Frame | None, after: Frame | None) -> Boxes:  # noqa: ARG001
    """The same, of one frame."""
    return ours(frame, None, None)


def blobs(frame: Frame, before: Frame | None, after: Frame | None) -> Boxes:  # noqa: ARG001
    """SimpleBlobDetector, light and dark, with its filters of shape off."""
    found = []
    for colour in (255, 0):
        settings = cv2.SimpleBlobDetector_Params()
        settings.filterByColor, settings.blobColor = True, colour
        settings.filterByArea, settings.minArea, settings.maxArea = True, 4, frame.size / 10
        settings.filterByCircularity = settings.filterByInertia = False
        settings.filterByConvexity = False
        found += cv2.SimpleBlobDetector.create(settings).detect(frame)
    boxes = [(*(np.array(b.pt) - b.size / 2), b.size, b.size) for b in found]
    return _standing_out(frame, _rows(boxes) + GROWN)


def mser(frame: Frame, before: Frame | None, after: Frame | None) -> Boxes:  # noqa: ARG001
    """Maximally stable regions."""
    finder = cv2.MSER.create()
    finder.setMinArea(4)
    _, boxes = finder.detectRegions(frame)
    return _standing_out(frame, _rows(list(boxes)) + GROWN)


def _rows(boxes: list[tuple[float, ...]]) -> Boxes:
    return np.array(boxes, np.float64).reshape(-1, 4)


def _standing_out(frame: Frame, boxes: Boxes) -> Boxes:
    """The five with the largest difference of the mean inside and around, none twice."""
    image = cv2.integral(frame.astype(np.float64))

    def mean(x: float, y: float, w: float, h: float) -> float:
        left, top = max(0, round(x)), max(0, round(y))
        right, low = min(frame.shape[1], round(x + w)), min(frame.shape[0], round(y + h))
        area = max(right - left, 0) * max(low - top, 0)
        total = image[low, right] - image[top, right] - image[low, left] + image[top, left]
        return float(total / area) if area else 0.0

    def stands_out(box: Boxes) -> float:
        x, y, w, h = box
        return abs(mean(x, y, w, h) - mean(x - w / 2, y - h / 2, 2 * w, 2 * h))

    kept: list[Boxes] = []
    for box in sorted(boxes, key=stands_out, reverse=True):
        others = np.array(kept).reshape(-1, 4)
        if not (overlap(others, np.tile(box, (len(others), 1))) > 0.3).any():
            kept.append(box)
        if len(kept) == COUNT:
            break
    return np.array(kept).reshape(-1, 4)


PROPOSERS: dict[str, Propose] = {
    "ours": ours,
    "ours, one frame": without_motion,
    "SimpleBlobDetector": blobs,
    "MSER": mser,
}


def measure(propose: Propose, found: list[Clip]) -> tuple[int, int, int, int, float]:
    """Frames; hits among five, by the first, with the centre in one; milliseconds a frame."""
    counts, seconds = np.zeros(4, int), 0.0
    for clip in found:
        count = len(clip.frames)
        for index in sorted({0, count // 3, 2 * count // 3}):
            if np.isnan(clip.boxes[index, 0]):
                continue
            before = clip.frames[index - 1] if index else None
            after = clip.frames[index + 1] if index + 1 < count else None
            begun = time.process_time()
            boxes = propose(clip.frames[index], before, after)
            seconds += time.process_time() - begun
            counts += _hits(boxes, clip.boxes[index])
    return (*(int(value) for value in counts), 1000 * seconds / max(int(counts[0]), 1))


def _hits(boxes: Boxes, truth: Boxes) -> tuple[int, bool, bool, bool]:
    if not len(boxes):
        return 1, False, False, False
    overlaps = overlap(boxes, np.tile(truth, (len(boxes), 1)))
    offset = truth[:2] + truth[2:] / 2 - boxes[:, :2]
    within = ((offset >= 0) & (offset <= boxes[:, 2:])).all(axis=1)
    return 1, bool(overlaps.max() >= 0.5), bool(overlaps[0] >= 0.5), bool(within.any())


def main() -> None:
    """Each source, each proposer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clips", type=int, default=1000, help="of each source at most")
    parser.add_argument("--part", choices=("val", "test"), default="test")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    print(this_machine("cpu"))
    print("source       proposer             frames  among five      first  centre in  ms a frame")
    for source in SOURCES:
        found = clips(given.data, source, Take(EVERY, 80, given.clips, given.part))
        for name, propose in PROPOSERS.items():
            frames, among, first, centre, took = measure(propose, found)
            if frames:
                shares = "  ".join(f"{hits / frames:9.1%}" for hits in (among, first, centre))
                print(f"{source:12s} {name:20s} {frames:6d}  {shares}  {took:8.0f}", flush=True)


if __name__ == "__main__":
    main()
