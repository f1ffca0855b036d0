"""How the camera moved between two frames, so that an object is looked for where it went with it.

Corners of a small copy of the frame are followed by pyramidal Lucas-Kanade, there and back. What
is drawn into the picture (text, a reticle, a speck on the lens) stands still whatever the camera
does, so points that move together are believed before points that rest. A large part of all points
has to move by one similarity (shift, turn, zoom), and has to be spread over the picture; else
nothing is known of the camera. Pure functions, but for the memory of the frame before.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.types import Box, Flags, Floats, Frame

Points = NDArray[np.float32]

SIDE = 160  # pixels that the longer side is brought to
POINTS = 100
APART = 7.0  # pixels of the small copy between two corners
QUALITY = 0.004  # of the best corner's: text is far sharper than the scene behind it
BACK = 0.5  # pixels of the small copy that a point may miss its start by, there and back
STILL = 0.35  # pixels of the small copy: less is no motion
TOGETHER = 0.75  # pixels of the small copy from one motion to another
LEAST_SHARE = 0.35  # of all points, or the others may be what does not move
LEAST_OF_MOVING = 0.6  # of the points that are not still
LEAST_POINTS = 8
LEAST_SPREAD = 0.4  # of the picture's width or height
AROUND = 0.5  # of the box's sides: points so near to it may be its own


class Small(NamedTuple):
    """A small copy of a frame, of its own memory."""

    pixels: Frame
    scale: float  # small pixels in a frame pixel
    size: tuple[int, int]  # width and height of the frame


class Flow(NamedTuple):
    """Points that were followed from one frame to the next, in frame pixels."""

    points: Floats  # (n, 2) in the frame before
    shifts: Floats  # (n, 2)
    scale: float  # small pixels in a frame pixel
    size: tuple[int, int]  # width and height of the frame


def small_copy(frame: Frame) -> Small:
    """``frame`` with its longer side at ``SIDE`` at most."""
    height, width = frame.shape
    scale = min(1.0, SIDE / max(width, height))
    if scale == 1.0:
        return Small(frame.copy(), 1.0, (width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    pixels = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Small(pixels, scale, (width, height))


def flow(before: Small, after: Small) -> Flow | None:
    """Corners of ``before`` found again in ``after``; None: frames of two sizes, or no corners."""
    if before.size != after.size:
        return None
    corners = _corners(before.pixels)
    if len(corners) < LEAST_POINTS:
        return None
    there, seen = _followed(before.pixels, after.pixels, corners)
    back, again = _followed(after.pixels, before.pixels, there)
    missed = np.abs(back - corners).reshape(-1, 2).max(axis=1)
    kept = seen & again & (missed < BACK)
    points = corners.reshape(-1, 2)[kept].astype(np.float64)
    shifts = (there - corners).reshape(-1, 2)[kept].astype(np.float64)
    return Flow(points / before.scale, shifts / before.scale, before.scale, before.size)


def _corners(frame: Frame) -> Points:
    found: Any = cv2.goodFeaturesToTrack(frame, POINTS, QUALITY, APART, blockSize=5)
    # In a frame of one grey it gives None.
    return np.zeros((0, 1, 2), np.float32) if found is None else np.asarray(found, np.float32)


def _followed(before: Frame, after: Frame, points: Points) -> tuple[Points, Flags]:
    there, seen, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, points.copy(), winSize=(11, 11), maxLevel=3
    )
    return np.asarray(there, np.float32), np.asarray(seen[:, 0] == 1)


def carried(found: Flow | None, box: Box) -> tuple[float, float]:
    """How far (right, down) the camera's motion carries the middle of ``box``, frame pixels.

    (0, 0) where nothing is known of the camera or where it stands still.
    """
    if found is None or len(found.points) < LEAST_POINTS:
        return 0.0, 0.0
    outside = _outside(found.points, box)
    points, shifts = found.points[outside], found.shifts[outside]
    moving = np.abs(shifts).max(axis=1, initial=0.0) > STILL / found.scale
    points_moving, shifts_moving = points[moving], shifts[moving]
    if len(points_moving) < max(LEAST_POINTS, LEAST_SHARE * len(points)):
        return 0.0, 0.0
    motion, together = _motion(points_moving, shifts_moving, TOGETHER / found.scale)
    if not _explains(points_moving[together], len(points_moving), len(points), found.size):
        return 0.0, 0.0
    middle = np.array([[box.x + box.w / 2, box.y + box.h / 2]])
    right, down = _apply(motion, middle)[0]
    return float(right), float(down)


def _motion(points: Floats, shifts: Floats, tolerance: float) -> tuple[Floats, Flags]:
    """The similarity of the largest group of points, and who is in it, (n,)."""
    together = _largest_group(shifts, 1.5 * tolerance)
    motion = _similarity(points[together], shifts[together])
    for _ in range(2):
        near = np.abs(_apply(motion, points) - shifts).max(axis=1) < tolerance
        if near.sum() < LEAST_POINTS:
            break
        together = near
        motion = _similarity(points[together], shifts[together])
    return motion, together


def _outside(points: Floats, box: Box) -> Flags:
    middle = np.array([box.x + box.w / 2, box.y + box.h / 2])
    reach = np.array([box.w, box.h]) * (0.5 + AROUND)
    result: Flags = (np.abs(points - middle) > reach).any(axis=1)
    return result


def _largest_group(shifts: Floats, tolerance: float) -> Flags:
    """Which shifts lie about the one that has the most like it, (n,) bool."""
    near = np.abs(shifts[:, None] - shifts[None]).max(axis=2) < tolerance
    result: Flags = near[int(np.argmax(near.sum(axis=1)))]
    return result


def _similarity(points: Floats, shifts: Floats) -> Floats:
    """Least squares of shift = (a x - b y + e, b x + a y + f); a, b, e, f and the mean point."""
    centre = points.mean(axis=0)
    x, y = (points - centre).T
    spread = float((x**2 + y**2).sum()) + 1e-9
    e, f = shifts.mean(axis=0)
    a = float((x * shifts[:, 0] + y * shifts[:, 1]).sum()) / spread
    b = float((x * shifts[:, 1] - y * shifts[:, 0]).sum()) / spread
    return np.array([a, b, e, f, *centre])


def _apply(motion: Floats, points: Floats) -> Floats:
    a, b, e, f, *centre = motion
    x, y = (points - np.array(centre)).T
    return np.stack([a * x - b * y + e, b * x + a * y + f], axis=1)


def _explains(together: Floats, moving: int, every: int, size: tuple[int, int]) -> bool:
    if len(together) < max(LEAST_POINTS, LEAST_SHARE * every, LEAST_OF_MOVING * moving):
        return False
    return bool((np.ptp(together, axis=0) >= LEAST_SPREAD * np.array(size)).any())
