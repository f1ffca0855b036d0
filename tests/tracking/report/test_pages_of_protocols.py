"""Pages of other protocols than one pass, of one target, and of very many trackers."""

from collections.abc import Sequence

import numpy as np
import pytest

from tracking.evaluation.benchmark import NamedBenchmark, open_benchmark
from tracking.evaluation.evaluate import Evaluation
from tracking.evaluation.results import Trajectory
from tracking.evaluation.scores import Scores, Speed
from tracking.evaluation.targets import Truth
from tracking.report.page import page_html


def evaluated(
    rules: NamedBenchmark,
    answers: Sequence[tuple[Truth, Trajectory]],
    trackers: int = 1,
    data: str = "made",
) -> str:
    protocol = rules.build()
    targets = [protocol.score(truth, [answer]) for truth, answer in answers]
    evaluation = Evaluation(
        data=data, layout="vot", benchmark=rules, targets=tuple(each.name for each in targets),
        frames=sum(each.frames for each in targets), truth_sha256="0" * 64, origin=0,
    )  # fmt: skip
    first = Scores(
        name="t0", benchmark=rules.name, truth_sha256="0" * 64, results="x", origin=0,
        summary=protocol.summarise(targets), targets=tuple(targets),
        speed=Speed(frames=100, starts=2, seconds=2, start_seconds=0.1),
    )  # fmt: skip
    return page_html(
        evaluation, [first.model_copy(update={"name": f"t{n}"}) for n in range(trackers)]
    )


def truth_of(name: str, frames: int) -> Truth:
    boxes = np.tile([20.0, 20, 30, 30], (frames, 1))
    marked = np.arange(frames) < frames // 2
    return Truth(name, name, 0, boxes, size=(96, 72), tags={"occlusion": marked})


def restarted(frames: int, lost: int) -> Trajectory:
    states = np.full(frames, 3, np.int8)
    states[[0, lost + 5]] = 1
    states[lost] = 2
    states[lost + 1 : lost + 5] = 0
    return Trajectory(np.tile([22.0, 20, 30, 30], (frames, 1)), states=states)


@pytest.fixture(scope="module")
def vot() -> str:
    answers = [(truth_of(f"s{n}", 130 + n), restarted(130 + n, 40 + n)) for n in range(3)]
    return evaluated(open_benchmark("vot2018"), answers, trackers=2)


def test_vot_has_accuracy_and_robustness_and_the_interval_of_lengths(vot: str) -> None:
    assert "<figcaption>Accuracy and robustness</figcaption>" in vot
    assert "lengths 100 to 356" in vot
    assert vot.count('<polyline class="series ') == 2
    assert vot.count('<g class="point ') == 2 * 2  # and speed against accuracy
    assert ">R_per100 ↓<small>Failures/100</small>" in vot


def test_vot_has_tags_and_failures(vot: str) -> None:
    assert "occlusion <small>3 targets</small>" in vot
    assert "A line is a failure" in vot
    assert "1 failure</span>" in vot
    assert vot.count('class="lost"') == 2 * 3


def test_few_targets_are_said_to_say_little(vot: str) -> None:
    assert "With 3 targets, fewer than 10, they say little" in vot


def test_effort_has_the_frames_of_a_person() -> None:
    states = np.full(50, 3, np.int8)
    states[[0, 20, 49]] = 1
    answer = Trajectory(np.tile([20.0, 20, 30, 30], (50, 1)), states=states)
    page = evaluated(open_benchmark("effort"), [(truth_of("s", 50), answer)])
    assert "Where a person had to help" in page
    assert "3 boxes</span>" in page
    assert "Boxes/1000 ↓" in page


def test_one_target_has_no_interval() -> None:
    answer = Trajectory(np.tile([20.0, 20, 30, 30], (50, 1)))
    page = evaluated(open_benchmark("one-pass"), [(truth_of("s", 50), answer)])
    assert "One target alone says nothing" in page
    assert "≈" not in page.split("<h2")[1]


def test_thirty_trackers_are_all_named_with_each_curve() -> None:
    answer = Trajectory(np.tile([20.0, 20, 30, 30], (50, 1)))
    made = [(truth_of(f"s{n}", 50), answer) for n in range(3)]
    page = evaluated(open_benchmark("one-pass"), made, trackers=30)
    assert page.count('<polyline class="series ') == 3 * 30
    assert page.count("behind") > 20  # those after the tenth are drawn faintly
    assert page.count('<li data-t="29">') == 3 + 1
    assert "The first 10 trackers." in page


@pytest.mark.parametrize(
    ("data", "title"),
    [("a/VOT2018.json", "VOT2018"), ("a/groundtruth", "VOT2018"), ("a/mine", "VOT2018 on mine")],
)
def test_the_title_says_rules_and_data_once(data: str, title: str) -> None:
    answers = [(truth_of("s", 130), restarted(130, 40))]
    page = evaluated(open_benchmark("vot2018"), answers, data=data)
    assert f"<h1>{title}</h1>" in page
