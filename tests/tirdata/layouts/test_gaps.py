"""Tracks split at gaps, and ids that stay small."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirdata.errors import UsageError
from tirdata.layouts.gaps import numbered_below, runs, split_gaps
from tirdata.types import Track


def _track(number: int, present: str) -> Track:
    """A track with a box where ``present`` has a 1."""
    there = np.array([each == "1" for each in present])
    boxes = np.where(there[:, None], np.arange(len(there))[:, None] + np.ones(4), np.nan)
    return Track(number, "bird", boxes, np.zeros(len(there), np.bool_), there.copy())


def test_a_run_is_a_track_and_the_first_keeps_its_id() -> None:
    made = split_gaps([_track(0, "110011"), _track(2, "011110"), _track(3, "101010")])
    assert [(t.id, "".join(str(int(p)) for p in t.present)) for t in made] == [
        (0, "110000"), (1, "000011"), (2, "011110"), (3, "100000"), (4, "001000"), (5, "000010"),
    ]  # fmt: skip
    assert all(np.array_equal(track.occluded, track.present) for track in made)


def test_a_track_without_a_box_stays() -> None:
    assert [track.id for track in split_gaps([_track(1, "000")])] == [1]


@given(st.lists(st.text("01", min_size=9, max_size=9), max_size=5))
def test_no_box_is_lost_or_changed_and_no_track_has_a_gap(spans: list[str]) -> None:
    tracks = [_track(number * 3, span) for number, span in enumerate(spans)]
    made = split_gaps(tracks)
    assert len({track.id for track in made}) == len(made)
    assert all(len(runs(track)) <= 1 for track in made)
    before = sum(np.nan_to_num(track.boxes).sum() for track in tracks)
    assert before == sum(np.nan_to_num(track.boxes).sum() for track in made)


def test_ids_change_only_where_they_have_to() -> None:
    tracks = [_track(7, "11"), _track(49, "11")]
    assert [t.id for t in numbered_below(tracks, 50, "s")] == [7, 49]
    assert [t.id for t in numbered_below([*tracks, _track(50, "11")], 50, "s")] == [0, 1, 2]
    with pytest.raises(UsageError, match=r"s: 51 tracks; expected at most 50"):
        numbered_below([_track(n, "1") for n in range(51)], 50, "s")
