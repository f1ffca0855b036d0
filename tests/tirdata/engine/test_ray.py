"""What only the engine of Ray does; what every engine does is in tests/contracts."""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

from tests.conftest import ROOT
from tests.fetching import SETTINGS, frames, short_clip, tree
from tests.made_video import write_video
from tests.processes import kill, running, wait_until
from tirdata import __version__
from tirdata.dataset.ingest import ingest
from tirdata.dataset.tree import Dataset
from tirdata.engine import build_engine
from tirdata.engine import ray as engine_of_ray
from tirdata.engine.ray import RayEngine
from tirdata.errors import MissingError, UsageError
from tirdata.fetch.sources import read_sources


def work_at_second_try(path: Path) -> str:
    if path.name == "first" and not path.exists():
        leave_pid(path)
        time.sleep(60)
    return path.name


def leave_pid_and_sleep(path: Path) -> None:
    leave_pid(path)
    time.sleep(60)


def leave_pid(path: Path) -> None:
    path.with_suffix(".part").write_text(str(os.getpid()))
    path.with_suffix(".part").rename(path)


@pytest.mark.usefixtures("one_ray")
def test_the_item_of_a_killed_worker_runs_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["first", *(str(number) for number in range(5))]

    def items() -> Iterator[Path]:
        for name in names:
            if name == "3":  # the first is in the middle of its work
                wait_until((tmp_path / "first").exists)
                kill(int((tmp_path / "first").read_text()))
            yield tmp_path / name

    outcomes = list(RayEngine(2).map(work_at_second_try, items()))
    assert sorted(o.unwrap() for o in outcomes) == sorted(names)
    assert "first: the process that worked on it died; runs again (2 of 3)" in caplog.text


@pytest.mark.usefixtures("one_ray")
def test_items_without_end_are_taken_as_they_are_worked_on() -> None:
    numbers = count()
    outcomes = RayEngine(2).map(str, numbers)
    assert len([next(outcomes) for _ in range(100)]) == 100
    assert next(numbers) <= 104


@pytest.mark.usefixtures("one_ray")
def test_leaving_half_way_ends_what_runs_and_not_a_ray_that_others_started(tmp_path: Path) -> None:
    paths = [tmp_path / "one", tmp_path / "two"]

    def items() -> Iterator[Path]:
        yield from paths
        wait_until(lambda: all(path.exists() for path in paths))
        raise NameError("out of items")

    outcomes = RayEngine(3).map(leave_pid_and_sleep, items())
    with pytest.raises(NameError):
        next(outcomes)
    pids = [int(path.read_text()) for path in paths]
    wait_until(lambda: not any(running(pid) for pid in pids))
    assert [o.unwrap() for o in RayEngine(1).map(str, [1])] == ["1"]


GUEST = """
import os, sys
from tirdata.engine import build_engine
def work(number): print("noise"); os._exit(1) if number == 3 else None; return number
if __name__ == "__main__":
    outcomes = build_engine(f"ray:{sys.argv[1]}", 2).map(work, range(4))
    print(sum(outcome.error is None for outcome in outcomes))
    next(build_engine(f"ray:{sys.argv[1]}", 2).map(work, range(4))).unwrap()
"""


@pytest.mark.usefixtures("one_ray")
def test_a_cluster_that_we_connect_to_stays_and_says_nothing(tmp_path: Path) -> None:
    import ray

    script = tmp_path / "guest.py"
    script.write_text(GUEST)
    done = subprocess.run(
        [sys.executable, script, ray.get_runtime_context().gcs_address],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr
    assert "runs again (3 of 3)" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert [o.unwrap() for o in RayEngine(1).map(str, [1])] == ["1"]


@pytest.mark.usefixtures("one_ray")
def test_fetch_makes_the_same_dataset_whatever_the_engine(tmp_path: Path, clips: Path) -> None:
    sources = [
        str(short_clip(tmp_path, clips)),
        str(write_video(tmp_path / "later.mkv", frames(clips, 40, 16))),
        str(clips / "nothing.mp4"),
        str(write_video(tmp_path / "other.mkv", frames(clips, 9, 12, "IR_HELICOPTER_043.mp4"))),
    ]
    trees = {}
    for name in ("serial", "local", "ray"):
        dataset = Dataset.create(tmp_path / name)
        report = ingest(read_sources(sources), dataset, SETTINGS, build_engine(name, 2))
        assert [item.status for item in report.items] == ["done", "done", "failed", "done"]
        trees[name] = tree(dataset)
    assert len(trees["serial"]) > 100
    assert trees["ray"] == trees["local"] == trees["serial"]


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingError, match=r"pip install 'tirdata\[cluster\]'"):
        build_engine("ray", 2)


def test_an_address_where_nobody_listens_is_named_at_once() -> None:
    outcomes = RayEngine(2, "127.0.0.1:1").map(str, [1])
    with pytest.raises(MissingError, match=r"127\.0\.0\.1:1: no Ray can be reached there"):
        next(outcomes)


def test_a_ray_that_does_not_start_is_something_missing() -> None:
    def init(**settings: object) -> None:
        raise RuntimeError("no\nspace")

    ray = cast(ModuleType, SimpleNamespace(init=init, shutdown=lambda: None))
    with pytest.raises(MissingError, match=r"cannot be started on this machine .*no space"):
        engine_of_ray._Session(ray, None, 2)


def test_an_address_is_only_for_ray() -> None:
    with pytest.raises(UsageError, match="no engine 'local:here'"):
        build_engine("local:here", 1)


@pytest.mark.parametrize(
    ("folder", "version", "said"),
    [(str(ROOT), "0.0.0", "expected 0.0.0 on every node"),
     ("/no/such/folder", __version__, "has no folder /no/such/folder")],
)  # fmt: skip
def test_a_node_that_lacks_something_says_so(folder: str, version: str, said: str) -> None:
    with pytest.raises(MissingError, match=said):
        engine_of_ray._Order(b"", folder, version, {}).check()


def test_nothing_of_ray_is_imported_before_it_is_asked_for() -> None:
    program = "import sys, tirdata.engine; assert 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
