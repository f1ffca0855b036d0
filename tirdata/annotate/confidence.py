"""Whether a pass still has its object, frame by frame."""

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


def runs(flags: Flags) -> list[tuple[int, int]]:
    """Start and stop (exclusive) of every run of True.

    >>> runs(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
