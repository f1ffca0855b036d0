"""ILSVRC2015 VID: ours, and the original tree of ``Data/VID`` and ``Annotations/VID``.

Sequences are ``train/PACK/NAME`` and ``val/NAME``; names of the two subsets never coincide.
"""

from collections.abc import Iterable
from pathlib import Path

from tirdata.dataset.classes import wnid
from tirdata.dataset.frames import FrameFiles
from tirdata.dataset.lists import Entry, list_files
from tirdata.dataset.tree import CONFIG_NAME, Dataset, SequenceId
from tirdata.dataset.vid_xml import read_frames, tracks_of, write_annotations, xml_name
from tirdata.errors import DataError, UsageError
from tirdata.files import write_text
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.pictures import write_pictures
from tirdata.types import Sequence

_PATTERNS = ("train/*/*", "val/*")


class IlsvrcLayout(ReadsOneByOne):
    """A dataset with ``tirdata.toml``, or an ILSVRC2015 tree without."""

    name = "ilsvrc"
    origin = 0

    def recognises(self, root: Path) -> bool:
        """Our ``tirdata.toml``, or both halves of the tree."""
        halves = (root / half / "VID" for half in ("Data", "Annotations"))
        return (root / CONFIG_NAME).is_file() or all(half.is_dir() for half in halves)

    def names(self, root: Path) -> list[str]:
        """Sequences that are whole: with a card in ours, with annotations in others.

        Raises:
            DataError: two sequences have one name.
        """
        if (root / CONFIG_NAME).is_file():
            return [each.name for each in Dataset.open(root).sequence_ids()]
        return sorted(_folders(root))

    def read_one(self, root: Path, name: str) -> Sequence:
        """One sequence.

        Raises:
            DataError: there is none of that name, or a file is missing or wrong.
        """
        if (root / CONFIG_NAME).is_file():
            return Dataset.open(root).read_sequence(SequenceId.parse(name))
        folder = _folder(root, name)
        if folder is None:
            raise DataError(f"{root}: no sequence {name}")
        said = [*read_frames(folder)]
        tracks = tracks_of(said, folder)
        below = folder.relative_to(root / "Annotations")
        frames = FrameFiles(root / "Data" / below)
        if len(said) != len(frames):
            raise DataError(f"{folder}: {len(said)} XML files; expected {len(frames)}, one a frame")
        for number, size in enumerate(frame.size for frame in said):
            if size != frames.size:
                raise DataError(
                    f"{folder / xml_name(number)}: size is {size[0]}x{size[1]}; the frames are "
                    f"{frames.size[0]}x{frames.size[1]}; expected the same"
                )
        return Sequence(name, frames, tracks)

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write sequences and their lists as an original tree; boxes become whole pixels.

        Raises:
            UsageError: a name is not an ILSVRC2015 name, or a class has no WNID.
            StorageError: a file cannot be written.
        """
        entries = []
        for sequence in sequences:
            try:
                number = SequenceId.parse(sequence.name)
            except DataError as error:
                raise UsageError(f"{error}; import it into a dataset to have it named") from None
            folder = root / "Data" / "VID" / number.folder
            write_pictures(sequence.frames, folder, "{:06d}.JPEG", first=0)
            height, width = sequence.frames[0].shape
            write_annotations(
                root / "Annotations" / "VID" / number.folder,
                number,
                (width, height),
                len(sequence.frames),
                sequence.tracks,
            )
            shown = frozenset(wnid(each.class_name) for each in sequence.tracks)
            entries.append(Entry(number, len(sequence.frames), shown))
        for path, text in list_files(sorted(entries)).items():
            write_text(root / path, text)


def _folder(root: Path, name: str) -> Path | None:
    """The annotation folder of one sequence; the others, of which there may be many, not listed."""
    base = root / "Annotations" / "VID"
    parents = [base / "val", *sorted((base / "train").glob("*"))]
    found = (parent / name for parent in parents if Path(name).name == name)
    return next((path for path in found if path.is_dir()), None)


def _folders(root: Path) -> dict[str, Path]:
    """Annotation folders by the name of their sequence."""
    base = root / "Annotations" / "VID"
    found = [path for pattern in _PATTERNS for path in base.glob(pattern) if path.is_dir()]
    folders = {path.name: path for path in found}
    if len(folders) != len(found):
        twice = next(path for path in found if folders[path.name] != path)
        raise DataError(f"{twice}: another sequence has this name; expected each name once")
    return folders
