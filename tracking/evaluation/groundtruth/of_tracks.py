"""Files of tracks without their frames: ILSVRC's XML (datasets of ours too), MOT, COCO, CVAT.

Each track is a target; ``NAME#TRACK`` where a sequence has several. Boxes that no person drew
count only if the protocol counts such.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from tirdata.dataset.vid_xml import read_frames, tracks_of
from tirdata.errors import DataError
from tirdata.layouts.annotation_files import ANNOTATION_FILES, BOXES, kind_of
from tirdata.layouts.faults import Faults
from tirdata.layouts.folders import folders
from tirdata.types import Track
from tracking.evaluation.groundtruth.base import Entries, RawTruth, Read

_PATTERNS: Final = ("train/*/*", "val/*")
_KINDS: Final = frozenset({".txt", ".json", ".xml"})
_PLACES: Final = ("gt/gt.txt", "annotations.xml", "gt.txt")


class XmlForm:
    """``Annotations/VID/train/PACK/NAME/000000.xml``, or the same below ``Annotations``."""

    name = "ilsvrc"

    def origin(self, _: Path) -> int:
        """Boxes are counted from 0."""
        return 0

    def recognises(self, root: Path) -> bool:
        """The tree with at least one XML file in it."""
        return any(any(folder.glob("*.xml")) for folder in _xml_folders(root)[:3])

    def entries(self, root: Path) -> Entries:
        """Every track; all files are read at once."""
        found: dict[str, Read] = {}
        for folder in _xml_folders(root):
            try:
                frames = [*read_frames(folder)]
                tracks = tracks_of(frames, folder)
            except DataError as error:
                found[folder.name] = _failing(str(error))
                continue
            size = frames[0].size if frames else None
            found |= _targets(folder.name, tracks, folder, size)
        return dict(sorted(found.items()))


class TracksForm:
    """``NAME/gt/gt.txt`` of MOT, ``NAME/annotations.xml`` of CVAT, a JSON of COCO-video."""

    name = "tracks"

    def origin(self, root: Path) -> int:
        """As each of them counts: MOT from 1, the others from 0."""
        return int(any(kind_of(path) == "mot" for path in _track_files(root)[:1]))

    def recognises(self, root: Path) -> bool:
        """Such a file, or folders with one."""
        return any(_is_tracks(path) for path in _track_files(root)[:3])

    def entries(self, root: Path) -> Entries:
        """Every track; all files are read at once."""
        found: dict[str, Read] = {}
        origin = self.origin(root)
        for path in _track_files(root):
            name = path.stem if root in (path, path.parent) else _folder_name(path)
            try:
                said = ANNOTATION_FILES[kind_of(path)](path, faults := Faults())
                for each in said:
                    count = each.frames or each.last + 1
                    tracks = each.build(count, faults)
                    found |= _targets(each.name or name, tracks, path, each.size, origin)
            except DataError as error:
                found[name] = _failing(str(error))
        return dict(sorted(found.items()))


def _targets(
    name: str, tracks: Iterable[Track], where: Path, size: tuple[int, int] | None, origin: int = 0
) -> dict[str, Read]:
    every = [*tracks]
    found: dict[str, Read] = {}
    for track in every:
        raw = RawTruth(
            track.boxes + np.array([origin, origin, 0, 0]),
            where,
            size=size,
            sequence=name,
            track=track.id,
            generated=track.generated,
        )
        found[name if len(every) == 1 else f"{name}#{track.id}"] = _given(raw)
    return found


def _given(raw: RawTruth) -> Read:
    return lambda: raw


def _failing(message: str) -> Read:
    def fail() -> RawTruth:
        raise DataError(message)

    return fail


def _xml_folders(root: Path) -> list[Path]:
    bases = (root / "Annotations" / "VID", root / "VID", root)
    base = next(
        (each for each in bases if (each / "train").is_dir() or (each / "val").is_dir()), None
    )
    if base is None:
        return []
    return sorted(path for pattern in _PATTERNS for path in base.glob(pattern) if path.is_dir())


def _track_files(root: Path) -> list[Path]:
    if root.is_file():
        return [root] if root.suffix.lower() in _KINDS else []
    here = [root / each for each in _PLACES if (root / each).is_file()]
    return here or [
        folder / each for folder in folders(root) for each in _PLACES if (folder / each).is_file()
    ]


def _is_tracks(path: Path) -> bool:
    try:
        kind = kind_of(path)
        return kind != BOXES and bool(ANNOTATION_FILES[kind](path, Faults(strict=False)))
    except DataError:
        return False


def _folder_name(path: Path) -> str:
    above = path.parent.parent if path.parent.name == "gt" else path.parent
    return above.resolve().name
