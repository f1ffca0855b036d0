"""Challenge attributes that need pixels, from some frames of a sequence; sources as in attributes.

The benchmarks leave these to a person's eye ("similar", "messy"), so the rules here are ours: they
say in numbers what those words mean, and are no substitute for the labels of a benchmark.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.statistics.rules import AttributeRules
from tirdata.types import Box, Flags, Floats, Frame

RING = 0.5  # width of the surroundings on each side, in sides of the box
NARROWEST = 4  # pixels of it, at least
STANDING_OUT = 95  # percentile: boxes are loose, so only their extreme is surely the target
QUIET = 2.0  # counts of spread that noise and JPEG make anyway
SMALL = 320  # pixels, width of what the camera's motion is seen in
BLOCKS = 4  # parts of that on each side, of which the middle one by its shift decides
FEWEST = 4  # of these parts that show something, or the shift is unknown
FLAT = 1.0  # counts of spread: below, a part shows nothing
CLEAR = 0.1  # response of a phase correlation: below, the two do not show the same


class Look(NamedTuple):
    """A target and what is around it in one frame, in counts of 255."""

    target: float  # what stands out most in the box: its 95th percentile, or its 5th
    around: float  # median of the ring
    spread: float  # of the ring: median distance from that, as a standard deviation
    alike: float  # share of the ring that is at least as bright as the target, or as dark


def look(frame: Frame, box: Box) -> Look | None:
    """What is seen of the target; None where it or its surroundings lie outside the frame."""
    inner = _part(frame, box)
    margin = [max(NARROWEST, RING * side) for side in (box.w, box.h)]
    outer = _slices(frame, _grown(box, box.w + 2 * margin[0], box.h + 2 * margin[1]))
    ring = np.ones(frame[outer].shape, np.bool_)
    held = zip(_slices(frame, box), outer, strict=True)
    ring[tuple(slice(a.start - b.start, a.stop - b.start) for a, b in held)] = False
    pixels = frame[outer][ring].astype(np.float64)
    if not inner.size or not pixels.size:
        return None
    around = float(np.median(pixels))
    dark, bright = np.percentile(inner, (100 - STANDING_OUT, STANDING_OUT))
    warm = bright - around >= around - dark
    target = float(bright if warm else dark)
    return Look(
        target=target,
        around=around,
        spread=float(max(QUIET, 1.4826 * np.median(np.abs(pixels - around)))),
        alike=float((pixels >= target if warm else pixels <= target).mean()),
    )


def thermal_crossover(looks: Sequence[Look], rules: AttributeRules) -> Flags:
    """The target has a temperature like its surroundings' (RGBT234, LasHeR), or passes through it.

    By ours: it differs from their median by less than twice their spread, or is colder than they
    where it is mostly warmer.
    """
    contrast = np.array([(each.target - each.around) / each.spread for each in looks])
    mostly = np.sign(np.median(contrast)) if len(looks) else 0.0
    return np.asarray(contrast * mostly < rules.crossover_contrast, np.bool_)


def background_clutter(looks: Sequence[Look], rules: AttributeRules) -> Flags:
    """The background near the target looks like the target (OTB, LaSOT).

    By ours: a twentieth of the surroundings is as bright as it (as dark, where it is dark).
    """
    return np.array([each.alike >= rules.clutter_share for each in looks], np.bool_)


def intensity_variation(looks: Sequence[Look], rules: AttributeRules) -> Flags:
    """The intensity of the target has changed (PTB-TIR, LSOTB-TIR).

    By ours: it differs from that in the first sampled frame by more than a fifth of the range.
    """
    values = np.array([each.target for each in looks])
    return np.asarray(np.abs(values - values[:1]) > rules.intensity_counts, np.bool_)


PixelRule: TypeAlias = Callable[[Sequence[Look], AttributeRules], Flags]

PIXEL_RULES: Final[dict[str, PixelRule]] = {
    "thermal crossover": thermal_crossover,
    "background clutter": background_clutter,
    "intensity variation": intensity_variation,
}
CAMERA_MOTION: Final = "camera motion"


def camera_motion(speeds: Floats, rules: AttributeRules) -> Flags:
    """The camera moves (RGBT234, LasHeR); ``speeds`` are of the ground, in pixels a frame.

    By ours: the ground moves by more than half a pixel a frame. LaSOT's attribute of that name is
    for abrupt motion only.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(speeds > rules.camera_px, np.bool_)


def ground_shift(first: Frame, second: Frame, boxes: Sequence[Box]) -> float:
    """How far the ground moved between two frames, in pixels; NaN where nothing can be held on to.

    The median of phase correlations in parts of the frame: what moves by itself is in few of them.
    The targets in ``boxes`` are painted over.
    """
    if first.shape != second.shape:
        return float("nan")
    scale = SMALL / first.shape[1]
    one, two = (_ground(frame, boxes, scale) for frame in (first, second))
    height, width = one.shape[0] // BLOCKS, one.shape[1] // BLOCKS
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    shifts = []
    for row in range(0, BLOCKS * height, height):
        for column in range(0, BLOCKS * width, width):
            part = (slice(row, row + height), slice(column, column + width))
            if one[part].std() < FLAT:
                continue
            shift, response = cv2.phaseCorrelate(one[part].copy(), two[part].copy(), window)
            if response >= CLEAR:
                shifts.append(shift)
    if len(shifts) < FEWEST:
        return float("nan")
    return float(np.hypot(*np.median(shifts, axis=0)) / scale)


def _ground(frame: Frame, boxes: Sequence[Box], scale: float) -> NDArray[np.float32]:
    """The frame made small, less its smooth part, without targets."""
    size = (SMALL, max(2 * BLOCKS, round(frame.shape[0] * scale)))
    painted = frame
    if boxes:
        painted = frame.copy()
        for box in boxes:
            grown = _grown(box, 1.5 * box.w, 1.5 * box.h)
            painted[_slices(frame, grown)] = round(float(np.median(_part(frame, grown))))
    small = cv2.resize(painted, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(small - cv2.GaussianBlur(small, (0, 0), 8), np.float32)


def _grown(box: Box, width: float, height: float) -> Box:
    """A box of another size around the same centre."""
    return Box(box.x + (box.w - width) / 2, box.y + (box.h - height) / 2, width, height)


def _slices(frame: Frame, box: Box) -> tuple[slice, slice]:
    """The pixels of a frame that a box touches: rows and columns."""
    height, width = frame.shape
    edges = [
        (int(np.floor(start)), int(np.ceil(start + length)), most)
        for start, length, most in ((box.y, box.h, height), (box.x, box.w, width))
    ]
    rows, columns = (slice(max(0, a), max(0, min(b, most))) for a, b, most in edges)
    return rows, columns


def _part(frame: Frame, box: Box) -> Frame:
    return frame[_slices(frame, box)]
