"""Where a person is sent next."""

import numpy as np
import pytest

from tirdata.annotate.replay import Guess, HumanTrack
from tirdata.annotate.suggest import doubts, suggest, suggestions
from tirdata.types import Box

COUNT = 101
BOX = Box(1, 2, 3, 4)


def sure(value: float = 0.95) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.full(COUNT, value)


def test_a_stretch_of_doubt_draws_a_box_into_its_middle() -> None:
    confidence = sure()
    confidence[20:31] = 0.1
    (found,) = suggest(confidence, [0, 100])
    assert found.frame == pytest.approx(25, abs=3)
    assert found.doubt > 0.5
    assert 5 < found.gain < 20


def test_a_long_stretch_of_little_doubt_outweighs_one_bad_frame_beside_a_box() -> None:
    confidence = sure()
    confidence[1] = 0.1
    confidence[40:61] = 0.4
    assert suggest(confidence, [0, 100])[0].frame == pytest.approx(50, abs=3)


@pytest.mark.parametrize("value", [0.9, np.nan])
def test_where_all_frames_are_alike_the_middle_of_the_longest_gap_comes_first(value: float) -> None:
    assert suggest(sure(value), [0, 30, 100])[0].frame == pytest.approx(65, abs=1)


def test_people_s_frames_and_those_without_an_object_are_never_suggested() -> None:
    out = np.zeros(COUNT, np.bool_)
    out[40:90] = True
    human = [0, 100]
    found = suggest(sure(0.2), human, left_out=out, wanted=COUNT)
    frames = [each.frame for each in found]
    assert sorted(frames) == [each for each in range(1, 100) if not out[each]]


def test_several_come_as_if_those_before_were_given() -> None:
    first, second, third = suggest(sure(0.3), [0], wanted=3)
    assert len({first.frame, second.frame, third.frame}) == 3
    assert abs(first.frame - second.frame) > 5
    assert first.gain >= second.gain >= third.gain
    again = suggest(sure(0.3), [0, first.frame])
    assert again[0] == second


def test_doubt_grows_with_the_distance_from_people_and_with_the_tracker_s_own() -> None:
    out = np.zeros(COUNT, np.bool_)
    plain = doubts(sure(0.8), [0, 100], out)
    assert (np.diff(plain[:50]) >= 0).all()
    assert plain[0] == plain[100] == 0
    assert (doubts(sure(0.5), [0, 100], out)[1:100] >= plain[1:100]).all()


def test_nothing_is_suggested_where_nothing_is_left() -> None:
    assert suggest(sure(), range(COUNT)) == []
    assert suggest(np.zeros(0), []) == []


def test_a_track_is_suggested_by_its_journal() -> None:
    human = HumanTrack(0, "drone", {0: BOX})
    assert suggestions(HumanTrack(1, "drone"), COUNT) == []
    human.machine = {frame: Guess(BOX, 0.9) for frame in range(1, 50)}
    human.machine |= {frame: Guess(None, 0.1) for frame in range(50, 60)}
    human.ends = {60}
    (found,) = suggestions(human, COUNT)
    assert 45 <= found.frame < 60
