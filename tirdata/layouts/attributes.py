"""Challenge attributes of whole sequences, as the benchmarks' own files have them.

PTB-TIR, LSOTB-TIR and LasHeR have a file a sequence with one line of 0 and 1, whose columns have no
names there. Their order is that of ``attName`` in ``run_evaluation.m`` of the first two (10 columns
are PTB-TIR's, 16 LSOTB-TIR's, the last four of which say what carried the camera), and that of
``Attributes_order.txt`` of LasHeR. RGBT234 has a file an attribute, with a line a sequence; GTOT a
table in MATLAB's form. What means the same has the same name here in all of them.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from tirdata.errors import AnnotationError
from tirdata.files import write_text
from tirdata.layouts.flags import all_flags, write_flags
from tirdata.layouts.mat_file import read_columns, write_columns
from tirdata.layouts.text import read_lines, split_line

Attributes: TypeAlias = frozenset[str]

PTB_TIR: Final = (
    "deformation", "occlusion", "scale variation", "background clutter", "low resolution",
    "fast motion", "motion blur", "out of view", "intensity variation", "thermal crossover",
)  # fmt: skip
LSOTB_TIR: Final = (
    "deformation", "occlusion", "distractor", "background clutter", "out of view",
    "scale variation", "fast motion", "motion blur", "thermal crossover", "intensity variation",
    "low resolution", "aspect ratio variation", "vehicle-mounted", "drone-mounted", "surveillance",
    "hand-held",
)  # fmt: skip
# The letters are those of the published tables.
LASHER: Final = {
    "NO": "no occlusion", "PO": "partial occlusion", "TO": "total occlusion",
    "HO": "hyaline occlusion", "MB": "motion blur", "LI": "low illumination",
    "HI": "high illumination", "AIV": "abrupt illumination variation", "LR": "low resolution",
    "DEF": "deformation", "BC": "background clutter", "SA": "similar appearance",
    "CM": "camera motion", "TC": "thermal crossover", "FL": "frame lost", "OV": "out of view",
    "FM": "fast motion", "SV": "scale variation", "ARC": "aspect ratio variation",
}  # fmt: skip
RGBT234: Final = {
    "BC": "background clutter", "CM": "camera motion", "DEF": "deformation", "FM": "fast motion",
    "HO": "heavy occlusion", "LI": "low illumination", "LR": "low resolution", "MB": "motion blur",
    "NO": "no occlusion", "PO": "partial occlusion", "SC": "scale variation",
    "TC": "thermal crossover",
}  # fmt: skip
GTOT: Final = {  # SO, small object, is what others call low resolution: fewer than 400 pixels
    "OCC": "occlusion", "LSV": "scale variation", "FM": "fast motion", "LI": "low illumination",
    "TC": "thermal crossover", "SO": "low resolution", "DEF": "deformation",
}  # fmt: skip
_GTOT_TEXT: Final = (  # OCC LSV FM LI HI TC LR DEF: an older table, of other sequences in part
    "occlusion", "scale variation", "fast motion", "low illumination", "high illumination",
    "thermal crossover", "low resolution", "deformation",
)  # fmt: skip
COLUMNS: Final[Mapping[str, frozenset[str]]] = {  # what each layout can say
    "lsotb": frozenset(LSOTB_TIR),
    "lasher": frozenset(LASHER.values()),
    **dict.fromkeys(("rgbt210", "rgbt234"), frozenset(RGBT234.values())),
    **dict.fromkeys(("gtot", "gtot-boxes"), frozenset(GTOT.values())),
}
_BY_COUNT: Final = {len(names): names for names in (PTB_TIR, LSOTB_TIR)}
_PLACES: Final = ("att", "anno/att", "tiranno/att")
_NAME: Final = re.compile(r"([a-z]+)_[DHSV]_\d{3}")  # by drone, hand, surveillance, vehicle
_NAMES: Final = "SequencesName.txt"


def attribute_folder(root: Path) -> Path | None:
    """Where the attributes of PTB-TIR or LSOTB-TIR lie, if they do."""
    return next((root / place for place in _PLACES if (root / place).is_dir()), None)


def class_in_name(name: str) -> str | None:
    """The class in a name of LSOTB-TIR.

    >>> class_in_name("airplane_H_001"), class_in_name("Jogging")
    ('airplane', None)
    """
    matched = _NAME.fullmatch(name)
    return matched[1] if matched else None


def speaks_for_lsotb(root: Path, name: str) -> bool:
    """Whether a root with the sequence ``name`` is of PTB-TIR or LSOTB-TIR."""
    return attribute_folder(root) is not None or class_in_name(name) is not None


def read_attributes(path: Path) -> Attributes:
    """The challenges of a sequence of PTB-TIR or LSOTB-TIR.

    Raises:
        AnnotationError: the file is wrong, or has another number of columns.
    """
    flags = all_flags(path)
    names = _BY_COUNT.get(len(flags))
    if names is None:
        raise AnnotationError(
            f"{path}: {len(flags)} columns; expected 10 (PTB-TIR) or 16 (LSOTB-TIR)"
        )
    return frozenset(name for name, flag in zip(names, flags, strict=True) if flag)


def read_lasher_attributes(path: Path) -> Attributes:
    """The challenges of one sequence of LasHeR, from its ``NAME.txt``.

    Raises:
        AnnotationError: the file is wrong, or has another number of columns.
    """
    flags = all_flags(path)
    if len(flags) != len(LASHER):
        raise AnnotationError(f"{path}: {len(flags)} columns; expected 19 (LasHeR)")
    return frozenset(name for name, flag in zip(LASHER.values(), flags, strict=True) if flag)


def read_rgbt234_attributes(folder: Path) -> dict[str, Attributes]:
    """The challenges of every sequence of RGBT234 or RGBT210, from the folder ``attr_txt``.

    A file an attribute, a line a sequence, in the order of ``SequencesName.txt``.

    Raises:
        AnnotationError: a file is missing, or the files differ in length.
    """
    names = [line.strip() for line in read_lines(folder / _NAMES)]
    found: dict[str, set[str]] = {name: set() for name in names}
    if len(found) != len(names):
        raise AnnotationError(f"{folder / _NAMES}: a name stands there twice; expected each once")
    for letters, attribute in RGBT234.items():
        path = folder / f"{letters}.txt"
        flags = all_flags(path)
        if len(flags) != len(names):
            raise AnnotationError(
                f"{path}: {len(flags)} flags; expected {len(names)}, as many as names in {_NAMES}"
            )
        for name, flag in zip(names, flags, strict=True):
            if flag:
                found[name].add(attribute)
    return {name: frozenset(each) for name, each in found.items()}


def read_gtot_attributes(path: Path) -> dict[str, Attributes]:
    """The challenges of every sequence of GTOT, from ``AttrMat.mat`` or ``sequencesAttr.txt``.

    The text is an older table: 43 of its 50 names are those of the data set as published.

    Raises:
        AnnotationError: the file is wrong.
    """
    return _gtot_table(path) if path.suffix == ".mat" else _gtot_text(path)


def write_attributes(path: Path, attributes: Attributes) -> None:
    """Write those that have a column in LSOTB-TIR, which has all of PTB-TIR's.

    Raises:
        StorageError: the file cannot be written.
    """
    write_flags(path, np.isin(LSOTB_TIR, sorted(attributes)), separator=",")


def write_lasher_attributes(path: Path, attributes: Attributes) -> None:
    """Write those that have a column in LasHeR.

    Raises:
        StorageError: the file cannot be written.
    """
    write_flags(path, np.isin([*LASHER.values()], sorted(attributes)), separator=",")


def write_rgbt234_attributes(folder: Path, attributes: Mapping[str, Attributes]) -> None:
    """Write those that RGBT234 has, of all sequences.

    Raises:
        StorageError: a file cannot be written.
    """
    write_text(folder / _NAMES, "".join(f"{name}\r\n" for name in attributes))
    for letters, attribute in RGBT234.items():
        lines = (f"{int(attribute in each)}\r\n" for each in attributes.values())
        write_text(folder / f"{letters}.txt", "".join(lines))


def write_gtot_attributes(path: Path, attributes: Mapping[str, Attributes]) -> None:
    """Write those that GTOT has, of all sequences, in MATLAB's form.

    Raises:
        StorageError: the file cannot be written.
    """
    flags = {
        letters: np.array([attribute in each for each in attributes.values()], np.bool_)
        for letters, attribute in GTOT.items()
    }
    write_columns(path, {"seqName": [*attributes], **flags})


def _gtot_table(path: Path) -> dict[str, Attributes]:
    columns = read_columns(path)
    names = columns.get("seqName")
    missing = sorted(set(GTOT) - set(columns))
    if not isinstance(names, list) or missing:
        what = missing[0] if isinstance(names, list) else "seqName"
        raise AnnotationError(f"{path}: no {what}; expected seqName and {', '.join(GTOT)}")
    for letters in GTOT:
        if len(columns[letters]) != len(names):
            raise AnnotationError(
                f"{path}: {letters} has {len(columns[letters])} rows; expected {len(names)}"
            )
    return {
        name: frozenset(GTOT[letters] for letters in GTOT if float(columns[letters][row]))
        for row, name in enumerate(names)
    }


def _gtot_text(path: Path) -> dict[str, Attributes]:
    found = {}
    for number, line in enumerate(read_lines(path), start=1):
        name, *flags = split_line(line)
        if len(flags) != len(_GTOT_TEXT) or set(flags) - {"0", "1"}:
            raise AnnotationError(
                f"{path}: line {number}: {line.strip()[:60]!r}; expected a name and 8 of 0 and 1"
            )
        found[name] = frozenset(
            attribute for attribute, flag in zip(_GTOT_TEXT, flags, strict=True) if flag == "1"
        )
    return found


def attributes_beside(root: Path, layout: str, name: str) -> Attributes:
    """Those of a pair, if the data set's file lies at its root; none if it does not name it.

    Raises:
        AnnotationError: the file is wrong.
    """
    if layout == "lasher":
        paths = (root / place / f"{name}.txt" for place in ("AttriSeqsTxt", "attr"))
        path = next((each for each in paths if each.is_file()), None)
        return read_lasher_attributes(path) if path else frozenset()
    if layout in {"rgbt210", "rgbt234"}:
        folder = root / "attr_txt"
        found = read_rgbt234_attributes(folder) if folder.is_dir() else {}
        return found.get(name, frozenset())
    tables = (root / place / "AttrMat.mat" for place in ("", "sequencesAttr"))
    table = next((each for each in tables if each.is_file()), None)
    return read_gtot_attributes(table).get(name, frozenset()) if table else frozenset()


class AttributesOfPairs:
    """Writes the attributes of pairs while their sequences are written."""

    def __init__(self, root: Path, layout: str) -> None:
        self._root = root
        self._layout = layout
        self._found: dict[str, Attributes] = {}

    def add(self, name: str, attributes: Attributes) -> None:
        """Take those of a sequence that the layout can say."""
        said = attributes & COLUMNS[self._layout]
        if self._layout != "lasher":
            self._found[name] = said
        elif said:
            write_lasher_attributes(self._root / "AttriSeqsTxt" / f"{name}.txt", said)

    def end(self) -> None:
        """Write what is one table for all, if any sequence has some."""
        if not any(self._found.values()):
            return
        if self._layout.startswith("rgbt"):
            write_rgbt234_attributes(self._root / "attr_txt", self._found)
        else:
            write_gtot_attributes(self._root / "sequencesAttr" / "AttrMat.mat", self._found)
