"""What a "CVAT for video" XML says: read element by element, lines drawn between keyframes."""

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from tirdata.errors import AnnotationError
from tirdata.layouts.faults import Faults
from tirdata.layouts.objects import MOST_FRAMES, Annotations, box_fault
from tirdata.types import Boxes, Track

MACHINES: Final = ("auto", "semi-auto")  # sources of tracks whose keyframes no person drew
_KEYFRAME, _OUTSIDE, _OCCLUDED = 1, 2, 4
_CORNERS = ("xtl", "ytl", "xbr", "ybr")
_STEP = re.compile(r"step\s*=\s*(\d{1,6})")
_DECIMALS = 6  # of a side: the difference of two corners is exact to fewer


@dataclass
class _Drawn:
    """The boxes that the file lists of one track: 56 bytes each."""

    id: int
    label: str
    machine: bool
    whole: "array[int]" = field(default_factory=lambda: array("q"))  # frame, flags, line
    sides: "array[float]" = field(default_factory=lambda: array("d"))


@dataclass(frozen=True)
class _Task:
    """What the head of the file says."""

    name: str = ""
    source: str = ""
    frames: int | None = None
    first: int = 0
    step: int = 1
    size: tuple[int, int] | None = None


@dataclass
class _File:
    """A file that is being read."""

    path: Path
    faults: Faults
    task: _Task = field(default_factory=_Task)
    tracks: list[_Drawn] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)  # shapes that are no boxes

    def track(self, element: etree._Element) -> None:
        """Begin a track."""
        number, label = element.get("id", ""), element.get("label", "")
        where = f"{self.path}:{_line(element)}"
        if not number.isdecimal() or len(number) > 15 or not label:
            self.faults.add(f"{where}: track with id {number[:20]!r} and label {label[:40]!r}; "
                            "expected a whole number and a name")  # fmt: skip
        elif any(int(number) == each.id for each in self.tracks):
            self.faults.add(f"{where}: track {number} is there twice; expected each id once")
        else:
            machine = element.get("source", "manual") in MACHINES
            self.tracks.append(_Drawn(int(number), label, machine))
            return
        self.tracks.append(_Drawn(-1, "", machine=False))  # takes what is in it, and is left out

    def shape(self, element: etree._Element) -> None:
        """Keep a box of the last track."""
        if element.tag != "box":
            self.others[str(element.tag)] = self.others.get(str(element.tag), 0) + 1
            return
        line = _line(element)
        frame, task = element.get("frame", ""), self.task
        place = int(frame) - task.first if frame.isdecimal() and len(frame) < 12 else -1
        sides = [_number(element.get(corner)) for corner in _CORNERS]
        box = (
            *sides[:2],
            *(round(b - a, _DECIMALS) for a, b in zip(sides, sides[2:], strict=False)),
        )
        fault = box_fault(*box) if element.get("outside") != "1" else None
        if place < 0 or place % task.step or place // task.step >= (task.frames or MOST_FRAMES):
            fault = f"frame {frame[:20]!r} is none of the task's"
        elif _number(element.get("rotation", "0")) % 360:
            fault = "a rotated box; expected upright ones"
        if fault is not None:
            self.faults.add(f"{self.path}:{line}: track {self.tracks[-1].id}: {fault}")
            return
        flags = (
            _KEYFRAME * (element.get("keyframe", "1") == "1")
            | _OUTSIDE * (element.get("outside") == "1")
            | _OCCLUDED * (element.get("occluded") == "1")
        )
        self.tracks[-1].whole.extend((place // task.step, flags, line))
        self.tracks[-1].sides.extend(box)


def read_cvat(path: Path, faults: Faults) -> list[Annotations]:
    """What the file says; frames are counted from the first of the task.

    Raises:
        AnnotationError: it is no such file, or a box is wrong and ``faults`` is strict.
    """
    file = _File(path, faults)
    parts = {"meta"}
    for event, element in _elements(path):
        if event == "end" and element.tag == "meta":
            file.task = _task(element, path)
        elif event == "start" and element.tag == "track":
            parts.add("track")
            file.track(element)
        elif event == "start" and element.tag in ("image", "tag"):
            raise AnnotationError(
                f"{path}:{_line(element)}: <{element.tag}>; expected CVAT for video 1.1, "
                "not for images: export it from the task once more"
            )
        elif event == "end" and _parent(element) == "track":
            file.shape(element)
    for name, count in sorted(file.others.items()):
        faults.note(f"{path}: {count} shapes <{name}> left out: only boxes are read")
    task, tracks = file.task, [each for each in file.tracks if each.id >= 0]
    last = max((max(each.whole[::3], default=-1) for each in tracks), default=-1)
    build = partial(_build, tracks, path)
    return [Annotations(task.name, task.frames, task.size, last, build, task.source,
                        task.first, task.step)]  # fmt: skip


def _elements(path: Path) -> Iterator[tuple[str, etree._Element]]:
    """Start and end of every element that we look at; what was looked at is forgotten."""
    try:
        with path.open("rb") as stream:
            events = etree.iterparse(
                stream, events=("start", "end"), resolve_entities=False, no_network=True,
                load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
            )  # fmt: skip
            begun = False
            for event, element in events:
                if not begun:
                    _check_root(element, path)
                    begun = True
                yield event, element
                if event == "end" and _parent(element) in ("track", "annotations"):
                    _forget(element)
    except etree.XMLSyntaxError as error:
        found = " ".join(str(error.msg).split())
        raise AnnotationError(f"{path}:{error.lineno}: not XML ({found})") from None
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror})") from None


def _check_root(root: etree._Element, path: Path) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise AnnotationError(f"{path}: has a DOCTYPE; expected none, as CVAT writes none")
    if root.tag != "annotations":
        raise AnnotationError(f"{path}: <{root.tag}>; expected <annotations>, as CVAT writes it")


def _forget(element: etree._Element) -> None:
    parent = element.getparent()
    element.clear()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _parent(element: etree._Element) -> str:
    parent = element.getparent()
    return "" if parent is None else str(parent.tag)


def _task(meta: etree._Element, path: Path) -> _Task:
    tasks = [*meta.iterfind("task"), *meta.iterfind("job"), *meta.iterfind("project/tasks/task")]
    if len(tasks) > 1:
        raise AnnotationError(f"{path}: {len(tasks)} tasks; expected one: export each by itself")
    task = tasks[0] if tasks else meta

    def text(name: str) -> str:
        return (task.findtext(name) or meta.findtext(name) or "").strip()

    def whole(name: str) -> int | None:
        value = text(name)
        if not value:
            return None
        if not value.isdecimal() or len(value) > 9:
            raise AnnotationError(f"{path}: {name} is {value[:40]!r}; expected a whole number")
        return int(value)

    width, height = whole("original_size/width"), whole("original_size/height")
    step = _STEP.search(text("frame_filter"))
    frames = whole("size")
    if frames is not None and frames > MOST_FRAMES:
        raise AnnotationError(f"{path}: size is {frames}; expected at most {MOST_FRAMES} frames")
    return _Task(
        text("name"), text("source"), frames, whole("start_frame") or 0,
        max(1, int(step[1])) if step else 1,
        (width, height) if width and height else None,
    )  # fmt: skip


def _build(drawn: Sequence[_Drawn], path: Path, count: int, faults: Faults) -> tuple[Track, ...]:
    tracks = (_track(each, path, count, faults) for each in sorted(drawn, key=lambda t: t.id))
    return tuple(track for track in tracks if track is not None)


def _track(drawn: _Drawn, path: Path, count: int, faults: Faults) -> Track | None:
    """One track over ``count`` frames, with straight lines where the file lists no box."""
    whole = np.array(drawn.whole, np.int64).reshape(-1, 3)
    sides = np.array(drawn.sides, np.float64).reshape(-1, 4)
    order = np.argsort(whole[:, 0], kind="stable")
    whole, sides = whole[order], sides[order]
    twice = np.diff(whole[:, 0], prepend=np.int64(-1)) == 0
    over = whole[:, 0] >= count
    for frame, _, line in whole[twice | over].tolist():
        found = f"frame {frame}; expected 0..{count - 1}" if frame >= count else (
            f"two boxes in frame {frame} (from 0); expected one")  # fmt: skip
        faults.add(f"{path}:{line}: track {drawn.id}: {found}")
    whole, sides = whole[~(twice | over)], sides[~(twice | over)]
    if not len(whole):
        faults.note(f"{path}: track {drawn.id} ({drawn.label}) has no box")
        return None
    return _dense(drawn, whole, sides, count)


def _dense(drawn: _Drawn, whole: NDArray[np.int64], sides: Boxes, count: int) -> Track:
    """CVAT's rule: from each listed box straight to the next, from the last one on as it is."""
    frames = np.arange(count)
    before = np.searchsorted(whole[:, 0], frames, side="right") - 1
    there = before >= 0
    at = np.maximum(before, 0)
    flags = whole[at, 1]
    boxes = np.column_stack([np.interp(frames, whole[:, 0], side) for side in sides.T])
    boxes[~there | (flags & _OUTSIDE > 0)] = np.nan
    listed = there & (whole[at, 0] == frames)
    drawn_by_hand = listed & (flags & _KEYFRAME > 0)
    present = ~np.isnan(boxes[:, 0])
    generated = np.where(present, ~drawn_by_hand, False) | drawn.machine
    occluded = present & (flags & _OCCLUDED > 0)
    return Track(drawn.id, drawn.label, boxes, generated, occluded)


def _line(element: etree._Element) -> int:
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def _number(text: str | None) -> float:
    """A number, or NaN."""
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
