"""The list files under ``ImageSets`` and ``Lists`` that published readers of VID2015 ask for."""

import math
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tirdata.dataset.classes import VID_CLASSES
from tirdata.dataset.names import SequenceId
from tirdata.dataset.tree import Dataset
from tirdata.dataset.vid_xml import xml_name
from tirdata.errors import AnnotationError
from tirdata.files import write_bytes

IMAGE_SETS = Path("ImageSets", "VID")
LISTS = Path("Lists")
FRAMES_PER_SEQUENCE = 15  # of VID_train_15frames.txt, a list of Flow-Guided Feature Aggregation

_WNID_ELEMENT = re.compile(rb"<name>\s*(n[0-9]{8})\s*</name>")


class Entry(NamedTuple):
    """What the lists say of one sequence."""

    id: SequenceId
    frames: int
    wnids: frozenset[str]


def write_lists(dataset: Dataset, changed: Collection[SequenceId] | None = None) -> int:
    """Bring every list up to date; how many files changed.

    ``changed`` are the sequences whose XML files may differ from what the lists say; None = any.
    Those that are not named keep the classes that the lists give them: their XML is not read.

    Raises:
        DataError: a card or an XML file is missing.
        StorageError: a list cannot be written.
    """
    listed = {} if changed is None else _listed_wnids(dataset.root)
    for each in changed or ():
        listed.pop(each.xml_folder, None)
    entries = []
    for each in dataset.sequence_ids():
        frames = dataset.read_card(each).frames
        wnids: Collection[str] | None = listed.get(each.xml_folder)
        if wnids is None and each.subset == "train":  # no list gives the classes of val
            wnids = wnids_of(dataset.annotation_dir(each), frames)
        entries.append(Entry(each, frames, frozenset(wnids or ())))
    written = 0
    for path, text in list_files(entries).items():
        target, data = dataset.root / path, text.encode("ascii")
        if not target.is_file() or target.read_bytes() != data:
            write_bytes(target, data)
            written += 1
    return written


def list_files(entries: Sequence[Entry]) -> dict[Path, str]:
    """Each list's path below the dataset, and its text."""
    train = [entry for entry in entries if entry.id.subset == "train"]
    val = [entry for entry in entries if entry.id.subset == "val"]
    texts = {
        IMAGE_SETS / f"train_{number}.txt": [
            f"{entry.id.xml_folder} 1" for entry in train if wnid in entry.wnids
        ]
        for number, wnid in enumerate(VID_CLASSES.values(), start=1)
    }
    texts[IMAGE_SETS / "val.txt"] = list(_val_frames(val))
    texts[LISTS / "VID_train_15frames.txt"] = [
        f"{entry.id.folder} 1 {frame} {entry.frames}"
        for entry in train
        for frame in spread_frames(entry.frames)
    ]
    texts[LISTS / "VID_val_videos.txt"] = list(_val_videos(val))
    return {path: "".join(f"{line}\n" for line in lines) for path, lines in texts.items()}


def spread_frames(frames: int) -> list[int]:
    """Up to 15 frames, counted from 1, in the middles of equal parts of a sequence.

    >>> spread_frames(300)[:3], spread_frames(3)
    ([10, 30, 50], [1, 2, 3])
    """
    parts = FRAMES_PER_SEQUENCE
    return sorted({math.ceil((2 * part + 1) * frames / (2 * parts)) for part in range(parts)})


def wnids_of(annotation_dir: Path, frames: int) -> frozenset[str]:
    """The classes that the XML files of a sequence name.

    Raises:
        AnnotationError: a file is missing.
    """
    found: set[bytes] = set()
    for number in range(frames):
        path = annotation_dir / xml_name(number)
        try:
            found.update(_WNID_ELEMENT.findall(path.read_bytes()))
        except OSError as error:
            raise AnnotationError(f"{path}: cannot read ({error.strerror})") from None
    return frozenset(wnid.decode("ascii") for wnid in found)


def _val_frames(val: Sequence[Entry]) -> Iterator[str]:
    index = 0
    for entry in val:
        for number in range(entry.frames):
            index += 1
            yield f"{entry.id.xml_folder}/{number:06d} {index}"


def _val_videos(val: Sequence[Entry]) -> Iterator[str]:
    first = 1
    for entry in val:
        yield f"{entry.id.folder} {first} 0 {entry.frames}"
        first += entry.frames


def _listed_wnids(root: Path) -> dict[str, set[str]]:
    """The classes of each train sequence, by its folder, as the lists have them."""
    try:
        frames = (root / LISTS / "VID_train_15frames.txt").read_text(encoding="ascii")
        listed: dict[str, set[str]] = {
            line.split(" ")[0].removeprefix("train/"): set() for line in frames.splitlines()
        }
        for number, wnid in enumerate(VID_CLASSES.values(), start=1):
            lines = (root / IMAGE_SETS / f"train_{number}.txt").read_text(encoding="ascii")
            for line in lines.splitlines():
                listed[line.split(" ")[0]].add(wnid)
    except (FileNotFoundError, KeyError, UnicodeDecodeError):
        return {}  # absent or not ours: all is read again
    return listed
