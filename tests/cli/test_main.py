"""The group: help, one line an error, exit statuses, signals."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import cli.main
from cli.console import console_for
from cli.console import verbosity as verbosity_now
from cli.main import main
from cli.options import Registered, verbosity
from tests.conftest import ROOT
from tirdata import errors

STATUSES = {
    "TirDataError": 1,
    "StorageError": 1,
    "FetchError": 1,
    "WorkerError": 1,
    "TrackerError": 1,
    "BusyError": 1,
    "UsageError": 2,
    "ConfigError": 2,
    "DataError": 3,
    "DecodeError": 3,
    "AnnotationError": 3,
    "ConflictError": 3,
    "VersionError": 3,
    "WeightsError": 3,
    "PartlyDoneError": 4,
    "MissingError": 5,
    "StoppedError": 130,
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A runner for a group that has one more command, `raise`, which raises what it is told."""

    @click.command("raise")
    @click.argument("what")
    @click.option("--engine", type=Registered("tirdata.engine:ENGINES", "engine"))
    @verbosity
    def fail(what: str, engine: str | None) -> int:
        console_for().say("working")
        if what in vars(errors):
            raise getattr(errors, what)("clip.mp4: nothing\nthere")
        if what == "interrupt":
            raise KeyboardInterrupt
        if what == "terminate":
            os.kill(os.getpid(), signal.SIGTERM)
        if what == "bug":
            raise ValueError("odd")
        return 7  # no exit status

    monkeypatch.setitem(cli.main.COMMANDS, "raise", "tests.cli.test_main:made_command")
    monkeypatch.setitem(globals(), "made_command", fail)
    return CliRunner()


def invoke(run: CliRunner, *args: str) -> Result:
    return run.invoke(main, args, prog_name="tirdata")


@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
def test_an_error_of_ours_is_one_line_on_stderr_and_its_status(
    run: CliRunner, kind: str, status: int
) -> None:
    result = invoke(run, "raise", kind)
    assert result.exit_code == status
    assert result.stderr == "error: clip.mp4: nothing there\n"


def test_every_error_class_is_in_the_table_above() -> None:
    assert set(STATUSES) == {
        name for name, value in vars(errors).items() if isinstance(value, type)
    }


@pytest.mark.parametrize("how", ["interrupt", "terminate"])
def test_stopping_ends_with_130_and_no_traceback(run: CliRunner, how: str) -> None:
    result = invoke(run, "raise", how)
    assert (result.exit_code, result.stderr) == (130, "error: stopped; what is done is kept\n")


def test_what_a_command_returns_is_no_exit_status(run: CliRunner) -> None:
    assert invoke(run, "raise", "nothing").exit_code == 0


def test_a_bug_shows_its_traceback_only_when_asked(run: CliRunner) -> None:
    short, long = invoke(run, "raise", "bug"), invoke(run, "raise", "bug", "-vv")
    assert short.exit_code == long.exit_code == 1
    assert "Traceback" not in short.stderr
    assert "ValueError: odd" in short.stderr
    assert "Traceback" in long.stderr


def test_quiet_leaves_only_the_error(run: CliRunner) -> None:
    assert invoke(run, "raise", "DataError").stdout == "working\n"
    assert invoke(run, "raise", "-q", "DataError").stdout == ""
    assert verbosity_now() == 0  # and that is over with the command


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (["nosuch"], "no command 'nosuch'; there are: init, fetch"),
        (["raise"], "Missing argument 'WHAT'; see 'tirdata raise --help'"),
        (["raise", "x", "--nosuch"], "No such option '--nosuch'"),
        (["raise", "x", "--engine", "steam"], "no engine 'steam'; there are: serial, local"),
        (["--nosuch"], "No such option '--nosuch'"),
    ],
)
def test_a_usage_mistake_is_one_line_with_the_way_out(
    run: CliRunner, args: list[str], part: str
) -> None:
    result = invoke(run, *args)
    assert result.exit_code == 2
    assert part in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("group", [[], ["train"], ["weights"]])
def test_a_command_alone_is_told_what_there_is(run: CliRunner, group: list[str]) -> None:
    result = invoke(run, *group)
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: tirdata")
    assert "\nCommands:\n" in result.stderr
    assert "  Example" not in result.stderr.partition("Commands:")[2]


def test_a_full_disk_under_the_output_is_no_fault_of_ours() -> None:
    with Path("/dev/full").open("w") as full:
        words = [sys.executable, "-m", "cli", "schema", "card"]
        done = subprocess.run(words, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    message = b"error: No space left on device; make room: what is done is kept\n"
    assert done.stderr == message


def test_version_is_the_packages(run: CliRunner) -> None:
    assert invoke(run, "--version").stdout == "tirdata 0.1.0\n"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    script = f"{sys.executable} -m cli schema card | true"
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_schema_writes_every_schema(run: CliRunner, tmp_path: Path) -> None:
    from cli.schema import SCHEMAS

    assert invoke(run, "schema", "--write", "--folder", str(tmp_path)).exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {f"{n}.schema.json" for n in SCHEMAS}
