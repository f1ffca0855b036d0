"""Challenge attributes of whole sequences, as the toolkits of PTB-TIR and LSOTB-TIR have them.

``att/NAME.txt`` is one line of 0 and 1; the columns have no names there. Their order is that of
``attName`` in ``run_evaluation.m`` of each toolkit: 10 columns are PTB-TIR's, 16 LSOTB-TIR's, the
last four of which say what carried the camera.
"""

import re
from pathlib import Path
from typing import Final

import numpy as np

from tirdata.errors import AnnotationError, UsageError
from tirdata.layouts.flags import all_flags, write_flags

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
_COLUMNS: Final = {len(names): names for names in (PTB_TIR, LSOTB_TIR)}
_PLACES: Final = ("att", "anno/att", "tiranno/att")
_NAME: Final = re.compile(r"([a-z]+)_[DHSV]_\d{3}")  # by drone, hand, surveillance, vehicle


def attribute_folder(root: Path) -> Path | None:
    """Where the attributes of a data set lie, if it has some."""
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


def read_attributes(path: Path) -> frozenset[str]:
    """The challenges of a sequence.

    Raises:
        AnnotationError: the file is wrong, or has another number of columns.
    """
    flags = all_flags(path)
    names = _COLUMNS.get(len(flags))
    if names is None:
        raise AnnotationError(
            f"{path}: {len(flags)} columns; expected 10 (PTB-TIR) or 16 (LSOTB-TIR)"
        )
    return frozenset(name for name, flag in zip(names, flags, strict=True) if flag)


def write_attributes(path: Path, attributes: frozenset[str]) -> None:
    """Write them in the columns of LSOTB-TIR, which has all of PTB-TIR's.

    Raises:
        UsageError: one has no column.
        StorageError: the file cannot be written.
    """
    unknown = sorted(attributes - set(LSOTB_TIR))
    if unknown:
        raise UsageError(f"{path.stem}: no column for {unknown[0]!r}; {', '.join(LSOTB_TIR)}")
    write_flags(path, np.isin(LSOTB_TIR, sorted(attributes)), separator=",")
