"""Running with restarts: the frames and codes that the toolkit would write down."""

from collections.abc import Sequence as Several

import numpy as np
import pytest

from tests.made import made_sequence
from tirdata.tracker import Prediction
from tirdata.types import Box, Frame, Frames
from tracking.evaluation.results import Trajectory
from tracking.evaluation.runner import GuidedTracker, WatchedFrames
from tracking.evaluation.supervised.restarts import (
    Pace,
    Region,
    Restarts,
    run_in_real_time,
    run_with_restarts,
)
from tracking.evaluation.targets import Truth

COUNT = 24
NOWHERE = Box(900.0, 900.0, 5.0, 5.0)


class Player:
    """Answers the true box, or nowhere on some frames; takes the seconds that it is told to."""

    def __init__(
        self, boxes: np.ndarray, lost: Several[int] = (), took: Several[float] = ()
    ) -> None:
        self.boxes, self.lost, self.took = boxes, lost, [*took]
        self.took_s = 0.0
        self.index = -1
        self.calls: list[str] = []

    def attend(self, frames: Frames, index: int) -> None:
        assert len(frames) == COUNT
        self.index = index

    def init(self, frame: Frame, box: Box) -> None:
        assert box == Box(*self.boxes[self.index])
        self._take("init")

    def track(self, frame: Frame) -> Prediction:
        self._take("track")
        lost = self.index in self.lost
        return Prediction(NOWHERE if lost else Box(*self.boxes[self.index]), 1.0)

    def _take(self, what: str) -> None:
        self.calls.append(f"{what} {self.index}")
        self.took_s = self.took.pop(0) if self.took else 0.001


@pytest.fixture(scope="module")
def frames() -> Frames:
    return made_sequence(COUNT, size=(64, 48)).frames


@pytest.fixture
def truth() -> Truth:
    boxes = np.array([[10.0 + i, 10, 8, 8] for i in range(COUNT)])
    return Truth("a", "a", 0, boxes)


def restarts(truth: Truth) -> Restarts:
    def lost(index: int, region: Region) -> bool:
        return bool(abs(truth.boxes[index, 0] - region[0]) >= 8)

    return Restarts(lost, 5)


def guided(player: Player, frames: Frames) -> tuple[GuidedTracker, WatchedFrames]:
    watched = WatchedFrames(frames, COUNT, lambda: None)
    return GuidedTracker(player, watched), watched


def plain_run(player: Player, frames: Frames, truth: Truth, when: Restarts) -> Trajectory:
    tracker, watched = guided(player, frames)
    return run_with_restarts(tracker, watched, truth, when)


def timed_run(
    player: Player, frames: Frames, truth: Truth, when: Restarts, pace: Pace
) -> Trajectory:
    tracker, watched = guided(player, frames)
    return run_in_real_time(tracker, watched, truth, when, pace)


def codes(trajectory: Trajectory) -> str:
    assert trajectory.states is not None
    return "".join({-1: "."}.get(code, str(code)) for code in trajectory.states.tolist())


def test_a_failure_costs_five_frames(frames: Frames, truth: Truth) -> None:
    player = Player(truth.boxes, lost=[4, 13])
    found = plain_run(player, frames, truth, restarts(truth))
    assert codes(found) == "1...200001...200001....."
    assert player.calls[:8] == [
        "init 0", "track 1", "track 2", "track 3", "track 4", "init 9", "track 10", "track 11"
    ]  # fmt: skip
    asked = np.array([code != "0" for code in codes(found)])
    assert found.seconds is not None
    np.testing.assert_array_equal(~np.isnan(found.seconds), asked)
    np.testing.assert_array_equal(found.rows[[0, 9]], truth.boxes[[0, 9]])
    assert np.isnan(found.rows[4]).all()


class Turned(Player):
    """Answers the corners of the true box, turned by half its diagonal."""

    def track(self, frame: Frame) -> Prediction:
        box, score, _ = super().track(frame)
        x, y, w, h = box
        corners = (x + w / 2, y, x + w, y + h / 2, x + w / 2, y + h, x, y + h / 2)
        return Prediction(box, score, corners)


def test_corners_stay_corners(frames: Frames, truth: Truth) -> None:
    def lost(index: int, region: Region) -> bool:
        return index == 4

    found = plain_run(Turned(truth.boxes), frames, truth, Restarts(lost, 5))
    assert codes(found)[:12] == "1...200001.."
    x, y, w, h = truth.boxes[1]
    assert found.rows[1].tolist() == [x + 4, y, x + w, y + 4, x + 4, y + h, x, y + 4]
    x, y, w, h = truth.boxes[9]  # the box that it was started with, as corners
    assert found.rows[9].tolist() == [x, y, x + w, y, x + w, y + h, x, y + h]
    assert np.isnan(found.rows[[4, 5]]).all()


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ([18], "1.................200001"),
        ([19], "1..................20000"),
        ([23], "1......................2"),
    ],
)
def test_no_restart_beyond_the_end(
    frames: Frames, truth: Truth, lost: list[int], expected: str
) -> None:
    assert codes(plain_run(Player(truth.boxes, lost), frames, truth, restarts(truth))) == (expected)


def test_frames_without_a_true_box_are_no_failures_and_no_restarts(
    frames: Frames, truth: Truth
) -> None:
    boxes = truth.boxes.copy()
    boxes[[0, 1, 9, 10, 22, 23]] = np.nan
    partly = Truth("a", "a", 0, boxes)
    found = plain_run(Player(np.nan_to_num(boxes), lost=[4]), frames, partly, restarts(partly))
    assert codes(found) == "001.2" + "000000" + "1" + ".........." + "00"


def test_a_quick_tracker_is_not_troubled_by_the_clock(frames: Frames, truth: Truth) -> None:
    pace = Pace(20, 3)
    plain = plain_run(Player(truth.boxes, [4]), frames, truth, restarts(truth))
    timed = timed_run(Player(truth.boxes, [4]), frames, truth, restarts(truth), pace)
    assert codes(timed) == codes(plain)
    np.testing.assert_array_equal(timed.rows, plain.rows)


def test_an_answer_stands_where_the_clock_is_when_it_comes(frames: Frames, truth: Truth) -> None:
    # start and two answers are free; then 0.1 s each, two frames of 0.05 s
    player = Player(truth.boxes, took=[9, 9, 9, *[0.1] * 99])
    found = timed_run(player, frames, truth, restarts(truth), Pace(20, 3))
    assert player.calls[:6] == ["init 0", "track 1", "track 2", "track 3", "track 5", "track 7"]
    assert codes(found) == "1" + "." * 23
    # frame 3 has the answer of frame 2; frame 4 that on frame 3, which came then
    assert found.rows[1:8, 0].tolist() == [11, 12, 12, 13, 13, 15, 15]


def test_who_is_too_slow_is_lost_and_starts_behind_the_clock(frames: Frames, truth: Truth) -> None:
    # the 4th answer takes 0.5 s, 10 frames: held at 12, the object is 8 px away on frame 10
    player = Player(truth.boxes, took=[0.001, 0.001, 0.001, 0.5])
    found = timed_run(player, frames, truth, restarts(truth), Pace(20, 3))
    # frames 3..12 pass, the answer on frame 3 comes on frame 12 and is lost, too
    assert player.calls[:6] == ["init 0", "track 1", "track 2", "track 3", "init 17", "track 18"]
    assert codes(found) == "1.........00200001......"


def test_without_grace_a_slow_start_skips_frames(frames: Frames, truth: Truth) -> None:
    player = Player(truth.boxes, took=[0.15])
    found = timed_run(player, frames, truth, restarts(truth), Pace(20, 0))
    assert player.calls[:2] == ["init 0", "track 3"]
    assert codes(found) == "100....................."
