"""Where a machine is unsure, and where a person's box would help most."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tirdata.annotate import suggest
from tirdata.annotate.confidence import runs
from tirdata.annotate.replay import HumanTrack, to_track
from tirdata.types import Flags, Floats

UNSURE_BELOW = 0.5
UNMEASURED = 0.5  # the doubt of a box that nobody measured
LOST = 0.5  # the doubt of a frame in which an object is lost: gone, or missed
LEAST_GAIN = 0.05  # frames; what promises less is not suggested


class Doubts(NamedTuple):
    """One track, frame by frame."""

    track: int
    doubt: Floats  # (n,), probability that a machine's frame is wrong; 0 for a person's
    unsure: Floats  # (n,), confidence of a machine's box; NaN where there is none
    lost: Flags  # (n,)


def doubts(human: HumanTrack, count: int) -> Doubts:
    """How likely each frame is wrong.

    Raises:
        AnnotationError: something was said of a frame that the sequence does not have.
    """
    track = to_track(human, count)
    present, machine = track.present, track.present & track.generated
    sure = track.confidence if track.confidence is not None else np.full(count, np.nan)
    known = np.where(np.isnan(sure), 1 - UNMEASURED, sure)
    gone = human.gone(count)
    gone[sorted(human.boxes)] = False
    lost: Flags = np.logical_and(~present, ~gone)
    doubt: Floats = np.where(machine, 1 - known, np.where(lost, LOST, 0.0))
    return Doubts(human.id, doubt, np.where(machine, known, np.nan), lost)


def next_doubtful(
    tracks: Mapping[int, HumanTrack], count: int, frame: int, step: int, below: float
) -> dict[str, Any]:
    """The next frame from ``frame`` (not itself, unless there is no other) with a doubt."""
    candidates: dict[int, tuple[float, dict[str, Any]]] = {}
    for human in tracks.values():
        found = doubts(human, count)
        starts = {start for start, _ in runs(found.lost)}
        for index in np.flatnonzero(found.unsure < below).tolist():
            sure = float(found.unsure[index])
            _keep(candidates, index, sure, {"track": human.id, "confidence": sure, "why": "unsure"})
        for index in starts:
            _keep(candidates, index, LOST, {"track": human.id, "confidence": None, "why": "lost"})
    if not candidates:
        return {"frame": None}
    best = min(candidates, key=lambda index: (step * (index - frame) - 1) % count)
    return {"frame": best, **candidates[best][1]}


def suggestions(tracks: Mapping[int, HumanTrack], count: int, wanted: int) -> list[dict[str, Any]]:
    """Frames where a person's box is expected to help most, over all tracks, best first."""
    found: list[dict[str, Any]] = []
    for human in tracks.values():
        lost = doubts(human, count).lost
        found += [
            {
                "frame": each.frame,
                "track": human.id,
                "gain": round(each.gain, 2),
                "why": "lost" if lost[each.frame] else "unsure",
            }
            for each in suggest.suggestions(human, count, wanted)
            if each.gain > LEAST_GAIN
        ]
    return sorted(found, key=lambda one: -float(one["gain"]))[:wanted]


def _keep(
    known: dict[int, tuple[float, dict[str, Any]]], index: int, sure: float, form: dict[str, Any]
) -> None:
    if index not in known or sure < known[index][0]:
        known[index] = (sure, form)
