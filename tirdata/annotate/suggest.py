"""The frame where a person's box is expected to help most.

A box does two things: its own frame is right, and a tracker starts anew from it. How many frames
that puts right is expected from how likely each is wrong now, and from how far a tracker can be
trusted: after d frames with probability ``2 ** (-d / reach)``. So a long stretch of doubt draws a
box into its middle, and where nothing was measured or everything looks sure, the middle of the
longest stretch without a person's box comes first.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

import numpy as np

from tirdata.annotate.replay import HumanTrack, to_track
from tirdata.types import Flags, Floats

REACH: Final = 20.0  # frames after which a pass is as likely wrong as right, before it is looked at
SURE: Final = 0.02  # nothing is surer or more doubtful than that
NOTHING: Final = 1e-18  # a weight that changes no sum


class Suggestion(NamedTuple):
    """Where to look next."""

    frame: int
    gain: float  # frames expected to be right after it that are wrong now
    doubt: float  # probability that this frame is wrong


def suggest(
    confidence: Floats,
    human: Collection[int],
    *,
    left_out: Flags | None = None,
    reach: float = REACH,
    wanted: int = 1,
) -> list[Suggestion]:
    """Frames, best first, each as if a person had given those before it.

    Args:
        confidence: probability that the box of each frame is right, (n,); NaN = not measured.
        human: frames that have a person's box.
        left_out: frames in which there is nothing to draw, (n,); they count for nothing.
        reach: frames after which a tracker is as likely wrong as right.
        wanted: how many, at most; fewer where nothing is left to gain.
    """
    known = set(human)
    out = np.zeros(len(confidence), np.bool_) if left_out is None else left_out
    found: list[Suggestion] = []
    while len(found) < wanted:
        doubt = doubts(confidence, known, out, reach)
        gains = _gains(doubt, known, out, reach)
        if not len(gains) or gains.max() <= 0:
            break
        best = int(np.argmax(gains))
        unsure = doubt[best] if np.isnan(confidence[best]) else 1 - confidence[best]
        found.append(Suggestion(best, float(gains[best]), float(unsure)))
        known.add(best)
    return found


def doubts(
    confidence: Floats, human: Collection[int], left_out: Flags, reach: float = REACH
) -> Floats:
    """How much each frame is doubted, 0..1, (n,); 0 in frames of a person and those left out.

    Two things speak of a frame: how far it is from people's boxes, and how sure the tracker was
    there. Their odds are multiplied: distance is in the confidence already, but counted once more
    it spreads boxes out, and that took fewest (docs/effort.md).
    """
    far = _far(len(confidence), human, left_out, reach)
    prior = np.clip(far, SURE, 1 - SURE)
    unsure = np.clip(1 - confidence, SURE, 1 - SURE)
    odds = prior / (1 - prior) * unsure / (1 - unsure)
    doubt: Floats = np.where(np.isnan(confidence), far, odds / (1 + odds))
    doubt[left_out] = 0
    doubt[sorted(human)] = 0
    return doubt


def suggestions(human: HumanTrack, count: int, wanted: int = 1) -> list[Suggestion]:
    """Of one track of a sequence of ``count`` frames, as its journal stands; without any box of a
    person, none.

    Raises:
        AnnotationError: something was said of a frame that the sequence does not have.
    """
    if not human.boxes:
        return []
    track = to_track(human, count)
    sure = np.full(count, np.nan) if track.confidence is None else track.confidence
    gone = human.gone(count)
    gone[sorted(human.boxes)] = False
    return suggest(sure, human.boxes, left_out=gone, wanted=wanted)


def _far(count: int, human: Collection[int], left_out: Flags, reach: float) -> Floats:
    """Probability that neither of the passes that come by is right, by distance alone, (n,)."""
    known = np.zeros(count, np.bool_)
    known[sorted(human)] = True
    fading = 2 ** (-1 / reach)
    onward = _passing(known, left_out, fading)
    back = _passing(known[::-1], left_out[::-1], fading)[::-1]
    wrong: Floats = (1 - onward) * (1 - back)
    return wrong


def _passing(known: Flags, left_out: Flags, fading: float) -> Floats:
    """Probability that a pass from the last known frame is right; 0 from one left out on, (n,)."""
    places = np.arange(len(known))
    last = np.maximum.accumulate(np.where(known, places, -1))
    out = np.maximum.accumulate(np.where(left_out & ~known, places, -1))
    right: Floats = np.where(last > out, fading ** (places - last), 0.0)
    return right


def _gains(doubt: Floats, human: Collection[int], left_out: Flags, reach: float) -> Floats:
    """Doubt that a box in each frame is expected to put right, up to the next human boxes, (n,)."""
    free = ~left_out
    free[sorted(human)] = False
    step = 2 ** (-1 / reach)
    onward = _faded(doubt, free, step)
    back = _faded(doubt[::-1], free[::-1], step)[::-1]
    return np.where(free, onward + back - doubt, 0.0)


def _faded(values: Floats, free: Flags, step: float) -> Floats:
    """The sum of all values up to each, less by ``step`` for each frame between, (n,).

    Only over the stretch of ``free`` frames that each is in; what is not free is worth nothing.
    """
    places = np.arange(len(values))
    within = places - np.maximum.accumulate(np.where(free, -1, places))
    sums: Floats = np.where(free, values, 0.0)
    reach = 1
    while reach < within.max(initial=0) and step**reach > NOTHING:  # twice as many each time
        before = np.concatenate([np.zeros(reach), sums[:-reach]])
        sums = sums + step**reach * np.where(within > reach, before, 0.0)
        reach *= 2
    return sums
