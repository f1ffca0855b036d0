"""COCO-video, as mmtracking has it: ``annotations/*.json`` and the pictures that it names.

``videos``, ``images`` (``video_id``, ``frame_id`` from 0), ``annotations`` (``track_id`` or
``instance_id``, ``bbox`` x,y,w,h from 0 with decimals, ``occluded``, ``generated``), ``categories``
(``name``, ``encode_name`` = WNID).
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from tirdata.dataset.classes import TIR_CLASSES, VID_CLASSES, wnid
from tirdata.errors import AnnotationError, DataError, UsageError
from tirdata.files import whole
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.coco_file import CocoFile, open_file, video_names
from tirdata.layouts.faults import Faults
from tirdata.layouts.pictures import PictureFrames, write_pictures
from tirdata.types import Sequence, Track

_PICTURES = ("images", "", "data", "Data/VID")  # folders that the names of files may start from
_PEEK = 1 << 20
_LISTS: Final = ("videos", "images", "annotations")
_FIRST_NAMES = tuple(VID_CLASSES | TIR_CLASSES)


class CocoLayout(ReadsOneByOne):
    """One JSON for all sequences, or a few side by side."""

    name = "coco"
    origin = 0

    def recognises(self, root: Path) -> bool:
        """A JSON with a list of videos, in the root or in ``annotations``."""
        return bool(_files(root))

    def names(self, root: Path) -> list[str]:
        """Names of the videos.

        Raises:
            DataError: a file is no JSON, or names a video twice.
        """
        return sorted(_videos(root))

    def read_one(self, root: Path, name: str) -> Sequence:
        """One video with its tracks.

        Raises:
            DataError: an item of the JSON is wrong, or a picture or a frame is missing.
        """
        path = _videos(root).get(name)
        if path is None:
            raise DataError(f"{root}: no sequence {name}")
        file = open_file(path)
        number = next((each for each, video in file.videos.items() if video.name == name), -1)
        file.check(number)
        faults = Faults()
        images = file.images_of(number)
        if not len(images):
            raise AnnotationError(f"{path}: video {name} has no images")
        said = file.of(number, faults)
        _check_steps(images[:, 2].tolist(), f"{path}: video {name}")
        frames = PictureFrames(
            _pictures(root, file, images[:, 5].tolist()), file.videos[number].fps
        )
        height, width = frames[0].shape
        if said.size not in (None, (width, height)):
            raise AnnotationError(
                f"{path}: video {name}: images are {said.size}; {frames.paths[0]} is "
                f"{width}x{height}; expected the same"
            )
        tracks = said.build(int(images[-1, 2]) + 1, faults)
        return Sequence(name, frames, tuple(_at(track, images[:, 2]) for track in tracks))

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write ``annotations/instances.json`` and ``images/NAME/000001.jpg``, one at a time.

        Raises:
            StorageError: a file cannot be written.
        """
        with whole(root / "annotations" / "instances.json") as path, ExitStack() as stack:
            parts = {
                name: stack.enter_context(TemporaryFile("w+", encoding="utf-8")) for name in _LISTS
            }
            writer = _Writer(parts)
            for sequence in sequences:
                write_pictures(sequence.frames, root / "images" / sequence.name, "{:06d}.jpg")
                writer.add(sequence)
            with path.open("w", encoding="utf-8") as file:
                file.write("{")
                for name in _LISTS:
                    parts[name].seek(0)
                    file.write(f'"{name}":[\n')
                    shutil.copyfileobj(parts[name], file)
                    file.write("\n],\n")
                categories = ",\n".join(_json(each) for each in writer.categories())
                file.write(f'"categories":[\n{categories}\n]}}\n')


class _Writer:
    """Numbers videos, images, boxes and objects through the file, from 1."""

    def __init__(self, parts: Mapping[str, IO[str]]) -> None:
        self._parts = parts
        self._counts = dict.fromkeys((*_LISTS, "objects"), 0)
        self._classes: dict[str, int] = {}
        self._begun: set[str] = set()

    def add(self, sequence: Sequence) -> None:
        height, width = sequence.frames[0].shape
        fps = getattr(sequence.frames, "fps", None)
        video = {"id": self._next("videos"), "name": sequence.name, "width": width,
                 "height": height, **({"fps": fps} if fps else {})}  # fmt: skip
        self._put("videos", video)
        tracks = sorted(sequence.tracks, key=lambda track: track.id)
        instances = [self._next("objects") for _ in tracks]
        for frame in range(len(sequence.frames)):
            image = {"id": self._next("images"), "video_id": video["id"], "frame_id": frame,
                     "file_name": f"{sequence.name}/{frame + 1:06d}.jpg", "width": width,
                     "height": height}  # fmt: skip
            self._put("images", image)
            for track, instance in zip(tracks, instances, strict=True):
                if not np.isnan(track.boxes[frame, 0]):
                    self._put("annotations", self._box(track, frame, image["id"], instance))

    def categories(self) -> Iterator[dict[str, object]]:
        """Those that occur, by number; with a WNID where there is one."""
        for name, number in sorted(self._classes.items(), key=lambda each: each[1]):
            try:
                yield {"id": number, "name": name, "encode_name": wnid(name)}
            except UsageError:  # a class of somebody else has no WNID that we know
                yield {"id": number, "name": name}

    def _box(self, track: Track, frame: int, image: object, instance: int) -> dict[str, object]:
        x, y, w, h = track.boxes[frame].tolist()
        return {
            "id": self._next("annotations"), "image_id": image, "track_id": track.id,
            "instance_id": instance, "category_id": self._category(track.class_name),
            "bbox": [x, y, w, h], "area": w * h, "iscrowd": 0,
            "occluded": bool(track.occluded[frame]), "generated": bool(track.generated[frame]),
        }  # fmt: skip

    def _category(self, name: str) -> int:
        """1..30 for ILSVRC VID's, then those of thermal data, then others as they come."""
        if name not in self._classes:
            known = name in _FIRST_NAMES
            others = len(_FIRST_NAMES) + sum(each not in _FIRST_NAMES for each in self._classes)
            self._classes[name] = 1 + (_FIRST_NAMES.index(name) if known else others)
        return self._classes[name]

    def _next(self, kind: str) -> int:
        self._counts[kind] += 1
        return self._counts[kind]

    def _put(self, name: str, item: Mapping[str, object]) -> None:
        begun = name in self._begun
        self._begun.add(name)
        self._parts[name].write((",\n" if begun else "") + _json(item))


def _json(item: Mapping[str, object]) -> str:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _files(root: Path) -> list[Path]:
    found = [*sorted(root.glob("*.json")), *sorted((root / "annotations").glob("*.json"))]
    return [path for path in found if _has_videos(path)]


def _has_videos(path: Path) -> bool:
    """Whether a list of videos stands near one of the file's ends, where its short lists are."""
    try:
        with path.open("rb") as file:
            head = file.read(_PEEK)
            file.seek(max(0, path.stat().st_size - _PEEK))
            return b'"videos"' in head or b'"videos"' in file.read(_PEEK)
    except OSError:
        return False


@lru_cache(maxsize=16)
def _names_in(path: Path, modified_ns: int) -> tuple[str, ...]:  # noqa: ARG001  # the key
    return tuple(video_names(path))


def _videos(root: Path) -> dict[str, Path]:
    """The file that each video is in."""
    videos: dict[str, Path] = {}
    for path in _files(root):
        for name in _names_in(path, path.stat().st_mtime_ns):
            if name in videos:
                raise DataError(f"{path}: video {name} is twice; expected each name once")
            videos[name] = path
    return videos


def _check_steps(frames: list[int], where: str) -> None:
    """See that frames follow one another, or lie equally far apart: every n-th of a film."""
    step = frames[1] - frames[0] if len(frames) > 1 else 1
    for place, frame in enumerate(frames):
        expected = frames[0] + place * step
        if frame != expected:
            raise AnnotationError(f"{where}: frame {expected} (from 0) is missing, next is {frame}")


def _at(track: Track, frames: NDArray[np.int64]) -> Track:
    """The track in the frames that there are."""
    return Track(
        track.id,
        track.class_name,
        track.boxes[frames],
        track.generated[frames],
        track.occluded[frames],
    )


def _pictures(root: Path, file: CocoFile, places: list[int]) -> list[Path]:
    names = [file.names[place] for place in places]
    for name in names:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise AnnotationError(f"{file.path}: file_name {name!r} leads out of the folder")
    bases: list[Path] = [root / folder for folder in _PICTURES]
    base = next((each for each in bases if (each / names[0]).is_file()), None)
    if base is None:
        raise DataError(f"{root}: no such frame {names[0]}; expected it there or in images")
    paths = [base / name for name in names]
    for path in paths:
        if not path.is_file():
            raise DataError(f"{path}: no such frame")
    return paths
