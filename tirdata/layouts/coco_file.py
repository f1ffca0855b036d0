"""What a COCO-video JSON says, kept small: the file is read once, item by item."""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tirdata.dataset.classes import TIR_CLASSES, VID_CLASSES, class_name
from tirdata.errors import AnnotationError
from tirdata.layouts.faults import Faults
from tirdata.layouts.json_stream import items
from tirdata.layouts.objects import (
    GENERATED,
    MOST_FRAMES,
    OCCLUDED,
    Annotations,
    Columns,
    Record,
    Rows,
    box_fault,
    tracks_of,
)
from tirdata.types import Track

_LISTS = ("videos", "images", "annotations", "categories")
_TRUE = (True, 1, "1", "true", "True")


class Video(NamedTuple):
    """One sequence of the file."""

    name: str
    fps: float | None
    size: tuple[int, int] | None


@dataclass
class CocoFile:
    """About 100 bytes an image beside its name and 80 bytes a box, whatever else the file has."""

    path: Path
    videos: dict[int, Video] = field(default_factory=dict)
    classes: dict[int, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)  # of the images' files
    images: "array[int]" = field(default_factory=lambda: array("q"))  # id, video, frame, w, h
    crowds: int = 0
    wrong: dict[int | None, str] = field(default_factory=dict)  # image, or none, and what is wrong
    rows: Rows = field(default_factory=Rows)  # the frame is an image's id until ``placed``

    @cached_property
    def table(self) -> NDArray[np.int64]:
        """id, video, frame, w, h, place in ``names`` of each image, sorted by id, (n, 6)."""
        images = np.array(self.images, np.int64).reshape(-1, 5)
        table: NDArray[np.int64] = np.column_stack([images, np.arange(len(images))])
        return table[np.argsort(table[:, 0], kind="stable")]

    def images_of(self, video: int) -> NDArray[np.int64]:
        """Rows of ``table`` in the order of frames; frames are counted from 0."""
        mine: NDArray[np.int64] = self.table[self.table[:, 1] == video]
        mine = mine[np.argsort(mine[:, 2], kind="stable")].copy()
        mine[:, 2] -= self._first(video)
        return mine

    def check(self, video: int) -> None:
        """See that nothing is wrong with what is said of a video, or with the lists themselves.

        Raises:
            AnnotationError: something is; the first of it.
        """
        mine = set(self.table[self.table[:, 1] == video, 0].tolist())
        for image, message in self.wrong.items():
            if image is None or image in mine:
                raise AnnotationError(message)

    @cached_property
    def placed(self) -> Columns:
        """Every box with its video and frame in place of the image's id, sorted by video."""
        whole, boxes = self.rows.of()
        at = np.searchsorted(self.table[:, 0], whole[:, 2])  # links were checked: all are there
        whole[:, 1:3] = self.table[at, 1:3]
        order = np.argsort(whole[:, 1], kind="stable")
        return whole[order], boxes[order]

    def of(self, video: int, faults: Faults) -> Annotations:
        """What is said of one video."""
        mine = self.images_of(video)
        for frame in mine[np.diff(mine[:, 2], prepend=np.int64(-1)) == 0, 2].tolist():
            faults.add(f"{self.path}: two images are frame {frame} (from 0) of one video")
        whole, boxes = self.placed
        part = slice(*np.searchsorted(whole[:, 1], [video, video + 1]).tolist())
        whole, boxes = whole[part].copy(), boxes[part]
        whole[:, 2] -= self._first(video)
        known = self.videos[video]
        last = int(mine[:, 2].max(initial=-1))
        sizes = {(w, h) for w, h in mine[:, 3:5].tolist() if w > 0 < h}
        if len(sizes) > 1:
            faults.add(f"{self.path}: video {known.name}: images of {len(sizes)} sizes; "
                       "expected one size a sequence")  # fmt: skip
        size = next(iter(sorted(sizes)), known.size)
        build = partial(_build, (whole, boxes), self)
        return Annotations(known.name, last + 1, size, last, build)

    def _first(self, video: int) -> int:
        """Number of the first frame, 0 or 1, by the smallest that occurs."""
        frames = self.table[self.table[:, 1] == video, 2]
        return min(1, int(frames.min(initial=1)))

    def where(self, place: int) -> str:
        """Where an annotation stands, in words."""
        return f"{self.path}: annotations[{place}]"


def _build(rows: Columns, file: CocoFile, count: int, faults: Faults) -> tuple[Track, ...]:
    return tracks_of(rows, count, file.classes, faults, file.where)


def read_coco(path: Path, faults: Faults) -> list[Annotations]:
    """What the file says of each of its videos.

    Raises:
        AnnotationError: it is no COCO-video JSON, or an item is wrong and ``faults`` is strict.
    """
    file = read_file(path, faults)
    return [file.of(video, faults) for video in sorted(file.videos)]


def open_file(path: Path) -> CocoFile:
    """The file; the last few are remembered. What is wrong in it is in ``wrong``.

    Raises:
        AnnotationError: the file is wrong as a whole.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror})") from None
    return _remembered(path.resolve(), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _remembered(path: Path, modified_ns: int, size: int) -> CocoFile:  # noqa: ARG001  # the key
    faults = Faults(strict=False)
    file = read_file(path, faults)
    faults.log_notes()
    return file


def video_names(path: Path) -> Iterator[str]:
    """Names of the videos; reading stops where their list ends.

    Raises:
        AnnotationError: the file is no JSON, or a video has no name.
    """
    seen = False
    for key, place, item in items(path):
        if key == "videos" and place >= 0:
            seen = True
            yield _video(item, f"{path}: videos[{place}]")[1].name
        elif seen:
            return


def read_file(path: Path, faults: Faults) -> CocoFile:
    """Read the whole file.

    Raises:
        AnnotationError: it is no COCO-video JSON, or an item is wrong and ``faults`` is strict.
    """
    file = CocoFile(path)
    seen = set()
    for key, place, item in items(path):
        seen.add(key)
        if place < 0 or key not in _LISTS:
            continue
        try:
            _take(file, key, place, item)
        except AnnotationError as error:
            _wrong(file, faults, _image_of(key, item), str(error))
    missing = [key for key in _LISTS if key not in seen]
    if missing:
        raise AnnotationError(f"{path}: no {', '.join(missing)}; expected COCO with videos")
    if file.crowds:
        faults.note(f"{path}: {file.crowds} crowd regions left out: they are no objects")
    _check_links(file, faults)
    return file


def _wrong(file: CocoFile, faults: Faults, image: int | None, message: str) -> None:
    """An item is wrong: a fault, and the first of its image."""
    file.wrong.setdefault(image, message)
    faults.add(message)


def _image_of(key: str, item: object) -> int | None:
    """The image that an annotation is for, where it says so."""
    image = item.get("image_id") if isinstance(item, dict) and key == "annotations" else None
    return image if isinstance(image, int) else None


def _take(file: CocoFile, key: str, place: int, item: object) -> None:
    """Keep one item of one of the lists.

    Raises:
        AnnotationError: it is wrong.
    """
    where = f"{file.path}: {key}[{place}]"
    if not isinstance(item, dict):
        raise AnnotationError(f"{where}: not an object")
    if key == "videos":
        number, video = _video(item, where)
        _check_new(number, file.videos, where)
        file.videos[number] = video
    elif key == "categories":
        number = _whole(item, "id", where)
        _check_new(number, file.classes, where)
        file.classes[number] = _class(item, where)
    elif key == "images":
        name = _text(item, "file_name", where)
        file.images.extend(_image(item, where))
        file.names.append(name)
    elif item.get("iscrowd") in _TRUE:
        file.crowds += 1
    else:
        file.rows.add(*_annotation(item, place, where))


def _check_links(file: CocoFile, faults: Faults) -> None:
    """See that what items name is there; items that name what is not are left out."""
    ids = file.table[:, 0]
    for number in np.unique(ids[1:][np.diff(ids) == 0]).tolist():
        _wrong(file, faults, number, f"{file.path}: two images have the id {number}; expected one")
    videos = np.array(sorted(file.videos), np.int64)
    for row in file.table[~np.isin(file.table[:, 1], videos)].tolist():
        _wrong(file, faults, row[0], f"{file.path}: image {row[0]}: no video {row[1]}")
    whole, boxes = file.rows.of()
    lost = ~np.isin(whole[:, 2], ids)
    odd = ~np.isin(whole[:, 4], np.array(sorted(file.classes), np.int64))
    for row in whole[lost].tolist():
        _wrong(file, faults, row[2], f"{file.where(row[0])}: no image {row[2]}")
    for row in whole[odd & ~lost].tolist():
        known = ", ".join(map(str, sorted(file.classes)[:20]))
        found = f"{file.where(row[0])}: no category {row[4]}; there are: {known}"
        _wrong(file, faults, row[2], found)
    if (lost | odd).any():
        kept = Rows()
        for row, box in zip(whole[~(lost | odd)].tolist(), boxes[~(lost | odd)].tolist(),
                            strict=True):  # fmt: skip
            kept.add(Record(*row), tuple(box))
        file.rows = kept


def _video(item: Mapping[str, Any], where: str) -> tuple[int, Video]:
    if not isinstance(item, dict):
        raise AnnotationError(f"{where}: not an object")
    fps, width, height = item.get("fps"), item.get("width"), item.get("height")
    size = (width, height) if isinstance(width, int) and isinstance(height, int) else None
    rate = float(fps) if isinstance(fps, int | float) and 0 < fps < 1e6 else None
    return _whole(item, "id", where), Video(_text(item, "name", where), rate, size)


def _image(item: Mapping[str, Any], where: str) -> tuple[int, int, int, int, int]:
    key = "frame_id" if "frame_id" in item else "frame_index"
    frame = _whole(item, key, where)
    if not 0 <= frame < MOST_FRAMES:
        raise AnnotationError(f"{where}: {key} is {frame}; expected 0 to {MOST_FRAMES}")
    sides = [item.get(side, 0) for side in ("width", "height")]
    if not all(isinstance(side, int) and 0 <= side < 1 << 20 for side in sides):
        raise AnnotationError(f"{where}: width, height are {sides}; expected whole numbers")
    return _whole(item, "id", where), _whole(item, "video_id", where), frame, sides[0], sides[1]


def _annotation(
    item: Mapping[str, Any], place: int, where: str
) -> tuple[Record, tuple[float, ...]]:
    box = item.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(
        isinstance(side, int | float) for side in box
    ):  # fmt: skip
        raise AnnotationError(f"{where}: bbox is {str(box)[:60]}; expected [x, y, width, height]")
    sides = [float("inf") if abs(side) >= 1e300 else float(side) for side in box]
    if (fault := box_fault(*sides)) is not None:
        raise AnnotationError(f"{where}: {fault}")
    target = _whole(item, "track_id" if "track_id" in item else "instance_id", where)
    if target < 0:
        raise AnnotationError(f"{where}: object {target}; expected a number from 0")
    flags = OCCLUDED * (item.get("occluded") in _TRUE) | GENERATED * (
        item.get("generated") in _TRUE
    )
    image, label = _whole(item, "image_id", where), _whole(item, "category_id", where)
    return Record(place, 0, image, target, label, flags), tuple(sides)


def _class(item: Mapping[str, Any], where: str) -> str:
    """The name where it is one of ours, else what its WNID is called, else the name."""
    name, wnid = _text(item, "name", where), item.get("encode_name")
    if name in VID_CLASSES or name in TIR_CLASSES or not isinstance(wnid, str):
        return class_name(name)
    return class_name(wnid) if class_name(wnid) != wnid else name


def _whole(item: Mapping[str, Any], key: str, where: str) -> int:
    value = item.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**62) < value < 2**62:
        raise AnnotationError(f"{where}: {key} is {str(value)[:40]!r}; expected a whole number")
    return value


def _text(item: Mapping[str, Any], key: str, where: str) -> str:
    value = item.get(key)
    if not isinstance(value, str) or not value:
        raise AnnotationError(f"{where}: {key} is {str(value)[:40]!r}; expected a name")
    return value


def _check_new(number: int, known: Mapping[int, object], where: str) -> None:
    if number in known:
        raise AnnotationError(f"{where}: id {number} is there twice; expected each once")
