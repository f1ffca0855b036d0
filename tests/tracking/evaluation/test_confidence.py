"""Intervals of real measures: shortcuts equal the protocols, and what is said of the order."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.tracking.evaluation.supervised.made_targets import made_run
from tracking.evaluation.bootstrap import FEW_RESAMPLES, draw
from tracking.evaluation.confidence import conclusion, confidences, statistics_of
from tracking.evaluation.measures import MEASURES
from tracking.evaluation.protocols.base import EvaluationProtocol
from tracking.evaluation.protocols.effort import Effort, EffortConfig
from tracking.evaluation.protocols.one_pass import OnePass, OnePassConfig
from tracking.evaluation.protocols.rgbt import Rgbt, RgbtConfig
from tracking.evaluation.protocols.vot_supervised import VotSupervised, VotSupervisedConfig
from tracking.evaluation.results import Trajectory
from tracking.evaluation.scores import Failure, RunScore, Scores, TargetScore
from tracking.evaluation.targets import Truth

RUNS: list[tuple[int, list[tuple[int, ...]]]] = [  # frames, and failures of each repetition
    (40, [()]),
    (60, [(12, 30), (31,)]),
    (35, [(20, 33)]),
    (52, [(10,)]),
    (28, [(), (5,)]),
]


def scores_of(
    protocol: EvaluationProtocol, targets: Sequence[TargetScore], name: str = "a"
) -> Scores:
    return Scores(
        name=name,
        benchmark="made",
        truth_sha256="0" * 64,
        results="results",
        origin=0,
        summary=protocol.summarise(targets),
        targets=tuple(targets),
    )


def runs(protocol: EvaluationProtocol, more: Sequence[int] = ()) -> list[TargetScore]:
    """Five targets with one repetition or two; ``more`` fails on these of them once more."""
    random = np.random.default_rng(5)
    found = []
    for index, (length, repetitions) in enumerate(RUNS):
        made = []
        for failures in repetitions:
            run = made_run(random, length, *failures, *((25,) if index in more else ()))
            overlaps, wide = (
                tuple(None if np.isnan(value) else value for value in each.tolist())
                for each in (run.overlaps, run.wide)
            )
            starts, lost = tuple(run.starts.tolist()), tuple(run.failures.tolist())
            made.append(RunScore(overlaps=overlaps, wide=wide, starts=starts, failures=lost))
        name = f"t{index}"
        score = TargetScore(name=name, frames=length, values={}, curves={}, runs=tuple(made))
        values = protocol.summarise([score]).values
        found.append(score.model_copy(update={"values": values}))
    return found


def passes(protocol: EvaluationProtocol, count: int, seed: int, shift: float = 0) -> Scores:
    random = np.random.default_rng(seed)
    targets = []
    for index in range(count):
        boxes = np.tile([20.0, 20, 30, 30], (int(random.integers(5, 30)), 1))
        truth = Truth(f"t{index}", f"t{index}", 0, boxes)
        answer = boxes + random.normal(shift, 6, boxes.shape) * [1, 1, 0, 0]
        if index == 1:
            answer[:] += [500, 500, 0, 0]  # never scores
        targets.append(protocol.score(truth, [Trajectory(answer)]))
    return scores_of(protocol, targets)


PASSES: list[EvaluationProtocol] = [
    OnePass(OnePassConfig(zero_curve="drop", first_frame="as-given")),
    OnePass(OnePassConfig(headline="overlap")),
    Rgbt(RgbtConfig()),
    Rgbt(RgbtConfig(curves="gtot", average="frames")),
]


@pytest.mark.parametrize("protocol", PASSES)
def test_shortcuts_of_passes_equal_the_protocol(protocol: EvaluationProtocol) -> None:
    _check(protocol, passes(protocol, 8, 1))


@pytest.mark.parametrize("weights", ["targets", "runs"])
@pytest.mark.parametrize("late", ["forgiven", "counted"])
def test_shortcuts_of_vot_equal_the_protocol(weights: str, late: str) -> None:
    rules = {"interval": (10, 40), "bounded": False, "weights": weights, "late_failure": late}
    protocol = VotSupervised(VotSupervisedConfig.model_validate(rules))
    _check(protocol, scores_of(protocol, runs(protocol)))


def test_shortcuts_of_effort_equal_the_protocol() -> None:
    protocol = Effort(EffortConfig())
    random = np.random.default_rng(2)
    targets = []
    for index in range(7):
        boxes = np.tile([20.0, 20, 30, 30], (int(random.integers(8, 30)), 1))
        states = np.full(len(boxes), 3, np.int8)
        states[0] = 1
        states[random.integers(0, len(boxes), 3)] = 1
        truth = Truth(f"t{index}", f"t{index}", 0, boxes)
        targets.append(protocol.score(truth, [Trajectory(boxes + 4, states=states)]))
    _check(protocol, scores_of(protocol, targets))


def _check(protocol: EvaluationProtocol, scores: Scores) -> None:
    draws = draw(len(scores.targets), 40)
    found = statistics_of(protocol, scores)
    assert set(found) == set(protocol.headline)
    for measure, statistic in found.items():
        values = statistic(draws)
        right = [
            protocol.summarise([scores.targets[index] for index in pick]).values[measure]
            for pick in draws.picks
        ]
        assert values == pytest.approx(np.array(right), abs=1e-6), measure


def test_an_unknown_protocol_sums_up_every_resample() -> None:
    class Other:
        headline = ("success",)
        inner = OnePass(OnePassConfig())

        def summarise(self, scores: Sequence[TargetScore]) -> object:
            return self.inner.summarise(scores)

    other = Other()
    scores = passes(other.inner, 6, 3)
    values = statistics_of(other, scores)["success"](draw(6))  # type: ignore[arg-type]
    assert len(values) == FEW_RESAMPLES
    exact = statistics_of(other.inner, scores)["success"](draw(6))
    assert values == pytest.approx(exact[:FEW_RESAMPLES])


def test_close_trackers_are_not_told_apart_and_far_ones_are() -> None:
    protocol = OnePass(OnePassConfig())
    first, near, far = (
        passes(protocol, 30, seed, shift).model_copy(update={"name": name})
        for name, seed, shift in (("first", 1, 0), ("near", 2, 0), ("far", 3, 12))
    )
    if near.summary.values["success"] > first.summary.values["success"]:
        first, near = near, first
    found = confidences(protocol, [first, near, far])
    assert found[first.name]["success"].to_best is None
    close, distant = (found[each.name]["success"].to_best for each in (near, far))
    assert close is not None
    assert distant is not None
    assert not close.told_apart
    assert distant.told_apart
    assert distant.high < 0
    assert conclusion(confidences(protocol, [first, far]), [first, far], "success") == (
        f"{first.name} is told apart from every other one (95 %)."
    )
    said = conclusion(found, [first, near, far], "success")
    assert said == f"Not told apart from {first.name} (95 %): {near.name}."


def test_other_truth_other_targets_and_incomplete_ones_are_not_compared() -> None:
    protocol = OnePass(OnePassConfig())
    first = passes(protocol, 12, 1)
    stale = first.model_copy(update={"name": "stale", "truth_sha256": "1" * 64})
    failed = (Failure(name="t11", error="crashed"),)
    part = scores_of(protocol, first.targets[:-1], "part").model_copy(update={"failed": failed})
    found = confidences(protocol, [first, stale, part])
    assert found["stale"]["success"].to_best is None
    assert found["part"]["success"].to_best is None
    assert found["part"]["success"].targets == 11


def test_few_targets_say_little_and_one_says_nothing() -> None:
    protocol = OnePass(OnePassConfig())
    few = passes(protocol, 4, 1)
    found = confidences(protocol, [few])
    assert found["a"]["success"].says_little
    assert "too few" in conclusion(found, [few], "success")
    one = passes(protocol, 1, 1)
    assert confidences(protocol, [one]) == {"a": {}}


def test_lower_is_better_where_it_is() -> None:
    assert not MEASURES["failures"].higher_is_better
    protocol = VotSupervised(VotSupervisedConfig(interval=(10, 40), bounded=False))
    one, other = (
        scores_of(protocol, runs(protocol), "one"),
        scores_of(protocol, runs(protocol, more=(0, 3)), "two"),
    )
    found = confidences(protocol, [one, other])
    fewer = min((one, other), key=lambda each: each.summary.values["failures"])
    assert found[fewer.name]["failures"].to_best is None
