"""Rules that boxes alone decide: at the published numbers, on hand-made tracks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tirdata.layouts.attributes import read_attributes
from tirdata.layouts.text import read_boxes
from tirdata.statistics.attributes import BOX_RULES, Seen, steps
from tirdata.statistics.rules import AttributeRules
from tirdata.types import Boxes, Flags, Track

SIZE = (100, 80)


def track(boxes: Boxes) -> Track:
    none = np.zeros(len(boxes), np.bool_)
    return Track(0, "drone", boxes, none, none)


def rows(*boxes: tuple[float, float, float, float] | None) -> Boxes:
    found = [(np.nan,) * 4 if box is None else box for box in boxes]
    return np.array(found, np.float64).reshape(-1, 4)


def flags(name: str, boxes: Boxes, **changed: float) -> list[bool]:
    found: Flags = BOX_RULES[name](Seen(track(boxes), SIZE), AttributeRules(**changed))
    assert found.shape == (len(boxes),)
    assert found.dtype == np.bool_
    return [bool(each) for each in found]


@pytest.mark.parametrize(
    ("name", "boxes", "expected"),
    [
        # The centre moves by 20, which is not more than 20; then by 20.5; then after a gap.
        ("fast motion", [(0, 0, 9, 9), (20, 0, 9, 9), (40.5, 0, 9, 9), None, (0, 0, 9, 9)],
         [0, 0, 1, 0, 0]),
        # A box that grows to one side moves its centre.
        ("fast motion", [(0, 0, 10, 10), (0, 0, 52, 10)], [0, 1]),
        # The diagonal of a 3x4 box is 5.
        ("fast motion for size", [(0, 0, 3, 4), (5, 0, 3, 4), (10.1, 0, 3, 4)], [0, 0, 1]),
        # Twice the area, a little more, half of it, a little less; the first box decides.
        ("scale variation",
         [None, (9, 9, 10, 10), (9, 9, 20, 10), (9, 9, 20.1, 10), (9, 9, 5, 10), (9, 9, 4.9, 10)],
         [0, 0, 0, 1, 0, 1]),
        # The same area in another shape is another attribute.
        ("scale variation", [(9, 9, 10, 10), (9, 9, 40, 2.5)], [0, 0]),
        ("aspect ratio variation",
         [(9, 9, 10, 10), (9, 9, 20, 10), (9, 9, 21, 10), (9, 9, 10, 21), (9, 9, 30, 30)],
         [0, 0, 1, 1, 0]),
        ("low resolution", [(9, 9, 20, 20), (9, 9, 20, 19.9), None], [0, 1, 0]),
        # At each edge, and a pixel from it.
        ("out of view",
         [(1, 1, 9, 9), (0, 9, 9, 9), (9, 0, 9, 9), (91, 9, 9, 9), (9, 71, 9, 9), (90, 70, 9, 9),
          (-4, 9, 9, 9), None],
         [0, 1, 1, 1, 1, 0, 1, 0]),
        ("disappearance", [None, (9, 9, 9, 9), None, None, (9, 9, 9, 9), None], [0, 0, 1, 1, 0, 0]),
    ],
)  # fmt: skip
def test_a_rule_holds_at_its_number(
    name: str, boxes: list[tuple[float, float, float, float] | None], expected: list[int]
) -> None:
    assert flags(name, rows(*boxes)) == [bool(each) for each in expected]


def test_numbers_may_be_others() -> None:
    boxes = rows((9, 9, 25, 25), (21, 9, 25, 25))
    assert flags("low resolution", boxes) == [False, False]
    assert flags("low resolution", boxes, low_resolution_px=1000) == [True, True]
    assert flags("fast motion", boxes, motion_px=10) == [False, True]


def test_occlusion_is_what_a_person_marked() -> None:
    hidden = replace(track(rows((1, 1, 9, 9), None)), occluded=np.array([False, True]))
    assert BOX_RULES["occlusion"](Seen(hidden, SIZE), AttributeRules()).tolist() == [False, True]


@pytest.mark.parametrize("name", BOX_RULES)
@pytest.mark.parametrize("boxes", [rows(), rows(None), rows(None, None), rows((5, 5, 30, 30))])
def test_a_short_or_absent_track_has_no_attribute(name: str, boxes: Boxes) -> None:
    assert not any(flags(name, boxes))


def test_steps_are_unknown_where_a_box_is() -> None:
    moved = steps(rows((0, 0, 2, 2), (3, 4, 2, 2), None, (0, 0, 2, 2), (0, 0, 2, 2)))
    assert np.array_equal(moved, [np.nan, 5, np.nan, np.nan, 0], equal_nan=True)


def test_people_s_labels_of_ptb_tir_mostly_agree(shared_data: Path) -> None:
    folder = shared_data / "eval" / "ptbtir" / "tiranno"
    agreed = dict.fromkeys(("scale variation", "low resolution", "fast motion"), 0)
    paths = sorted(folder.glob("*.txt"))
    for path in paths:
        given = read_attributes(folder / "att" / path.name)
        boxes = read_boxes(path, origin=1)
        for name in agreed:
            agreed[name] += any(flags(name, boxes)) == (name in given)
    assert len(paths) == 60
    assert agreed == {"scale variation": 48, "low resolution": 56, "fast motion": 47}
