"""Whether four numbers are two corners (x1 y1 x2 y2) or a corner and sizes (x y w h).

Nothing in such files says so; what excludes one of the two decides, over all rows of a file:

- a third number below the first, or a fourth below the second, anywhere: not corners;
- ``init.txt`` beside it repeats the first row: sizes; has its differences for sizes: corners;
- the middle of more than one box in ten beyond the frame, read one way: not that way.

Where both remain possible, or neither, it is not decided here.
"""

from typing import Final, Literal, TypeAlias

import numpy as np

from tirdata.types import Boxes

Form: TypeAlias = Literal["corners", "sizes"]
FORMS: Final[frozenset[Form]] = frozenset({"corners", "sizes"})
_OUTSIDE = 0.1  # share of boxes that may leave the frame by more than half


def by_order(rows: Boxes) -> frozenset[Form]:
    """The forms that the order of the numbers allows.

    >>> sorted(by_order(np.array([[300.0, 200, 320, 240]])))
    ['corners', 'sizes']
    >>> sorted(by_order(np.array([[300.0, 200, 20, 40]])))
    ['sizes']
    """
    rows = _there(rows)
    possible: set[Form] = {"sizes"}
    if (rows[:, 2:] >= rows[:, :2]).all():
        possible.add("corners")
    return frozenset(possible)


def by_frame(rows: Boxes, size: tuple[int, int]) -> frozenset[Form]:
    """The forms in which the middles of boxes are in the frame, whose ``size`` is (w, h).

    >>> sorted(by_frame(np.array([[300.0, 200, 320, 240]]), (384, 288)))
    ['corners']
    """
    rows = _there(rows)
    middles: dict[Form, Boxes] = {
        "corners": (rows[:, :2] + rows[:, 2:]) / 2,
        "sizes": rows[:, :2] + rows[:, 2:] / 2,
    }
    return frozenset(
        form
        for form, middle in middles.items()
        if (middle > size).any(axis=1).sum() <= _OUTSIDE * len(rows)
    )


def by_start(rows: Boxes, start: Boxes) -> frozenset[Form]:
    """The forms in which the first row is the first of ``start``, which is x, y, w, h."""
    if not len(rows) or not len(start) or not np.array_equal(rows[0, :2], start[0, :2]):
        return FORMS
    possible: set[Form] = set()
    if np.array_equal(rows[0, 2:], start[0, 2:]):
        possible.add("sizes")
    if np.array_equal(rows[0, 2:] - rows[0, :2], start[0, 2:]):
        possible.add("corners")
    return frozenset(possible) or FORMS


def to_boxes(corners: Boxes) -> Boxes:
    """Corners as x, y, w, h; without size: NaN."""
    boxes = corners.copy()
    boxes[:, 2:] -= boxes[:, :2]
    with np.errstate(invalid="ignore"):
        boxes[(boxes[:, 2:] <= 0).any(axis=1)] = np.nan
    return boxes


def to_corners(boxes: Boxes) -> Boxes:
    """x, y, w, h as two corners."""
    corners = boxes.copy()
    corners[:, 2:] += corners[:, :2]
    return corners


def _there(rows: Boxes) -> Boxes:
    """Rows in which there is an object at all."""
    known: Boxes = rows[np.isfinite(rows).all(axis=1)]
    return known[known.any(axis=1)]
