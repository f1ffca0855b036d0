"""Ground truth as JSON: one file of all sequences, or one in each sequence's folder.

``{NAME: {"gt_rect": [[…]], "width": …, "camera_motion": [0, 1, …], "attr": ["IV"]}}`` is what pysot
and video_analyst have (OTB2015.json, VOT2018.json, LaSOT.json, UAV123.json, …), with 4 or 8 numbers
a row. ``NAME/IR_label.json`` or ``infrared.json`` with ``gt_rect`` and ``exist`` is Anti-UAV's.
"""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from tirdata.errors import AnnotationError
from tirdata.types import Flags, Floats
from tracking.evaluation.groundtruth.base import Entries, RawTruth
from tracking.evaluation.groundtruth.per_sequence import frame_size, sequence_folders
from tracking.evaluation.result_text import BOX, CORNERS

_BOXES: Final = ("gt_rect", "gt_bbox", "gt", "groundtruth", "ground_truth", "gt_rects", "boxes")
_NO_TAGS: Final = frozenset({"absent", "exist", *_BOXES})
_THERMAL: Final = ("ir_label.json", "infrared.json", "ir.json", "label.json")
_VISIBLE: Final = ("rgb_label.json", "visible.json", "rgb.json")


class JsonForm:
    """One file of all sequences."""

    name = "json"

    def origin(self, _: Path) -> int:
        """Boxes are counted from 0."""
        return 0

    def recognises(self, root: Path) -> bool:
        """A JSON file with boxes by name."""
        if not root.is_file() or root.suffix.lower() != ".json":
            return False
        content = load_json(root)
        return isinstance(content, dict) and any(_boxes_of(each) for each in content.values())

    def entries(self, root: Path) -> Entries:
        """The keys of the file.

        Raises:
            AnnotationError: it names a sequence twice.
        """
        content = load_json(root)
        if not isinstance(content, dict):
            raise AnnotationError(f"{root}: no sequences by name; expected an object of them")
        found = {name: each for name, each in content.items() if isinstance(each, dict)}
        return {name: partial(_raw, found[name], root, name) for name in sorted(found)}


class LabelForm:
    """A file in each sequence's folder."""

    name = "anti-uav"

    def origin(self, _: Path) -> int:
        """Boxes are counted from 0."""
        return 0

    def recognises(self, root: Path) -> bool:
        """Folders with such files."""
        return bool(self._folders(root))

    def entries(self, root: Path) -> Entries:
        """The folders by name."""
        return {each.resolve().name: partial(self._read, each) for each in self._folders(root)}

    def _folders(self, root: Path) -> list[Path]:
        return sequence_folders(root, _label)

    def _read(self, folder: Path) -> RawTruth:
        path = _label(folder)
        if path is None:
            raise AnnotationError(f"{folder}: its labels are gone; expected IR_label.json")
        raw = _raw(load_json(path), path, folder.name)
        beside = _file(folder, _VISIBLE)
        visible = _raw(load_json(beside), beside, folder.name).rows if beside else None
        same = visible is not None and len(visible) == len(raw.rows)
        return RawTruth(raw.rows, path, visible=visible if same else None,
                        size=raw.size or frame_size(folder), tags=raw.tags)  # fmt: skip


def load_json(path: Path) -> object:
    """The content of a JSON file.

    Raises:
        AnnotationError: it cannot be read, or an object in it has a name twice.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(pairs)
        if len(content) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise AnnotationError(f"{path}: {twice} stands there twice; expected each name once")
        return content

    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=once)
    except (OSError, ValueError, RecursionError) as error:
        raise AnnotationError(f"{path}: no JSON ({error}); expected ground truth") from None


def _label(folder: Path) -> Path | None:
    return _file(folder, _THERMAL)


def _file(folder: Path, names: tuple[str, ...]) -> Path | None:
    if not folder.is_dir():
        return None
    there = {path.name.lower(): path for path in folder.iterdir() if path.is_file()}
    return next((there[name] for name in names if name in there), None)


def _boxes_of(entry: object) -> list[Any]:
    if not isinstance(entry, dict):
        return []
    lists: list[list[Any]] = [entry[key] for key in _BOXES if isinstance(entry.get(key), list)]
    found = lists[0] if lists else []
    return found if any(isinstance(row, list) for row in found) else []


def _raw(entry: object, path: Path, name: str) -> RawTruth:
    if not isinstance(entry, dict):
        raise AnnotationError(f"{path}: {name}: no object; expected gt_rect and so on")
    rows = _rows(_boxes_of(entry), f"{path}: {name}")
    rows[_absent(entry, len(rows))] = np.nan
    width, height = entry.get("width"), entry.get("height")
    whole = isinstance(width, int) and isinstance(height, int)
    listed = entry.get("attr")
    named = [str(each) for each in listed] if isinstance(listed, list) else []
    tags = {
        key: np.array(values, np.float64) > 0
        for key, values in entry.items()
        if key not in _NO_TAGS and _is_flags(values, len(rows))
    }
    return RawTruth(
        rows,
        path,
        size=(int(width), int(height)) if whole and width is not None and height else None,
        tags=tags,
        attributes=frozenset(named),
    )


def _rows(listed: list[Any], where: str) -> Floats:
    rows = [row if isinstance(row, list) else [] for row in listed]
    width = max(map(len, rows), default=0)
    if width not in (BOX, CORNERS) or any(len(row) not in (0, 1, width) for row in rows):
        raise AnnotationError(
            f"{where}: {width} numbers a row; expected 4 of a box or 8 of corners"
        )
    try:
        filled = [row if len(row) == width else [np.nan] * width for row in rows]
        numbers = np.array(filled, np.float64)
    except (TypeError, ValueError):
        raise AnnotationError(f"{where}: not all numbers; expected boxes x,y,w,h") from None
    numbers[~np.isfinite(numbers).all(axis=1)] = np.nan
    return numbers


def _absent(entry: Mapping[str, Any], count: int) -> Flags:
    """Frames without the object: ``exist`` 0, or ``absent``, which is 1 for present in pysot's.

    There the first frame, which always has the object, has 1 as well.
    """
    absent: Flags = np.zeros(count, np.bool_)
    for key in ("exist", "absent"):
        values = entry.get(key)
        if isinstance(values, list) and _is_flags(values, count):
            flags = np.array(values, np.float64) > 0
            absent |= ~flags if key == "exist" or flags[0] else flags
    return absent


def _is_flags(values: object, count: int) -> bool:
    return isinstance(values, list) and len(values) == count and all(v in (0, 1) for v in values)
