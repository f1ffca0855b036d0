"""Accuracy and robustness over repetitions that differ, against plain loops."""

import numpy as np
import pytest

from tests.slow_vot import slow_frames, slow_mean
from tests.tracking.evaluation.supervised.made_targets import TAGS, made_target, made_targets
from tirdata.types import Floats
from tracking.evaluation.scores import RunScore, TargetScore
from tracking.evaluation.supervised import runs
from tracking.evaluation.supervised.runs import Target, target_of, with_empty


def _known(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]


def _slow(target: Target, frames: list[int], burn_in: int = 10) -> list[float | None]:
    plain = [(_known(run.wide), run.starts.tolist()) for run in target.runs]
    return slow_frames(plain, burn_in, frames)


def test_frames_are_means_over_the_repetitions_that_have_them() -> None:
    for target in made_targets():
        found = runs.frame_accuracy(target, 10)
        slow = _slow(target, [*range(target.length)])
        np.testing.assert_allclose(found, np.array(slow, np.float64))


def test_accuracy_pooled_and_by_target() -> None:
    targets = made_targets()
    frames = [_slow(target, [*range(target.length)]) for target in targets]
    assert runs.accuracy(targets, 10) == pytest.approx(
        slow_mean([v for each in frames for v in each])
    )
    weighted = sum(slow_mean(each) * len(each) for each in frames) / sum(map(len, frames))
    assert runs.accuracy_by_target(targets, 10) == pytest.approx(weighted)


def test_accuracy_by_run_is_a_mean_of_means() -> None:
    target = made_target(2, 60, (12, 30), ())
    alone = [Target(60, (run,), {}) for run in target.runs]
    means = [runs.accuracy([each], 10) for each in alone]
    assert runs.accuracy_by_run([target], 10) == pytest.approx(np.mean(means))


@pytest.mark.parametrize("tag", TAGS)
def test_of_a_tag_burn_in_counts_in_the_frames_that_are_left(tag: str) -> None:
    targets = made_targets()
    slow = [
        _slow(target, np.flatnonzero(target.tags[tag]).tolist(), burn_in=4) for target in targets
    ]
    pooled = [value for each in slow for value in each]
    found = runs.tagged_accuracy(targets, 4, tag)
    assert found.value == pytest.approx(slow_mean(pooled))
    assert found.length == len(pooled)


def test_accuracy_by_tag_counts_frames_with_two_tags_twice() -> None:
    targets = made_targets()
    both = [runs.tagged_accuracy(targets, 10, tag) for tag in TAGS]
    weighted = sum(each.value * each.length for each in both) / sum(each.length for each in both)
    assert runs.accuracy_by_tag(targets, 10) == pytest.approx(weighted)


def test_failures_in_all_forms() -> None:
    targets = made_targets()  # 0; 2, 1 and 0; 2 and 2
    assert [target.failures for target in targets] == [0, 1, 2]
    assert runs.failures(targets) == 3
    by_length = (1 * 60 + 2 * 35) / (40 + 60 + 35)
    assert runs.failures_by_length(targets) == pytest.approx(by_length)
    assert runs.reliability(targets, 30) == pytest.approx(np.exp(-30 * by_length / 45))
    for tag in TAGS:
        slow = sum(
            sum(target.tags[tag][failure] for run in target.runs for failure in run.failures)
            / len(target.runs)
            for target in targets
        )
        assert runs.tagged_failures(targets, tag).value == pytest.approx(slow)
    both = [runs.tagged_failures(targets, tag) for tag in TAGS]
    weighted = sum(each.value * each.length for each in both) / sum(each.length for each in both)
    assert runs.failures_by_tag(targets) == pytest.approx(weighted)


def test_a_target_that_is_never_tracked_has_accuracy_0() -> None:
    target = made_target(1, 9, ())
    assert runs.accuracy([target], 10) == 0
    assert np.isnan(runs.frame_accuracy(target, 10)).all()


def test_empty_is_what_has_no_tag() -> None:
    tags = {"a": np.array([True, False, False]), "b": np.array([True, True, False])}
    assert with_empty(tags)["empty"].tolist() == [False, False, True]
    assert with_empty({}) == {}
    assert with_empty({"empty": tags["a"]})["empty"].tolist() == [True, False, False]


def test_frames_of_a_score_count_from_its_first() -> None:
    run = RunScore(overlaps=(None, None, None, 0.5, None, 0.25, None), starts=(2,), failures=(4,))
    score = TargetScore(
        name="a", frames=4, values={}, curves={}, runs=(run,), tags={"t": (3, 5)}
    )  # fmt: skip
    target = target_of(score)
    np.testing.assert_array_equal(target.runs[0].overlaps, [np.nan, 0.5, np.nan, 0.25])
    np.testing.assert_array_equal(target.runs[0].wide, target.runs[0].overlaps)
    assert target.runs[0].starts.tolist() == [0]
    assert target.runs[0].failures.tolist() == [2]
    assert target.tags["t"].tolist() == [False, True, False, True]
