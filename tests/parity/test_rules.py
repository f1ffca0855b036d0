"""Rules that no printed number tests: each is written out by hand, a number at a time.

The texts are those of OTB's ``calcSeqErrRobust.m`` and ``perfPlot.m``, of pysot's
``ope_benchmark.py`` and of pytracking's ``extract_results.py``. The data has all that they differ
in: NaN, boxes without size, true boxes at the border, absent objects, trackers that never hit.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pytest

from tests.parity.others import rules_of
from tirdata.types import Boxes
from tracking.evaluation.results import Trajectory
from tracking.evaluation.targets import Truth

Row = Sequence[float]
SUCCESS_OF_NUMPY = [k * 0.05 for k in range(20)] + [1.0]


class Case(NamedTuple):
    """In the numbers of files, which begin at 1; an absent object is 0 0 0 0."""

    name: str
    true: Boxes
    rows: Boxes
    attributes: frozenset[str]


class Counts(NamedTuple):
    """Shares of frames above overlaps and up to errors, and up to normalised errors."""

    success: list[float]
    precision: list[float]
    normalised: list[float]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    found = []
    for seed in range(7):
        random = np.random.default_rng(seed)
        count = 40 + seed
        true = np.cumsum(random.integers(-2, 3, (count, 4)), axis=0) + np.array([40, 50, 24, 20])
        true = np.maximum(true, [-6, -6, 6, 6]).astype(np.float64)
        true[5:8, 0] = (0, -1, 1)  # at the border, beyond it, just inside
        if seed % 2:
            true[20:23] = 0  # absent
        rows = true + random.integers(-5, 6, true.shape) * (1 if seed < 5 else 0)
        rows[:, :2] += 700 * (seed >= 5)  # two of them never hit anything
        rows[:, 2:] = np.maximum(rows[:, 2:], 3)
        rows[10] = np.nan
        rows[12, 2] = np.nan
        rows[14, 3] = 0
        rows[15, 2] = -4
        challenges = {"all": True, "few": seed in {0, 5}, "one": seed == 3}
        attributes = frozenset(name for name, has in challenges.items() if has)
        found.append(Case(f"made{seed}", true, rows, attributes))
    return found


def _overlap(a: Row, b: Row) -> float:
    wide = max(0.0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    both = a[2] * a[3] + b[2] * b[3] - wide * high
    return math.nan if any(map(math.isnan, a)) or both == 0 else wide * high / both


def _centre(box: Row) -> tuple[float, float]:
    return box[0] + (box[2] - 1) / 2, box[1] + (box[3] - 1) / 2


def _errors(a: Row, b: Row) -> tuple[float, float]:
    (ax, ay), (bx, by) = _centre(a), _centre(b)
    error = math.hypot(ax - bx, ay - by)
    return error, math.hypot((ax - bx) / b[2], (ay - by) / b[3]) if b[2] and b[3] else math.nan


def _counts(frames: Sequence[tuple[float, float, float]], points: Sequence[float]) -> Counts:
    count = len(frames)
    return Counts(
        [sum(each[0] > point for each in frames) / count for point in points],
        [sum(each[1] <= point for each in frames) / count for point in range(51)],
        [sum(each[2] <= point / 100 for each in frames) / count for point in range(51)],
    )


def _otb(case: Case) -> Counts:
    rows = [list(row) for row in case.rows]
    for index in range(1, len(rows)):
        row = rows[index]
        # if (isnan(r) | r(3)<=0 | r(4)<=0) & (~isnan(r_anno)): all four have to hold
        if all(math.isnan(value) or row[2] <= 0 or row[3] <= 0 for value in row):
            rows[index] = rows[index - 1]
    rows[0] = list(case.true[0])
    frames = []
    for row, true in zip(rows, case.true, strict=True):
        if sum(value > 0 for value in true) == 4:
            frames.append((_overlap(row, true), *_errors(row, true)))
        else:
            frames.append((-1.0, -1.0, -1.0))
    built = [k * 0.05 if k < 10 else 1 - (20 - k) * 0.05 for k in range(21)]  # as MATLAB does
    return _counts(frames, built)


def _pysot(case: Case) -> Counts:
    frames = []
    for row, true in zip(case.rows, case.true, strict=True):
        overlapping = _overlap(row, true) if true[2] > 0 and true[3] > 0 else -1.0
        error, normalised = _errors(row, true)
        if not all(value > 0 for value in _centre(true)):
            error = normalised = -1.0
        frames.append((overlapping, error, normalised))
    return _counts(frames, SUCCESS_OF_NUMPY)


def _pytracking(case: Case) -> Counts:
    rows = [list(row) for row in case.rows]
    for index in range(1, len(rows)):
        if not min(rows[index][2:]) > 0 or any(map(math.isnan, rows[index])):
            rows[index] = rows[index - 1]
    rows[0] = list(case.true[0])
    frames = [
        (_overlap(row, true), *_errors(row, true))
        for row, true in zip(rows, case.true, strict=True)
        if true[2] > 0 and true[3] > 0
    ]
    return _counts(frames, SUCCESS_OF_NUMPY)


def _truth(case: Case) -> Truth:
    true = case.true - np.array([1.0, 1, 0, 0])
    true[(case.true[:, 2:] <= 0).any(axis=1)] = np.nan
    return Truth(case.name, case.name, 0, true, attributes=case.attributes)


def _result(case: Case) -> Trajectory:
    return Trajectory(case.rows - np.array([1.0, 1, 0, 0]))


@pytest.mark.parametrize(
    ("tool", "by_hand"), [(None, _otb), ("pysot", _pysot), ("pytracking", _pytracking)]
)
def test_a_sequence_is_scored_as_the_text_says(
    tool: str | None, by_hand: Callable[[Case], Counts], cases: list[Case]
) -> None:
    protocol = rules_of("otb", tool).build()
    for case in cases:
        curves = protocol.score(_truth(case), [_result(case)]).curves
        wanted = by_hand(case)
        assert curves["success"] == pytest.approx(wanted.success, abs=1e-12)
        assert curves["precision"] == pytest.approx(wanted.precision, abs=1e-12)
        assert curves["normalised_precision"] == pytest.approx(wanted.normalised, abs=1e-12)


def _mean_without_zeros(curves: Sequence[Sequence[float]]) -> list[float]:
    """``aa = aa(sum(aa,2) > eps, :)`` and the mean of what is left."""
    kept = [curve for curve in curves if sum(curve) > 2.0**-52]
    return [sum(values) / len(kept) for values in zip(*kept, strict=True)]


def test_the_mean_drops_what_never_scores_and_subsets_of_one(cases: list[Case]) -> None:
    protocol = rules_of("otb").build()
    found = protocol.summarise([protocol.score(_truth(each), [_result(each)]) for each in cases])
    counts = [_otb(case) for case in cases]
    success = _mean_without_zeros([each.success for each in counts])
    assert found.curves["success"] == pytest.approx(success, abs=1e-12)
    assert found.values["success"] == pytest.approx(sum(success) / 21, abs=1e-12)
    # a first frame set to the truth and border frames set to -1 are hits: those lost come back
    never = [case.name for case, each in zip(cases, counts, strict=True) if sum(each.success) == 0]
    assert list(found.dropped.get("success", ())) == never
    assert set(found.attributes) == {"all", "few"}
    few = [each for case, each in zip(cases, counts, strict=True) if "few" in case.attributes]
    assert found.attributes["few"].targets == len(few) == 2
    wanted = sum(_mean_without_zeros([each.success for each in few])) / 21
    assert found.attributes["few"].values["success"] == pytest.approx(wanted, abs=1e-12)
    precise = _mean_without_zeros([each.precision for each in few])[20]
    assert found.attributes["few"].values["precision"] == pytest.approx(precise, abs=1e-12)


def test_a_target_that_never_scores_leaves_the_mean_of_that_curve_only(cases: list[Case]) -> None:
    lost = cases[6]
    true = lost.true.copy()
    true[0] = (0, 5, 9, 9)  # not even the first frame counts
    lost = lost._replace(true=true)
    protocol = rules_of("otb").build()
    scores = [protocol.score(_truth(each), [_result(each)]) for each in (cases[0], lost)]
    found = protocol.summarise(scores)
    assert found.dropped == {"success": (lost.name,)}
    assert found.values["success"] == scores[0].values["success"]
    both = (scores[0].values["precision"] + scores[1].values["precision"]) / 2
    assert found.values["precision"] == pytest.approx(both)


def test_one_nan_is_a_miss_and_four_are_repaired(cases: list[Case]) -> None:
    protocol = rules_of("otb").build()
    note = protocol.score(_truth(cases[0]), [_result(cases[0])]).notes[0]
    assert note == "3 invalid boxes replaced by the ones before them"  # not the one NaN of row 12
