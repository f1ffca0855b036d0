"""MOTChallenge: ``NAME/img1/000001.jpg …``, ``NAME/gt/gt.txt`` and ``NAME/seqinfo.ini``.

A line of ``gt.txt`` is ``frame,id,x,y,w,h,confidence,class,visibility``; frames, objects and pixels
are counted from 1; frames and objects from 0 where there is a 0. Classes are MOT16's numbers;
further ones follow, and then ``gt/labels.txt`` names them, a line a number, as CVAT writes it.
``det`` is not read.
"""

import configparser
import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from tirdata.dataset.classes import TIR_CLASSES, VID_CLASSES
from tirdata.errors import AnnotationError, DataError
from tirdata.files import write_text
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.faults import Faults
from tirdata.layouts.folders import first_folders, folder_of, named_folders
from tirdata.layouts.objects import (
    MOST_FRAMES,
    OCCLUDED,
    Annotations,
    Columns,
    Record,
    Rows,
    box_fault,
    tracks_of,
)
from tirdata.layouts.pictures import (
    PictureFrames,
    check_numbers,
    list_pictures,
    write_pictures,
)
from tirdata.layouts.text import number_text
from tirdata.types import Sequence, Track

MOST_CLASSES = 100_000
_BETWEEN = re.compile(r"\s*[,;]\s*|\s+")
UNNAMED = "object"  # what is called by no class at all
FPS = 25.0  # of frames that nobody timed
VISIBLE, HALF = 1.0, 0.5  # written; read, half in view or less is occluded

# MOT16 (Milan et al. 2016), table of annotation classes, in words of ours where we have them.
MOT_CLASSES: Final = (
    "person", "person on vehicle", "car", "bicycle", "motorcycle", "non-motorised vehicle",
    "static person", "distractor", "occluder", "occluder on the ground", "full occluder",
    "reflection", "crowd",
)  # fmt: skip
_NO_OBJECTS = frozenset(MOT_CLASSES[7:])
_KNOWN = (*MOT_CLASSES, *(each for each in VID_CLASSES | TIR_CLASSES if each not in MOT_CLASSES))


class MotLayout(ReadsOneByOne):
    """A folder a sequence; the root may also be one such folder."""

    name = "mot"
    origin = 1

    def recognises(self, root: Path) -> bool:
        """A folder with ``seqinfo.ini`` or ``gt/gt.txt``, or folders of that kind in it."""
        return bool(first_folders(root, _is_sequence))

    def names(self, root: Path) -> list[str]:
        """Names of the folders; of the root itself if that is one sequence."""
        return sorted(named_folders(root, _is_sequence))

    def read_one(self, root: Path, name: str) -> Sequence:
        """One sequence; without tracks where there is no ``gt.txt``, as in the test sets.

        Raises:
            DataError: a file is missing or wrong, or ``seqinfo.ini`` says other frames.
        """
        folder = folder_of(root, name, _is_sequence)
        info = _Info(folder / "seqinfo.ini")
        pictures = list_pictures(folder / info.text("imDir", "img1"))
        check_numbers(pictures, 1)
        if info.whole("seqLength") not in (None, len(pictures)):
            raise DataError(
                f"{info.path}: seqLength is {info.whole('seqLength')}; expected {len(pictures)}, "
                "the number of frames"
            )
        frames = PictureFrames(pictures, info.rate())
        _check_size(info, frames)
        truth = folder / "gt" / "gt.txt"
        if not truth.is_file():
            return Sequence(name, frames, ())
        faults = Faults()
        said = read_mot(truth, faults)[0]
        tracks = said.build(len(frames), faults)
        faults.log_notes()
        return Sequence(name, frames, tracks)

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write sequences; an occluded object is one that is half visible.

        Raises:
            StorageError: a file cannot be written.
        """
        for sequence in sequences:
            folder = root / sequence.name
            write_pictures(sequence.frames, folder / "img1", "{:06d}.jpg")
            height, width = sequence.frames[0].shape
            fps = getattr(sequence.frames, "fps", None) or FPS
            write_text(
                folder / "seqinfo.ini",
                f"[Sequence]\nname={Path(sequence.name).name}\nimDir=img1\n"
                f"frameRate={number_text(fps)}\nseqLength={len(sequence.frames)}\n"
                f"imWidth={width}\nimHeight={height}\nimExt=.jpg\n",
            )
            numbers = _class_numbers(sequence.tracks)
            write_text(folder / "gt" / "gt.txt", "".join(_lines(sequence.tracks, numbers)))
            if max(numbers.values(), default=0) > len(MOT_CLASSES):
                labels = sorted(numbers, key=numbers.__getitem__)
                every = (*_KNOWN, *(each for each in labels if each not in _KNOWN))
                write_text(folder / "gt" / "labels.txt", "".join(f"{each}\n" for each in every))


def read_mot(path: Path, faults: Faults) -> list[Annotations]:
    """What a ``gt.txt`` says; the files around it are read where they are there.

    Raises:
        AnnotationError: it is no text, or a line is wrong and ``faults`` is strict.
    """
    classes = dict(enumerate(_labels(path.parent / "labels.txt"), start=1)) | {-1: UNNAMED}
    rows, ignored = Rows(), dict.fromkeys(sorted(_NO_OBJECTS), 0)
    for number, line in _numbered(path):
        parsed = _parse(line, classes)
        if isinstance(parsed, str):
            faults.add(f"{path}: line {number}: {parsed}")
            continue
        record, box = parsed
        if classes[record.label] in _NO_OBJECTS:
            ignored[classes[record.label]] += 1
            continue
        rows.add(record._replace(number=number), box)
    for name, count in ignored.items():
        if count:
            faults.note(f"{path}: {count} boxes of {name} left out: they are no objects")
    info = _Info((path.parent if path.parent.name != "gt" else path.parent.parent) / "seqinfo.ini")
    whole, sides = rows.of()
    if int(whole[:, 2].min(initial=1)) == 0:
        faults.note(f"{path}: has a frame 0, so its frames are counted from 0")
    for column in (2, 3):  # frames and objects, each from 1 unless there is a 0
        whole[:, column] -= min(1, int(whole[:, column].min(initial=1)))
    build = partial(_build, (whole, sides), classes, path)
    last = int(whole[:, 2].max(initial=-1))
    name = info.text("name", path.resolve().parent.parent.name if path.name == "gt.txt" else "")
    return [Annotations(name, info.whole("seqLength"), info.size(), last, build)]


def _build(
    rows: Columns, classes: dict[int, str], path: Path, count: int, faults: Faults
) -> tuple[Track, ...]:
    return tracks_of(rows, count, classes, faults, lambda number: f"{path}: line {number}")


class _Info:
    """``seqinfo.ini``; nothing is known where there is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(path.read_text(encoding="utf-8-sig"))
            self._values = {**parser["Sequence"]}
        except FileNotFoundError:
            self._values = {}
        except (OSError, UnicodeDecodeError, configparser.Error, KeyError):
            raise AnnotationError(f"{path}: not as MOTChallenge has it; expected [Sequence] "
                                  "with imDir, seqLength, imWidth, imHeight") from None  # fmt: skip

    def text(self, key: str, default: str) -> str:
        value = self._values.get(key.lower(), default)
        if Path(value).is_absolute() or ".." in Path(value).parts:
            raise AnnotationError(f"{self.path}: {key} is {value!r}; expected a plain name")
        return value

    def whole(self, key: str) -> int | None:
        value = self._values.get(key.lower())
        if value is None:
            return None
        if not value.isdecimal() or not 0 < int(value[:12]) <= MOST_FRAMES:
            raise AnnotationError(f"{self.path}: {key} is {value[:40]!r}; expected a whole number")
        return int(value)

    def rate(self) -> float | None:
        try:
            fps = float(self._values.get("framerate", "nan"))
        except ValueError:
            return None
        return fps if 0 < fps < 1e6 else None

    def size(self) -> tuple[int, int] | None:
        width, height = self.whole("imWidth"), self.whole("imHeight")
        return None if width is None or height is None else (width, height)


def _check_size(info: _Info, frames: PictureFrames) -> None:
    height, width = frames[0].shape
    size = info.size()
    if size not in (None, (width, height)):
        raise DataError(f"{info.path}: imWidth, imHeight are {size}; the frames are "
                        f"{width}x{height}; expected the same")  # fmt: skip


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not empty, with their numbers from 1."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from ((number, line) for number, line in enumerate(file, start=1) if line.strip())
    except FileNotFoundError:
        raise AnnotationError(f"{path}: no such file; expected frame,id,x,y,w,h,…") from None
    except (UnicodeDecodeError, IsADirectoryError):
        raise AnnotationError(f"{path}: not text; expected lines frame,id,x,y,w,h,…") from None


def _parse(
    line: str, classes: dict[int, str]
) -> tuple[Record, tuple[float, float, float, float]] | str:
    """A line's record and box from 0, or what is wrong with it."""
    try:
        values = [float(word) for word in _BETWEEN.split(line.strip().rstrip(",; \t"))]
    except ValueError:
        values = []
    if not 6 <= len(values) <= 10:
        return f"{line.strip()[:60]!r}; expected frame,id,x,y,w,h,confidence,class,visibility"
    frame, target, x, y, w, h, *more = values
    # Ten columns are those of 2015, whose last three are a place in the world.
    label = more[1] if len(more) in (2, 3) else -1.0
    if not (_is_whole(frame, MOST_FRAMES) and _is_whole(target, 2**53)):
        return f"frame {frame:g}, object {target:g}; expected whole numbers"
    if label not in classes:
        if not _is_whole(label, MOST_CLASSES):
            return f"class {label:g}; expected a whole number from 1"
        classes[int(label)] = f"class {label:g}"  # gt/labels.txt does not name it
    if (fault := box_fault(x - 1, y - 1, w, h)) is not None:
        return fault
    hidden = len(more) == 3 and 0 <= more[2] <= HALF
    record = Record(0, 0, int(frame), int(target), int(label), OCCLUDED if hidden else 0)
    return record, (x - 1, y - 1, w, h)


def _is_whole(value: float, limit: float) -> bool:
    return 0 <= value <= limit and value == int(value)


def _labels(path: Path) -> tuple[str, ...]:
    """Names of the classes, from number 1."""
    try:
        names = path.read_text(encoding="utf-8-sig").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return MOT_CLASSES
    except (UnicodeDecodeError, IsADirectoryError):
        raise AnnotationError(f"{path}: not text; expected the name of a class a line") from None
    return tuple(name.strip() for name in names)


def _class_numbers(tracks: Iterable[Track]) -> dict[str, int]:
    """The number of each class; unknown ones get those behind the known, in order of names."""
    names = sorted({track.class_name for track in tracks} - {UNNAMED})
    others = [name for name in names if name not in _KNOWN]
    return {name: (_KNOWN + tuple(others)).index(name) + 1 for name in names}


def _lines(tracks: Iterable[Track], numbers: dict[str, int]) -> Iterator[str]:
    """Lines of ``gt.txt``, frame after frame."""
    tracks = sorted(tracks, key=lambda track: track.id)
    for frame in range(max((len(track.boxes) for track in tracks), default=0)):
        for track in tracks:
            if np.isnan(track.boxes[frame, 0]):
                continue
            x, y, w, h = track.boxes[frame].tolist()
            box = ",".join(map(number_text, (x + 1, y + 1, w, h)))
            visible = number_text(HALF if track.occluded[frame] else VISIBLE)
            label = numbers.get(track.class_name, -1)
            yield f"{frame + 1},{track.id + 1},{box},1,{label},{visible}\n"


def _is_sequence(folder: Path) -> bool:
    return (folder / "seqinfo.ini").is_file() or (folder / "gt" / "gt.txt").is_file()
