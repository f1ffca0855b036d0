"""Proposed boxes of a frame, where this installation can propose any."""

import importlib
from collections.abc import Callable, Iterable
from typing import Any

from tirdata.annotate.pictures import CardFrames
from tirdata.errors import MissingError

MODULE = "tirdata.annotate.candidates"
AT_MOST = 20


def available() -> bool:
    """Whether there is anything that proposes."""
    return _propose() is not None


def proposals(frames: CardFrames, index: int) -> list[dict[str, Any]]:
    """Boxes that may be objects, best first.

    Raises:
        MissingError: nothing here proposes any.
        DataError: the frame cannot be read.
    """
    propose = _propose()
    if propose is None:
        raise MissingError("no candidates: this version of tirdata proposes none; draw a box")
    found = list(propose(frames, index))[:AT_MOST]
    return [
        {"box": [round(float(side), 2) for side in each.box], "score": round(float(each.score), 3)}
        for each in found
    ]


def _propose() -> Callable[[CardFrames, int], Iterable[Any]] | None:
    try:
        module = importlib.import_module(MODULE)
    except ModuleNotFoundError:
        return None
    found: Callable[[CardFrames, int], Iterable[Any]] | None = getattr(
        module, "candidates_in", None
    )
    return found
