"""Files of boxes without their frames, by kind, and finding out which kind a file is."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tirdata.errors import AnnotationError
from tirdata.layouts.coco_file import read_coco
from tirdata.layouts.cvat_file import read_cvat
from tirdata.layouts.faults import Faults
from tirdata.layouts.mot import read_mot
from tirdata.layouts.objects import Annotations

ANNOTATION_FILES: Final[dict[str, Callable[[Path, Faults], list[Annotations]]]] = {
    "cvat": read_cvat,
    "coco": read_coco,
    "mot": read_mot,
}
BOXES = "boxes"  # a line x,y,w,h a frame, of one object

_LOOK = 4096
_MOT_COLUMNS = 6  # at least


def kind_of(path: Path) -> str:
    """A name in ``ANNOTATION_FILES``, or ``boxes``, by how the file begins.

    Raises:
        AnnotationError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(_LOOK).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror})") from None
    if start.startswith(b"PK\x03\x04"):
        raise AnnotationError(f"{path}: a zip; expected what is in it: unpack it first")
    if start.startswith(b"<"):
        return "cvat"
    if start.startswith(b"{"):
        return "coco"
    first = start.split(b"\n", 1)[0]
    return "mot" if first.count(b",") + 1 >= _MOT_COLUMNS else BOXES
