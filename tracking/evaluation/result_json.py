"""Results in one JSON file: boxes by the name of the sequence, of one tracker or of several.

``{"Girl": [[x, y, w, h], …]}``, ``{"Girl": {"res": [[…]]}}``, ``[{"name": "Girl", "res": [[…]]}]``,
or any of these by the name of the tracker.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from tirdata.errors import DataError
from tirdata.types import Floats
from tracking.evaluation.result_text import BOX, CORNERS

_BOXES: Final = ("res", "results", "result", "boxes", "bboxes", "bbox", "pred_bbox", "pred",
                 "pred_boxes", "pred_rect", "rects", "trajectory")  # fmt: skip
_NAMES: Final = ("name", "sequence", "seqName", "seq_name", "seq", "video", "video_name")


def rows_by_tracker(path: Path) -> dict[str, dict[str, Floats]]:
    """Rows by sequence, by tracker; the tracker is empty where the file does not say.

    Raises:
        DataError: it is no JSON, or rows in it are no boxes.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise DataError(f"{path}: {twice} stands there twice; expected each name once")
        return found

    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=once)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: no JSON ({error}); expected boxes by sequence") from None
    whole = _sequences(content, path)
    if whole:
        return {"": whole}
    if not isinstance(content, dict):
        return {}
    found = {str(name): _sequences(each, path) for name, each in content.items()}
    return {name: each for name, each in found.items() if each}


def _sequences(content: object, path: Path) -> dict[str, Floats]:
    if isinstance(content, list):
        named = [each for each in content if isinstance(each, dict)]
        content = {_name(each): each for each in named if _name(each)}
    if not isinstance(content, dict):
        return {}
    found = {}
    for name, each in content.items():
        rows = _listed(each)
        if rows is not None:
            found[str(name)] = _rows(rows, f"{path}: {name}")
    return found


def _name(entry: dict[str, Any]) -> str:
    return next((str(entry[key]) for key in _NAMES if key in entry), "")


def _listed(entry: object) -> list[Any] | None:
    """The list of rows of a sequence, if it is one."""
    if isinstance(entry, dict):
        entry = next((entry[key] for key in _BOXES if key in entry), None)
    if isinstance(entry, list) and entry and any(isinstance(row, list) for row in entry):
        return entry
    return None


def _rows(rows: list[Any], where: str) -> Floats:
    numbers = [row if isinstance(row, list) and row else [] for row in rows]
    width = max(map(len, numbers))
    if width not in (BOX, CORNERS) or any(len(row) not in (0, width) for row in numbers):
        raise DataError(f"{where}: {width} numbers a row; expected 4 of a box or 8 of corners")
    try:
        return np.array([row or [np.nan] * width for row in numbers], np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{where}: not all numbers; expected boxes x,y,w,h") from None
