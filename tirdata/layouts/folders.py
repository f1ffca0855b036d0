"""Folders of sequences below a root, and the files in them, whatever the case of their names."""

from collections.abc import Callable
from itertools import islice, pairwise
from pathlib import Path

from tirdata.errors import AnnotationError, DataError
from tirdata.layouts.text import read_lines

MOST_LOOKED_AT = 100  # folders, to see how a root is laid out


def folders(root: Path) -> list[Path]:
    """The folders in ``root``, sorted; none where it cannot be listed."""
    try:
        return sorted(
            path for path in root.iterdir() if not path.name.startswith(".") and path.is_dir()
        )
    except OSError:
        return []


def named_folders(root: Path, holds: Callable[[Path], bool]) -> dict[str, Path]:
    """Sequence folders by name: the root itself where it is one, else those in it."""
    if holds(root):
        return {root.resolve().name: root}
    return {path.name: path for path in folders(root) if holds(path)}


def first_folders(root: Path, holds: Callable[[Path], bool]) -> list[Path]:
    """As ``named_folders``, a few of them, to see how a root is laid out."""
    if holds(root):
        return [root]
    return list(islice((path for path in folders(root) if holds(path)), MOST_LOOKED_AT))


def folder_of(root: Path, name: str, holds: Callable[[Path], bool]) -> Path:
    """The folder of one sequence.

    Raises:
        DataError: there is none of that name.
    """
    if (root / name).is_dir() and holds(root / name):
        return root / name
    if holds(root) and name == root.resolve().name:
        return root
    raise DataError(f"{root}: no sequence {name}; see what is there with --dry-run")


def file_in(folder: Path, name: str) -> Path:
    """``name`` in ``folder``, in any case: ``groundtruth_v.txt`` is ``groundTruth_v.txt``."""
    exact = folder / name
    if exact.exists() or not folder.is_dir():
        return exact
    alike = sorted(path for path in folder.iterdir() if path.name.lower() == name.lower())
    return alike[0] if alike else exact


def listed_names(path: Path) -> list[str]:
    """The names in a list of sequences, sorted.

    Raises:
        DataError: there is no such file, or it names a sequence twice.
    """
    try:
        names = sorted(word.strip() for word in read_lines(path) if word.strip())
    except AnnotationError:
        found = "not text" if path.exists() else "no such file"
        raise DataError(f"{path}: {found}; expected the names of the sequences") from None
    twice = {first for first, second in pairwise(names) if first == second}
    if twice:
        raise DataError(f"{path}: {min(twice)} stands there twice; expected each name once")
    return names
