"""Data sets and annotation files that come as a zip, unpacked for as long as they are read."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tirdata.decode.picture_files import is_zip
from tirdata.decode.unpack import unpack
from tirdata.errors import DataError
from tirdata.layouts import LAYOUTS
from tirdata.layouts.cvat import XML


def is_zip_file(path: Path) -> bool:
    """Whether a file begins as a zip does."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return is_zip(file.read(4))


@contextmanager
def unpacked_data(path: Path) -> Iterator[Path]:
    """The root of the data set in a zip, or CVAT's XML where the zip has no frames.

    A single folder around everything is passed over. The root is named as the zip where that lies
    open in it: some data sets are one sequence, which is called so.

    Raises:
        DecodeError: it cannot be unpacked, or is not meant to be.
        DataError: it is empty.
        StorageError: a file cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="tirdata-zip-") as temporary:
        root = Path(temporary) / path.stem
        root.mkdir()
        unpack(path, root)
        if not any(root.iterdir()):
            raise DataError(f"{path}: is empty; expected a data set, or CVAT's annotations.xml")
        while not _recognised(root) and (inner := _only_folder(root)) is not None:
            root = inner
        alone = (root / XML).is_file() and not (root / "images").is_dir()
        yield root / XML if alone else root


def _recognised(root: Path) -> bool:
    return any(layout.recognises(root) for layout in LAYOUTS.values())


def _only_folder(root: Path) -> Path | None:
    found = [*root.iterdir()]
    return found[0] if len(found) == 1 and found[0].is_dir() else None
