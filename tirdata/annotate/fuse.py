"""Two passes over the same frames, from the human box before and the one after, made one."""

from typing import NamedTuple

import numpy as np

from tirdata.annotate import confidence
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


def fuse(forward: Pass, backward: Pass) -> tuple[Boxes, Floats]:
    """Boxes (n, 4), NaN where both passes lost the object, and confidence (n,).

    A pass weighs less the further it is from its own human box (linearly, as TrackingNet's
    labels were made), the less sure it is, and the worse it hit the human box it ran into. Where
    the passes agree, the boxes are averaged; where not, the heavier one stands, since a box half
    way between two objects is on neither.
    """
    near, far = _weights(forward, backward)
    both = forward.found & backward.found
    agreement = np.nan_to_num(overlap(forward.boxes, backward.boxes))
    share = np.where(agreement >= AGREE, near / (near + far), near >= far)
    share = np.where(both, share, forward.found)[:, None]
    boxes = np.where(share > 0, forward.boxes, 0) * share
    boxes = boxes + np.where(share < 1, backward.boxes, 0) * (1 - share)
    boxes[~(forward.found | backward.found)] = np.nan
    return boxes, _confidence(forward, backward, (near, far), agreement)


def single(run: Pass) -> tuple[Boxes, Floats]:
    """Boxes (n, 4) and confidence (n,) of a span with a human box at one end only."""
    return np.where(run.found[:, None], run.boxes, np.nan), run.scores


def _weights(forward: Pass, backward: Pass) -> tuple[Floats, Floats]:
    count = len(forward.scores)
    distance = np.arange(1, count + 1) / (count + 1)

    def weight(run: Pass, nearness: Floats) -> Floats:
        trust = LEAST_TRUST + (1 - LEAST_TRUST) * run.arrival
        result: Floats = nearness * np.maximum(run.scores, 1e-3) * trust
        return result

    return weight(forward, 1 - distance), weight(backward, distance)


def _confidence(
    forward: Pass, backward: Pass, weights: tuple[Floats, Floats], agreement: Floats
) -> Floats:
    count = len(forward.scores)
    distance = np.arange(1, count + 1) / (count + 1)
    together = confidence.joint(forward.scores, backward.scores, weights, agreement)
    result: Floats = np.select(
        [forward.found & backward.found, forward.found, backward.found],
        [
            together,
            confidence.alone(forward.scores, distance),
            confidence.alone(backward.scores, 1 - distance),
        ],
        np.minimum(forward.scores, backward.scores),
    )
    return result
