"""A tracker run over annotated clips, and what it scored: clips in memory, numbers a clip."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.annotated import Clip, Take, clips
from tirdata.decode import open_frames
from tirdata.geometry import overlap
from tirdata.tracker import Tracker
from tirdata.types import Box, Boxes, Floats, Frame
from tracking.evaluation.measures import (
    NORMALISED,
    PRECISION,
    SUCCESS,
    centre_errors,
    normalised_errors,
    share_above,
    share_up_to,
)

MEASURED = ("mean_overlap", "success", "precision", "normalised_precision")
"""Mean IoU; mean of the success curve; centre within 20 px; mean of 51 normalised precisions."""


class Followed(NamedTuple):
    """A clip from its first true box on, that frame left out."""

    found: Boxes  # (n, 4)
    truth: Boxes  # (n, 4), NaN = absent
    seconds: float  # of the processor, a frame


def first_part(clip: Clip, most: int) -> Clip:
    """From the first true box on, at most so many frames."""
    start = int(np.flatnonzero(~np.isnan(clip.boxes).any(axis=1))[0])
    part = slice(start, start + most)
    return clip._replace(frames=clip.frames[part], boxes=clip.boxes[part])


def follow(tracker: Tracker, clip: Clip) -> Followed:
    """Start at the true box of the first frame and follow to the end."""
    tracker.init(clip.frames[0], Box(*clip.boxes[0].tolist()))
    before = time.process_time()
    found = [tracker.track(frame).box for frame in clip.frames[1:]]
    seconds = (time.process_time() - before) / max(1, len(found))
    return Followed(np.array(found, np.float64), clip.boxes[1:], seconds)


def measures(found: Boxes, truth: Boxes) -> dict[str, float]:
    """Each of ``MEASURED`` over the frames with a true box, as `tirdata evaluate` counts them."""
    known = ~np.isnan(truth).any(axis=1)
    found, truth = found[known], truth[known]
    overlaps, count = overlap(found, truth), int(known.sum())
    return {
        "mean_overlap": float(overlaps.mean()),
        "success": float(share_above(overlaps, SUCCESS, count).mean()),
        "precision": float(share_up_to(centre_errors(found, truth), PRECISION, count)[20]),
        "normalised_precision": float(
            share_up_to(normalised_errors(found, truth), NORMALISED, count).mean()
        ),
    }


def held_out_clips(data: Path, source: str, take: Take) -> list[Clip]:
    """The clips of one source that no shipped weights were trained on, from their first box on."""
    if source == "antiuav-day":
        found = list(_antiuav_day(data, take.frames))
    elif source == "antiuav-41":
        found = [clip for clip in clips(data, "antiuav", take) if clip.name == source]
    else:
        found = clips(data, source, take)
    return [first_part(clip, take.frames) for clip in found]


def _antiuav_day(data: Path, most: int) -> Iterator[Clip]:
    folder = data / "research-only" / "antiuav_day"
    if not (folder / "infrared.json").is_file():
        return
    told = json.loads((folder / "infrared.json").read_text(encoding="utf-8"))
    boxes = np.array([box if there else [np.nan] * 4
                      for there, box in zip(told["exist"], told["gt_rect"], strict=True)],
                     np.float64)  # fmt: skip
    frames: list[Frame] = []
    reader = open_frames(folder / "infrared.mp4")
    for raw in reader.read():
        pixels = raw.pixels if raw.pixels.ndim == 2 else raw.pixels[..., 0]
        frames.append(np.asarray(pixels, np.uint8))
        if len(frames) == most:
            break
    reader.close()
    yield Clip("antiuav-day", "antiuav-day", frames, boxes[: len(frames)])


def mean_of_clips(rows: list[dict[str, float]]) -> dict[str, float]:
    """Each measure's mean: every clip counts the same."""
    columns: dict[str, Floats] = {
        name: np.array([row[name] for row in rows], np.float64) for name in MEASURED
    }
    return {name: float(values.mean()) for name, values in columns.items()}
