"""Masks and frames under the names that code of TANet's kind reads: small JPEG pictures."""

from pathlib import Path

import cv2
import numpy as np

from tirdata.errors import DataError
from tirdata.files import write_bytes
from tirdata.masks.loader import MaskedFrames, Picture
from tirdata.types import Boxes, Mask

SIZE = (256, 192)  # (w, h) that the networks take
QUALITY = 95


def export_tanet(frames: MaskedFrames, out: Path) -> int:
    """Write ``VIDEO/{image,mask,tarObject}/VIDEO_{image,mask,target}-00000001.jpg``; how many.

    The target is white, whatever the polarity of the masks; ``tarObject`` is the target in the
    first masked frame of each sequence, cut out. JPEG makes values beside 0 and 255: whoever reads
    these has to cut at the middle.

    Raises:
        DataError: a frame or mask is missing or wrong, or there are none.
        StorageError: a picture cannot be written.
    """
    if not len(frames):
        raise DataError(f"{frames.folder}: no masks; expected some to export")
    seen: set[str] = set()
    for index in range(len(frames)):
        found = frames[index]
        video = found.sequence.replace("/", "_")
        number = f"{found.frame + 1:08d}"
        mask = np.where(found.label, 255, 0).astype(np.uint8)
        pictures = {f"image/{video}_image": found.visible, f"mask/{video}_mask": mask}
        if video not in seen:
            seen.add(video)
            cut = _cut(found.visible, found.boxes)
            pictures[f"tarObject/{video}_target"] = cut
        for name, picture in pictures.items():
            write_bytes(out / video / f"{name}-{number}.jpg", _jpeg(picture))
    return len(frames)


def _cut(picture: Picture, boxes: Boxes) -> Picture:
    """The first target, from the first pixel that it touches to the last."""
    height, width = picture.shape[:2]
    x, y, w, h = boxes[0] if len(boxes) else (0, 0, width, height)
    left, top = (int(np.clip(np.floor(edge), 0, most - 1))
                 for edge, most in ((x, width), (y, height)))  # fmt: skip
    right, bottom = int(np.ceil(x + w)), int(np.ceil(y + h))
    return picture[top : max(bottom, top + 1), left : max(right, left + 1)]


def _jpeg(picture: Picture | Mask) -> bytes:
    small = cv2.resize(picture, SIZE, interpolation=cv2.INTER_LINEAR)
    shown = small[:, :, ::-1] if small.ndim == 3 else small
    return cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
