"""VOT: ``list.txt`` and ``NAME/groundtruth.txt`` with boxes or polygons, origin 0.

Frames are ``NAME/00000001.jpg`` (VOT2013 to 2017, VOT-TIR) or lie in ``NAME/color`` (2018 and on);
``NAME/color`` and ``NAME/ir`` are a pair (VOT-RGBT). ``camera_motion.tag`` or ``.label`` and others
mark frames. ``NAME/sequence`` has properties, of which rate, size and the places of frames are
read. A workspace of the toolkit, with all that under ``sequences``, may be the root.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from tirdata.errors import DataError
from tirdata.files import write_text
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.flags import write_flags
from tirdata.layouts.folders import first_folders, folder_of, listed_names, named_folders
from tirdata.layouts.pairs import Halves, read_pair, write_halves
from tirdata.layouts.pictures import (
    KINDS,
    PictureFrames,
    check_count,
    list_pictures,
    write_pictures,
)
from tirdata.layouts.regions import (
    OCCLUSION,
    POLYGON,
    PROPERTIES,
    RECTANGLE,
    read_marks,
    read_regions,
    region_numbers,
    write_regions,
)
from tirdata.layouts.text import number_text
from tirdata.layouts.tracks import Target, check_one_truth, drawn, targets
from tirdata.layouts.vot_properties import read_properties
from tirdata.types import Sequence

LIST = "list.txt"
_OTHERS = ("absence.label", "cover.label", "full_occlusion.txt", "out_of_view.txt")
_NAME = "{:08d}.jpg"


class VotLayout(ReadsOneByOne):
    """Sequences of a list, or all folders with ground truth; the root may also be one of them."""

    name = "vot"
    origin = 0

    def recognises(self, root: Path) -> bool:
        """``groundtruth.txt`` beside frames, and nothing that only others have."""
        return any(_fits(path) for path in first_folders(_base(root), _is_sequence))

    def names(self, root: Path) -> list[str]:
        """What ``list.txt`` says, or else the folders.

        Raises:
            DataError: the list names a sequence twice.
        """
        base = _base(root)
        if (base / LIST).is_file():
            return listed_names(base / LIST)
        return list(named_folders(base, _is_sequence))

    def read_one(self, root: Path, name: str) -> Sequence:
        """One sequence with its one object.

        Raises:
            DataError: a file is missing or wrong, or regions and frames differ in number.
        """
        folder = folder_of(_base(root), name, _is_sequence)
        path = folder / "groundtruth.txt"
        boxes, polygons = read_regions(path)
        said = read_properties(folder)
        half = Halves(*(folder / said.channels.get(name, name) for name in ("ir", "color")))
        paired = half.thermal.is_dir() and half.visible.is_dir() and half.thermal != half.visible
        frames = half.thermal if paired else _frames(folder, said.channels)
        pictures = list_pictures(frames)
        check_count(path, boxes, pictures, frames)
        shown = PictureFrames(pictures, said.fps)
        _check_size(folder, said.size, shown)
        tags = read_marks(folder, len(boxes))
        track = drawn(boxes, occluded=tags.get(OCCLUSION), polygons=polygons)
        visible = read_pair(name, half, {}, {}).visible if paired else None
        return Sequence(name, shown, (track,), visible, tags=tags)

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write sequences and ``list.txt``, last; a folder for each object.

        Raises:
            UsageError: a sequence has no track, or other boxes on its visible half.
            StorageError: a file cannot be written.
        """
        names: list[str] = []
        for sequence in sequences:
            check_one_truth(sequence, "VOT")
            for target in targets(sequence, "VOT"):
                _write_one(sequence, target, root / target.name)
                names.append(target.name)
        write_text(root / LIST, "".join(f"{name}\n" for name in names))


def _write_one(sequence: Sequence, target: Target, folder: Path) -> None:
    properties = {"name": target.name}
    fps = getattr(sequence.frames, "fps", None)
    if fps:
        properties["fps"] = number_text(fps)
    if sequence.visible is None:
        write_pictures(sequence.frames, folder, _NAME)
        properties["channels.color"] = "%08d.jpg"
    else:
        halves = Halves(folder / "ir", folder / "color")
        write_halves(sequence, "VOT", halves, (_NAME, _NAME))
        properties |= {"channels.color": "color/%08d.jpg", "channels.ir": "ir/%08d.jpg"}
    write_regions(folder / "groundtruth.txt", target.track)
    marks = dict(sequence.tags)
    marks.pop(OCCLUSION, None)
    if target.track.occluded.any() or OCCLUSION in sequence.tags:
        marks[OCCLUSION] = target.track.occluded
    for name, flags in marks.items():
        write_flags(folder / f"{name}.tag", flags, separator="\n")
    text = "".join(f"{key}={value}\n" for key, value in properties.items())
    write_text(folder / PROPERTIES, text)


def _base(root: Path) -> Path:
    below = root / "sequences"
    return below if (below / LIST).is_file() and not (root / LIST).is_file() else root


def _is_sequence(folder: Path) -> bool:
    return (folder / "groundtruth.txt").is_file()


def _check_size(folder: Path, size: tuple[int, int] | None, frames: PictureFrames) -> None:
    height, width = frames[0].shape
    if size not in (None, (width, height)):
        raise DataError(
            f"{folder / PROPERTIES}: size is {size}; the frames are {width}x{height}; expected "
            "the same"
        )


def _frames(folder: Path, channels: Mapping[str, str] = MappingProxyType({})) -> Path:
    """Where the frames of a sequence lie; of several channels the first that there is.

    Raises:
        DataError: the folder cannot be listed.
    """
    for name in (*channels.values(), "color", "ir", "img"):
        if (folder / name).is_dir():
            return folder / name
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected a sequence")
    return folder


def _fits(folder: Path) -> bool:
    """Whether a sequence's folder is VOT's, or may be and nothing speaks for another layout."""
    numbers = region_numbers(folder / "groundtruth.txt")
    if any((folder / name).is_file() for name in _OTHERS) or numbers not in (RECTANGLE, POLYGON):
        return False
    frames = _frames(folder)
    if frames == folder and not any(path.suffix.lower() in KINDS for path in folder.iterdir()):
        return False
    return not any(folder.glob("groundtruth_rect*.txt"))
