"""Made ground truth without frames, written in every form that is read."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from tirdata.dataset.tree import SequenceId
from tirdata.dataset.vid_xml import write_annotations
from tirdata.types import Boxes, Track

SIZE = (160, 128)


def made_boxes(names: tuple[str, ...] = ("Bird1", "car-2", "Jog")) -> dict[str, Boxes]:
    """Boxes from 0, whole numbers, with one frame in which the second target is absent."""
    boxes = {}
    for seed, name in enumerate(names):
        steps = np.random.default_rng(seed).integers(-2, 3, (12 + seed, 4))
        boxes[name] = np.array([40.0, 30, 30, 24]) + np.cumsum(steps * [1, 1, 0, 0], axis=0)
    boxes[names[1]][4] = np.nan
    return boxes


def lines(rows: Boxes, *, origin: int = 0, separator: str = ",", corners: bool = False) -> str:
    """Rows as text; absent ones are zeros."""
    shifted = rows + np.array([origin, origin, 0, 0])
    if corners:
        shifted = shifted + np.hstack([np.zeros((len(rows), 2)), shifted[:, :2]])
    numbers = np.nan_to_num(shifted, nan=0.0)
    return "".join(separator.join(f"{value:g}" for value in row) + "\n" for row in numbers)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _flat(root: Path, boxes: Mapping[str, Boxes]) -> None:
    for name, rows in boxes.items():
        _write(root / "anno" / f"{name}.txt", lines(rows, origin=1))
        _write(root / "anno" / "att" / f"{name}.txt", "1,0,0,0,0,0,0,0,0,0\n")


def _folders(root: Path, boxes: Mapping[str, Boxes]) -> None:
    for name, rows in boxes.items():
        _write(root / name / "groundtruth_rect.txt", lines(rows, origin=1, separator="\t"))


def _pairs(file: str, other: str, *, corners: bool = False) -> Callable[..., None]:
    def write(root: Path, boxes: Mapping[str, Boxes]) -> None:
        for name, rows in boxes.items():
            text = lines(rows, corners=corners, separator=" ")
            _write(root / name / file, text)
            _write(root / name / other, text)
            _write(root / name / "init.txt", lines(rows))

    return write


def _one_list(root: Path, boxes: Mapping[str, Boxes]) -> None:
    for name, rows in boxes.items():
        _write(root / name / "init.txt", lines(rows))


def _json(root: Path, boxes: Mapping[str, Boxes]) -> None:
    content = {
        name: {"gt_rect": np.nan_to_num(rows).tolist(), "width": SIZE[0], "height": SIZE[1]}
        for name, rows in boxes.items()
    }
    _write(root / "MADE.json", json.dumps(content))


def _labels(root: Path, boxes: Mapping[str, Boxes]) -> None:
    for name, rows in boxes.items():
        there = ~np.isnan(rows[:, 0])
        listed = [row.tolist() if each else [] for row, each in zip(rows, there, strict=True)]
        content = {"exist": there.astype(int).tolist(), "gt_rect": listed}
        _write(root / name / "IR_label.json", json.dumps(content))


def _xml(root: Path, boxes: Mapping[str, Boxes]) -> None:
    above = root / "Annotations" / "VID" / "val"
    for number, (name, rows) in enumerate(boxes.items()):
        none = np.zeros(len(rows), np.bool_)
        track = Track(0, "bird", rows, none, none)
        sequence = SequenceId.parse(f"ILSVRC2015_val_{number:08}")
        write_annotations(above / name, sequence, SIZE, len(rows), [track])


def _mot(root: Path, boxes: Mapping[str, Boxes]) -> None:
    for name, rows in boxes.items():
        numbered = [(index, row) for index, row in enumerate(rows, start=1) if row[0] == row[0]]
        text = "".join(
            f"{index},1,{x + 1:g},{y + 1:g},{w:g},{h:g},1,-1,1\n"
            for index, (x, y, w, h) in numbered
        )
        _write(root / name / "gt" / "gt.txt", text)


WRITERS: dict[str, Callable[[Path, Mapping[str, Boxes]], None]] = {
    "flat": _flat,
    "folders": _folders,
    "gtot": _pairs("groundTruth_i.txt", "groundTruth_v.txt", corners=True),
    "gtot-boxes": _pairs("groundTruth_i.txt", "groundTruth_v.txt"),
    "rgbt234": _pairs("infrared.txt", "visible.txt"),
    "rgbt210": _one_list,
    "json": _json,
    "anti-uav": _labels,
    "ilsvrc": _xml,
    "tracks": _mot,
}
