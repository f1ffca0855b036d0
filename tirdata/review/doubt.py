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
USUAL_COUNT = 5  # suggestions that are worked out at once
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


class KnownDoubts:
    """``doubts`` and suggestions of tracks that are asked for again and again.

    A track is known by the object itself, which nobody changes: what a person said since made
    another one of it (``Replayed``).
    """

    def __init__(self) -> None:
        self._doubts: dict[int, tuple[HumanTrack, int, Doubts]] = {}
        self._suggested: dict[int, tuple[HumanTrack, int, list[suggest.Suggestion]]] = {}

    def of(self, human: HumanTrack, count: int) -> Doubts:
        """As ``doubts``."""
        known = self._doubts.get(human.id)
        if known is None or known[0] is not human or known[1] != count:
            known = self._doubts[human.id] = (human, count, doubts(human, count))
        return known[2]

    def suggested(self, human: HumanTrack, count: int, wanted: int) -> list[suggest.Suggestion]:
        """As ``suggest.suggestions``."""
        known = self._suggested.get(human.id)
        asked = max(wanted, USUAL_COUNT)
        if known is None or known[0] is not human or known[1] != asked:
            known = (human, asked, suggest.suggestions(human, count, asked))
            self._suggested[human.id] = known
        return known[2][:wanted]


class Where(NamedTuple):
    """From where to look for a doubt, and what is one."""

    frame: int
    step: int  # 1 or -1
    below: float  # confidence


def next_doubtful(
    tracks: Mapping[int, HumanTrack], count: int, where: Where, known: KnownDoubts
) -> dict[str, Any]:
    """The next frame from ``where.frame`` (not itself, unless there is no other) with a doubt."""
    candidates: dict[int, tuple[float, dict[str, Any]]] = {}
    for human in tracks.values():
        found = known.of(human, count)
        starts = {start for start, _ in runs(found.lost)}
        for index in np.flatnonzero(found.unsure < where.below).tolist():
            sure = float(found.unsure[index])
            _keep(candidates, index, sure, {"track": human.id, "confidence": sure, "why": "unsure"})
        for index in starts:
            _keep(candidates, index, LOST, {"track": human.id, "confidence": None, "why": "lost"})
    if not candidates:
        return {"frame": None}
    best = min(candidates, key=lambda index: (where.step * (index - where.frame) - 1) % count)
    return {"frame": best, **candidates[best][1]}


def suggestions(
    tracks: Mapping[int, HumanTrack], count: int, wanted: int, known: KnownDoubts
) -> list[dict[str, Any]]:
    """Frames where a person's box is expected to help most, over all tracks, best first."""
    found: list[dict[str, Any]] = []
    for human in tracks.values():
        lost = known.of(human, count).lost
        found += [
            {
                "frame": each.frame,
                "track": human.id,
                "gain": round(each.gain, 2),
                "why": "lost" if lost[each.frame] else "unsure",
            }
            for each in known.suggested(human, count, wanted)
            if each.gain > LEAST_GAIN
        ]
    return sorted(found, key=lambda one: -float(one["gain"]))[:wanted]


def _keep(
    known: dict[int, tuple[float, dict[str, Any]]], index: int, sure: float, form: dict[str, Any]
) -> None:
    if index not in known or sure < known[index][0]:
        known[index] = (sure, form)
