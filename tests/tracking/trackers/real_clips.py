"""Frames and true boxes of real clips, for tests of what a tracker sees."""

from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np

from tirdata.decode import open_frames
from tirdata.types import Boxes, Frame

DATA = Path(__file__).parents[2] / "data"


def frames_of(clip: Path, first: int, count: int) -> list[Frame]:
    """Grey frames ``first`` to ``first + count`` of a video."""
    with closing(open_frames(clip)) as reader:
        raw = [frame.pixels for frame in islice(reader.read(), first, first + count)]
    return [np.asarray(each if each.ndim == 2 else each[..., 1], np.uint8) for each in raw]


def boxes_of(clip: Path) -> Boxes:
    """The true boxes beside a video, a row a frame; NaN where it is absent."""
    lines = clip.with_suffix(".txt").read_text().split("\n")
    rows = [[float(each) for each in line.replace(",", "\t").split("\t")] for line in lines if line]
    return np.array([row if len(row) == 4 else [np.nan] * 4 for row in rows])
