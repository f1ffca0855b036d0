"""Running targets in workers: what a tracker can break, what it is told, and its repetitions."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from tests.programs import PROGRAMS
from tirdata.engine.pool import PoolEngine
from tirdata.tracker import Prediction
from tirdata.types import Frame, Frames
from tracking import trackers
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.choice import TrackerChoice
from tracking.evaluation.run import Run, RunReport, read_speed
from tracking.evaluation.runner import Pulse, clear_pulses, read_pulses
from tracking.evaluation.targets import Data, read_truths
from tracking.trackers.hold import HoldConfig, HoldTracker


class Aborts(HoldTracker):
    """Ends its process on targets that begin late."""

    def track(self, frame: Frame) -> Prediction:
        if frame[0, 0] == 255:
            os.abort()
        return super().track(frame)


class Spoils(Aborts):
    """Says what torch says when a kernel fails; from then on fails always."""

    spoilt = False

    def track(self, frame: Frame) -> Prediction:
        if frame[0, 0] == 255 or Spoils.spoilt:
            Spoils.spoilt = True
            raise RuntimeError("CUDA error: device-side assert triggered\nCompile with …")
        return super().track(frame)


class Sulks(HoldTracker):
    """Is of no use any more once it has failed."""

    def __init__(self, config: HoldConfig) -> None:
        super().__init__(config)
        self.failed = False

    def track(self, frame: Frame) -> Prediction:
        self.failed |= bool(frame[0, 0] == 255)
        if self.failed:
            raise ValueError("I will not")
        return super().track(frame)


class Told(HoldTracker):
    """Sees which frames it is told of, and says itself how long it took."""

    took_s = 0.0

    def attend(self, frames: Frames, index: int) -> None:
        self.frames, self.index = frames, index
        self.took_s = 100.0 + index

    def track(self, frame: Frame) -> Prediction:
        assert frame is not None
        np.testing.assert_array_equal(self.frames[self.index], frame)
        return super().track(frame)


def _go(data: Data, out: Path, choice: TrackerChoice, repetitions: int | None = None) -> RunReport:
    protocol = open_benchmark("one-pass").build()
    run = Run(choice, data, "one-pass", protocol, out, repetitions)
    return run.run(read_truths(data).targets, PoolEngine(1), lambda name: None)


@pytest.fixture
def marked(data: Data) -> Data:
    """The second frame of the first sequence has a white corner."""
    from tirdata.layouts.pictures import PictureFrames, write_picture

    path = data.root / "one" / "img" / "0002.jpg"
    pixels = PictureFrames((path,))[0].copy()
    pixels[:16, :16] = 255
    write_picture([pixels], 0, path)
    return data


@pytest.mark.parametrize(
    ("tracker", "message"),
    [
        (Aborts, r"one: the process that worked on it was ended by signal 6 \(Aborted\)"),
        (Spoils, "one: RuntimeError: CUDA error: device-side assert triggered"),
        (Sulks, "one: ValueError: I will not"),
    ],
)
def test_a_tracker_that_breaks_costs_one_target(
    tracker: type[HoldTracker],
    message: str,
    marked: Data,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(trackers.TRACKERS, "hold", lambda: trackers.Entry(tracker, HoldConfig))
    choice = TrackerChoice("hold", {})
    report = _go(marked, tmp_path / "out", choice)
    assert [failure.name for failure in report.failed] == ["one"]
    assert re.match(message, report.failed[0].error)
    assert report.ran == ("two#0", "two#3")
    again = _go(marked, tmp_path / "out", choice)
    assert again.done_before == ("two#0", "two#3")
    assert len(again.failed) == 1


def test_a_tracker_is_told_where_it_is_and_its_own_clock_counts(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(trackers.TRACKERS, "hold", lambda: trackers.Entry(Told, HoldConfig))
    report = _go(data, tmp_path / "out", TrackerChoice("hold", {}))
    assert not report.failed
    assert (tmp_path / "out" / "times" / "two#3_time.txt").read_text().split() == [
        "nan", "nan", "102.000000", "103.000000", "104.000000", "105.000000",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["trax", "command"])
def test_programs_run_over_a_data_set(name: str, data: Data, tmp_path: Path) -> None:
    report = _go(data, tmp_path / "out", TrackerChoice(name, PROGRAMS[name]))
    assert report.failed == ()
    speed = read_speed(tmp_path / "out", report.ran)
    assert (speed.frames, speed.starts) == (18, 3)
    if name == "command":  # the whole time is shared out, the program's start in it
        assert speed.fps == pytest.approx(speed.fps_without_start, rel=0.5)


def test_repetitions_have_seeds_of_their_own_and_stop_when_alike(
    data: Data, tmp_path: Path
) -> None:
    _go(data, tmp_path / "mil", TrackerChoice("mil", {"seed": 4}), 2)
    first, second = ((tmp_path / "mil" / "one" / f"one_00{n}.txt").read_text() for n in (1, 2))
    assert first != second
    _go(data, tmp_path / "five", TrackerChoice("mil", {"seed": 5}))
    assert (tmp_path / "five" / "one.txt").read_text() == second
    _go(data, tmp_path / "hold", TrackerChoice("hold", {}), 15)
    assert len([*(tmp_path / "hold" / "one").glob("one_0*.txt")]) == 3
    assert read_speed(tmp_path / "hold", ["one"]).starts == 3


def test_a_repetition_that_is_missing_is_run_again_and_the_same(data: Data, tmp_path: Path) -> None:
    choice = TrackerChoice("mil", {})
    _go(data, tmp_path / "out", choice, 2)
    path = tmp_path / "out" / "two#3" / "two#3_002.txt"
    before = path.read_bytes()
    path.unlink()
    assert _go(data, tmp_path / "out", choice, 2).ran == ("two#3",)
    assert path.read_bytes() == before


def test_signs_of_life_are_read_and_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.evaluation.runner.PULSE_S", 0.0)
    with Pulse.of(tmp_path, "a/b#1") as pulse, Pulse.of(tmp_path, "c") as other:
        for _ in range(7):
            pulse.beat()
        other.beat()
        assert read_pulses(tmp_path) == {"a/b#1": 7, "c": 1}
    assert read_pulses(tmp_path) == {}
    clear_pulses(tmp_path)
    assert [*tmp_path.iterdir()] == []
