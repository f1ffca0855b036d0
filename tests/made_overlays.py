"""Burnt-in text, reticles, bars and logos drawn over frames, with the place of each known."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tirdata.types import Frame

Stack: TypeAlias = NDArray[np.uint8]  # (n, h, w)
Cover: TypeAlias = NDArray[np.float32]  # (h, w), how much of a pixel is drawn over, 0..1
Rectangle: TypeAlias = tuple[int, int, int, int]  # x, y, w, h

WORDS = (
    "REC", "2031-05-17", "E 12.5", "FOV 1.2", "ZOOM 4x", "AZ 182.3", "EL +3.5", "23.5\u00b0C",
    "WHT HOT", "CAM 2", "LAT 48.123N", "ALT 120m", "NUC", "BAT 80%", "N 57 12.345", "IR",
    "SPD 12", "Hi 31.0",
)  # fmt: skip
STYLES = ("white", "black", "outlined", "green")
_LEVELS = {"white": 250, "black": 4, "outlined": 255, "green": 150}


@dataclass(frozen=True)
class Font:
    """How letters are drawn."""

    height: int  # of a capital letter, pixels
    face: int | str | None = cv2.FONT_HERSHEY_SIMPLEX  # of OpenCV; a font file; none = Pillow's own
    thick: int = 1
    smooth: bool = True


def letters(size: tuple[int, int], text: str, place: tuple[int, int], font: Font) -> Cover:
    """Where ``text`` covers a frame of ``size`` (h, w) when its corner is at ``place`` (x, y)."""
    drawn = np.zeros(size, np.uint8)
    x, y = place
    if isinstance(font.face, int):
        scale = cv2.getFontScaleFromHeight(font.face, font.height, font.thick)
        kind = cv2.LINE_AA if font.smooth else cv2.LINE_8
        cv2.putText(drawn, text, (x, y + font.height), font.face, scale, 255, font.thick, kind)
    else:
        picture = Image.fromarray(drawn)
        points = int(1.35 * font.height)
        face = (
            ImageFont.load_default(points)
            if font.face is None
            else ImageFont.truetype(font.face, points)
        )
        ImageDraw.Draw(picture).text((x, y), text, fill=255, font=face)
        drawn = np.array(picture)
    cover: Cover = drawn.astype(np.float32) / np.float32(255)
    return cover


def box_of(cover: Cover) -> Rectangle | None:
    """What is covered, x, y, w, h; none = nothing."""
    rows, columns = np.nonzero(cover > 0.3)
    if not len(rows):
        return None
    left, upper = int(columns.min()), int(rows.min())
    return left, upper, int(columns.max()) - left + 1, int(rows.max()) - upper + 1


def over(frame: Frame, cover: Cover, level: float) -> Frame:
    """The frame with ``level`` where it is covered."""
    mixed = frame * (1 - cover) + cover * level
    return np.asarray(mixed.round().clip(0, 255), np.uint8)


def with_text(
    frames: Stack, lines: Sequence[tuple[str, tuple[int, int]]], font: Font, style: str = "white"
) -> tuple[Stack, list[Rectangle]]:
    """Frames with lines of text at places (x, y), and the place of each line.

    ``{n}`` in a text becomes the frame's number, ``{clock}`` the time in seconds.
    """
    boxes: list[Rectangle] = []
    made = frames.copy()
    for text, place in lines:
        found: list[Rectangle] = []
        for number, frame in enumerate(made):
            shown = text.replace("{n}", str(number)).replace(
                "{clock}", f"10:4{number // 60 % 10}:{number % 60:02d}"
            )
            cover = letters(frame.shape, shown, place, font)
            wide: Cover = np.asarray(cv2.dilate(cover, np.ones((3, 3), np.uint8)), np.float32)
            if style == "outlined":
                frame[:] = over(frame, wide, 0)
            frame[:] = over(frame, cover, _LEVELS[style])
            box = box_of(wide if style == "outlined" else cover)
            if box is not None:
                found.append(box)
        if found:
            corners = np.array([(x, y, x + w, y + h) for x, y, w, h in found])
            left, upper = corners[:, :2].min(axis=0).tolist()
            right, lower = corners[:, 2:].max(axis=0).tolist()
            boxes.append((left, upper, right - left, lower - upper))
    return made, boxes


def with_cross(frames: Stack, level: int = 255, thick: int = 1) -> tuple[Stack, list[Rectangle]]:
    """Frames with a cross of four lines and four corners around the centre."""
    height, width = frames[0].shape
    x, y, arm, gap = width // 2, height // 2, height // 6, height // 30
    made = frames.copy()
    corner_x, corner_y, leg = width // 5, height // 4, height // 12
    ends = [((x + s * gap, y), (x + s * (gap + arm), y)) for s in (-1, 1)]
    ends += [((x, y + s * gap), (x, y + s * (gap + arm))) for s in (-1, 1)]
    for s in (-1, 1):
        for t in (-1, 1):
            corner = (x + s * corner_x, y + t * corner_y)
            ends += [
                (corner, (corner[0] - s * leg, corner[1])),
                (corner, (corner[0], corner[1] - t * leg)),
            ]
    for frame in made:
        for start, end in ends:
            cv2.line(frame, start, end, level, thick)
    boxes = [
        (min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]) + thick, abs(a[1] - b[1]) + thick)
        for a, b in ends
    ]
    return made, boxes


def with_bar(
    frames: Stack, *, right: bool = True, border: bool = True
) -> tuple[Stack, list[Rectangle]]:
    """Frames with a bar of all levels at the left or right edge."""
    height, width = frames[0].shape
    wide, long = max(8, width // 40), height // 2
    x = width - wide - width // 30 if right else width // 30
    y = (height - long) // 2
    made = frames.copy()
    ramp = np.linspace(255, 0, long).round().astype(np.uint8)[:, None]
    for frame in made:
        frame[y : y + long, x : x + wide] = ramp
        if border:
            cv2.rectangle(frame, (x - 1, y - 1), (x + wide, y + long), 255, 1)
    edge = int(border)
    return made, [(x - edge, y - edge, wide + 2 * edge, long + 2 * edge)]


def with_logo(frames: Stack, alpha: float = 0.45) -> tuple[Stack, list[Rectangle]]:
    """Frames with a half-transparent mark and name in the lower right corner."""
    height, width = frames[0].shape
    size = max(12, height // 20)
    cover = letters(
        (height, width), "VISION", (width - 6 * size, height - 2 * size), Font(size, None)
    )
    centre = (width - 7 * size, height - 2 * size + size // 2)
    cv2.circle(cover, centre, size // 2, 1.0, max(2, size // 6), cv2.LINE_AA)
    box = box_of(cover)
    made = np.stack([over(frame, cover * alpha, 255) for frame in frames])
    return made, [box] if box else []


def with_letterbox(
    frames: Stack, share: float = 0.1, *, pillar: bool = False, level: int = 16
) -> tuple[Stack, Rectangle]:
    """Frames squeezed between bars that take ``share`` on either side, and where the picture is."""
    height, width = frames[0].shape
    x, y = (round(width * share), 0) if pillar else (0, round(height * share))
    inner = (width - 2 * x, height - 2 * y)
    made = np.full_like(frames, level)
    for canvas, frame in zip(made, frames, strict=True):
        canvas[y : y + inner[1], x : x + inner[0]] = cv2.resize(
            frame, inner, interpolation=cv2.INTER_AREA
        )
    return made, (x, y, *inner)


def coded(frames: Stack, crf: int = 23) -> Stack:
    """The frames after H.264, as luma of 0..255; sides become even."""
    height, width = (side - side % 2 for side in frames[0].shape)
    memory = io.BytesIO()
    with av.open(memory, "w", format="mp4") as container:
        options = {"crf": str(crf), "preset": "veryfast", "threads": "1"}
        stream = container.add_stream("libx264", rate=25, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            part = np.ascontiguousarray(frame[:height, :width])
            picture = av.VideoFrame.from_ndarray(part, format="gray").reformat(format="yuv420p")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    memory.seek(0)
    with av.open(memory, "r") as coded_container:
        read = [frame.to_ndarray(format="gray") for frame in coded_container.decode(video=0)]
    return np.asarray(np.stack(read), np.uint8)


Plant: TypeAlias = Callable[[Stack, np.random.Generator], tuple[Stack, list[Rectangle]]]


def some_text(
    frames: Stack, random: np.random.Generator, style: str, faces: Sequence[int | str | None]
) -> tuple[Stack, list[Rectangle]]:
    """Frames with one to three lines of words near the upper or lower edge."""
    height, width = frames[0].shape
    capital = max(7, int(random.uniform(0.022, 0.05) * height))
    face = faces[int(random.integers(len(faces)))]
    font = Font(
        capital,
        face,
        1 if capital < 14 else int(random.integers(1, 3)),
        bool(random.random() < 0.7),
    )
    lines = []
    for _ in range(int(random.integers(1, 4))):
        words = "  ".join(random.choice(WORDS, int(random.integers(1, 4))).tolist())
        top = random.uniform(0.01, 0.15) if random.random() < 0.5 else random.uniform(0.8, 0.93)
        lines.append((words, (int(random.uniform(0.01, 0.5) * width), int(top * height))))
    return with_text(frames, lines, font, style)
