"""Rules of pairs and rules that only some tools have, each shown to change the numbers."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike

from tests.parity.test_rgbt import made_pair
from tirdata.config import check
from tirdata.errors import DataError
from tracking.evaluation.benchmark import open_benchmark, shipped_benchmarks
from tracking.evaluation.protocols.one_pass import OnePass, OnePassConfig
from tracking.evaluation.protocols.rgbt import Rgbt, RgbtConfig
from tracking.evaluation.results import Trajectory
from tracking.evaluation.scores import TargetScore
from tracking.evaluation.targets import Truth

BOX = np.array([10.0, 10, 20, 20])
SHIFTED = np.array([13.0, 10, 20, 20])


def _pair(thermal: Sequence[ArrayLike], visible: Sequence[ArrayLike]) -> Truth:
    both = (np.array(each, np.float64) for each in (thermal, visible))
    boxes, seen = both
    return Truth("made", "made", 0, boxes, visible=seen)


def _score(truth: Truth, rows: Sequence[ArrayLike], **rules: str | int) -> TargetScore:
    protocol = Rgbt(check(rules, RgbtConfig, where="test"))
    return protocol.score(truth, [Trajectory(np.array(rows, np.float64))])


def _one_pass(truth: Truth, rows: Sequence[ArrayLike], **rules: str | int) -> TargetScore:
    protocol = OnePass(check(rules, OnePassConfig, where="test"))
    return protocol.score(truth, [Trajectory(np.array(rows, np.float64))])


def test_the_better_half_of_each_frame_counts() -> None:
    truth = _pair([BOX, SHIFTED], [SHIFTED, BOX])
    assert _score(truth, [BOX, BOX]).values["mean_overlap"] == 1.0
    alone = Truth("made", "made", 0, truth.boxes)
    assert _score(alone, [BOX, BOX]).values["mean_overlap"] < 1.0


def test_the_better_error_and_the_better_overlap_may_be_of_different_halves() -> None:
    small, large = np.array([15.0, 15, 10, 10]), np.array([12.0, 10, 20, 20])
    score = _score(_pair([small], [large]), [BOX], curves="gtot")
    assert score.values["mean_overlap"] == pytest.approx(18 / 22)  # of the large one
    assert score.curves["precision_below"][1] == 1.0  # the small one has the same centre


def test_an_error_of_five_pixels_is_precise_up_to_but_not_below() -> None:
    far = BOX + np.array([5.0, 0, 0, 0])
    assert _score(_pair([BOX], [BOX]), [far]).values["precision_at_5"] == 1.0
    gtot = _score(_pair([BOX], [BOX]), [far], curves="gtot")
    assert gtot.values["precision_below_5"] == 0.0


@pytest.mark.parametrize(
    ("rule", "box"),
    [
        ("no", [10.5, 10.4, 20.0, 20.1]),
        ("corners", [11.0, 10.0, 20.0, 20.0]),  # sizes are rounded, halves go up
        ("result", [10.0, 10.0, 20.0, 20.0]),  # corners are rounded, halves go to even
    ],
)
def test_rounding_of_corners(rule: str, box: list[float]) -> None:
    corners = [10.5, 10.4, 30.5, 10.4, 30.5, 30.5, 10.5, 30.5]
    truth = _pair([box], [box])
    assert _score(truth, [corners], rounding=rule).values["mean_overlap"] == pytest.approx(1)


def test_boxes_of_four_numbers_stay_under_the_rule_of_corners() -> None:
    box = np.array([10.5, 10.4, 20.0, 20.1])
    score = _score(_pair([box], [box]), [box], rounding="corners")
    assert score.values["mean_overlap"] == 1.0


def test_true_boxes_are_rounded_in_the_numbers_of_their_file() -> None:
    half = np.array([9.5, 9.5, 20.0, 20.0])  # 10.5 in a file that begins at 1: to even, 10
    truth = Truth("made", "made", 0, np.array([half, half]))
    nine = np.array([9.0, 9.0, 20.0, 20.0])
    score = _one_pass(truth, [nine, nine], rounding="all", origin=1)
    assert score.values["mean_overlap"] == 1.0


def test_frames_without_a_row_leave_the_denominator_or_are_misses() -> None:
    truth = _pair([BOX] * 4, [BOX] * 4)
    out = _score(truth, [BOX] * 3, short_result="not-counted")
    missed = _score(truth, [BOX] * 3, short_result="miss")
    assert (out.frames, out.values["precision"]) == (3, 1.0)
    assert (missed.frames, missed.values["precision"]) == (4, 0.75)
    assert out.notes == ("1 rows too few, not counted",)
    with pytest.raises(DataError, match="3 rows in the result; expected 4"):
        _score(truth, [BOX] * 3)


def test_the_last_bit_of_thresholds_and_32_bits_decide_ties() -> None:
    truth = Truth("made", "made", 0, np.array([[0.0, 0, 20, 20]] * 2))
    rows = [[0.0, 0, 20, 20], [0.0, 0, 20, 13]]  # 13/20 is 0.65
    matlab = _one_pass(truth, rows)
    numpy = _one_pass(truth, rows, thresholds="numpy")
    single = _one_pass(truth, rows, thresholds="numpy", digits="single")
    assert [each.curves["success"][13] for each in (matlab, numpy)] == [1.0, 0.5]
    assert single.curves["success"][13] == 0.5  # 0.65 in 32 bits is below
    third = [[0.0, 0, 20, 20], [0.0, 0, 20, 12]]  # 3/5 in 32 bits is above 0.6
    assert _one_pass(truth, third).curves["success"][12] == 0.5
    assert _one_pass(truth, third, digits="single").curves["success"][12] == 1.0


def test_got10k_leaves_out_the_first_frame_and_what_is_hidden() -> None:
    hidden = np.array([False, False, True, False])
    truth = Truth("made", "made", 0, np.array([BOX] * 4), tags={"hidden": hidden})
    rows = [BOX + 500, BOX, BOX + 500, BOX + np.array([10.0, 0, 0, 0])]
    score = _one_pass(
        truth, rows, headline="overlap", first_frame="not-counted", hidden_truth="skip"
    )
    assert score.frames == 2
    assert score.values["average_overlap"] == pytest.approx((1 + 1 / 3) / 2)
    assert score.values["success_at_0.5"] == 0.5
    assert list(score.curves) == ["success_101"]


def test_boxes_are_clipped_to_the_frame_as_got10k_does_it() -> None:
    outside = np.array([-10.0, 10, 20, 20])  # half of it is left of the frame
    truth = Truth("made", "made", 0, np.array([outside] * 2), size=(40, 30))
    rows = [
        outside,
        np.array([0.0, 10, 20, 30]),
    ]  # the width is not cut on the left, the height is below
    assert _one_pass(truth, rows, clip="frame").values["mean_overlap"] == 1.0
    unknown = Truth("made", "made", 0, truth.boxes)
    score = _one_pass(unknown, rows, clip="frame")
    assert score.notes == ("size of its frames not known, boxes not clipped",)


def test_challenges_of_fewer_than_two_targets_are_no_subset() -> None:
    protocol = Rgbt(RgbtConfig())
    boxes = np.array([BOX])
    far = Trajectory(boxes + 300)
    scores = [
        protocol.score(
            Truth(name, name, 0, boxes, attributes=frozenset(challenges)), [trajectory]
        )
        for name, challenges, trajectory in (
            ("one", {"occlusion", "deformation"}, Trajectory(boxes)),
            ("two", {"occlusion"}, far),
            ("three", set[str](), far),
        )
    ]  # fmt: skip
    found = protocol.summarise(scores)
    assert set(found.attributes) == {"occlusion"}
    assert found.attributes["occlusion"].targets == 2
    assert found.attributes["occlusion"].values["precision"] == 0.5
    assert found.values["precision"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("protocol", [Rgbt(RgbtConfig()), OnePass(OnePassConfig())])
def test_repetitions_are_averaged_and_told(protocol: Rgbt | OnePass) -> None:
    truth = Truth("made", "made", 0, np.array([BOX, BOX, BOX, BOX]))
    good, bad = Trajectory(truth.boxes), Trajectory(np.array([BOX, BOX, BOX + 300, BOX + 300]))
    score = protocol.score(truth, [good, bad])
    assert (score.frames, score.values["precision"]) == (4, 0.75)
    assert score.curves["success"][0] == 0.75
    assert score.notes == ("mean of 2 repetitions",)
    assert protocol.score(truth, [good]).notes == ()


def test_invalid_boxes_that_are_kept_are_told() -> None:
    truth = Truth("made", "made", 0, np.array([BOX] * 4))
    rows = [BOX, np.array([10, np.nan, 20, 20]), np.array([10.0, 10, 0, 20]), BOX]
    told = ("1 boxes with nan, counted as misses", "1 boxes without size")
    assert _score(truth, rows).notes == told
    assert _one_pass(truth, rows).notes == told
    repaired = _one_pass(truth, rows, invalid_prediction="repeat-any-nan")
    assert repaired.notes == ("2 invalid boxes replaced by the ones before them",)


ONE_PASS = [
    name
    for name in shipped_benchmarks()
    if open_benchmark(name).benchmark.protocol in {"one-pass", "rgbt"}
]
BEST = {"success": 20 / 21, "success_area": 0.99, "average_overlap": 1.0}


@pytest.mark.parametrize("name", ONE_PASS)
@pytest.mark.parametrize("corners", [False, True])
def test_a_perfect_tracker_has_all_there_is_by_every_benchmark(name: str, corners: bool) -> None:
    protocol = open_benchmark(name).build()
    truths = [made_pair(f"pair{seed}", 30 + 20 * seed, seed)[0] for seed in range(3)]
    scores = []
    for truth in truths:
        x, y, w, h = truth.boxes.T
        eight = np.stack([x, y, x + w, y, x + w, y + h, x, y + h], axis=1)
        scores.append(protocol.score(truth, [Trajectory(eight if corners else truth.boxes)]))
    found = protocol.summarise(scores)
    first = protocol.headline[0]
    assert found.values[first] == pytest.approx(BEST[first])
    precise = [value for name, value in found.values.items() if name.startswith("precision")]
    assert precise in ([1.0, 1.0], [1.0], [])
    turned = protocol.summarise(scores[::-1])
    assert turned.values == pytest.approx(found.values, abs=1e-12)
