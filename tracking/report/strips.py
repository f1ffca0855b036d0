"""Film strips: frames of one target with the true box and every tracker's, whole and magnified.

Pictures are JPEG data addresses; boxes are drawn over them as SVG, so that they stay sharp.
"""

import base64
from collections.abc import Mapping, Sequence
from html import escape

import cv2
import numpy as np

from tirdata.geometry import overlap
from tirdata.types import Boxes, Floats, Frame, Frames
from tracking.evaluation.targets import Truth
from tracking.report.colours import TRUTH, colour, dashes

FRAMES = 6
WHOLE_SIDE = 400  # longest side of a whole frame, px
ZOOM_SIDE = 200  # of the magnified part
CONTEXT = 2.6  # the magnified part is so many target sides wide
QUALITY = 80


def choose_frames(truth: Truth, predicted: Boxes) -> list[int]:
    """First and last frame, the one that the first tracker does worst, and even steps between."""
    present = np.flatnonzero(~np.isnan(truth.boxes[:, 0]))
    even = present[np.linspace(0, len(present) - 1, min(FRAMES, len(present))).round().astype(int)]
    overlaps = np.nan_to_num(overlap(predicted[present], truth.boxes[present]), nan=0.0)
    worst = int(present[int(np.argmin(overlaps))])
    chosen = [int(frame) for frame in even]
    if len(chosen) > 2 and worst not in chosen:
        nearest = min(chosen[1:-1], key=lambda frame: abs(frame - worst))
        chosen[chosen.index(nearest)] = worst
    return sorted(set(chosen))


def strip_html(title: str, truth: Truth, frames: Frames, results: Mapping[str, Boxes]) -> str:
    """A strip of tiles; ``results`` has the boxes of each tracker, best tracker first."""
    first = next(iter(results.values()))
    tiles = "".join(
        _tile(
            index, frames[index], truth.boxes[index], [boxes[index] for boxes in results.values()]
        )
        for index in choose_frames(truth, first)
    )
    return (
        f'<section class="strip"><h3>{escape(title)}</h3><div class="tiles">{tiles}</div></section>'
    )


def _tile(index: int, frame: Frame, true: Floats, predicted: Sequence[Floats]) -> str:
    height, width = frame.shape
    whole = (0.0, 0.0, float(width), float(height))
    boxes = reversed([*enumerate(predicted)])  # the best one above the others
    rectangles = _rectangle(true, None) + "".join(_rectangle(box, rank) for rank, box in boxes)
    overlaps = overlap(np.array([predicted[0]]), np.array([true]))
    iou = "no box" if np.isnan(overlaps[0]) else f"IoU {overlaps[0]:.2f}"
    view = _view(true, width, height)
    return (
        f"<figure>{_picture(frame, whole, WHOLE_SIDE, rectangles)}"
        f"{_picture(frame, view, ZOOM_SIDE, rectangles)}"
        f"<figcaption>frame {index} <span>{iou}</span></figcaption></figure>"
    )


def _view(box: Floats, width: int, height: int) -> tuple[float, float, float, float]:
    """A square around the box, moved into the frame."""
    x, y, w, h = (float(value) for value in box)
    side = min(max(CONTEXT * max(w, h), 24.0), float(min(width, height)))
    left = min(max(x + w / 2 - side / 2, 0.0), width - side)
    top = min(max(y + h / 2 - side / 2, 0.0), height - side)
    return left, top, side, side


def _picture(
    frame: Frame, view: tuple[float, float, float, float], longest: int, rectangles: str
) -> str:
    left, top, width, height = view
    rows = slice(int(top), int(np.ceil(top + height)))
    columns = slice(int(left), int(np.ceil(left + width)))
    part = frame[rows, columns]
    scale = longest / max(part.shape)
    size = (max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    shown = cv2.resize(part, size, interpolation=how)
    data = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    address = f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"
    return (
        f'<svg viewBox="{left:.2f} {top:.2f} {width:.2f} {height:.2f}">'
        f'<image x="{columns.start}" y="{rows.start}" width="{part.shape[1]}" '
        f'height="{part.shape[0]}" preserveAspectRatio="none" href="{address}"/>{rectangles}</svg>'
    )


def _rectangle(box: Floats, number: int | None) -> str:
    """The box of the tracker with this rank, or the true one, which has a dark edge."""
    if np.isnan(box).any() or (box[2:] <= 0).any():
        return ""
    x, y, w, h = (float(value) for value in box)
    place = f'x="{x:.2f}" y="{y:.2f}" width="{w:.2f}" height="{h:.2f}"'
    if number is None:
        return f'<rect class="edge" {place}/><rect {place} style="stroke:{TRUTH}"/>'
    dash = f' stroke-dasharray="{dashes(number)}"' if dashes(number) else ""
    return f'<rect {place}{dash} style="stroke:{colour(number)}"/>'
