"""What every engine does; a new one is tested by being listed in ENGINES."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.processes import assert_gone, children, helpers, kill, wait_until
from tirdata.engine import ENGINES, build_engine, pool
from tirdata.engine.base import Engine
from tirdata.errors import DataError, TirDataError, UsageError, WorkerError

OWN_PROCESS = sorted(set(ENGINES) - {"serial"})  # engines whose work does not run in this process
WORKERS = 2


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    return _built(request)


@pytest.fixture(params=OWN_PROCESS)
def remote(request: pytest.FixtureRequest) -> Engine:
    return _built(request)


@pytest.fixture(params=OWN_PROCESS)
def single(request: pytest.FixtureRequest) -> Engine:
    return _built(request, workers=1)


def _built(request: pytest.FixtureRequest, workers: int = WORKERS) -> Engine:
    if request.param == "ray":
        request.getfixturevalue("one_ray")
    return ENGINES[request.param](workers)


def square(number: int) -> int:
    return number * number


def fail_on_odd(number: int) -> int:
    if number == 1:
        raise DataError("one.xml: not a box")
    if number == 3:
        raise ValueError("three is odd")
    if number == 5:
        sys.exit("five")
    return number


def die_on_three(number: int) -> int:
    if number == 3:
        os._exit(9)
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def complain(number: int) -> None:
    logging.getLogger("tirdata.made").warning("item %d is odd", number)


def unpicklable(number: int) -> object:
    return threading.Lock()


def hang_at_exit(number: int) -> int:
    import atexit

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    atexit.register(time.sleep, 60)
    return number


def process_of(number: int) -> int:
    return os.getpid()


def folder_of(number: int) -> str:
    return str(Path.cwd())


def sign(path: Path) -> None:
    path.with_suffix(".part").write_text(str(os.getpid()))
    path.with_suffix(".part").rename(path)


def one_thread(number: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


def test_every_item_has_its_result(engine: Engine) -> None:
    outcomes = list(engine.map(square, range(20)))
    assert sorted((o.item, o.unwrap()) for o in outcomes) == [(n, n * n) for n in range(20)]


def test_no_items_no_outcomes(engine: Engine) -> None:
    assert list(engine.map(square, [])) == []


def test_a_failed_item_is_an_outcome_and_the_rest_goes_on(engine: Engine) -> None:
    outcomes = {o.item: o for o in engine.map(fail_on_odd, range(7))}
    assert [n for n in range(7) if outcomes[n].error is None] == [0, 2, 4, 6]
    assert type(outcomes[1].error) is DataError
    assert str(outcomes[1].error) == "one.xml: not a box"
    assert str(outcomes[3].error) == "3: ValueError: three is odd"
    assert type(outcomes[5].error) is TirDataError


def test_where_a_failure_came_from_is_logged_for_those_who_ask(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "tirdata")
    list(engine.map(fail_on_odd, [3]))
    assert "in fail_on_odd" in caplog.text


def test_log_records_of_the_work_arrive_here(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    list(engine.map(complain, [1]))
    assert [record.message for record in caplog.records] == ["item 1 is odd"]


def test_items_are_taken_only_when_there_is_a_hand_for_them(engine: Engine) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield number

    for done, _ in enumerate(engine.map(square, items()), 1):
        assert taken <= done + 2 * WORKERS


def test_an_engine_maps_again(engine: Engine) -> None:
    for _ in range(2):
        assert sorted(o.unwrap() for o in engine.map(square, [1, 2])) == [1, 4]


def test_a_killed_worker_costs_its_own_item_only(remote: Engine) -> None:
    outcomes = {o.item: o for o in remote.map(die_on_three, range(12))}
    assert sorted(outcomes) == list(range(12))
    assert [n for n in outcomes if outcomes[n].error is not None] in ([3, 5], [5, 3])
    assert isinstance(outcomes[3].error, WorkerError)
    assert isinstance(outcomes[5].error, WorkerError)


def test_a_worker_that_dies_idle_costs_nothing(single: Engine, tmp_path: Path) -> None:
    def items() -> Iterator[Path]:
        yield tmp_path / "first"
        kill(int((tmp_path / "first").read_text()))  # the one worker has answered and waits
        yield tmp_path / "second"

    assert len([o.unwrap() for o in single.map(sign, items())]) == 2


def test_a_result_that_cannot_travel_is_a_failed_item(remote: Engine) -> None:
    (outcome,) = remote.map(unpicklable, [4])
    assert str(outcome.error).startswith("4: its result cannot be sent back")


def test_an_item_that_cannot_travel_is_a_failed_item(remote: Engine) -> None:
    outcomes = list(remote.map(str, [threading.Lock(), 2]))
    assert sorted(o.error is None for o in outcomes) == [False, True]


def test_a_worker_that_does_not_want_to_end_is_ended(
    remote: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LEAVE_S", 0.2)
    before = children()
    assert [o.unwrap() for o in remote.map(hang_at_exit, [1])] == [1]
    remote.close()
    assert children() - before <= helpers()


def test_leaving_half_way_ends_the_workers(remote: Engine) -> None:
    before = children()
    outcomes = iter(remote.map(square, range(100)))
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]  # both are generators
    assert children() - before <= helpers()


def test_maps_may_run_side_by_side(engine: Engine) -> None:
    squares = engine.map(square, range(5))
    others = engine.map(process_of, range(5))
    both = [(next(squares).unwrap(), next(others).error) for _ in range(5)]
    assert sorted(both) == [(number * number, None) for number in range(5)]


def test_a_closed_engine_maps_again(engine: Engine) -> None:
    for _ in range(2):
        assert [o.unwrap() for o in engine.map(square, [3])] == [9]
        engine.close()


def test_kept_workers_go_where_this_process_went(
    single: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (outcome,) = single.map(square, [2])
    assert outcome.unwrap() == 4
    monkeypatch.chdir(tmp_path)
    (seen,) = single.map(folder_of, [0])
    assert seen.unwrap() == str(tmp_path)


def test_kept_workers_log_what_is_asked_for_now(
    single: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    for level, records in ((logging.ERROR, 0), (logging.INFO, 1), (logging.ERROR, 1)):
        caplog.set_level(level, "tirdata")
        list(single.map(complain, [1]))
        assert len(caplog.records) == records


def test_libraries_in_workers_keep_to_one_thread(remote: Engine) -> None:
    assert {o.unwrap() for o in remote.map(one_thread, [1, 2])} == {"1"}


SLEEPERS = """
import sys, time
from pathlib import Path
from tirdata.engine import ENGINES
def sleep(name): Path(name).touch(); time.sleep(60)
if __name__ == "__main__":
    list(ENGINES[sys.argv[1]](2).map(sleep, ["one", "two"]))
"""


@pytest.mark.parametrize("name", OWN_PROCESS)
def test_ctrl_c_ends_all_quickly_and_quietly(name: str, tmp_path: Path) -> None:
    script = tmp_path / "sleepers.py"
    script.write_text(SLEEPERS)
    process = subprocess.Popen(
        [sys.executable, script, name],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: (tmp_path / "one").exists() and (tmp_path / "two").exists(), 60)
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    output, errors = process.communicate(timeout=20)
    assert time.monotonic() - started < 5
    assert process.returncode == -signal.SIGINT
    assert output == ""
    assert errors.count("Traceback") == 1  # this process', none of a worker
    assert_gone(process.pid)


def test_one_local_worker_is_this_process() -> None:
    (outcome,) = build_engine("local", 1).map(process_of, [0])
    assert outcome.unwrap() == os.getpid()


@pytest.mark.parametrize(("name", "workers"), [("steam", 1), ("local", 0)])
def test_an_engine_that_cannot_be_is_refused(name: str, workers: int) -> None:
    with pytest.raises(UsageError):
        build_engine(name, workers)
