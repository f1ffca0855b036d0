"""Logos, icons and round reticles drawn over frames, with the place of each known."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tests.made_overlays import Cover, Rectangle, Stack

KINDS = (
    "ring and name", "shield", "shield, coloured", "emblem, see-through", "battery", "grey badge",
    "circle in the middle",
)  # fmt: skip
_FINE = 4  # pixels of the drawing in one of the frame
_COLOURS = ((200, 30, 30), (30, 160, 60), (40, 70, 210), (240, 200, 40), (255, 120, 0))


@dataclass(frozen=True, eq=False)
class Mark:
    """A small picture to lay over frames."""

    colours: NDArray[np.float32]  # (h, w, 3), 0..255
    cover: Cover  # (h, w), 0..1

    def drawn_on(self, pictures: Stack, place: tuple[int, int]) -> Stack:
        """The pictures (n, h, w) or (n, h, w, 3) with the mark at (x, y)."""
        (x, y), (h, w) = place, self.cover.shape
        made = pictures.copy()
        part = made[:, y : y + h, x : x + w].astype(np.float32)
        cover, ink = self.cover, self.colours
        if pictures.ndim == 3:
            ink = ink @ np.array([0.299, 0.587, 0.114], np.float32)
        else:
            cover = cover[..., None]
        mixed = part * (1 - cover) + ink * cover
        made[:, y : y + h, x : x + w] = mixed.round().clip(0, 255).astype(np.uint8)
        return made


def mark(kind: str, side: int, random: np.random.Generator) -> Mark:
    """A drawing ``side`` pixels high of one of the first six ``KINDS``."""
    high = side * _FINE
    wide = {"ring and name": 3.2, "battery": 2.0, "grey badge": 1.6}.get(kind, 1.0)
    picture = Image.new("RGBA", (int(high * wide), high), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    draw = {
        "ring and name": _ring_and_name,
        "shield": _shield,
        "shield, coloured": _shield,
        "emblem, see-through": _emblem,
        "battery": _battery,
        "grey badge": _badge,
    }[kind]
    light = 250 if random.random() < 0.7 else 10
    ink = (light, light, light)
    if kind == "shield, coloured":
        ink = _COLOURS[int(random.integers(len(_COLOURS)))]
    draw(pen, picture.size, ink)
    small = np.asarray(picture.reduce(_FINE), np.float32)
    cover = small[..., 3] / 255
    colours = small[..., :3]
    if kind == "emblem, see-through":
        cover = cover * np.float32(random.uniform(0.3, 0.6))
    return Mark(np.ascontiguousarray(colours), np.asarray(cover, np.float32))


_Ink = tuple[int, int, int]


def _ring_and_name(pen: ImageDraw.ImageDraw, size: tuple[int, int], ink: _Ink) -> None:
    high = size[1]
    line = max(_FINE, high // 8)
    pen.ellipse((0, 0, high - 1, high - 1), outline=ink, width=line)
    pen.polygon(
        [(high * 0.5, high * 0.2), (high * 0.78, high * 0.7), (high * 0.22, high * 0.7)], ink
    )
    face = ImageFont.load_default(int(high * 0.62))
    pen.text((high * 1.15, high * 0.1), "tirex", fill=ink, font=face, stroke_width=high // 40)


def _shield(pen: ImageDraw.ImageDraw, size: tuple[int, int], ink: _Ink) -> None:
    wide, high = size
    outline = [(0.05, 0.05), (0.95, 0.05), (0.95, 0.55), (0.5, 0.98), (0.05, 0.55)]
    pen.polygon([(x * wide, y * high) for x, y in outline], ink)
    other = (20, 20, 20) if sum(ink) > 380 else (240, 240, 240)
    pen.rectangle((0.15 * wide, 0.16 * high, 0.85 * wide, 0.3 * high), other)
    pen.ellipse((0.32 * wide, 0.38 * high, 0.68 * wide, 0.74 * high), other)


def _emblem(pen: ImageDraw.ImageDraw, size: tuple[int, int], ink: _Ink) -> None:
    wide, high = size
    pen.ellipse((0, 0, wide - 1, high - 1), ink)
    pen.rectangle((0.2 * wide, 0.42 * high, 0.8 * wide, 0.56 * high), (0, 0, 0, 0))
    pen.rectangle((0.43 * wide, 0.18 * high, 0.57 * wide, 0.82 * high), (0, 0, 0, 0))


def _battery(pen: ImageDraw.ImageDraw, size: tuple[int, int], ink: _Ink) -> None:
    wide, high = size
    line = max(_FINE, high // 9)
    body = int(0.9 * wide)
    pen.rectangle((0, 0, body, high - 1), outline=ink, width=line)
    pen.rectangle((body, 0.3 * high, wide - 1, 0.7 * high), ink)
    pen.rectangle((2 * line, 2 * line, 0.6 * wide, high - 1 - 2 * line), ink)


def _badge(pen: ImageDraw.ImageDraw, size: tuple[int, int], _: _Ink) -> None:
    wide, high = size
    pen.rounded_rectangle((0, 0, wide - 1, high - 1), high // 5, (128, 128, 128))
    face = ImageFont.load_default(int(high * 0.8))
    pen.text((0.2 * wide, -0.02 * high), "HD", fill=(235, 235, 235), font=face)


def with_mark(
    frames: Stack, kind: str, random: np.random.Generator
) -> tuple[Stack, list[Rectangle]]:
    """Frames with one of the ``KINDS``: in a corner or in the middle."""
    height, width = frames.shape[1:3]
    if kind == "circle in the middle":
        return _with_circle(frames, random)
    share = random.uniform(0.05, 0.1) if kind in ("battery", "ring and name") else 0
    drawing = mark(kind, max(12, int((share or random.uniform(0.07, 0.2)) * height)), random)
    high, wide = drawing.cover.shape
    x, y = (int(random.uniform(0.015, 0.06) * side) for side in (width, height))
    if random.random() < 0.5:
        x = width - wide - x
    if random.random() < 0.5:
        y = height - high - y
    return drawing.drawn_on(frames, (x, y)), [(x, y, wide, high)]


def _with_circle(frames: Stack, random: np.random.Generator) -> tuple[Stack, list[Rectangle]]:
    height, width = frames.shape[1:3]
    radius = int(random.uniform(0.05, 0.16) * height)
    level = int(random.choice([0, 255]))
    thick = max(1, round(height / 300))
    centre = (width // 2, height // 2)
    made = frames.copy()
    for frame in made:
        cv2.circle(frame, centre, radius, level, thick, cv2.LINE_AA)
        for way in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            ends = [tuple(c + w * r for c, w in zip(centre, way, strict=True))
                    for r in (radius, int(1.35 * radius))]  # fmt: skip
            cv2.line(frame, ends[0], ends[1], level, thick)
    angles = np.linspace(0, 2 * np.pi, 17)
    reach = int(1.35 * radius)
    boxes: list[Rectangle] = []
    for way in ((1, 0), (-1, 0), (0, 1), (0, -1)):  # of the lines
        near, far = (np.multiply(way, side) + centre for side in (radius, reach))
        (left, upper), (wide, high) = np.minimum(near, far).tolist(), np.abs(far - near).tolist()
        boxes.append((left - 1, upper - 1, wide + 3, high + 3))
    for start, end in pairwise(angles):
        x, y = (np.array([trig(start), trig(end)]) * radius for trig in (np.cos, np.sin))
        left, upper = int(x.min() + centre[0]) - 1, int(y.min() + centre[1]) - 1
        boxes.append((left, upper, int(np.ptp(x)) + 3, int(np.ptp(y)) + 3))
    return made, boxes
