"""Two passes over the same frames, from the human box before and the one after, made one."""

from typing import NamedTuple

import numpy as np

from tirdata.annotate import certainty
from tirdata.annotate.confidence import runs
from tirdata.geometry import overlap
from tirdata.types import Boxes, Flags, Floats

AGREE = 0.3  # overlap from which two boxes are taken for the same thing, and averaged
LEAST_TRUST = 0.1  # of a pass that missed the human box at its far end


class Pass(NamedTuple):
    """One run of a tracker over the n frames of a span, in the order of the frames."""

    boxes: Boxes  # (n, 4)
    scores: Floats  # (n,)
    found: Flags  # (n,)
    arrival: float  # overlap with the human box at the far end; 1 where there is none
    backward: bool = False  # it started behind the last frame


def fuse(forward: Pass, backward: Pass) -> tuple[Boxes, Floats]:
    """Boxes (n, 4), NaN where both passes lost the object, and confidence (n,).

    A pass weighs less the further it is from its own human box (linearly, as TrackingNet's
    labels were made), the less sure it is, and the worse it hit the human box it ran into. Where
    the passes agree, the boxes are averaged; where not, the heavier one stands, since a box half
    way between two objects is on neither. What a pass found after a loss and what then turns out
    to be something else counts as lost (``believed``).
    """
    forward, backward = believed(forward, backward), believed(backward, forward)
    agreement, share = shares(forward, backward)
    column = share[:, None]
    boxes = np.where(column > 0, forward.boxes, 0) * column
    boxes = boxes + np.where(column < 1, backward.boxes, 0) * (1 - column)
    boxes[~(forward.found | backward.found)] = np.nan
    return boxes, certainty.between(evidence(forward, backward, agreement, share))


def believed(run: Pass, other: Pass) -> Pass:
    """``run`` without a last stretch of frames that is on something else.

    A tracker that lost its object and found it again may have found another one, and be as sure
    of that. If it then misses the person's box at its far end, and overlaps the other pass in no
    frame of that stretch, nothing speaks for what it found.
    """
    if run.arrival >= AGREE:
        return run
    order = slice(None, None, -1) if run.backward else slice(None)
    found = run.found[order].copy()
    stretches = runs(found)
    if not stretches or stretches[-1][0] == 0 or stretches[-1][1] < len(found):
        return run  # held from the person's box on, or lost at its end
    last = slice(*stretches[-1])
    met = (run.found & other.found)[order][last]
    together = np.nan_to_num(overlap(run.boxes[order][last][met], other.boxes[order][last][met]))
    if (together >= AGREE).any():
        return run
    found[last] = False
    return run._replace(found=found[order])


def single(run: Pass) -> tuple[Boxes, Floats]:
    """Boxes (n, 4) and confidence (n,) of a span with a human box at one end only."""
    far = np.arange(1.0, len(run.scores) + 1)
    sure = certainty.beyond(run.scores, far[::-1] if run.backward else far, run.found)
    return np.where(run.found[:, None], run.boxes, np.nan), sure


def shares(forward: Pass, backward: Pass) -> tuple[Floats, Floats]:
    """Overlap of the two passes, 0 where one has no box, and the forward one's share, (n,) each."""
    near, far = _weights(forward, backward)
    both = forward.found & backward.found
    agreement = np.where(both, np.nan_to_num(overlap(forward.boxes, backward.boxes)), 0.0)
    share = np.where(agreement >= AGREE, near / (near + far), near >= far)
    return agreement, np.where(both, share, forward.found)


def evidence(forward: Pass, backward: Pass, agreement: Floats, share: Floats) -> certainty.Evidence:
    """What the certainty of the fused boxes goes by."""
    count = len(share)
    onward = np.arange(1.0, count + 1)
    said = certainty.speaks(forward.scores) | certainty.speaks(backward.scores)
    return certainty.Evidence(
        scores=forward.scores * share + backward.scores * (1 - share),
        said=said,
        agreement=agreement,
        arrival=forward.arrival * share + backward.arrival * (1 - share),
        both_arrived=np.full(count, min(forward.arrival, backward.arrival)),
        far=np.minimum(onward, onward[::-1]),
        both=forward.found & backward.found,
        found=forward.found | backward.found,
    )


def _weights(forward: Pass, backward: Pass) -> tuple[Floats, Floats]:
    count = len(forward.scores)
    distance = np.arange(1, count + 1) / (count + 1)

    def weight(run: Pass, nearness: Floats) -> Floats:
        trust = LEAST_TRUST + (1 - LEAST_TRUST) * run.arrival
        result: Floats = nearness * np.maximum(run.scores, 1e-3) * trust
        return result

    return weight(forward, 1 - distance), weight(backward, distance)
