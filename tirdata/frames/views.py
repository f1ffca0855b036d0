"""Which samples of a shot show the scene from elsewhere: what stays in all of them is no scene.

From sample to sample corners are followed (Lucas and Kanade) and one shift, turn and zoom is fitted
to them. A camera that turns too fast for that leaves none of them where it was.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.frames.strokes import Samples
from tirdata.types import Flags, Frame

_WIDTH = 320  # pixels that corners are followed at
_BLUR = 1.2  # pixels
_CLEAR = 4.0  # times the usual gradient that a corner has to have: noise has none
_FAINT = 2.0  # levels a pixel that it has at least
_CORNERS = 150
_FEWEST = 12
_WINDOW = 15  # pixels around a corner that it is known by
_BACK = 0.7  # pixels that a corner may miss its place by when it is followed back
_ONE = 1.5  # pixels that corners of one movement are off it
_MOST = 0.5  # share of the corners that moves as one
_STAY = 0.1  # share of the corners that is where it was though the view is another
_CELLS = 4  # parts of either side; corners of a scene are in several
_WIDE = 3  # parts that corners which are followed lie in
_EVERYWHERE = 6  # parts that corners lie in of which none stays
_MANY = 30  # of them

_Points: TypeAlias = NDArray[np.float32]  # (n, 2)
_Move: TypeAlias = NDArray[np.float64]  # (2, 3)


def views(frames: Samples, background: Flags, apart: float) -> list[int]:
    """Numbers of samples of which each shows another view than all before it, the first among them.

    Args:
        frames: samples of a shot, (h, w).
        background: where to look for the scene, (h, w).
        apart: how far a view has to be from others, as a share of the frame's width.
    """
    scale = min(1.0, _WIDTH / frames[0].shape[1])
    size = tuple(max(1, round(side * scale)) for side in reversed(frames[0].shape))
    mask = cv2.resize(background.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    across, down = np.meshgrid(*([share * side for share in (0.2, 0.5, 0.8)] for side in size))
    start = np.stack([across.ravel(), down.ravel(), np.ones(9)], axis=1)
    best: list[int] = []
    kept, poses, pose = [0], [start[:, :2]], np.eye(3)
    for number, moved in enumerate(_moves(frames, size, np.asarray(mask, np.uint8)), 1):
        if moved is None:  # nobody knows: what comes cannot be compared with what was
            best = max(best, kept, key=len)
            kept, poses, pose = [number], [start[:, :2]], np.eye(3)
        elif moved is _ELSEWHERE:
            kept.append(number)
            poses, pose = [start[:, :2]], np.eye(3)
        else:
            pose = np.vstack([moved, [0.0, 0.0, 1.0]]) @ pose
            now = start @ pose[:2].T
            if min(_distance(now, other) for other in poses) >= apart * size[0]:
                kept.append(number)
                poses.append(now)
    return max(best, kept, key=len)


_ELSEWHERE: _Move = np.zeros((2, 3))  # nothing of the view before is left


def _distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.median(np.hypot(*(one - other).T)))


def _moves(
    frames: Samples, size: tuple[int, ...], mask: NDArray[np.uint8]
) -> Iterator[_Move | None]:
    """How the scene moves from each sample to the next; none = it cannot be told."""
    for before, after in pairwise(_small(frame, size) for frame in frames):
        yield _move(before, after, mask)


def _small(frame: Frame, size: tuple[int, ...]) -> Frame:
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), _BLUR), np.uint8)


def _move(before: Frame, after: Frame, mask: NDArray[np.uint8]) -> _Move | None:
    corners = cv2.goodFeaturesToTrack(before, _CORNERS, 0.02, 7, mask=mask * _clear(before))
    if corners is None or len(corners) < _FEWEST:  # type: ignore[redundant-expr]
        return None
    window = {"winSize": (_WINDOW, _WINDOW), "maxLevel": 4}
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, None, **window)  # type: ignore[call-overload]
    back, kept, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None, **window)  # type: ignore[call-overload]
    known = (found[:, 0] > 0) & (kept[:, 0] > 0)
    known &= np.hypot(*(back - corners)[:, 0].T) < _BACK
    start, end = (np.asarray(each, np.float32)[:, 0] for each in (corners, there))
    move = _fitted(start[known], end[known], before.shape, len(start))
    if move is not None:
        return move
    stay = known & (np.hypot(*(end - start).T) < _ONE)
    many = len(start) >= _MANY and _cells(start, before.shape) >= _EVERYWHERE
    return _ELSEWHERE if many and stay.sum() <= _STAY * len(start) else None


def _fitted(start: _Points, end: _Points, size: tuple[int, ...], corners: int) -> _Move | None:
    """The one movement that most corners make; none if they make none."""
    if len(start) < _MOST * corners:
        return None
    move, member = cv2.estimateAffinePartial2D(start, end, ransacReprojThreshold=_ONE)
    if move is None:
        return None
    inside = member[:, 0] > 0
    if inside.sum() < _MOST * corners or _cells(start[inside], size) < _WIDE:
        return None
    return np.asarray(move, np.float64)


def _clear(frame: Frame) -> NDArray[np.uint8]:
    """Where the picture has more than noise, (h, w), 0 and 1."""
    across, down = (cv2.Sobel(frame, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    gradient = np.asarray(cv2.magnitude(across, down))
    clear = gradient > max(_FAINT, _CLEAR * float(np.median(gradient)))
    return np.asarray(cv2.dilate(clear.astype(np.uint8), np.ones((3, 3), np.uint8)), np.uint8)


def _cells(points: _Points, size: tuple[int, ...]) -> int:
    """How many of the parts of the frame the points lie in."""
    height, width = size
    column = (points[:, 0] * _CELLS / width).astype(int)
    row = (points[:, 1] * _CELLS / height).astype(int)
    return len(np.unique(row * _CELLS + column))
