"""Which sets of glyphs are burnt-in text, judged by what drawn letters have and scenes have not.

A letter is drawn with a sharp outline, all letters of a line have one level that does not change
with the scene, they are equally high and stand free of what is around them. Fences, windows,
branches and rows of lamps have some of this, not all. How much each counts was fitted by logistic
regression to text planted in real clips and coded with H.264 (``benchmarks/overlay_fit.py``); no
real burnt-in text was used for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.frames.glyphs import Line
from tirdata.frames.strokes import Plane, Strokes
from tirdata.types import Flags

Floats = NDArray[np.float64]
_Box = tuple[int, int, int, int]  # left, upper, right, lower edge

# What counts for text: its name, usual value and spread (both of fences and of text), and weight.
EVIDENCE: dict[str, tuple[float, float, float]] = {
    "glyphs": (0.331, 0.605, 0.870),
    "contrast": (4.100, 0.364, 0.588),
    "spread of level": (0.034, 0.073, -0.981),
    "roughness": (0.168, 0.122, -1.488),
    "sharpness": (0.439, 0.180, 1.536),
    "outline": (0.837, 0.171, 0.446),
    "raggedness": (0.078, 0.225, -0.503),
    "length": (0.035, 0.818, 1.425),
    "ink": (0.493, 0.208, 0.667),
    "moving scene": (0.125, 0.166, 1.003),
    "height": (-3.793, 0.542, 0.350),
    "upright": (0.523, 0.158, 0.972),
    "one direction": (0.126, 0.097, -0.958),
    "spread of area": (0.160, 0.307, 0.352),
    "spread of width": (0.116, 0.227, -0.180),
    "crowd": (0.414, 0.274, -0.325),
    "unrest": (0.791, 0.824, -2.325),
}
EVIDENCE_NAMES = tuple(EVIDENCE)
BIAS = -5.932

LEAST_HEIGHT = 5  # of a line, pixels
SURE = 2.0  # log odds above which a line is text by itself
VERY_SURE = 3.5  # and if its letters touch
LIKELY = 1.0  # and where there is text elsewhere
FITS = 0.0  # and beside text that looks like it
SURE_GLYPHS = 3
_ALIKE = 30  # levels between the colours of lines of one overlay


@dataclass(frozen=True, eq=False)
class Text:
    """A line that is text."""

    line: Line
    box: _Box  # with digits that change


def texts(candidates: Iterable[Line], seen: Strokes) -> list[Text]:
    """The lines of text that are burnt into a shot."""
    scored = _scored(candidates, seen)
    found = [line for line, score in scored if _is_sure(line, score)]
    if found:
        sure = list(found)
        found += [
            line for line, score in scored if line not in sure and _follows(line, score, sure)
        ]
    return [Text(line, _extended(line, seen)) for line in found]


def more_texts(candidates: Iterable[Line], seen: Strokes, known: Sequence[Text]) -> list[Text]:
    """Lines in a part of a shot that has text, where none is known yet."""
    lines = [text.line for text in known]
    return [
        Text(line, _extended(line, seen))
        for line, score in _scored(candidates, seen)
        if len(line.glyphs) >= SURE_GLYPHS
        and _follows(line, score, lines)
        and not any(_meet(line.box, text.box) for text in known)
    ]


def _is_sure(line: Line, score: float) -> bool:
    """By itself."""
    if len(line.glyphs) >= SURE_GLYPHS:
        return score > SURE
    return _letters(line) >= SURE_GLYPHS and score > VERY_SURE


def _letters(line: Line) -> float:
    """About how many: letters that touch are one glyph, and its length tells how many there are."""
    return sum(max(1.0, glyph.width / line.height) for glyph in line.glyphs)


def _scored(candidates: Iterable[Line], seen: Strokes) -> list[tuple[Line, float]]:
    known = [line for line in candidates if line.height >= LEAST_HEIGHT and _letters(line) >= 2]
    if not known:
        return []
    scores = log_odds(np.array([evidence(line, seen) for line in known])).tolist()
    return list(zip(known, scores, strict=True))


def log_odds(rows: Floats) -> Floats:
    """How much more likely text than not, from rows of evidence, (n,)."""
    mean, spread, weight = np.array(list(EVIDENCE.values())).T
    result: Floats = (rows - mean) / spread @ weight + BIAS
    return result


def evidence(line: Line, seen: Strokes) -> list[float]:
    """The measurements named in ``EVIDENCE``."""
    left, upper, right, lower = line.box
    contrast = line.mean("contrast")
    areas = np.array([glyph.area for glyph in line.glyphs], float)
    widths = np.array([glyph.width for glyph in line.glyphs], float)
    across, down = (sum(getattr(glyph, way) for glyph in line.glyphs) for way in ("across", "down"))
    upright = across / max(across + down, 1.0)
    return [
        np.log(len(line.glyphs)),
        np.log(contrast),
        line.spread("level") / contrast,
        line.mean("roughness") / contrast,
        min(line.mean("sharpness"), 1.2),
        line.mean("outline"),
        np.log((lower - upper) / line.height),
        np.log(max((right - left) / (lower - upper), 0.2)),
        float(areas.sum()) / ((right - left) * (lower - upper)),
        seen.moving,
        np.log(line.height / len(seen.median)),
        upright,
        abs(upright - 0.5),
        float(areas.std() / areas.mean()),
        float(widths.std() / widths.mean()),
        _crowd(line, seen),
        np.log(line.mean("unrest") + 1),
    ]


def _crowd(line: Line, seen: Strokes) -> float:
    """How many strokes are just around the line, as a share of how many are in it, 0..1."""
    left, upper, right, lower = line.box
    margin = max(3, int(0.6 * line.height))
    around = seen.staying[
        max(upper - margin, 0) : lower + margin, max(left - margin, 0) : right + margin
    ]
    within = seen.staying[upper:lower, left:right]
    rest = max(1, around.size - within.size)
    outside = (np.count_nonzero(around) - np.count_nonzero(within)) / rest
    return float(min(1.0, outside / (np.count_nonzero(within) / within.size + 1e-3)))


def _follows(line: Line, score: float, found: list[Line]) -> bool:
    likely = score > LIKELY and len(line.glyphs) > 1
    return likely or (score > FITS and any(_belongs(line, other) for other in found))


def _belongs(line: Line, other: Line) -> bool:
    """The line looks like the other, and is above, below or beside it."""
    if line.bright == other.bright and abs(line.mean("level") - other.mean("level")) > _ALIKE:
        return False
    height = max(line.height, other.height)
    (left, upper, right, lower), box = line.box, other.box
    aside = max(left, box[0]) - min(right, box[2])
    apart = max(upper, box[1]) - min(lower, box[3])
    return (apart < 3 * height and aside < 0) or (apart < 0 and aside < 10 * height)


def _meet(a: _Box, b: _Box) -> bool:
    return max(a[0], b[0]) < min(a[2], b[2]) and max(a[1], b[1]) < min(a[3], b[3])


def _extended(line: Line, seen: Strokes) -> _Box:
    """The line's box with what stands on beside it but changes: digits, strokes that flip."""
    left, upper, right, lower = line.box
    height = line.height
    band = seen.strong if line.mean("contrast") > 80 else np.minimum(seen.bright + seen.dark, 1)
    margin = max(2, int(0.4 * height))
    ink = _ink(band, upper, lower)
    beside = _ink(band, max(upper - margin, 0), upper) + _ink(band, lower, lower + margin)
    usual = ink[left:right].mean()
    inked: Flags = (ink > 0.35 * usual) & (beside / (2 * margin) < 0.3 * ink / (lower - upper))
    for way in (1, -1):
        edge = right - 1 if way == 1 else left
        gap, place = 0, edge + way
        while 0 <= place < len(ink) and gap <= height:
            edge, gap = (place, 0) if inked[place] else (edge, gap + 1)
            place += way
        left, right = (left, edge + 1) if way == 1 else (edge, right)
    return left, upper, right, lower


def _ink(band: Plane, upper: int, lower: int) -> Floats:
    """How many pixels of strokes each column has between two rows, in the mean over the samples."""
    part = band[upper:lower]
    if not len(part):
        return np.zeros(band.shape[1])
    return np.asarray(cv2.reduce(part, 0, cv2.REDUCE_SUM, dtype=cv2.CV_64F)[0], np.float64)
