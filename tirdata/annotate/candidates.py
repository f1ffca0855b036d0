"""Boxes that may be objects: what stands out of its surroundings, and what moves against them.

Contrast is the difference of two means, of a square and of the ring around it, in units of the
spread there, at several sizes and both polarities. What moves differs from the frames before and
after, once these are laid onto it by the background's shift, so that a panning camera moves
nothing. Both point at places; the box is that of the pixels there which are nearer to the object
than to its surroundings.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.annotate.shift import laid_onto
from tirdata.geometry import clip, overlap, share_covered
from tirdata.types import Box, Frame, Frames

SIZES: Final = ((4, 6, 9, 13), (10, 14), (10, 14), (11, 14))  # sides at 1, 1/2, 1/4, 1/8 size
NOISE: Final = 3.0  # grey levels that are no contrast
MOTION_NOISE: Final = 4.0  # and no motion
EDGE: Final = 0.3  # pixels that a frame may be off its neighbour where nothing moves
MOTION_WEIGHT: Final = 0.3
LARGE: Final = 0.3  # the power of its side by which a larger place counts more
LARGEST: Final = 40  # pixels; beyond, size says nothing more
LEVEL: Final = 0.3  # of the object over its surroundings, where its box ends
GAP: Final = 4  # frames to those that motion is seen against
PLACES: Final = 40  # that boxes are drawn around, of all sizes together
PER_SIZE: Final = 12
APART: Final = 0.3  # overlap above which two boxes are one proposal
WITHIN: Final = 0.7  # and the share of the smaller one within the other
MARGIN: Final = 3.5  # pixels that people draw around what stands out, or leave out
TIGHT: Final = 1.0
SMALL: Final = 16.0  # shorter side up to which the margin decides, and the best come in both

Map: TypeAlias = NDArray[np.float32]


class Candidate(NamedTuple):
    """A proposal; never accepted by itself."""

    box: Box
    score: float  # 0..1, only for the order
    why: str  # hot, cold or moving


class _Place(NamedTuple):
    row: int
    column: int
    size: int
    contrast: float  # signed
    motion: float


def candidates(
    frame: Frame, before: Frame | None = None, after: Frame | None = None, count: int = 5
) -> list[Candidate]:
    """Up to ``count`` boxes, best first.

    ``before`` and ``after`` are other frames of the shot, a tenth of a second or so away: without
    them nothing is said of motion.
    """
    image = frame.astype(np.float32)
    moving = _motion(frame, [other for other in (before, after) if other is not None])
    places = sorted(_places(image, moving), key=_strength, reverse=True)
    found: list[Candidate] = []
    for place in places[:PLACES]:
        box = _box_at(image, place)
        if box is None or any(_same(box, other.box) for other in found):
            continue
        found.append(Candidate(box, _score(place), _why(place)))
        if len(found) == count:
            break
    second = [_with_margin(one, TIGHT, frame) for one in found if min(one.box[2:]) <= SMALL]
    both = min(len(second), 2 * count // 5)
    wide = [_with_margin(one, MARGIN, frame) for one in found[: count - both]]
    return wide + second[:both]


def candidates_in(frames: Frames, index: int, count: int = 5) -> list[Candidate]:
    """As ``candidates``, with frames around ``frames[index]`` for before and after.

    Raises:
        DataError: a frame cannot be read.
    """
    near = (index - GAP, index + GAP)
    before, after = (frames[other] if 0 <= other < len(frames) else None for other in near)
    return candidates(frames[index], before, after, count)


def _with_margin(one: Candidate, margin: float, frame: Frame) -> Candidate:
    x, y, w, h = one.box
    grown = np.array([[x - margin, y - margin, w + 2 * margin, h + 2 * margin]])
    height, width = frame.shape
    return one._replace(box=Box(*clip(grown, width, height)[0].tolist()))


def _strength(place: _Place) -> float:
    return (abs(place.contrast) + MOTION_WEIGHT * place.motion) * float(
        min(place.size, LARGEST) ** LARGE
    )


def _score(place: _Place) -> float:
    return round(1 - float(np.exp(-_strength(place) / 10)), 3)


def _why(place: _Place) -> str:
    if MOTION_WEIGHT * place.motion > abs(place.contrast):
        return "moving"
    return "hot" if place.contrast > 0 else "cold"


def _same(one: Box, other: Box) -> bool:
    pair = np.array([one]), np.array([other])
    share = max(float(share_covered(*pair)[0]), float(share_covered(*pair[::-1])[0]))
    return bool(overlap(*pair)[0] > APART or share > WITHIN)


def _motion(frame: Frame, others: list[Frame]) -> Map | None:
    """How much each pixel differs from every other frame; None without any."""
    if not others:
        return None
    smooth = cv2.GaussianBlur(frame, (0, 0), 1.0).astype(np.float32)
    differences = []
    for other in others:
        shifted = laid_onto(frame, np.asarray(cv2.GaussianBlur(other, (0, 0), 1.0), np.uint8))
        differences.append(np.abs(smooth - shifted.astype(np.float32)))
    least: Map = np.minimum.reduce(differences)
    spread = float(np.median(least)) * 1.48
    right, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    edges = EDGE / 8 * (np.abs(right) + np.abs(down))  # Sobel's weights add up to 8
    return np.asarray(np.maximum(least - edges, 0) / (spread + MOTION_NOISE), np.float32)


def _places(image: Map, moving: Map | None) -> Iterator[_Place]:
    """Where contrast or motion has its local maxima, size by size, large sizes on less pixels."""
    moving = np.zeros_like(image) if moving is None else moving
    for octave, sizes in enumerate(SIZES):
        for size in sizes:
            if 2 * size < min(image.shape):
                yield from _places_of_size(image, moving, size, 2**octave)
        if min(image.shape) < 2 * min(sizes):
            return
        image, moving = (_halved(image), _halved(moving))


def _halved(image: Map) -> Map:
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.float32)


def _places_of_size(image: Map, moving: Map, size: int, step: int) -> Iterator[_Place]:
    contrast = _contrast(image, size)
    motion = np.asarray(cv2.blur(moving, (size, size)), np.float32)
    strength = np.abs(contrast) + MOTION_WEIGHT * motion
    reach = max(3, size | 1)
    top = cv2.dilate(strength, np.ones((reach, reach), np.uint8))
    rows, columns = np.nonzero((strength >= top) & (strength > 1))
    order = np.argsort(-strength[rows, columns], kind="stable")[:PER_SIZE]
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        values = float(contrast[row, column]), float(motion[row, column])
        middle = (step - 1) // 2
        yield _Place(row * step + middle, column * step + middle, size * step, *values)


def _contrast(image: Map, size: int) -> Map:
    """(inner mean - ring mean) / spread of the ring, for squares of a side of ``size``."""
    wide = 2 * size + 2
    share = size**2 / wide**2  # of the outer square that is the inner one
    image = image - float(image.mean())  # so that squares lose no digits

    inner, inner_squares = _means(image, size)
    outer, outer_squares = _means(image, wide)
    ring = (outer - share * inner) / (1 - share)
    ring_squares = (outer_squares - share * inner_squares) / (1 - share)
    spread = np.sqrt(np.maximum(ring_squares - ring**2, 0))
    return np.asarray((inner - ring) / (spread + NOISE), np.float32)


def _means(image: Map, size: int) -> tuple[Map, Map]:
    """Of the values and of their squares, over squares of a side of ``size``."""
    sides = (size, size)
    squares = cv2.sqrBoxFilter(image, cv2.CV_32F, sides)
    return np.asarray(cv2.blur(image, sides), np.float32), np.asarray(squares, np.float32)


def _box_at(image: Map, place: _Place) -> Box | None:
    """Around the pixels that hang together and are nearer to the object than to the ring."""
    reach = round(1.5 * place.size) + 2
    top, left = max(0, place.row - reach), max(0, place.column - reach)
    patch = image[top : place.row + reach + 1, left : place.column + reach + 1]
    row, column = place.row - top, place.column - left
    half = max(1, place.size // 2)
    inside = np.zeros(patch.shape, np.bool_)
    inside[max(0, row - half) : row + half + 1, max(0, column - half) : column + half + 1] = True
    sign = 1.0 if place.contrast >= 0 else -1.0
    behind = float(np.median(patch[~inside])) if (~inside).any() else 0.0
    signed = sign * (patch - behind)
    object_level = float(np.quantile(signed[inside], 0.8))
    if object_level < NOISE:
        return None
    mask = (signed > LEVEL * object_level).astype(np.uint8)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    counts = np.bincount(labels[inside & (mask > 0)], minlength=len(boxes))
    if counts.sum() == 0:
        return None
    x, y, w, h = (float(value) for value in boxes[int(np.argmax(counts)), :4])
    return Box(x + left, y + top, w, h)
