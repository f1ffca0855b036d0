"""Real thermal frames coloured by a palette, as video and back."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.made_video import Coding, write_video
from tirdata.decode import open_frames
from tirdata.decode.base import Colours
from tirdata.frames.palettes import Table
from tirdata.types import Frame


def h264(crf: int) -> Coding:
    return Coding("libx264", "yuv420p", options=(("crf", str(crf)), ("preset", "veryfast")))


OLD_AVI = Coding("mpeg4", "yuv420p", options=(("qmin", "8"), ("qmax", "8")))


def thermal(path: Path, numbers: Sequence[int]) -> list[Frame]:
    """Frames of a recording, their grey stretched over all levels."""
    with closing(open_frames(path)) as reader:
        frames = [raw.pixels for number, raw in enumerate(reader.read()) if number in numbers]
    low, high = np.percentile(np.stack(frames), (0.1, 99.9))
    levels = [np.clip((frame - low) * (255.0 / (high - low)), 0, 255) for frame in frames]
    return [np.round(each).astype(np.uint8) for each in levels]


def through_video(path: Path, pictures: list[Colours], coding: Coding) -> list[Colours]:
    write_video(path, pictures, coding)
    with closing(open_frames(path)) as reader:
        return [raw.colours for raw in reader.read()]


def with_bar(picture: Colours, table: Table) -> Colours:
    """The palette at the right, warm above, in a white line."""
    picture = picture.copy()
    height, width = picture.shape[:2]
    x, y, w, h = width - 28, height // 6, 12, height * 2 // 3
    picture[y - 1 : y + h + 1, x - 1 : x + w + 1] = 255
    picture[y : y + h, x : x + w] = table[np.linspace(255, 0, h).round().astype(int)][:, None]
    return picture


def with_text(picture: Colours) -> Colours:
    picture = picture.copy()
    for text, at in (("12:34:56  36.5 C", (8, 20)), ("ZOOM x2", (8, picture.shape[0] - 8))):
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
    return picture


def agreement(truth: Sequence[Frame], found: Sequence[Frame]) -> tuple[float, float]:
    """Correlation, and mean error in levels."""
    true, got = (np.stack(each).ravel().astype(np.float64) for each in (truth, found))
    both: NDArray[np.float64] = np.corrcoef(true, got)
    return float(both[0, 1]), float(np.abs(true - got).mean())
