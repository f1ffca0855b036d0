"""Copies of a clip as people make them: the same moments, other bytes."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from tests.made_video import Coding, write_video
from tirdata.types import Frame

Copy = Callable[[Sequence[Frame]], list[Frame]]


def resized(frames: Sequence[Frame]) -> list[Frame]:
    return [cv2.resize(each, (320, 240), interpolation=cv2.INTER_AREA) for each in frames]  # type: ignore[misc]


def middle_third(frames: Sequence[Frame]) -> list[Frame]:
    third = len(frames) // 3
    return list(frames[third : 2 * third])


def mirrored(frames: Sequence[Frame]) -> list[Frame]:
    return [np.ascontiguousarray(each[:, ::-1]) for each in frames]


def inverted(frames: Sequence[Frame]) -> list[Frame]:
    return [np.bitwise_not(each) for each in frames]


def cropped(frames: Sequence[Frame]) -> list[Frame]:
    """A twentieth less, more of it at the top left."""
    height, width = frames[0].shape
    top, left = height // 32, width // 32
    return [
        np.ascontiguousarray(each[top : top + int(0.95 * height), left : left + int(0.95 * width)])
        for each in frames
    ]


def with_logo(frames: Sequence[Frame]) -> list[Frame]:
    copies = [each.copy() for each in frames]
    for each in copies:
        each[10:40, 10:80] = 255
        cv2.putText(each, "TV7", (14, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2)
    return copies


def at_25_fps(frames: Sequence[Frame]) -> list[Frame]:
    """For frames of 30 a second."""
    return [frames[min(round(n * 1.2), len(frames) - 1)] for n in range(int(len(frames) / 1.2))]


COPIES: dict[str, Copy] = {
    "encoded": list, "resized": resized, "trimmed": middle_third, "mirrored": mirrored,
    "inverted": inverted, "cropped": cropped, "logo": with_logo, "25 fps": at_25_fps,
}  # fmt: skip


def write_copy(path: Path, frames: Sequence[Frame], name: str, crf: int = 23) -> Path:
    """The copy called ``name`` in H.264."""
    return write_frames(path, COPIES[name](frames), name, crf)


def write_frames(path: Path, frames: Sequence[Frame], name: str, crf: int) -> Path:
    """These frames in H.264, at the rate that copies of this name have."""
    even = [each[: each.shape[0] // 2 * 2, : each.shape[1] // 2 * 2] for each in frames]
    coding = Coding("libx264", options=(("crf", str(crf)), ("preset", "veryfast")))
    return write_video(path, even, coding, rate=25 if name == "25 fps" else 30)
