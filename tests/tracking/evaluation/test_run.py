"""Running over a data set: resumed target by target, and never into another run's folder."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tirdata.config import read_json
from tirdata.engine import build_engine
from tirdata.engine.base import Engine
from tirdata.errors import MissingError, StorageError, UsageError
from tirdata.tracker import Prediction
from tirdata.types import Box, Frame
from tracking import trackers
from tracking.evaluation.benchmark import open_benchmark
from tracking.evaluation.choice import TrackerChoice
from tracking.evaluation.run import MANIFEST, Run, RunManifest, read_speed
from tracking.evaluation.targets import Data, read_truths
from tracking.trackers.hold import HoldConfig, HoldTracker
from tracking.trackers.opencv import MilConfig, MilTracker

SERIAL = build_engine("serial", 1)


class Fragile(HoldTracker):
    """Fails on small targets."""

    smallest = 0.0

    def init(self, frame: Frame, box: Box) -> None:
        if box.w < self.smallest:
            raise ValueError("too small")
        super().init(frame, box)


class Missing(HoldTracker):
    """Cannot be built."""

    def __init__(self, config: HoldConfig) -> None:
        raise MissingError("fragile: weights are not there")


def _say_nothing(name: str) -> None:
    pass


def _run(data: Data, out: Path, name: str = "hold", **settings: object) -> Run:
    protocol = open_benchmark("one-pass").build()
    return Run(TrackerChoice(name, settings), data, "one-pass", protocol, out)


def _go(run: Run, engine: Engine = SERIAL) -> tuple[tuple[str, ...], tuple[str, ...]]:
    report = run.run(read_truths(run.data).targets, engine, _say_nothing)
    return report.ran, report.done_before


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results"


def test_every_target_has_a_result_and_the_run_says_what_it_was(data: Data, out: Path) -> None:
    assert _go(_run(data, out)) == (("one", "two#0", "two#3"), ())
    assert sorted(path.name for path in out.iterdir()) == [
        "one.txt", "run.json", "times", "two#0.txt", "two#3.txt",
    ]  # fmt: skip
    assert len((out / "two#3.txt").read_text().splitlines()) == 6
    assert (out / "two#3.txt").read_text().startswith("nan,nan,nan,nan\nnan,nan,nan,nan\n")
    manifest = read_json(out / MANIFEST, RunManifest)
    assert (manifest.tracker, manifest.origin, manifest.layout) == ("hold", 1, "otb")
    assert manifest.machine.cores >= 1
    assert "numpy" in manifest.machine.versions


def test_a_finished_run_does_nothing(data: Data, out: Path) -> None:
    _go(_run(data, out))
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert _go(_run(data, out)) == ((), ("one", "two#0", "two#3"))
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_what_is_missing_is_run_again(data: Data, out: Path) -> None:
    _go(_run(data, out))
    (out / "two#0.txt").unlink()
    assert _go(_run(data, out)) == (("two#0",), ("one", "two#3"))


def test_a_target_whose_first_box_changed_is_run_again(data: Data, out: Path) -> None:
    _go(_run(data, out))
    path = data.root / "one" / "groundtruth_rect.txt"
    path.write_text("9,9,20,20\n" + "".join(path.read_text().splitlines(keepends=True)[1:]))
    assert _go(_run(data, out))[0] == ("one",)


def test_workers_give_the_same_results(data: Data, tmp_path: Path) -> None:
    _go(_run(data, tmp_path / "serial"))
    _go(_run(data, tmp_path / "pool"), build_engine("local", 2))
    for path in (tmp_path / "serial").glob("*.txt"):
        assert (tmp_path / "pool" / path.name).read_bytes() == path.read_bytes()


def test_other_settings_do_not_reuse_results(data: Data, out: Path) -> None:
    _go(_run(data, out, "mil"))
    with pytest.raises(UsageError, match="holds results of mil with seed = 1, not 7"):
        _go(_run(data, out, "mil", seed=7))
    with pytest.raises(UsageError, match="holds results of mil, not hold"):
        _go(_run(data, out))


def test_other_weights_do_not_reuse_results(
    data: Data, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "weights.bin"
    entry = trackers.Entry(MilTracker, MilConfig, lambda config: [weights])
    monkeypatch.setitem(trackers.TRACKERS, "mil", lambda: entry)
    weights.write_bytes(b"first")
    _run(data, out, "mil").begin(1)
    weights.write_bytes(b"second")
    with pytest.raises(UsageError, match=r"mil with another \S+; choose another"):
        _run(data, out, "mil").begin(1)
    weights.unlink()
    with pytest.raises(MissingError, match=r"weights\.bin: no such file; mil needs it"):
        _run(data, out, "mil").begin(1)


def test_other_data_do_not_reuse_results(data: Data, out: Path, tmp_path: Path) -> None:
    _go(_run(data, out))
    (tmp_path / "other").symlink_to(data.root)  # the same folder by another name is the same
    assert _go(_run(replace(data, root=tmp_path / "other"), out))[0] == ()
    data.root.rename(tmp_path / "moved")
    with pytest.raises(UsageError, match="choose another folder"):
        _go(_run(replace(data, root=tmp_path / "moved"), out))


def test_results_of_unknown_origin_are_not_mixed_in(data: Data, out: Path) -> None:
    out.mkdir()
    (out / "one.txt").write_text("1,1,2,2\n")
    with pytest.raises(UsageError, match=r"holds results but no run\.json"):
        _go(_run(data, out))


def test_a_tracker_that_fails_on_one_target_costs_one_target(
    data: Data, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(trackers.TRACKERS, "hold", lambda: trackers.Entry(Fragile, HoldConfig))
    truths = read_truths(data).targets
    smallest = min(truths, key=lambda truth: truth.first_box.w)
    monkeypatch.setattr(Fragile, "smallest", smallest.first_box.w + 1e-3)
    report = _run(data, out).run(truths, SERIAL, _say_nothing)
    assert [failure.name for failure in report.failed] == [smallest.name]
    assert "ValueError: too small" in report.failed[0].error
    assert len(report.ran) == len(truths) - 1


def test_what_is_missing_for_all_ends_the_run(
    data: Data, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(trackers.TRACKERS, "hold", lambda: trackers.Entry(Missing, HoldConfig))
    with pytest.raises(MissingError, match="weights are not there"):
        _go(_run(data, out))


def test_a_frame_that_cannot_be_read_costs_its_target(data: Data, out: Path) -> None:
    (data.root / "one" / "img" / "0004.jpg").write_bytes(b"no picture")
    report = _run(data, out).run(read_truths(data).targets, SERIAL, _say_nothing)
    assert [failure.name for failure in report.failed] == ["one"]
    assert "0004.jpg" in report.failed[0].error
    assert not (out / "one.txt").exists()


def test_speed_is_told_with_and_without_starts(data: Data, out: Path) -> None:
    _go(_run(data, out))
    (out / "times" / "one_time.txt").write_text("1.0\n" + "0.25\n" * 7)
    speed = read_speed(out, ["one"])
    assert (speed.frames, speed.starts, speed.seconds, speed.start_seconds) == (8, 1, 2.75, 1.0)
    assert speed.fps == pytest.approx(8 / 2.75)
    assert speed.fps_without_start == pytest.approx(4)


def test_the_tracker_is_built_once_for_all_targets(
    data: Data, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []

    class Counted(HoldTracker):
        def __init__(self, config: HoldConfig) -> None:
            super().__init__(config)
            built.append(1)

        def track(self, frame: Frame) -> Prediction:
            return super().track(frame)

    monkeypatch.setitem(trackers.TRACKERS, "hold", partial(trackers.Entry, Counted, HoldConfig))
    _go(_run(data, out))
    assert built == [1]


def test_a_folder_that_cannot_be_written_ends_the_run(data: Data, out: Path) -> None:
    run = _run(data, out)
    run.begin(1)
    (out / "times").write_text("no folder")
    with pytest.raises(StorageError, match="times"):
        _go(run)
