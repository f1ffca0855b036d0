"""The TraX protocol's lines: messages, images and regions as text.

TraX (Čehovin 2017, https://github.com/votchallenge/trax) is how VOT talks to trackers: lines
that begin with ``@@TRAX:`` between two processes. Boxes are x, y, w, h from 0.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from tirdata.types import Box, Frame

PREFIX = "@@TRAX:"
SPECIAL = 1  # numbers in a region that is none: a code
CORNERS = 8  # in one of four corners

_KEY = re.compile(r"([A-Za-z0-9._]{1,64})=(.*)", re.DOTALL)
_WORD = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)+))(?=\s|$)')
_ESCAPE = re.compile(r"\\(.)")


class Message(NamedTuple):
    """One line of the protocol."""

    kind: str  # hello, initialize, frame, state, quit
    arguments: tuple[str, ...] = ()
    properties: Mapping[str, str] = {}


def parse(line: str) -> Message | None:
    r"""The message in a line of output; None where there is none.

    >>> parse('@@TRAX:state "1,2,3,4" "confidence=0.5"')
    Message(kind='state', arguments=('1,2,3,4',), properties={'confidence': '0.5'})
    >>> parse("loading the network")

    Raises:
        ValueError: it begins as one and is none.
    """
    _, prefix, rest = line.partition(PREFIX)
    if not prefix:
        return None
    kind, _, rest = rest.strip().partition(" ")
    arguments: list[str] = []
    properties: dict[str, str] = {}
    while rest := rest.strip():
        word = _WORD.match(rest)
        if word is None:
            raise ValueError("a quotation mark is not closed")
        rest = rest[word.end() :]
        text = _ESCAPE.sub(_unescaped, word[1] if word[1] is not None else word[2])
        if key := _KEY.fullmatch(text):
            properties[key[1]] = key[2]
        else:
            arguments.append(text)
    return Message({"status": "state"}.get(kind, kind), tuple(arguments), properties)


def written(message: Message) -> bytes:
    r"""The line of a message.

    >>> written(Message("frame", ('file:///a "b".png',), {"k": "two words"}))
    b'@@TRAX:frame "file:///a \\"b\\".png" "k=two words"\n'
    """
    words = [*message.arguments, *(f"{key}={value}" for key, value in message.properties.items())]
    return " ".join([f"{PREFIX}{message.kind}", *map(_quoted, words)]).encode() + b"\n"


def region_text(box: Box, *, polygon: bool) -> str:
    """A box as a rectangle, or as its four corners.

    >>> region_text(Box(1, 2, 3, 4), polygon=False)
    '1.0000,2.0000,3.0000,4.0000'
    """
    x, y, w, h = box
    numbers = (x, y, x + w, y, x + w, y + h, x, y + h) if polygon else box
    return ",".join(f"{number:.4f}" for number in numbers)


def region_numbers(text: str) -> tuple[float, ...]:
    """Four numbers of a rectangle, six or more of a polygon, or one: a code.

    Raises:
        ValueError: it is none of these, such as a mask.
    """
    if text.startswith("m"):
        raise ValueError(f"region {text[:40]!r} is a mask")
    numbers = tuple(float(word) for word in text.split(","))
    polygon = len(numbers) >= 6 and len(numbers) % 2 == 0
    if not (polygon or len(numbers) in (SPECIAL, 4)) or not np.isfinite(numbers).all():
        raise ValueError(f"region {text[:80]!r}")
    return numbers


def bounds(numbers: Sequence[float]) -> Box:
    """A rectangle as it is, a polygon by its bounds.

    >>> bounds((0, 1, 4, 0, 5, 3, 1, 4))
    Box(x=0.0, y=0.0, w=5.0, h=4.0)
    """
    if len(numbers) == 4:
        return Box(*numbers)
    corners = np.array(numbers, np.float64).reshape(-1, 2)
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return Box(left, top, right - left, bottom - top)


def path_image(path: Path) -> str:
    """An image as the file it lies in."""
    return f"file://{path.absolute()}"


def memory_image(frame: Frame) -> str:
    """An image as its plain pixels."""
    pixels = base64.b64encode(np.ascontiguousarray(frame).tobytes()).decode()
    return f"image:{frame.shape[1]};{frame.shape[0]};gray8;{pixels}"


def buffer_image(frame: Frame) -> str:
    """An image as a PNG in the line; the reference library has no ``base64`` word before it."""
    return f"data:image/png;{base64.b64encode(png(frame)).decode()}"


def png(frame: Frame) -> bytes:
    """The bytes of a PNG, without loss and quick to make."""
    return bytes(cv2.imencode(".png", frame, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())


def formats(text: str, default: str) -> frozenset[str]:
    """A list of formats or channels as a tracker says it.

    >>> sorted(formats("path;memory;", "path")), sorted(formats("", "path"))
    (['memory', 'path'], ['path'])
    """
    return frozenset(word for word in re.split(r"[;,\s]+", text) if word) or frozenset([default])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]
