"""What makes a machine's box more likely right."""

import numpy as np
import pytest

from tirdata.annotate.certainty import Evidence, between, beyond

ONE = np.ones(1)
YES = np.ones(1, np.bool_)
GOOD = Evidence(0.9 * ONE, YES, 0.9 * ONE, 0.9 * ONE, 0.9 * ONE, 5 * ONE, YES, YES)


@pytest.mark.parametrize(
    "worse",
    [
        {"scores": 0.3 * ONE},
        {"agreement": 0.1 * ONE},
        {"arrival": 0.0 * ONE, "both_arrived": 0.0 * ONE},
        {"both_arrived": 0.1 * ONE},
        {"far": 100 * ONE},
        {"agreement": 0.0 * ONE, "both": ~YES},
        {"agreement": 0.0 * ONE, "both": ~YES, "found": ~YES},
    ],
)
def test_each_thing_that_speaks_against_a_box_counts(worse: dict[str, object]) -> None:
    assert between(GOOD._replace(**worse)) < between(GOOD)  # type: ignore[arg-type]


def test_a_good_box_is_nearly_sure_and_a_bad_one_is_not() -> None:
    bad = GOOD._replace(
        scores=0.1 * ONE, agreement=0 * ONE, arrival=0 * ONE, both_arrived=0 * ONE, far=60 * ONE
    )
    assert between(GOOD) > 0.9
    assert between(bad) < 0.4


def test_one_pass_is_less_sure_the_further_it_is_and_where_it_lost_the_object() -> None:
    far = np.array([1.0, 10, 100, 1000])
    sure = beyond(np.full(4, 0.9), far, np.ones(4, np.bool_))
    assert (np.diff(sure) < 0).all()
    assert sure[0] > 0.8
    assert (beyond(np.full(4, 0.1), far, np.zeros(4, np.bool_)) < 0.5).all()


def test_a_tracker_without_doubts_of_its_own_goes_by_distance() -> None:
    far = np.array([1.0, 100])
    sure = beyond(np.ones(2), far, np.ones(2, np.bool_))
    assert 0.5 < sure[0] < 1
    assert sure[1] < sure[0]
