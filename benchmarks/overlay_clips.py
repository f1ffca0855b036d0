"""Samples of real shots for the measurements of overlays: 32 frames each, spread evenly."""

import csv
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.decode import open_frames
from tirdata.decode.base import Pixels

SAMPLES = 32

Stack = NDArray[np.uint8]


def samples(path: Path, first: int = 0, last: int | None = None, count: int = SAMPLES) -> Stack:
    """Up to ``count`` grey frames of a video or a folder of pictures, from first to last."""
    if path.is_dir():
        files = sorted(each for each in path.rglob("*.*") if each.suffix in (".png", ".jpg"))
        chosen = spread(files[first : None if last is None else last + 1], count)
        return np.stack([np.asarray(cv2.imread(str(each), 0), np.uint8) for each in chosen])
    kept: dict[int, Stack] = {}
    step = 1
    reader = open_frames(path, 1)
    for number, raw in enumerate(reader.read()):
        if number < first or (number - first) % step:
            continue
        if last is not None and number > last:
            break
        kept[number] = _grey(raw.pixels)
        if len(kept) == 8 * count:
            step *= 2
            kept = {each: frame for each, frame in kept.items() if (each - first) % step == 0}
    reader.close()
    return np.stack(spread(list(kept.values()), count))


def _grey(pixels: Pixels) -> Stack:
    if pixels.ndim == 3:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    return pixels.astype(np.uint8)


def spread(items: list, count: int) -> list:  # type: ignore[type-arg]
    """At most ``count`` of the items, evenly, the first and last among them."""
    places = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[place] for place in places]


def main_shots(data: Path, cuts: Path) -> Iterator[tuple[str, int, int]]:
    """Each thermal clip of Svanström's with the first and last frame of its longest shot."""
    known: dict[str, list[int]] = {}
    with cuts.open() as file:
        for row in csv.DictReader(file):
            if row["is_cut"] == "1":
                known.setdefault(row["clip"], []).append(int(row["frame"]))
    with (data / "svanstrom" / "tir.csv").open() as file:
        for row in csv.DictReader(file):
            edges = [0, *sorted(known.get(row["clip"], [])), int(row["frames"])]
            start, end = max(pairwise(edges), key=lambda edge: edge[1] - edge[0])
            yield row["clip"], start, end - 1
