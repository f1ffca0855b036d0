"""A picture as a list of shapes, written as SVG or PNG: the same in both."""

import io
from collections.abc import Sequence
from html import escape
from typing import Final, Literal, NamedTuple, TypeAlias

from PIL import Image, ImageDraw, ImageFont

Anchor = Literal["start", "middle", "end"]

SHARPER: Final = 2  # PNG pixels for each unit of the drawing
_PIL_ANCHOR: Final[dict[Anchor, str]] = {"start": "ls", "middle": "ms", "end": "rs"}


class Rectangle(NamedTuple):
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


class Text(NamedTuple):
    """A line of words; ``y`` is its base line."""

    x: float
    y: float
    words: str
    size: float
    colour: str
    anchor: Anchor = "start"


Shape: TypeAlias = Rectangle | Text


def svg(shapes: Sequence[Shape], width: int, height: int) -> str:
    """The drawing as an SVG document."""
    parts = [
        f'<rect x="{each.x:.2f}" y="{each.y:.2f}" width="{each.width:.2f}" '
        f'height="{each.height:.2f}" fill="{each.colour}"/>'
        if isinstance(each, Rectangle)
        else f'<text x="{each.x:.2f}" y="{each.y:.2f}" font-size="{each.size:g}" '
        f'fill="{each.colour}" text-anchor="{each.anchor}">{escape(each.words)}</text>'
        for each in shapes
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="Helvetica, Arial, sans-serif">\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def png(shapes: Sequence[Shape], width: int, height: int) -> bytes:
    """The drawing as the bytes of a PNG."""
    image = Image.new("RGB", (width * SHARPER, height * SHARPER), "white")
    draw = ImageDraw.Draw(image)
    for each in shapes:
        if isinstance(each, Rectangle):
            left, top = each.x * SHARPER, each.y * SHARPER
            right, bottom = left + each.width * SHARPER, top + each.height * SHARPER
            draw.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), each.colour)
        else:
            font = ImageFont.load_default(each.size * SHARPER)
            place = (each.x * SHARPER, each.y * SHARPER)
            draw.text(place, each.words, each.colour, font, _PIL_ANCHOR[each.anchor])
    out = io.BytesIO()
    image.quantize(32).save(out, "PNG", optimize=True)
    return out.getvalue()
