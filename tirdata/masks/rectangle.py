"""Boxes as pixels, and pixels as a mask file of one polarity or the other."""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from tirdata.errors import DataError
from tirdata.types import Boxes, Flags, Mask

Polarity = Literal["target-white", "target-black"]
WHITE = 255


def label(boxes: Boxes, size: tuple[int, int], out_size: tuple[int, int] | None = None) -> Flags:
    """True for every pixel that a box touches, (h, w).

    Args:
        boxes: (k, 4), in a frame of ``size``; NaN rows are left out.
        size: (w, h) of the frame.
        out_size: (w, h) of the label; boxes are scaled, not pixels, so edges stay exact.
    """
    width, height = out_size or size
    scale = np.array([width / size[0], height / size[1]] * 2)
    found = np.zeros((height, width), dtype=np.bool_)
    for box in boxes[~np.isnan(boxes).any(axis=1)]:
        x, y, w, h = box * scale
        left, top = (max(0, int(np.floor(round(edge, 6)))) for edge in (x, y))
        right, bottom = (max(0, int(np.ceil(round(edge, 6)))) for edge in (x + w, y + h))
        found[top:bottom, left:right] = True
    return found


def mask_of(target: Flags, polarity: Polarity) -> Mask:
    """The label as 0 and 255."""
    bright = target if polarity == "target-white" else ~target
    mask: Mask = np.where(bright, WHITE, 0).astype(np.uint8)
    return mask


def encode(mask: Mask) -> bytes:
    """The bytes of a PNG."""
    return cv2.imencode(".png", mask, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()


def decode(path: Path, polarity: Polarity) -> Flags:
    """The label in a mask file, (h, w).

    Raises:
        DataError: the file is missing, is no picture of one channel, or has values other than two.
    """
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); expected a mask") from None
    mask = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if len(data) else None
    if mask is None or mask.ndim != 2 or mask.dtype != np.uint8:
        raise DataError(f"{path}: not an 8-bit picture of one channel; build the masks again")
    odd = np.setdiff1d(mask, (0, WHITE))
    if len(odd):
        raise DataError(f"{path}: has the value {odd[0]}; expected only 0 and {WHITE}")
    bright: Flags = mask == WHITE
    return bright if polarity == "target-white" else ~bright
