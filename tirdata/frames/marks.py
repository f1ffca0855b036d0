"""Logos, icons and round reticles: what stays in the picture while the scene moves below it.

In a scene that stands still a mark cannot be told from the scene, so nothing is said. Where the
camera moves, the edges of a mark keep their place and direction through all views, half-transparent
ones too; edges of the scene do not, but for lines along the movement, which have one direction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.frames.strokes import Plane, Samples
from tirdata.frames.views import views
from tirdata.types import Flags, Frame

FEWEST_VIEWS = 4
APART = 0.02  # widths of a frame between two views

_WIDTH = 800  # pixels that larger frames are shrunk below
_WEAK = 40.0  # Sobel's gradient of an edge that counts by half: a step of ten levels
_STAYS = 0.7  # how steady an edge is that stays, 0..1
_STILL = 0.15  # share of the frame near edges that stay, from which on the scene stands still
_LEVELS = (0.7, 0.85, 0.93)  # of steadiness, at which marks are looked for
_ALWAYS = 0.6  # steadiness in all samples
_SURE = 0.85  # steadiness of the core of a mark
_CORE = 0.4  # share of its pixels
_ONE_WAY = 0.6  # how much its edges may have one direction, 0..1
_CROWD = 0.35  # of the density of steady edges in it, just around it: most marks stand alone
_JOIN = 60  # widths of a frame in the widest gap in a mark
_LEAST = 30  # pixels
_LONG, _NARROW = 9, 6  # pixels of its sides
_LARGEST = 0.45  # of the frame's side
_MIDDLE = 0.2  # of the frame's side: how far from the centre what the camera follows may be
_OFF_CENTRE = 0.04  # of the frame's side
_MIRRORED = 0.8  # share of a reticle's pixels that have a mirror image
_SLACK = 6  # twice the pixels that corners may be off each other's mirror image
_PIECE, _PIECES = 6, 6  # pixels of a region on a reticle, and how many there are on a side
_CROWDED = 0.02  # share of the frame with steady edges that are of no mark: noise that stays
_MARGIN = 3  # pixels
_CALMER = 0.8  # spread of levels inside a mark, as a share of that around it
_CALM = 2.0  # levels that do not count as spread
_OPAQUE = 0.3  # spread of levels on a mark that hides the scene, as a share of that around it
_LIVELY = 6.0  # spread of a scene that shows where a mark ends


_Box: TypeAlias = tuple[int, int, int, int]  # x, y, w, h


class Mark(NamedTuple):
    """What is drawn over the scene."""

    box: _Box  # x, y, w, h
    pixels: Flags  # (h, w) of the box
    reticle: bool  # mirrored about the frame's centre, by itself or with others

    def pieces(self, strokes: Flags) -> list[_Box]:
        """Boxes that follow its lines: what is inside a ring is scene.

        ``strokes`` (h, w) of the frame are where lines are; edges lie on both sides of them.
        """
        x, y, w, h = self.box
        side = max(_PIECE, -(-max(w, h) // _PIECES))
        lines = (self.pixels & strokes[_part(self.box)]).astype(np.uint8)
        if 5 * np.count_nonzero(lines) < np.count_nonzero(self.pixels):
            eroded = cv2.erode(self.pixels.astype(np.uint8), np.ones((3, 3), np.uint8))
            lines = np.asarray(eroded, np.uint8)
        found = []
        for upper in range(0, h, side):
            for left in range(0, w, side):
                cell = lines[upper : upper + side, left : left + side]
                if cell.any():
                    a, b, wide, high = cv2.boundingRect(cell)
                    found.append((x + left + a, y + upper + b, wide, high))
        return found


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges of some samples; planes are (h, w)."""

    steady: Plane  # 1 = at the same place with the same direction in all, 0 = never
    level: Plane  # how level (positive) or upright (negative) they are
    slanted: Plane  # the same of falling and rising


def marks(frames: Samples, taken: Flags) -> list[Mark] | None:
    """The marks of a shot; none where the camera moves too little to tell them from the scene.

    Args:
        frames: samples of the shot, (h, w).
        taken: what is known to be drawn, (h, w).
    """
    times = -(-frames[0].shape[1] // _WIDTH)
    if times > 1:
        small = marks([_smaller(frame, times) for frame in frames], _shrunk(taken, times))
        return small and [_larger(each, times) for each in small]
    always = edges(frames)
    chosen = views(frames, _background(always, taken), APART)
    if len(chosen) < FEWEST_VIEWS:
        return None
    seen = edges([frames[number] for number in chosen])
    steady: Plane = np.where(always.steady >= _ALWAYS, seen.steady, np.float32(0))
    found: list[Mark] = []
    free = ~_grown(taken, _MARGIN)
    spread = np.std(np.stack([frames[number] for number in chosen]), axis=0, dtype=np.float32)
    rest = (steady >= _STAYS) & free
    for least in _LEVELS:
        for box, piece in _pieces((steady >= least) & free):
            if _is_mark(piece, box, seen, steady):
                mark = _whole(piece, box, spread)
                if mark.reticle or not _in_the_middle(box, steady.shape):
                    found.append(mark)
                    free[_part(mark.box)] = False
                    rest[_part(mark.box)] = False
    return _paired(found, steady.shape) if rest.mean() <= _CROWDED else []


def edges(frames: Samples) -> Edges:
    """How steady the edges of some samples are."""
    height, width = frames[0].shape
    level, slanted = (np.zeros((height, width), np.float32) for _ in range(2))
    for frame in frames:
        across, down = (cv2.Sobel(frame, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1)))
        # Twice the angle, as an edge between a mark and the scene may turn from dark to bright.
        squares = across * across, down * down
        weight = 1 / (squares[0] + squares[1] + np.float32(_WEAK**2))
        level += (squares[1] - squares[0]) * weight
        slanted += 2 * across * down * weight
    level /= len(frames)
    slanted /= len(frames)
    return Edges(np.asarray(cv2.magnitude(level, slanted), np.float32), level, slanted)


def _smaller(frame: Frame, times: int) -> Frame:
    size = frame.shape[1] // times, frame.shape[0] // times
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _shrunk(flags: Flags, times: int) -> Flags:
    result: Flags = _smaller(flags.astype(np.uint8) * np.uint8(255), times) > 0
    return result


def _larger(mark: Mark, times: int) -> Mark:
    x, y, w, h = (side * times for side in mark.box)
    pixels = np.repeat(np.repeat(mark.pixels, times, axis=0), times, axis=1)
    return Mark((x, y, w, h), pixels, mark.reticle)


def _background(always: Edges, taken: Flags) -> Flags:
    """Where the scene is, if it moves at all: away from edges that stay."""
    stay = _grown((always.steady >= _STAYS) | taken, 4)
    return ~stay if stay.mean() < _STILL else np.ones_like(stay)


def _pieces(flags: Flags) -> Iterator[tuple[_Box, Flags]]:
    """Box and pixels of each piece, small gaps apart."""
    gap = max(5, round(flags.shape[1] / _JOIN) | 1)
    joined = cv2.morphologyEx(
        flags.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8)
    )
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    for number, (x, y, w, h, _) in enumerate(stats[1:].tolist(), 1):
        if max(w, h) >= _LONG and min(w, h) >= _NARROW:
            part = _part((x, y, w, h))
            piece = (labels[part] == number) & flags[part]
            left, upper, wide, high = cv2.boundingRect(piece.astype(np.uint8))
            yield (x + left, y + upper, wide, high), piece[_part((left, upper, wide, high))]


def _is_mark(piece: Flags, box: _Box, seen: Edges, steady: Plane) -> bool:
    (x, y, w, h), (height, width) = box, steady.shape
    count = np.count_nonzero(piece)
    if count < _LEAST or w > _LARGEST * width or h > _LARGEST * height:
        return False
    if x <= 1 or y <= 1 or x + w >= width - 1 or y + h >= height - 1:
        return False
    part = _part(box)
    if np.count_nonzero(piece & (steady[part] >= _SURE)) < _CORE * count:
        return False
    if _crowd(box, steady) > _CROWD:
        return False
    one = np.hypot(seen.level[part][piece].mean(), seen.slanted[part][piece].mean())
    return bool(one <= _ONE_WAY * steady[part][piece].mean())


def _crowd(box: _Box, steady: Plane) -> float:
    """How dense steady edges are just around the box, as a share of that inside."""
    x, y, w, h = box
    margin = max(_LONG, min(w, h) // 2)
    stay = steady >= _ALWAYS
    around = stay[max(0, y - margin) : y + h + margin, max(0, x - margin) : x + w + margin]
    within = stay[_part(box)]
    outside = (np.count_nonzero(around) - np.count_nonzero(within)) / (around.size - within.size)
    return float(outside / max(within.mean(), 1e-6))


def _in_the_middle(box: _Box, size: tuple[int, ...]) -> bool:
    """Where what a camera follows stays, too."""
    x, y, w, h = box
    off = abs(x + w / 2 - size[1] / 2) / size[1], abs(y + h / 2 - size[0] / 2) / size[0]
    return max(off) < _MIDDLE


def _is_central(piece: Flags, box: _Box, size: tuple[int, ...]) -> bool:
    """Mirrored both ways about the frame's centre."""
    x, y, w, h = box
    off = abs(x + w / 2 - size[1] / 2) / size[1], abs(y + h / 2 - size[0] / 2) / size[0]
    if max(off) > _OFF_CENTRE:
        return False
    near = _grown(piece, 1)
    both = near[::-1] & near[:, ::-1]
    return bool(np.count_nonzero(piece & both) >= _MIRRORED * np.count_nonzero(piece))


def _paired(found: Sequence[Mark], size: tuple[int, ...]) -> list[Mark]:
    """The marks; such that are mirror images of each other are corners of a reticle."""
    boxes = np.array([mark.box for mark in found]).reshape(-1, 4)
    middles = 2 * boxes[:, :2] + boxes[:, 2:]
    result = []
    for mark, middle, side in zip(found, middles, boxes[:, 2:], strict=True):
        off = np.abs(middles + middle - 2 * np.array([size[1], size[0]]))
        here = np.abs(middles - middle)
        fits = (off[:, 0] <= _SLACK) & (here[:, 1] <= _SLACK)
        fits |= (off[:, 1] <= _SLACK) & (here[:, 0] <= _SLACK)
        fits &= np.abs(boxes[:, 2:] - side).max(axis=1) <= _SLACK
        result.append(mark._replace(reticle=mark.reticle or bool(fits.any())))
    return result


def _whole(piece: Flags, box: _Box, spread: Plane) -> Mark:
    """The piece with what is calmer than the scene inside its edges and beside them."""
    if _is_central(piece, box, spread.shape):
        return Mark(box, _closed(piece), reticle=True)
    contours, _ = cv2.findContours(
        _closed(piece).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    filled = np.zeros(piece.shape, np.uint8)
    cv2.drawContours(filled, contours, -1, 1, cv2.FILLED)
    wide = _widened(box, spread.shape)
    part = _part(wide)
    inner = _part((box[0] - wide[0], box[1] - wide[1], box[2], box[3]))
    outside = np.ones(spread[part].shape, bool)
    outside[inner] = False
    around = float(np.median(spread[part][outside]))
    pixels = np.zeros(outside.shape, bool)
    pixels[inner] = (filled > 0) & (spread[_part(box)] <= max(_CALM, _CALMER * around))
    pixels[inner] |= piece
    pixels = _grown(pixels, 1)
    if around >= _LIVELY:
        pixels |= _grown(_touching(spread[part] <= _OPAQUE * around, pixels), 1)
    x, y, w, h = cv2.boundingRect(pixels.astype(np.uint8))
    return Mark((wide[0] + x, wide[1] + y, w, h), pixels[y : y + h, x : x + w], reticle=False)


def _closed(piece: Flags) -> Flags:
    square = np.ones((5, 5), np.uint8)
    wide = cv2.morphologyEx(np.pad(piece, 3).astype(np.uint8), cv2.MORPH_CLOSE, square)
    result: Flags = wide[3:-3, 3:-3] > 0
    return result


def _touching(calm: Flags, pixels: Flags) -> Flags:
    """Pieces of what is calm that touch the pixels and end inside the window."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(calm.astype(np.uint8), connectivity=4)
    height, width = calm.shape
    x, y, w, h = stats[:, :4].T
    ends = (x > 0) & (y > 0) & (x + w < width) & (y + h < height)
    ends[0] = False
    ends &= np.bincount(labels[pixels], minlength=len(stats)) > 0
    result: Flags = ends[labels]
    return result


def _widened(box: _Box, size: tuple[int, ...]) -> _Box:
    """The box and half of it to each side."""
    x, y, w, h = box
    left, upper = max(0, x - w // 2), max(0, y - h // 2)
    right, lower = min(size[1], x + w + w // 2), min(size[0], y + h + h // 2)
    return left, upper, right - left, lower - upper


def _part(box: _Box) -> tuple[slice, slice]:
    x, y, w, h = box
    return slice(y, y + h), slice(x, x + w)


def _grown(flags: NDArray[np.bool_], by: int) -> Flags:
    square = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    result: Flags = cv2.dilate(flags.astype(np.uint8), square) > 0
    return result
