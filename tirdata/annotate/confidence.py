"""How sure a tracker is: found or lost per frame, and one number for two passes that meet."""

import numpy as np

from tirdata.types import Flags, Floats


def found(scores: Floats, lost_below: float, found_above: float, bridge_frames: int) -> Flags:
    """Frames in which a pass still has its object, (n,).

    With hysteresis: lost from a score under ``lost_below`` on, found again from one of
    ``found_above`` on. A dip of at most ``bridge_frames`` between found frames does not count,
    since one frame of sensor noise or shutter is no loss.

    >>> found(np.array([0.9, 0.1, 0.3, 0.3, 0.6]), 0.2, 0.5, 1).tolist()
    [True, False, False, False, True]
    """
    flags = np.empty(len(scores), dtype=np.bool_)
    has = True
    for index, score in enumerate(scores):
        has = score >= (lost_below if has else found_above)
        flags[index] = has
    for start, stop in runs(~flags):
        if stop - start <= bridge_frames and stop < len(flags):
            flags[start:stop] = True
    return flags


def joint(
    forward: Floats, backward: Floats, weights: tuple[Floats, Floats], agreement: Floats
) -> Floats:
    """Confidence where two passes both have the object, (n,) in 0..1.

    The weighted mean of the scores, halved where the boxes do not overlap at all: two passes
    that come from different human boxes and disagree cannot both be right.
    """
    mean = (forward * weights[0] + backward * weights[1]) / (weights[0] + weights[1])
    result: Floats = mean * (0.5 + 0.5 * agreement)
    return result


def alone(scores: Floats, other_weight: Floats) -> Floats:
    """Confidence where one pass has the object and the other, weighing 0..1, lost it, (n,)."""
    result: Floats = scores * (1 - 0.5 * other_weight)
    return result


def runs(flags: Flags) -> list[tuple[int, int]]:
    """Start and stop (exclusive) of every run of True.

    >>> runs(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
