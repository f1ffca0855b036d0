"""A text file a target beside each other: ``NAME.txt`` of PTB-TIR, LSOTB-TIR, LasHeR, UAV123.

``absent/NAME.txt`` (LaSOT's toolkit) marks frames without the object. A list of names beside the
files says which of them count; files without boxes are none.
"""

import logging
import re
from functools import partial
from pathlib import Path
from typing import Final

from tirdata.layouts.folders import file_in
from tracking.evaluation.groundtruth.base import LISTS, Entries, RawTruth
from tracking.evaluation.groundtruth.rows import absent_in, first_numbers, has_boxes, truth_rows

logger = logging.getLogger(__name__)

# names that files have in a folder of their own sequence
_OF_ONE: Final = re.compile(
    r"(?i)groundtruth.*|gt(_[iv])?|init|visible.*|infrared|ir|rgb|tir|thermal|boxes"
)
_ENDINGS: Final = ("_gt", "_groundtruth", "_groundtruth_rect", ".groundtruth", "-gt")
_LOOKED_AT: Final = 5  # files, to see what a folder has


class FlatForm:
    """The folder of such files."""

    name = "flat"

    def origin(self, _: Path) -> int:
        """Boxes are counted from 1."""
        return 1

    def recognises(self, root: Path) -> bool:
        """Text files with boxes, which are not those of one sequence."""
        found = _texts(root)
        return any(has_boxes(path) for path in found[:_LOOKED_AT])

    def entries(self, root: Path) -> Entries:
        """What the list says, or else every file with numbers in it."""
        paths = {
            path.stem: path for path in _texts(root) if first_numbers(path) or not _words(path)
        }
        ending = next(
            (each for each in _ENDINGS if all(n.lower().endswith(each) for n in paths)), ""
        )
        named = {stem[: len(stem) - len(ending)]: path for stem, path in paths.items()}
        listed = _listed(root, set(named))
        # a name without a file is an error of that target
        return {
            name: partial(_read, named.get(name, root / f"{name}.txt"))
            for name in (sorted(named) if listed is None else listed)
        }


def _read(path: Path) -> RawTruth:
    rows = truth_rows(path)
    absent = file_in(path.parent / "absent", path.name)
    return RawTruth(absent_in(rows, absent), path)


def _texts(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    lists = {each.lower() for each in LISTS}
    return sorted(
        path for path in root.iterdir()
        if path.suffix.lower() in {".txt", ".csv"} and path.is_file()
        and not path.name.startswith(".") and path.name.lower() not in lists
        and not _OF_ONE.fullmatch(path.stem)
    )  # fmt: skip


def _words(path: Path) -> bool:
    """Whether a file has words, not numbers: a list or a note, and no boxes to complain of."""
    try:
        text = path.read_bytes()[:200].decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return False
    head = text.strip().splitlines()[:1]
    return bool(head) and re.search(r"[A-Za-z]{2}", re.sub(r"(?i)nan", "", head[0])) is not None


def _listed(root: Path, names: set[str]) -> list[str] | None:
    """The names of a list here or beside the folder, if most of it is in the folder."""
    for folder in (root, root.parent):
        for name in LISTS:
            path = folder / name
            if not path.is_file():
                continue
            lines = path.read_text("utf-8-sig", errors="replace").splitlines()
            listed = [line.strip() for line in lines if line.strip()]
            if 2 * len(names.intersection(listed)) <= len(set(listed)):
                continue
            for twice in sorted({each for each in listed if listed.count(each) > 1}):
                logger.warning("%s: %s stands there twice; it counts once", path, twice)
            return sorted(set(listed))
    return None
