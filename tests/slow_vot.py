"""VOT's measures written down frame by frame as its texts and code have them, slow and plain."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from tirdata.types import Floats

Values = Sequence[float | None]
Pixels = set[tuple[int, int]]


def slow_overlap(
    a: Floats,
    b: Floats,
    limits: tuple[float, float] | None,
    rasteriser: Literal["rounded", "legacy"],
) -> float:
    """Both polygons as pixels, (4, 2) corners each."""
    a, b = a.astype(np.float32), b.astype(np.float32)
    boxes = [_bounds(polygon, limits, rasteriser) for polygon in (a, b)]
    left, top = (min(box[k] for box in boxes) for k in (0, 1))
    width, height = (
        int(max(box[k + 2] for box in boxes) - start) + 1 for k, start in ((0, left), (1, top))
    )
    if not _meet(*boxes):
        return 0.0
    offset = np.array([left, top], np.float32)
    fill = _rounded if rasteriser == "rounded" else _legacy
    pixels_a, pixels_b = (fill(polygon - offset, width, height) for polygon in (a, b))
    union = len(pixels_a | pixels_b)
    return len(pixels_a & pixels_b) / union if union else 0.0


def _bounds(
    polygon: Floats, limits: tuple[float, float] | None, rasteriser: str
) -> tuple[float, float, float, float]:
    left, top = (float(value) for value in polygon.min(axis=0))
    right, bottom = (float(value) for value in polygon.max(axis=0))
    if rasteriser == "rounded":
        left, top = math.floor(left), math.floor(top)
        right, bottom = math.ceil(right), math.ceil(bottom)
    if limits is None:
        return left, top, right, bottom
    return max(left, 0), max(top, 0), min(right, limits[0]), min(bottom, limits[1])


def _meet(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether the bounds share an area, neither being next to nothing beside the other.

    Where neither has one, 0/0 is compared in C, and they are drawn if they touch.
    """
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    if areas == [0, 0]:
        return min(wide, high) == 0
    return min(areas) > 0 and min(areas) / max(areas) >= 1e-10 and wide > 0 and high > 0


def _rounded(polygon: Floats, width: int, height: int) -> Pixels:
    corners = [[math.copysign(math.floor(abs(v) + 0.5), v) for v in map(float, p)] for p in polygon]
    pixels: Pixels = set()
    for y in range(height):
        nodes = []
        for (x1, y1), (x2, y2) in zip(corners, corners[-1:] + corners[:-1], strict=True):
            if y1 != y2 and min(y1, y2) <= y <= max(y1, y2):
                nodes.append(int(x1 + (y - y1) / (y2 - y1) * (x2 - x1)))
        nodes.sort()
        i = 0
        while i < len(nodes) - 1:
            if nodes[i] == nodes[i + 1]:
                i += 1
                continue
            pixels |= {(x, y) for x in range(nodes[i], nodes[i + 1] + 1) if 0 <= x < width}
            i += 2
    return pixels


def _legacy(polygon: Floats, width: int, height: int) -> Pixels:
    corners = [*polygon.astype(np.float32)]
    pixels: Pixels = set()
    for row in range(height):
        y = np.float32(row)
        nodes = []
        for (x1, y1), (x2, y2) in zip(corners, corners[-1:] + corners[:-1], strict=True):
            if min(y1, y2) < y <= max(y1, y2):
                nodes.append(int(x1 + (y - y1) / (y2 - y1) * (x2 - x1)))
        nodes.sort()
        for start, end in zip(nodes[::2], nodes[1::2], strict=True):
            stop = width - 1 if end > width else end
            pixels |= {(x, row) for x in range(max(start, 0), stop)}
    return pixels


def slow_eao(
    runs: Mapping[str, Sequence[tuple[Values, Sequence[int]]]],
    interval: tuple[int, int],
    marks: Mapping[str, Sequence[bool]] | None = None,
) -> float:
    """EAO of the repetitions (overlaps, failures from 0) of each sequence, by the text.

    Args:
        runs: repetitions by sequence.
        interval: first and last length.
        marks: frames of a tag, by sequence; none = all frames.
    """
    longest = max(len(run[0]) for each in runs.values() for run in each)
    fragments: list[tuple[list[float | None], float]] = []
    for name, repetitions in runs.items():
        for overlaps, failures in repetitions:
            values = [0.0 if value is None else value for value in overlaps]
            n = len(values)
            starts = [1] + [f + 1 + 5 for f in failures if f + 1 + 5 <= n]  # from 1
            for k, start in enumerate(starts):
                last = k == len(starts) - 1
                end = n if last else starts[k + 1]
                cut: list[float | None] = [*values[start - 1 : end]]
                filler = None if last else 0.0
                cut += [filler] * (longest - len(cut))
                tagged = (
                    [True] * (end - start + 1) if marks is None else marks[name][start - 1 : end]
                )
                share = sum(tagged) / (end - start + 1)
                fragments.append((cut, share / len(repetitions)))
    curve = []
    for length in range(interval[0], interval[1] + 1):
        known = [(cut[1:length], w) for cut, w in fragments if cut[length - 1] is not None]
        mass = sum(w for _, w in known)
        means = [math.fsum(v or 0.0 for v in cut) / (length - 1) * w for cut, w in known]
        curve.append(math.fsum(means) / mass)
    return math.fsum(curve) / len(curve)


def slow_frames(
    runs: Sequence[tuple[Values, Sequence[int]]], burn_in: int, frames: Sequence[int]
) -> list[float | None]:
    """Accuracy of some frames, mean over the repetitions (overlaps, starts) that have it there."""
    found: list[float | None] = []
    tables = []
    for overlaps, starts in runs:
        codes = ["start" if frame in starts else "" for frame in frames]
        kept: list[float | None] = [overlaps[frame] for frame in frames]
        for place, code in enumerate(codes):
            if code:
                for burnt in range(place, min(place + burn_in, len(kept))):
                    kept[burnt] = None
        tables.append(kept)
    for column in zip(*tables, strict=True):
        values = [value for value in column if value is not None]
        found.append(sum(values) / len(values) if values else None)
    return found


def slow_mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0
