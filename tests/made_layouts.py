"""Folders of other people's layouts, made by hand the way theirs lie."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from tests.made import made_sequence
from tirdata.types import Frames, Sequence


def put(path: Path, text: str) -> Path:
    """Write a text as it is, line ends and all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    return path


def put_pictures(folder: Path, names: Iterable[str], size: tuple[int, int] = (64, 48)) -> None:
    """Write small pictures (w, h), each of one grey: its place in the list."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, name in enumerate(names):
        pixels = np.full((size[1], size[0]), place, np.uint8)
        (folder / name).write_bytes(cv2.imencode(Path(name).suffix, pixels)[1].tobytes())


def greys(frames: Frames) -> list[int]:
    """The place that each frame had in ``put_pictures``."""
    return [int(frames[index][0, 0]) for index in range(len(frames))]


def touch_pictures(folder: Path, count: int, name: str) -> None:
    """Empty files in the place of pictures, numbered from 1."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        (folder / name.format(number)).touch()


def made_pair(count: int = 4, name: str = "pair", seed: int = 0) -> Sequence:
    """A thermal sequence with another one as its visible half, labelled apart."""
    thermal = made_sequence(count, size=(64, 48), seed=seed, name=name)
    visible = made_sequence(count, size=(64, 48), seed=seed + 100)
    return Sequence(name, thermal.frames, thermal.tracks, visible.frames, visible.tracks)
