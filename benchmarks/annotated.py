"""Annotated real clips for measurements: frames in memory, every so many, with their true boxes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from benchmarks.held_out import held_out
from tirdata.decode import open_frames
from tirdata.types import Boxes, Frame


class Clip(NamedTuple):
    """One target through one clip."""

    name: str
    source: str
    frames: list[Frame]
    boxes: Boxes  # (n, 4), NaN = absent


class Take(NamedTuple):
    """How much of each clip."""

    every: int = 3  # frames
    frames: int = 100  # at most, of those that are left
    clips: int = 1000  # at most, of each source, evenly over them
    part: str = "test"  # of Svanström's clips: test or val, as in held_out.py


SOURCES: dict[str, Callable[[Path, Take], Iterator[Clip]]] = {}


def clips(data: Path, source: str, take: Take) -> list[Clip]:
    """The clips of one source that are there; of all classes of Svanström's by turns."""
    return list(SOURCES[source](data, take))


def svanstrom(data: Path, take: Take) -> Iterator[Clip]:
    """Held-out thermal clips, the longest labelled shot of each."""
    yield from _svanstrom(data, take, "tir", "svanstrom")


def svanstrom_visible(data: Path, take: Take) -> Iterator[Clip]:
    """The same of its visible clips, as grey."""
    yield from _svanstrom(data, take, "visible", "svanstrom-visible")


def _svanstrom(data: Path, take: Take, kind: str, source: str) -> Iterator[Clip]:
    folder = data / "svanstrom"
    rows = held_out(folder / f"{kind}.csv", take.part) if folder.is_dir() else []
    for row in _evenly(rows, take.clips):
        start, length = int(row["shot_run_start"]), int(row["shot_run_len"])
        boxes = _read(folder / kind / f"{row['clip']}.txt") - np.array([1, 1, 0, 0])
        chosen = range(start, start + length, take.every)[: take.frames]
        frames = _video(folder / kind / f"{row['clip']}.mp4", chosen)
        yield Clip(row["clip"], source, frames, boxes[chosen])


def antiuav(data: Path, take: Take) -> Iterator[Clip]:
    """Four clips over cluttered ground."""
    for path in _evenly(sorted((data / "antiuav").glob("*.avi")), take.clips):
        boxes = _read(path.with_suffix(".txt"))
        chosen = range(0, len(boxes), take.every)[: take.frames]
        yield Clip(f"antiuav-{path.stem}", "antiuav", _video(path, chosen), boxes[chosen])


def vot_tir(data: Path, take: Take) -> Iterator[Clip]:
    """Birds and airplane of LTIR."""
    root = data / "research-only" / "vot-tir"
    for name, boxes_file in (("birds", "groundtruth.txt"), ("airplane", "groundtruth_rect.txt")):
        if (root / name / boxes_file).is_file():
            boxes = _read(root / name / boxes_file)
            yield _pictures(f"vot-{name}", "vot-tir", root / name, boxes, take)


def tass(data: Path, take: Take) -> Iterator[Clip]:
    """Pedestrians and cyclists at 7 frames a second: every frame is taken."""
    for folder in _evenly(sorted((data / "research-only" / "tass").glob("*")), take.clips):
        boxes = _read(folder / "groundtruth.txt")
        yield _pictures(folder.name, "tass", folder, boxes, take._replace(every=1))


SOURCES |= {"svanstrom": svanstrom, "antiuav": antiuav, "vot-tir": vot_tir, "tass": tass}


def _pictures(name: str, source: str, folder: Path, boxes: Boxes, take: Take) -> Clip:
    files = sorted(each for each in folder.rglob("*.*") if each.suffix in (".png", ".jpg"))
    chosen = range(0, min(len(files), len(boxes)), take.every)[: take.frames]
    frames = [np.asarray(cv2.imread(str(files[index]), 0), np.uint8) for index in chosen]
    return Clip(name, source, frames, boxes[chosen])


def _video(path: Path, chosen: range) -> list[Frame]:
    wanted, frames = set(chosen), []
    reader = open_frames(path)
    for number, raw in enumerate(reader.read()):
        if number > chosen[-1]:
            break
        if number in wanted:
            colour = raw.pixels.ndim == 3
            grey = cv2.cvtColor(raw.pixels, cv2.COLOR_RGB2GRAY) if colour else raw.pixels
            frames.append(np.asarray(grey, np.uint8))
    reader.close()
    return frames


def _read(path: Path) -> Boxes:
    """A row a frame: x, y, w, h, or eight numbers of a polygon; 0-based as they stand."""
    lines = path.read_text(encoding="utf-8").replace("\t", ",").splitlines()
    rows = [np.array([float(word) for word in line.split(",")]) for line in lines if line.strip()]
    boxes = np.array([row if len(row) == 4 else _bounds(row) for row in rows])
    boxes[~(boxes[:, 2:] > 0).all(axis=1)] = np.nan
    return boxes


def _bounds(polygon: Boxes) -> Boxes:
    corners = polygon.reshape(4, 2)
    low, high = corners.min(axis=0), corners.max(axis=0)
    return np.concatenate([low, high - low])


def _evenly(items: list[Any], count: int) -> list[Any]:
    places = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[place] for place in places]
