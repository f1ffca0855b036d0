"""VOT's protocol: from a run to its numbers, rules of years and tools, and what is refused."""

import numpy as np
import pytest

from tests.made import made_sequence
from tests.slow_vot import slow_overlap
from tirdata.errors import DataError
from tirdata.tracker import Prediction
from tirdata.types import Box, Frame
from tracking.evaluation.benchmark import compat_rules, open_benchmark, shipped_benchmarks
from tracking.evaluation.protocols.vot_supervised import VotSupervised, VotSupervisedConfig
from tracking.evaluation.results import ANSWERED, FAILED, SKIPPED, STARTED, Trajectory
from tracking.evaluation.supervised.regions import corners_of
from tracking.evaluation.targets import Truth

SIZE = (120, 90)
COUNT = 40


def _truth(name: str = "a", count: int = COUNT, **more: object) -> Truth:
    boxes = np.array([[10.0 + 2 * i, 20, 18, 12] for i in range(count)])
    corners = corners_of(boxes) + np.array([[0, 3], [4, 0], [0, -3], [-4, 0]])
    return Truth(name, name, 0, boxes, polygons=corners, size=SIZE, **more)  # type: ignore[arg-type]


def _trajectory(truth: Truth, shift: float, *failures: int) -> Trajectory:
    rows = truth.boxes + np.array([shift, 0, 0, 0])
    states = np.full(len(rows), ANSWERED, np.int8)
    states[0] = STARTED
    for each in failures:
        states[each : each + 5] = SKIPPED
        states[each] = FAILED
        states[each + 5 : each + 6] = STARTED
    rows[states != ANSWERED] = np.nan
    return Trajectory(rows, states=states)


@pytest.fixture
def protocol() -> VotSupervised:
    return VotSupervised(VotSupervisedConfig(interval=(5, 30)))


def test_a_score_keeps_every_repetition(protocol: VotSupervised) -> None:
    truth = _truth()
    score = protocol.score(truth, [_trajectory(truth, 2, 11), _trajectory(truth, 4)])
    assert score.frames == COUNT
    assert [run.starts for run in score.runs] == [(0, 16), (0,)]
    assert [run.failures for run in score.runs] == [(11,), ()]
    assert [index for index, value in enumerate(score.runs[0].overlaps) if value is None] == [
        0, 11, 12, 13, 14, 15, 16
    ]  # fmt: skip
    assert score.values["failures"] == 0.5
    assert score.values["failures_per_100"] == pytest.approx(100 * 0.5 / COUNT)


def test_overlaps_are_those_of_the_pixels_in_both_frames(protocol: VotSupervised) -> None:
    truth = _truth(count=60)  # runs out at the right
    trajectory = _trajectory(truth, 3)
    run = protocol.score(truth, [trajectory]).runs[0]
    assert truth.polygons is not None
    answers = corners_of(trajectory.rows)
    for limits, values in (((119, 89), run.overlaps), ((120, 90), run.wide)):
        assert len(values) == 60
        for index in (1, 20, 45, 50, 53):
            slow = slow_overlap(answers[index], truth.polygons[index], limits, "rounded")
            assert values[index] == pytest.approx(slow, abs=1e-6)
    assert run.overlaps != run.wide
    assert protocol.score(_truth(), [_trajectory(_truth(), 3)]).runs[0].wide == ()


def test_accuracy_leaves_out_ten_frames_from_each_start() -> None:
    truth = _truth(count=25)
    rows = _trajectory(truth, 0).rows
    rows[1:10] += 100  # misses while it burns in
    states = np.full(25, ANSWERED, np.int8)
    states[0] = STARTED
    trajectory = Trajectory(rows, states=states)
    whole, none = (
        VotSupervised(VotSupervisedConfig(burn_in=burn_in)).score(truth, [trajectory]).values
        for burn_in in (10, 1)
    )
    assert none["accuracy"] == pytest.approx(whole["accuracy"] * 15 / 24, abs=0.01)


def test_tags_have_numbers_of_their_own(protocol: VotSupervised) -> None:
    late = np.arange(COUNT) >= 20
    truths = [_truth("a", tags={"occlusion": late, "size_change": ~late}), _truth("b")]
    scores = [
        protocol.score(truths[0], [_trajectory(truths[0], 2, 25)]),
        protocol.score(truths[1], [_trajectory(truths[1], 2)]),
    ]
    assert [*scores[0].tags] == ["occlusion", "size_change", "empty"]
    summary = protocol.summarise(scores)
    assert [*summary.attributes] == ["occlusion", "size_change"]  # no frame is empty
    occlusion, size_change = summary.attributes.values()
    assert (occlusion.targets, size_change.targets) == (1, 1)
    assert occlusion.values["failures"] == 1
    assert occlusion.values["failures_per_100"] == pytest.approx(100 / 20)
    assert size_change.values["failures"] == 0
    assert summary.values["failures_by_tag"] == pytest.approx(0.5)
    untagged = protocol.summarise(scores[1:])
    assert untagged.attributes == {}
    assert "accuracy_by_tag" not in untagged.values


def test_eao_without_an_interval_is_over_that_of_the_lengths() -> None:
    protocol = VotSupervised(VotSupervisedConfig())
    truth = _truth()
    score = protocol.score(truth, [_trajectory(truth, 2)])
    summary = protocol.summarise([score])
    curve = summary.curves["expected_overlap"]
    assert len(curve) == COUNT
    assert summary.values["expected_average_overlap"] == pytest.approx(curve[-1], abs=1e-6)


@pytest.mark.parametrize(
    ("rows", "message"),
    [(39, "39 rows in the result; expected 40"), (41, "41 rows in the result; expected 40")],
)
def test_results_of_another_length_are_refused(
    protocol: VotSupervised, rows: int, message: str
) -> None:
    other = _trajectory(_truth(count=rows), 2)
    with pytest.raises(DataError, match=f"a, repetition 2: {message}"):
        protocol.score(_truth(), [_trajectory(_truth(), 2), other])


def test_results_of_one_pass_are_refused(protocol: VotSupervised) -> None:
    with pytest.raises(DataError, match=r"no code 1 on frame 1.*not of one pass"):
        protocol.score(_truth(), [Trajectory(_truth().boxes)])


def test_the_size_of_the_frames_has_to_be_known_where_they_cut(protocol: VotSupervised) -> None:
    truth = _truth()
    unknown = Truth("a", "a", 0, truth.boxes, polygons=truth.polygons)
    with pytest.raises(DataError, match="size of its frames is not known"):
        protocol.score(unknown, [_trajectory(truth, 2)])
    boundless = VotSupervised(VotSupervisedConfig(bounded=False))
    assert boundless.score(unknown, [_trajectory(truth, 2)]).values["accuracy"] > 0.5


def test_frames_without_a_true_box_are_noted(protocol: VotSupervised) -> None:
    truth = _truth()
    truth.boxes[20] = np.nan
    assert truth.polygons is not None
    truth.polygons[20] = np.nan
    score = protocol.score(truth, [_trajectory(_truth(), 2)])
    assert score.notes == ("1 frames without a true box count as not overlapped in EAO",)
    assert score.runs[0].overlaps[20] is None


def test_a_run_is_scored_as_its_file_would_be(protocol: VotSupervised) -> None:
    sequence = made_sequence(30, size=SIZE)
    boxes = sequence.tracks[0].boxes
    truth = Truth("a", "a", 0, boxes, size=SIZE)

    class Drifter:
        def init(self, frame: Frame, box: Box) -> None:
            self.box = box

        def track(self, frame: Frame) -> Prediction:
            self.box = Box(self.box.x + 3, *self.box[1:])
            return Prediction(self.box, 1.0)

    found = protocol.run(Drifter(), sequence.frames, truth)
    score = protocol.score(truth, [found])
    (run,) = score.runs
    assert run.failures
    assert all(value is None or value > 0 for value in run.overlaps)
    assert set(run.starts) == {0, *(each + 5 for each in run.failures if each + 5 < 30)}


@pytest.mark.parametrize("name", [name for name in shipped_benchmarks() if "vot" in name])
def test_every_vot_benchmark_names_its_numbers_and_knows_two_other_tools(name: str) -> None:
    found = open_benchmark(name)
    assert {"EAO", "A", "R_per100", "failures", "R_seq", "R_seqw", "R_tagw"} <= set(
        found.benchmark.names.values()
    )
    for tool in ("pysot", "vot-toolkit"):
        assert compat_rules(found, tool).build().headline == VotSupervised.headline
