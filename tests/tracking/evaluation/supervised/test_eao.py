"""Expected average overlap: against the text written down plainly, and by hand."""

import numpy as np
import pytest

from tests.slow_vot import Values, slow_eao
from tests.tracking.evaluation.supervised.made_targets import (
    TAGS,
    made_run,
    made_target,
    made_targets,
)
from tracking.evaluation.supervised.eao import (
    Fragment,
    LateFailure,
    average_overlap,
    expected_overlaps,
    fragments_of,
)
from tracking.evaluation.supervised.runs import Run, Target

LOW, HIGH = 15, 45


def _plain(
    targets: list[Target],
) -> dict[str, list[tuple[Values, list[int]]]]:
    return {
        str(number): [
            ([None if np.isnan(v) else v for v in run.overlaps.tolist()], run.failures.tolist())
            for run in target.runs
        ]
        for number, target in enumerate(targets)
    }


def test_differing_repetitions_are_averaged_as_the_text_has_it() -> None:
    targets = made_targets()
    (curve,) = expected_overlaps(targets)
    assert curve[0] == 1
    assert average_overlap(curve, LOW, HIGH) == pytest.approx(
        slow_eao(_plain(targets), (LOW, HIGH))
    )


@pytest.mark.parametrize("tag", TAGS)
def test_tags_weigh_fragments_by_their_share_of_frames(tag: str) -> None:
    targets = made_targets()
    marks = {str(number): target.tags[tag].tolist() for number, target in enumerate(targets)}
    curve = expected_overlaps(targets, TAGS)[1 + TAGS.index(tag)]
    slow = slow_eao(_plain(targets), (LOW, HIGH), marks)
    assert average_overlap(curve, LOW, HIGH) == pytest.approx(slow)


def test_the_same_repetition_thrice_is_one() -> None:
    once, thrice = made_target(5, 50, (20,)), made_target(5, 50, (20,))
    thrice = Target(50, thrice.runs * 3, {})
    other = made_target(6, 30, ())
    np.testing.assert_allclose(
        expected_overlaps([once, other]), expected_overlaps([thrice, other]), atol=1e-12
    )


def test_a_run_by_hand() -> None:
    # lost on the 4th of 10 frames, started again on the 9th
    overlaps = np.array([np.nan, 0.8, 0.6, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, 0.5])
    run = Run(overlaps, overlaps, np.array([0, 8]), np.array([3]))
    assert fragments_of(run, skip=5, late="forgiven") == [
        Fragment(0, 9, failed=True), Fragment(8, 10, failed=False)
    ]  # fmt: skip
    (curve,) = expected_overlaps([Target(10, (run,), {})])
    # the failed fragment has 9 frames of 10, the other 2: at 2 frames both are known
    assert curve[1] == pytest.approx((9 / 9 * 0.8 + 2 / 2 * 0.5) / 2)
    assert curve[2] == pytest.approx((0.8 + 0.6) / 2)
    assert curve[9] == pytest.approx((0.8 + 0.6) / 9)


@pytest.mark.parametrize(
    ("late", "failure", "expected"),
    [
        ("forgiven", 14, [Fragment(0, 20, failed=True), Fragment(19, 20, failed=False)]),
        ("forgiven", 15, [Fragment(0, 20, failed=False)]),
        ("forgiven-unless-at-end", 15, [Fragment(0, 20, failed=True)]),
        ("forgiven-unless-at-end", 16, [Fragment(0, 20, failed=False)]),
        ("counted", 16, [Fragment(0, 20, failed=True)]),
        ("counted", 19, [Fragment(0, 20, failed=True)]),
    ],
)
def test_failures_near_the_end(late: LateFailure, failure: int, expected: list[Fragment]) -> None:
    run = made_run(np.random.default_rng(0), 20, failure)
    assert fragments_of(run, skip=5, late=late) == expected


def test_weights_of_targets_and_of_runs_differ_where_repetitions_do() -> None:
    targets = [made_target(1, 40, ()), made_target(2, 40, (5,), (6,), (7,))]
    by_target = expected_overlaps(targets)[0]
    by_run = expected_overlaps(targets, weights="runs")[0]
    assert by_run[20] < by_target[20]


def test_lengths_of_which_nothing_is_known_are_left_out() -> None:
    curve = np.array([1, 0.8, 0.6, np.nan])
    assert average_overlap(curve, 2, 4) == pytest.approx(0.7)
    assert average_overlap(curve, 100, 356) == pytest.approx(0.6)


def test_nothing_is_known_beyond_the_longest_unfailed_run() -> None:
    curve = expected_overlaps([made_target(1, 10, ()), made_target(2, 20, (3,))])[0]
    assert len(curve) == 20
    assert not np.isnan(curve).any()
    alone = expected_overlaps([made_target(1, 10, ())], ["none"])
    assert np.isnan(alone[1, 1:]).all()
