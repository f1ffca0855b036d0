"""Numbers of files as true boxes of ours: origin, two corners, absence."""

import numpy as np

from tirdata.errors import AnnotationError
from tirdata.layouts import corners
from tirdata.types import Boxes, Flags, Floats, Polygons
from tracking.evaluation.groundtruth.base import RawTruth
from tracking.evaluation.result_text import BOX
from tracking.evaluation.targets import Truth


def to_truth(
    name: str,
    raw: RawTruth,
    *,
    origin: int,
    attributes: frozenset[str] = frozenset(),
    machine_boxes: bool = False,
) -> Truth:
    """A target with boxes from 0, NaN where it is absent or has no size.

    Args:
        name: of the target.
        raw: the numbers of its files.
        origin: number of the first pixel in them.
        attributes: challenges from elsewhere.
        machine_boxes: whether boxes that no person drew count as true.

    Raises:
        AnnotationError: two corners are in the wrong order, or the halves of a pair differ in
            length.
    """
    boxes, polygons = _boxes(raw.rows, raw, origin)
    if raw.generated is not None and not machine_boxes:
        boxes[raw.generated] = np.nan
    visible = None
    if raw.visible is not None:
        visible, _ = _boxes(raw.visible, raw, origin)
        if len(visible) != len(boxes):
            raise AnnotationError(
                f"{raw.where}: {len(boxes)} boxes, but {len(visible)} on the visible half; "
                "expected as many"
            )
    return Truth(
        name,
        raw.sequence or name,
        raw.track,
        boxes,
        polygons=polygons,
        visible=visible,
        size=raw.size,
        tags=raw.tags,
        attributes=attributes or raw.attributes,
    )


def _boxes(rows: Floats, raw: RawTruth, origin: int) -> tuple[Boxes, Polygons | None]:
    if rows.shape[1] != BOX:
        return _bounds(rows - origin)
    if raw.two_corners and "corners" not in corners.by_order(rows):
        raise AnnotationError(
            f"{raw.where}: not all are two corners x1 y1 x2 y2; for x y w h say --format gtot-boxes"
        )
    boxes = corners.to_boxes(rows) if raw.two_corners else rows.copy()
    boxes[:, :2] -= origin
    boxes[_without_size(boxes)] = np.nan
    return boxes, None


def _bounds(rows: Floats) -> tuple[Boxes, Polygons]:
    polygons: Polygons = rows.reshape(len(rows), 4, 2).copy()
    low, high = polygons.min(axis=1), polygons.max(axis=1)
    boxes: Boxes = np.hstack([low, high - low])
    absent = _without_size(boxes)
    boxes[absent], polygons[absent] = np.nan, np.nan
    return boxes, polygons


def _without_size(boxes: Boxes) -> Flags:
    with np.errstate(invalid="ignore"):
        return np.asarray(~(boxes[:, 2:] > 0).all(axis=1) | np.isnan(boxes).any(axis=1))
