"""Data sets in other people's layouts, by name, and finding out which one a folder has."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from tirdata.errors import DataError, UsageError
from tirdata.layouts.base import Layout
from tirdata.layouts.coco import CocoLayout
from tirdata.layouts.cvat import CvatLayout
from tirdata.layouts.got10k import Got10kLayout
from tirdata.layouts.gtot import GtotBoxesLayout, GtotLayout
from tirdata.layouts.ilsvrc import IlsvrcLayout
from tirdata.layouts.lasher import LasherLayout
from tirdata.layouts.lasot import LasotLayout
from tirdata.layouts.lsotb import LsotbLayout
from tirdata.layouts.mot import MotLayout
from tirdata.layouts.otb import OtbLayout
from tirdata.layouts.rgbt234 import Rgbt210Layout, Rgbt234Layout
from tirdata.layouts.vot import VotLayout

LAYOUTS: Final[dict[str, Layout]] = {
    "ilsvrc": IlsvrcLayout(),
    "got10k": Got10kLayout(),
    "otb": OtbLayout(),
    "mot": MotLayout(),
    "coco": CocoLayout(),
    "cvat": CvatLayout(),
    "lasot": LasotLayout(),
    "vot": VotLayout(),
    "lsotb": LsotbLayout(),
    "gtot": GtotLayout(),
    "gtot-boxes": GtotBoxesLayout(),
    "rgbt210": Rgbt210Layout(),
    "rgbt234": Rgbt234Layout(),
    "lasher": LasherLayout(),
}


def open_layout(root: Path, name: str | None = None) -> Layout:
    """The layout called ``name``, or the one that ``root`` is recognised by.

    Raises:
        UsageError: no such layout or folder, or the folder fits none or several.
        DataError: the folder cannot be read.
    """
    known = ", ".join(LAYOUTS)
    if name is not None and name not in LAYOUTS:
        raise UsageError(f"no layout {name!r}; there are: {known}")
    if not root.is_dir():
        raise UsageError(f"{root}: no such folder; expected the root of a data set")
    if name is not None:
        return LAYOUTS[name]
    try:
        fits = [layout for layout in LAYOUTS.values() if layout.recognises(root)]
    except OSError as error:
        raise DataError(f"{error.filename or root}: cannot be read ({error.strerror})") from None
    if len(fits) == 1:
        return fits[0]
    if fits:
        names = " or ".join(layout.name for layout in fits)
        raise UsageError(f"{root}: laid out as {names}; say which with --format")
    hint = _hint(root)
    raise UsageError(f"{root}: not laid out as any of {known}{hint}; say which with --format")


def _hint(root: Path) -> str:
    """Where a data set lies that is near, if one does."""
    near = [*sorted(path for path in root.iterdir() if path.is_dir())[:20], root.resolve().parent]
    for folder in near:
        for layout in LAYOUTS.values():
            with suppress(DataError, OSError):  # a neighbour that nobody asked for
                if layout.recognises(folder):
                    return f" (but {folder} is, as {layout.name})"
    return ""
