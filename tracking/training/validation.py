"""Looks at a training from outside while it runs: its tracker follows sequences it never saw.

What is followed are whole frames, by the tracker as people run it. Nothing of it decides what is
learned.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tirdata import files
from tirdata.errors import DataError
from tirdata.geometry import overlap
from tirdata.layouts import open_layout
from tirdata.types import Box, Boxes, Sequence
from tracking.models.mmnet import MMNet
from tracking.trackers.mmnet import MMNetTracker
from tracking.trackers.mmnet_settings import MMNetConfig
from tracking.weights.load import write_weights

VALIDATION = "validation.jsonl"


@dataclass(frozen=True)
class Target:
    """An object to follow, from the first frame in which a person or the data set has its box."""

    sequence: Sequence
    start: int
    boxes: Boxes  # (n, 4) from there on; NaN where it is not known


def targets_of(root: Path, count: int, frames: int) -> list[Target]:
    """The first object of ``count`` sequences spread evenly over the data set at ``root``.

    Raises:
        DataError: no sequence has an object with two known boxes.
    """
    found = [target for each in open_layout(root).read(root) for target in _first(each, frames)]
    if not found:
        raise DataError(f"{root}: no object with two known boxes; validate on another data set")
    places = np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int)
    return [found[place] for place in places]


def _first(sequence: Sequence, frames: int) -> Iterator[Target]:
    for track in sequence.tracks[:1]:
        boxes = np.where(track.generated[:, None], np.nan, track.boxes)
        known = np.flatnonzero(~np.isnan(boxes).any(axis=1))
        if len(known) > 1:
            start = int(known[0])
            yield Target(sequence, start, boxes[start : start + frames + 1])


def follow(tracker: MMNetTracker, target: Target) -> float:
    """Mean overlap with the known boxes after the first, 0..1."""
    frames, boxes = target.sequence.frames, target.boxes
    tracker.init(frames[target.start], Box(*boxes[0].tolist()))
    found = [
        tracker.track(frames[number]).box
        for number in range(target.start + 1, target.start + len(boxes))
    ]
    known = ~np.isnan(boxes[1:]).any(axis=1)
    return float(overlap(np.array(found)[known], boxes[1:][known]).mean())


class Validation:
    """Follows the targets by the network as it is, and writes a line of what came out."""

    def __init__(
        self,
        out: Path,
        targets: list[Target],
        device: torch.device,
        about: Callable[[int], dict[str, Any]],
    ) -> None:
        """Prepare.

        Args:
            out: folder of the run; ``validation.jsonl`` goes there.
            targets: whom to follow.
            device: where.
            about: what weights of so many steps say of themselves.
        """
        self.log = out / VALIDATION
        self.targets, self.device, self.about = targets, str(device), about

    def __call__(self, model: MMNet, step: int) -> float:
        """Mean over the targets of their mean overlap, 0..1."""
        with tempfile.TemporaryDirectory(prefix="tirdata-validation-") as folder:
            weights = Path(folder) / "mmnet.safetensors"
            write_weights(weights, model, self.about(step))
            tracker = MMNetTracker(
                MMNetConfig.model_validate(
                    {"profile": "fast", "weights": weights, "device": self.device}
                )
            )
            overlaps = [follow(tracker, target) for target in self.targets]
        mean = float(np.mean(overlaps))
        line = {"step": step, "overlap": mean, "lost": int(sum(each < 0.1 for each in overlaps))}
        files.append_line(self.log, json.dumps(line))
        return mean
