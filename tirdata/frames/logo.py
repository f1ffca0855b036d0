"""Marks in a corner of the frame that stay while the scene behind them moves."""

from collections.abc import Iterable

import cv2
import numpy as np

from tirdata.frames.glyphs import Glyph, Line
from tirdata.frames.strokes import Strokes
from tirdata.types import Flags

_CORNER = 0.3  # of the frame's sides
_MOVING = 0.5  # share of the scene's strokes that are not where they were
_CHANGE = 8.0  # levels that the scene behind changes by
_CALM = 0.75  # how much less the mark changes; a half-transparent one changes with the scene
_SHARP = 0.4  # step at the outline, as a share of the contrast
_LEAST = 60  # pixels of a mark


def logos(known: Iterable[Line], seen: Strokes, taken: Flags) -> list[tuple[int, int, int, int]]:
    """Boxes x, y, w, h of marks; none where the scene stands still and they could be part of it."""
    if seen.moving < _MOVING:
        return []
    height, width = seen.median.shape
    marks = np.zeros((height, width), np.uint8)
    for line in known:
        for glyph in line.glyphs:
            if _is_mark(glyph, seen) and not taken[glyph.y, glyph.x]:
                marks[glyph.y : glyph.y + glyph.height, glyph.x : glyph.x + glyph.width] = 1
    reach = seen.reach
    joined = cv2.morphologyEx(marks, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    stats = cv2.connectedComponentsWithStats(joined, connectivity=8)[2][1:].tolist()
    return [(x, y, w, h) for x, y, w, h, area in stats if area >= _LEAST]


def _is_mark(glyph: Glyph, seen: Strokes) -> bool:
    height, width = seen.median.shape
    x, y = glyph.x + glyph.width / 2, glyph.y + glyph.height / 2
    aside = min(x, width - x) < _CORNER * width and min(y, height - y) < _CORNER * height
    if not aside or glyph.sharpness < _SHARP:
        return False
    reach = seen.reach
    part = (
        slice(max(glyph.y - reach, 0), glyph.y + glyph.height + reach),
        slice(max(glyph.x - reach, 0), glyph.x + glyph.width + reach),
    )
    scene = seen.unrest[part][~seen.staying[part]]
    change = float(np.median(scene)) if len(scene) else 0.0
    return change >= _CHANGE and glyph.unrest < _CALM * change
