"""What cameras and editors draw into the picture: found once a shot, then kept, blacked or filled.

Text, names in logos among it, the lines of a reticle and colour bars; where the camera moves, also
logos and icons. What is found has to look drawn and to stay at its place through the shot; in doubt
it is scene, as filling destroys data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.frames.fill import fill
from tirdata.frames.glyphs import lines
from tirdata.frames.level_bar import level_bars
from tirdata.frames.marks import Mark, marks
from tirdata.frames.regions import Region
from tirdata.frames.reticle import reticle
from tirdata.frames.settings import HudName
from tirdata.frames.strokes import Samples, Strokes, hat, strokes
from tirdata.frames.text_lines import Text, more_texts, texts
from tirdata.types import Flags, Frame

FEWEST = 4  # samples that are needed to tell an overlay from one scene

_MARGIN = 4  # pixels around a region that filling takes the scene from
_SEEN = 0.06  # share of the samples in which a pixel of changing text is on a stroke
_INK = 0.3  # contrast of a stroke's outermost pixels, as a share of its core's

_Box: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Overlay:
    """What is burnt into the frames of one shot."""

    regions: tuple[Region, ...]
    mask: Flags  # (h, w), its pixels; what is between letters is scene
    logos_sought: bool | None = None  # False = the camera hardly moves: there may be some

    @cached_property
    def parts(self) -> tuple[tuple[slice, slice], ...]:
        """The rows and columns of each group of regions, with a margin of scene around it."""
        height, width = self.mask.shape
        grown = np.zeros((height, width), np.uint8)
        for region in self.regions:
            left, upper = max(region.x - _MARGIN, 0), max(region.y - _MARGIN, 0)
            right, lower = region.x + region.w + _MARGIN, region.y + region.h + _MARGIN
            grown[upper : min(lower, height), left : min(right, width)] = 1
        stats = cv2.connectedComponentsWithStats(grown, connectivity=4)[2][1:].tolist()
        return tuple((slice(y, y + h), slice(x, x + w)) for x, y, w, h, _ in stats)


def find_overlay(frames: Samples) -> Overlay:
    """What is burnt into a shot, from 4 to 255 of its frames (h, w), spread evenly over it.

    Of fewer frames nothing is said: one frame cannot tell what stays.
    """
    height, width = frames[0].shape
    mask: Flags = np.zeros((height, width), bool)
    if len(frames) < FEWEST:
        return Overlay((), mask, logos_sought=False)
    seen = strokes(frames)
    regions: list[Region] = []
    for box in level_bars(seen):
        regions.append(Region(*box, "bar"))
        mask[_slices(box)] = True
    written = _written(frames, seen)
    for text in written:
        mask |= _pixels(text, seen)
    regions += [Region(*box, "text") for box in _joined([text.box for text in written])]
    covered = _covered(regions, mask)
    straight, found = reticle(seen, covered), marks(frames, covered)
    for box in straight:
        mask |= _strokes_in(box, seen)
    apart = _apart(found or [], straight, mask.shape)
    rings = [mark.box for mark in apart if mark.reticle]
    kept = [box for box in straight if all(_share(box, ring) <= 0.5 for ring in rings)]
    regions += [Region(*box, "reticle") for box in kept]
    for mark in apart:
        mask[_slices(mark.box)] |= mark.pixels
        boxes = mark.pieces(seen.bright + seen.dark >= 0.5) if mark.reticle else [mark.box]
        regions += [Region(*box, "reticle" if mark.reticle else "logo") for box in boxes]
    return Overlay(tuple(sorted(regions)), mask, logos_sought=found is not None)


def treat(frame: Frame, overlay: Overlay, handling: HudName) -> Frame:
    """The frame with its overlay kept, black, or filled from the scene around it."""
    if handling == "keep" or not overlay.regions:
        return frame
    treated = frame.copy()
    if handling == "black":
        treated[overlay.mask] = 0
        return treated
    for part in overlay.parts:
        treated[part] = fill(frame[part], overlay.mask[part])
    return treated


def _written(frames: Samples, seen: Strokes) -> list[Text]:
    """The text of a shot; where there is some, also what is seen in one half of the shot only.

    Some cameras turn letters from white to black where the scene behind becomes bright.
    """
    found = texts(lines(seen), seen)
    middle = len(frames) // 2
    if found and middle >= FEWEST:
        for half in (frames[:middle], frames[middle:]):
            part = strokes(half)
            found += more_texts(lines(part), part, found)
    return found


def _pixels(text: Text, seen: Strokes) -> Flags:
    """The strokes of a line, those that change too, with outline and blur of coding."""
    left, upper, right, lower = text.box
    height, width = seen.median.shape
    margin = 2
    part = (
        slice(max(upper - margin, 0), min(lower + margin, height)),
        slice(max(left - margin, 0), min(right + margin, width)),
    )
    contrast = text.line.mean("contrast")
    ink = hat(seen.median, seen.reach, bright=text.line.bright)[part] > _INK * contrast
    share = seen.bright if text.line.bright else seen.dark
    within = ink & (share[part] > 0.5)
    flips = (seen.strong[part] >= _SEEN) & (share[part] < 0.9) & ~ink
    first = _grown(within | flips, 1)
    # What still differs from the scene around belongs to it too: outlines, shadows.
    scene = fill(seen.median[part], _grown(first, 1)).astype(np.int16)
    rest = np.abs(seen.median[part] - scene) > _INK * contrast
    mask: Flags = np.zeros((height, width), bool)
    mask[part] = first | (_grown(first, 1) & rest)
    return mask


def _strokes_in(box: _Box, seen: Strokes) -> Flags:
    x, y, w, h = box
    mask: Flags = np.zeros(seen.median.shape, bool)
    part = slice(max(y - 1, 0), y + h + 1), slice(max(x - 1, 0), x + w + 1)
    mask[part] = _grown((seen.bright + seen.dark)[part] >= 0.5, 1)
    return mask


def _grown(marks: NDArray[np.bool_], by: int) -> Flags:
    square = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    result: Flags = cv2.dilate(marks.astype(np.uint8), square) > 0
    return result


def _slices(box: _Box) -> tuple[slice, slice]:
    x, y, w, h = box
    return slice(y, y + h), slice(x, x + w)


def _apart(found: Sequence[Mark], straight: Sequence[_Box], size: tuple[int, ...]) -> list[Mark]:
    """The marks that are not just corners of the reticle whose straight lines are known."""
    known: Flags = np.zeros(size, bool)
    for box in straight:
        known[_slices(box)] = True
    known = _grown(known, 2)
    centre = (size[1] // 2, size[0] // 2, 1, 1)
    return [
        mark
        for mark in found
        if not straight
        or _share(centre, mark.box) > 0
        or not (
            mark.reticle or 2 * (known[_slices(mark.box)] & mark.pixels).sum() >= mark.pixels.sum()
        )
    ]


def _share(box: _Box, other: _Box) -> float:
    """How much of the box lies in the other."""
    wide = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
    high = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
    return max(wide, 0) * max(high, 0) / (box[2] * box[3])


def _joined(corners: Sequence[_Box]) -> list[_Box]:
    """Boxes x, y, w, h of lines given by their edges; such that overlap by much are one line."""
    boxes = list(corners)
    number = 0
    while number < len(boxes):
        for other in range(number):
            if _one(boxes[number], boxes[other]):
                a, b = boxes.pop(number), boxes.pop(other)
                boxes.append((min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])))
                number = -1
                break
        number += 1
    return [(left, upper, right - left, lower - upper) for left, upper, right, lower in boxes]


def _one(a: _Box, b: _Box) -> bool:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return wide >= 0 and high >= 0.5 * min(a[3] - a[1], b[3] - b[1])


def _covered(regions: Sequence[Region], mask: Flags) -> Flags:
    """The mask with all of each region."""
    taken = mask.copy()
    for region in regions:
        taken[_slices((region.x, region.y, region.w, region.h))] = True
    return taken
