"""Where a machine is unsure, and where a person's box would help most."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tirdata.annotate.confidence import runs
from tirdata.annotate.replay import HumanTrack, to_track
from tirdata.types import Flags, Floats

UNSURE_BELOW = 0.5
UNMEASURED = 0.5  # the doubt of a box that nobody measured
LOST = 0.5  # the doubt of a frame in which an object is lost: gone, or missed
LEAST_GAP = 5  # frames between two suggestions
REACH = 30  # frames on either side that a person's box is taken to speak for


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
    """Frames where a person's box is expected to put most doubt to rest, best first.

    A box speaks for the frames around it up to the next human box, the less the further they are.
    """
    found: list[dict[str, Any]] = []
    for human in tracks.values():
        each = doubts(human, count)
        gain = _gain(each.doubt, sorted(human.boxes))
        while len(found) < 100 and (best := int(np.argmax(gain))) >= 0 and gain[best] > 0.05:
            why = "lost" if each.lost[best] else "unsure"
            value = round(float(gain[best]), 2)
            found.append({"frame": best, "track": human.id, "gain": value, "why": why})
            gain[max(0, best - REACH) : best + REACH + 1] = 0
            gain[max(0, best - LEAST_GAP) : best + LEAST_GAP + 1] = 0
            if len([one for one in found if one["track"] == human.id]) >= wanted:
                break
    return sorted(found, key=lambda one: -float(one["gain"]))[:wanted]


def _gain(doubt: Floats, human: list[int]) -> Floats:
    kernel = 1 - np.abs(np.arange(-REACH, REACH + 1)) / (REACH + 1)
    gain = np.zeros_like(doubt)
    edges = [-1, *human, len(doubt)]
    for start, stop in pairwise(edges):
        part = doubt[start + 1 : stop]
        if len(part):
            whole = np.convolve(part, kernel, mode="full")
            gain[start + 1 : stop] = whole[REACH : REACH + len(part)]
    return gain


def _keep(
    known: dict[int, tuple[float, dict[str, Any]]], index: int, sure: float, form: dict[str, Any]
) -> None:
    if index not in known or sure < known[index][0]:
        known[index] = (sure, form)
