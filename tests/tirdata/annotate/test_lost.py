"""What stands where the object is lost, and where boxes end in doubt."""

import numpy as np
import pytest

from tests.tirdata.annotate.stand_ins import Numbered, ScriptedTracker, absent, straight
from tirdata.annotate.follow import PropagateConfig, Span, follow
from tirdata.annotate.lost import doubtful, filled
from tirdata.types import Box, Boxes, Floats

COUNT = 12


def holed(*lost: int) -> Boxes:
    boxes = straight(COUNT)[1:-1].copy()
    boxes[list(lost)] = np.nan
    return boxes


def span(*, before: bool = True, after: bool = True) -> Span:
    ends = straight(COUNT)[[0, -1]].tolist()
    return Span(1, COUNT - 2, Box(*ends[0]) if before else None, Box(*ends[1]) if after else None)


def test_lines_go_on_where_the_object_is_lost() -> None:
    boxes = filled(holed(0, 1, 5, 9), span(), "lines")
    assert np.allclose(boxes, straight(COUNT)[1:-1])
    assert absent(filled(holed(0, 5, 9), span(after=False), "lines")) == [9]


def test_hold_keeps_the_last_box_or_the_first_one() -> None:
    boxes = filled(holed(4, 5, 9), span(), "hold")
    assert np.array_equal(boxes[[4, 5]], holed()[[3, 3]])
    assert np.array_equal(filled(holed(0, 1), span(before=False), "hold")[0], holed()[2])
    assert np.array_equal(filled(holed(0, 1), span(), "hold")[0], straight(COUNT)[0])


def test_by_default_and_where_nothing_is_known_nothing_stands() -> None:
    assert absent(filled(holed(3), span(), "none")) == [3]
    alone = span(before=False, after=False)
    assert absent(filled(holed(*range(10)), alone, "hold")) == [*range(10)]


def certain(*doubts: int) -> Floats:
    sure = np.full(10, 0.9)
    sure[list(doubts)] = 0.1
    return sure


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [(True, True, range(2, 9)), (True, False, range(2, 10)), (False, True, range(9))],
)
def test_boxes_end_with_the_first_doubt_and_begin_after_the_last(
    before: bool, after: bool, left: range
) -> None:
    sure = certain(2, 3, 7, 8)
    found = doubtful(sure, span(before=before, after=after), 0.5, bridge_frames=1)
    assert np.flatnonzero(found).tolist() == [*left]


def test_a_short_dip_is_no_doubt_and_zero_is_never() -> None:
    assert not doubtful(certain(4), span(), 0.5, bridge_frames=1).any()
    assert not doubtful(certain(4, 5), span(), 0.0, bridge_frames=0).any()


def test_a_pass_in_doubt_looks_at_no_further_frame() -> None:
    numbers = range(4, 9)
    tracker = ScriptedTracker(straight(COUNT), dict.fromkeys(numbers, 0.01))
    settings = PropagateConfig(until_doubtful=0.3, bridge_frames=1)
    boxes, sure = follow(Numbered(COUNT), tracker, span(after=False), settings)
    assert tracker.seen == [1, 2, 3, 4, 5]
    assert absent(boxes) == [*range(3, 10)]
    assert (sure[4:] < 0.3).all()


def test_between_two_boxes_both_passes_go_to_their_end() -> None:
    tracker = ScriptedTracker(straight(COUNT), dict.fromkeys(range(4, 9), 0.01))
    settings = PropagateConfig(until_doubtful=0.9, bridge_frames=1)
    boxes, _ = follow(Numbered(COUNT), tracker, span(), settings)
    assert set(tracker.seen) == {*range(COUNT)}
    assert set(range(3, 8)) <= {*absent(boxes)}
