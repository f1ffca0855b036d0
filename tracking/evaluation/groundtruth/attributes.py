"""Challenges of sequences, from the files that lie beside ground truth."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

from tirdata.errors import DataError
from tirdata.layouts.attributes import (
    LASHER,
    read_attributes,
    read_gtot_attributes,
    read_lasher_attributes,
    read_rgbt234_attributes,
)
from tirdata.layouts.flags import all_flags
from tracking.evaluation.result_names import loose
from tracking.evaluation.targets import Truths

logger = logging.getLogger(__name__)

Attributes: TypeAlias = Callable[[str], frozenset[str]]  # those of a sequence, by its name

_A_FILE_EACH: Final = ("att", "attr", "AttriSeqsTxt", "attributes", "attribute")
_TABLES: Final = ("AttrMat.mat", "sequencesAttr/AttrMat.mat")
_LISTS: Final = "attr_txt"


def attributes_near(roots: Iterable[Path]) -> Attributes:
    """Attributes from the first of the folders that has some; what is wrong is warned of."""
    for root in roots:
        table = _table(root)
        if table is not None:
            return lambda name: table.get(loose(name), frozenset())
        folder = next((root / each for each in _A_FILE_EACH if (root / each).is_dir()), None)
        if folder is not None:
            return _of_files(folder)
    return lambda _: frozenset()


def with_attributes(truths: Truths, roots: Iterable[Path]) -> Truths:
    """The same with challenges from other folders, where no target has any."""
    if any(truth.attributes for truth in truths.targets):
        return truths
    of = attributes_near(roots)
    targets = (replace(truth, attributes=of(truth.sequence)) for truth in truths.targets)
    return truths._replace(targets=tuple(targets))


def _table(root: Path) -> dict[str, frozenset[str]] | None:
    path = next((root / each for each in _TABLES if (root / each).is_file()), root / _LISTS)
    try:
        if path.is_file():
            found = read_gtot_attributes(path)
        elif path.is_dir():
            found = read_rgbt234_attributes(path)
        else:
            return None
    except DataError as error:
        logger.warning("no attributes: %s", error)
        return None
    return {loose(name): each for name, each in found.items()}


def _of_files(folder: Path) -> Attributes:
    paths = {loose(path.stem): path for path in folder.glob("*.txt")}

    @cache
    def say_once(message: str) -> None:
        logger.warning("%s: %s; no attributes from there", folder, message)

    def of(name: str) -> frozenset[str]:
        path = paths.get(loose(name))
        if path is None:
            return frozenset()
        try:
            count = len(all_flags(path))
            if count == len(LASHER):
                return read_lasher_attributes(path)
            return read_attributes(path)
        except DataError as error:
            say_once(str(error).removeprefix(f"{path}: "))
            return frozenset()

    return of
