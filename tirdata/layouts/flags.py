"""Files of a 0 or 1 for each frame, on one line with commas or a line each."""

from pathlib import Path

import numpy as np

from tirdata.errors import AnnotationError
from tirdata.files import write_text
from tirdata.layouts.text import read_lines, split_line
from tirdata.types import Flags


def read_flags(path: Path, count: int, *, short: bool = False) -> Flags:
    """The flags of ``count`` frames, (count,); those that ``short`` allows to lack are 0.

    Raises:
        AnnotationError: the file is missing, holds something else, or has another count.
    """
    found = all_flags(path)
    if len(found) > count or (len(found) < count and not short):
        raise AnnotationError(f"{path}: {len(found)} flags; expected {count}, one a frame")
    flags: Flags = np.zeros(count, np.bool_)
    flags[: len(found)] = found
    return flags


def all_flags(path: Path) -> Flags:
    """As many flags as the file has.

    Raises:
        AnnotationError: the file is missing, or holds something else.
    """
    words = [word for line in read_lines(path) for word in split_line(line) if word]
    wrong = next((word for word in words if word.rstrip("0").rstrip(".") not in {"", "1"}), None)
    if wrong is not None:
        raise AnnotationError(f"{path}: {wrong[:20]!r}; expected 0 or 1 for each frame")
    return np.array([word.startswith("1") for word in words], np.bool_)


def write_flags(path: Path, flags: Flags, *, separator: str) -> None:
    """Write a 0 or 1 for each frame.

    Raises:
        StorageError: the file cannot be written.
    """
    write_text(path, separator.join("1" if flag else "0" for flag in flags) + "\n")
