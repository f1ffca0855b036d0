"""A pair as the network is shown it: cut, at the network's size, changed, with what is asked for.

What is asked for is the pair's own target or one of another recording that was pasted beside it:
a network that answers both in one picture has to look at what it was asked for.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tirdata.mix.pair_reader import Picture
from tracking.trackers.global_search import GREY, as_input
from tracking.training.global_config import PairAugment
from tracking.training.pair_sources import LabelledPair, Targets

Size = tuple[int, int]  # width, height
Label = NDArray[np.uint8]  # (h, w): how much of a pixel is target, of 255

_FEATHER = 0.15  # of a pasted target's sides: where it gives way to what lies under it
_LEAST, _MOST = 3, 1 / 3  # of a pasted target's sides: pixels, and of the picture's
_TRIES = 10  # at a place for it that leaves the pair's own target to be seen


class Shown(NamedTuple):
    """One pair as the network takes it; pictures (h, w, 3), label (h, w)."""

    visible: Picture
    thermal: Picture
    target_visible: Picture
    target_thermal: Picture
    label: Label


class Turned(NamedTuple):
    """Changes of a frame that the target it is searched for has too."""

    flip: bool = False
    invert_visible: bool = False
    invert_thermal: bool = False


class View(NamedTuple):
    """One pair cut, sized and changed, and where in it what could be asked for is."""

    visible: Picture
    thermal: Picture
    labels: tuple[Label, ...]
    """Of its own target, and of the pasted one where there is one."""
    turned: Turned


def show(
    pair: LabelledPair, targets: Targets, size: Size, random: np.random.Generator,
    augment: PairAugment,
) -> Shown:  # fmt: skip
    """A pair at the network's ``size``, changed within ``augment``, asked for its own target."""
    return ask(look(pair, size, random, augment), 0, targets, size, random, augment)


def look(
    pair: LabelledPair, size: Size, random: np.random.Generator, augment: PairAugment,
    pasted: Targets | None = None, *, alike: bool = False,
) -> View:  # fmt: skip
    """A pair at the network's ``size``, changed within ``augment``.

    Args:
        pair: what is looked at.
        size: of the network's pictures.
        random: decides the changes.
        augment: their bounds; ``drop`` is for ``ask``.
        pasted: a target of another recording to put beside the pair's own, where there is room.
        alike: the halves are one picture and stay so.
    """
    window, share = _window(pair.label, random, augment.zoom)
    visible, thermal = (as_input(_cut(each, window), size) for each in (pair.visible, pair.thermal))
    soft = cv2.resize(
        _cut(pair.label.astype(np.uint8) * 255, window), size, interpolation=cv2.INTER_AREA
    )
    labels: tuple[Label, ...] = (np.asarray(soft, np.uint8),)
    if pasted is not None:
        scale = size[0] / (pair.thermal.shape[1] * share)
        place = _place(pasted.thermal, labels[0], scale, random)
        if place is not None:
            mix = random.uniform(0, 1)
            visible = _paste(visible, pasted.visible, place, mix)
            thermal = _paste(thermal, pasted.thermal, place, mix)
            second = np.zeros_like(labels[0])
            second[place] = 255
            labels = (*labels, second)
    visible = _photometric(visible, random, augment)
    thermal = visible if alike else _photometric(thermal, random, augment)
    inverted = bool(random.random() < augment.invert)
    flip = bool(random.random() < augment.flip)
    turned = Turned(flip, inverted and alike, inverted)
    visible = turn(visible, flip=flip, invert=turned.invert_visible)
    thermal = turn(thermal, flip=flip, invert=turned.invert_thermal)
    return View(visible, thermal, tuple(turn(each, flip=flip) for each in labels), turned)


def ask(
    view: View, which: int, targets: Targets, size: Size, random: np.random.Generator,
    augment: PairAugment,
) -> Shown:  # fmt: skip
    """A view asked for ``targets``, which are its label's number ``which``; a half may be grey."""
    visible, thermal = view.visible, view.thermal
    target_visible, target_thermal = as_targets(targets, size, view.turned)
    if random.random() < augment.drop:
        if random.random() < 0.5:
            visible, target_visible = (np.full_like(each, GREY) for each in (visible, visible))
        else:
            thermal, target_thermal = (np.full_like(each, GREY) for each in (thermal, thermal))
    return Shown(visible, thermal, target_visible, target_thermal, view.labels[which])


def as_targets(targets: Targets, size: Size, turned: Turned) -> tuple[Picture, Picture]:
    """What is asked for as the network takes it, turned as the frame is; visible, thermal."""
    visible, thermal = (as_input(each, size) for each in targets)
    return (
        turn(visible, flip=turned.flip, invert=turned.invert_visible),
        turn(thermal, flip=turned.flip, invert=turned.invert_thermal),
    )


def turn(
    picture: NDArray[np.uint8], *, flip: bool = False, invert: bool = False
) -> NDArray[np.uint8]:
    """A picture or label mirrored, or with dark for bright."""
    made = 255 - picture if invert else picture
    return np.ascontiguousarray(made[:, ::-1]) if flip else made


Window = tuple[float, float, float, float]  # left, top, right, bottom, of 0..1


def _window(
    label: NDArray[np.bool_], random: np.random.Generator, zoom: float
) -> tuple[Window, float]:
    """A part of the frame, of its shape, that holds the target where that fits; and its share."""
    share = 1 / random.uniform(1, 1 + zoom) if zoom else 1.0
    edges = []
    for axis in (0, 1):  # of label.any: over rows, then over columns
        hit = np.flatnonzero(label.any(axis=axis))
        length = label.shape[1 - axis]
        low, high = (hit[0] / length, (hit[-1] + 1) / length) if len(hit) else (0.0, 1.0)
        # a target larger than the window: anywhere over it
        least, most = sorted(min(max(edge, 0.0), 1 - share) for edge in (high - share, low))
        start = random.uniform(least, most)
        edges.append((start, start + share))
    (left, right), (top, bottom) = edges
    return (left, top, right, bottom), share


def _cut(picture: NDArray[np.uint8], window: Window) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    left, top, right, bottom = window
    rows = slice(round(top * height), max(round(top * height) + 1, round(bottom * height)))
    columns = slice(round(left * width), max(round(left * width) + 1, round(right * width)))
    return picture[rows, columns]


def _place(
    target: Picture, label: Label, scale: float, random: np.random.Generator
) -> tuple[slice, slice] | None:
    """Rows and columns for a pasted target, apart from the pair's own; None where none was found.

    Its size is that of its own frame times ``scale``, times up to 1.4 more or less.
    """
    height, width = label.shape
    scale *= 1.4 ** random.uniform(-1, 1)
    tall, wide = (
        int(min(max(round(scale * side), _LEAST), _MOST * most))
        for side, most in zip(target.shape[:2], (height, width), strict=True)
    )
    for _ in range(_TRIES):
        top, left = int(random.integers(height - tall)), int(random.integers(width - wide))
        around = label[max(0, top - tall) : top + 2 * tall, max(0, left - wide) : left + 2 * wide]
        if not around.any():
            return slice(top, top + tall), slice(left, left + wide)
    return None


def _paste(picture: Picture, target: Picture, place: tuple[slice, slice], mix: float) -> Picture:
    """A picture with a target in it, its level moved by ``mix`` of the way to its new ground's."""
    under = picture[place].astype(np.float32)
    tall, wide = under.shape[:2]
    put = as_input(target, (wide, tall)).astype(np.float32)
    edge = np.concatenate([put[0], put[-1], put[:, 0], put[:, -1]])
    put += mix * (under.mean((0, 1)) - edge.mean(0))
    fade = _fade(tall)[:, None] * _fade(wide)
    made = picture.copy()
    made[place] = np.clip(np.rint(under + fade[..., None] * (put - under)), 0, 255)
    return made


def _fade(length: int) -> NDArray[np.float32]:
    """Weights along a side: 1, but towards both ends less."""
    from_edge = np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5
    return np.minimum(from_edge / max(_FEATHER * length, 0.5), 1).astype(np.float32)


def _photometric(picture: Picture, random: np.random.Generator, augment: PairAugment) -> Picture:
    if not (augment.contrast or augment.noise):
        return picture
    values: NDArray[np.float32] = picture.astype(np.float32)
    if augment.contrast:
        gain = random.uniform(1 - augment.contrast, 1 + augment.contrast)
        mean = values.mean()
        values = (values - mean) * gain + mean + random.uniform(-64, 64) * augment.contrast
    if augment.noise:
        level = np.float32(random.uniform(0, augment.noise))
        noise = random.standard_normal(values.shape[:2], np.float32)
        values = values + level * noise[:, :, None]
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
